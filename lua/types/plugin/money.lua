---@meta
--- Made by `merx plugin reference` of lua/kernel/sandbox/money.lua: change it there.

---@class money
money = {}

--- `percent` of an amount, rounded half up.
---@param amount integer
---@param percent integer
---@return integer
function money.percent_of(amount, percent) end

--- An amount less `percent` of it.
---@param amount integer
---@param percent integer
---@return integer
function money.percent_off(amount, percent) end

--- `ppm` parts per million of an amount, rounded half up.
---@param amount integer
---@param ppm integer
---@return integer
function money.ppm_of(amount, ppm) end

--- The tax inside a gross amount: gross * ppm / (1,000,000 + ppm).
---@param gross integer
---@param ppm integer
---@return integer
function money.included(gross, ppm) end

--- Splits an amount by weights so that the parts add up to it: what rounding leaves goes to the
--- largest remainders, first part first.
---@param amount integer
---@param weights integer[]
---@return integer[]
function money.split(amount, weights) end

--- What the handlers of each extension point may answer. One operation that breaks its contract voids
--- the whole answer of its handler.
local operations = {}

---@class merx.Point
---@field phase string
---@field ops table<string, boolean> operations that it may return; nil: it answers yes or no
---@field on_error "skip"|"omit"|"estimate"|"block" what the failure of a handler means

---@type table<string, merx.Point>
operations.points = {
  price_rule = { phase = "price", ops = { set_unit = true }, on_error = "skip" },
  promotion_condition = { phase = "promotions", on_error = "skip" },
  promotion_action = {
    phase = "promotions", on_error = "skip",
    ops = { off_line = true, off_order = true, off_delivery = true, gift = true, hold = true },
  },
  delivery_method = { phase = "delivery", ops = { rate = true }, on_error = "omit" },
  payment_method = { phase = "fees", ops = { offer = true }, on_error = "omit" },
  fee_rule = { phase = "fees", ops = { fee = true }, on_error = "skip" },
  tax_provider = { phase = "tax", ops = { tax = true }, on_error = "estimate" },
  tender_rule = { phase = "tenders", ops = { tender = true, hold = true }, on_error = "skip" },
  cart_validator = { phase = "validators", ops = { block = true, hold = true }, on_error = "block" },
  payment_filter = { phase = "payment_filter", ops = { remove = true }, on_error = "block" },
}

local LARGEST <const> = 1000000000000000 -- 10^15 minor units: sums of many stay inside 64 bits

local function is_amount(value)
  return math.type(value) == "integer" and value >= 0 and value <= LARGEST
end

local function is_ppm(value, most)
  return math.type(value) == "integer" and value >= 0 and value <= (most or 1000000)
end

local function is_count(value)
  return math.type(value) == "integer" and value > 0 and value <= 1000000000
end

local function is_name(value)
  return type(value) == "string" and #value > 0 and #value <= 200
end

-- A text to show: a string, or { key, name = value … }.
local function is_message(value)
  if value == nil or is_name(value) then return true end
  return type(value) == "table" and is_name(value[1])
end

-- Either an amount or a share of what is left, never both and never neither.
local function is_reduction(op)
  if op.ppm ~= nil then return op.amount == nil and is_ppm(op.ppm) end
  return is_amount(op.amount)
end

local function is_account(account)
  return type(account) == "table" and is_name(account.kind)
    and (account.owner_id == nil or is_amount(account.owner_id))
    and (account.key == nil or type(account.key) == "string" and #account.key <= 200)
end

local check = {}

function check.set_unit(op, work)
  return work.by_id[op.line] and is_amount(op.amount) and (op.pieces == nil or is_count(op.pieces))
end

function check.off_line(op, work)
  return work.by_id[op.line] and is_reduction(op) and (op.quantity == nil or is_count(op.quantity))
end

function check.off_order(op, work)
  if op.lines ~= nil then
    if type(op.lines) ~= "table" then return false end
    for _, id in ipairs(op.lines) do
      if not work.by_id[id] then return false end
    end
  end
  return is_reduction(op)
end

function check.off_delivery(op)
  return is_reduction(op)
end

function check.gift(op)
  return is_amount(op.variant) and is_count(op.quantity or 1)
end

function check.rate(op)
  return is_name(op.id) and is_amount(op.amount) and is_message(op.title)
    and (op.min_days == nil or is_amount(op.min_days)) and (op.max_days == nil or is_amount(op.max_days))
end

function check.offer(op)
  return is_message(op.title) and is_message(op.description) and (op.fee == nil or is_amount(op.fee))
end

function check.fee(op)
  return is_name(op.id) and is_amount(op.amount) and is_message(op.title)
end

function check.tax(op, work)
  local known = work.by_id[op.target] or op.target == "delivery" or work.fee_by_target[op.target]
  return known and is_name(op.rate) and is_ppm(op.ppm, 10000000) and is_message(op.title)
    and (op.amount == nil or is_amount(op.amount)) and (op.included == nil or type(op.included) == "boolean")
    and (op.home_ppm == nil or is_ppm(op.home_ppm, 10000000))
end

function check.tender(op)
  return is_account(op.account) and is_amount(op.amount) and is_message(op.title)
end

function check.hold(op)
  return is_account(op.account) and is_count(op.quantity)
end

function check.block(op)
  return op.message ~= nil and is_message(op.message)
end

function check.remove(op)
  return is_name(op.method)
end

--- Says what is wrong with an answer, or nothing.
---@param point string
---@param answer any
---@param work table
---@return string? problem
function operations.problem(point, answer, work)
  local contract = operations.points[point]
  if not contract.ops then
    return type(answer) ~= "boolean" and point .. " must answer true or false" or nil
  end
  if answer == nil then return nil end
  if type(answer) ~= "table" then return point .. " must return a list of operations" end
  for i, op in ipairs(answer) do
    local name = type(op) == "table" and op.op
    if type(name) ~= "string" then return "operation " .. i .. " has no `op`" end
    if not contract.ops[name] then return "the operation " .. name .. " is not allowed in " .. point end
    if not check[name](op, work) or not is_message(op.reason) then
      return "operation " .. i .. " (" .. name .. ") is malformed"
    end
  end
  return nil
end

--- A reason or title as plain data, whichever way the handler wrote it. The key is one of the plugin's
--- own messages, or a text as it is.
---@param message nil|string|table
---@param plugin? string
---@return { key: string, args: table, plugin?: string }?
function operations.message(message, plugin)
  if message == nil then return nil end
  if type(message) == "string" then return { key = message, args = {}, plugin = plugin } end
  local args = {}
  for name, value in pairs(message) do
    if type(name) == "string" and type(value) ~= "table" then args[name] = value end
  end
  return { key = message[1], args = args, plugin = plugin }
end

return operations

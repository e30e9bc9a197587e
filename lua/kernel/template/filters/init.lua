--- The filters that templates know: the standard ones, and what the program registers.
local filters = {}

---@class merx.TemplateFilter
---@field fn function
---@field plain? function instead of it where nothing is escaped by type
---@field min integer arguments behind the value, at least
---@field max integer and at most
---@field html boolean a string it returns is HTML
---@field prints_raw boolean a string it returns is not escaped when printed at once
---@field named boolean gets its keyword arguments as a table (or nil) behind the value
---@field state boolean gets the state of the render before the value
---@field is_short boolean what it returns without keyword arguments is too short to be counted

---@class merx.FilterOptions what is absent is false, no argument needed, any number allowed
---@field html? boolean
---@field prints_raw? boolean
---@field named? boolean
---@field state? boolean
---@field is_short? boolean
---@field min? integer
---@field max? integer

---@type table<string, merx.TemplateFilter>
filters.registry = {}

--- Registers a filter: fn([state,] value [, named], …) returns the new value, or raises with
--- failure.render.
---@param name string
---@param fn function
---@param options? merx.FilterOptions
function filters.define(name, fn, options)
  options = options or {}
  filters.registry[name] = {
    fn = fn,
    plain = options.plain,
    min = options.min or 0,
    max = options.max or options.min or math.maxinteger - 1,
    html = options.html or false,
    prints_raw = options.prints_raw or false,
    named = options.named or false,
    state = options.state or false,
    is_short = options.is_short or false,
  }
end

for _, module in ipairs({ "strings", "markup", "numbers", "arrays", "dates" }) do
  for name, entry in pairs(require("kernel.template.filters." .. module)) do
    filters.define(name, entry[1], entry)
  end
end

return filters

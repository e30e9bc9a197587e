--- Tables whose fields are worked out when a template first touches them, so that a page pays only for
--- what it prints.
local lazy = {}

--- A table with fields, and makers of further fields.
---@param fields table
---@param makers table<string, fun(self: table): any>
---@return table
function lazy.table(fields, makers)
  return setmetatable(fields, {
    __index = function(self, name)
      local make = makers[name]
      if not make then return nil end
      local value = make(self)
      rawset(self, name, value)
      return value
    end,
  })
end

return lazy

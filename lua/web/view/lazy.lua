--- Tables whose fields are worked out when a template first touches them, so that a page pays only for
--- what it prints.
local lazy = {}

--- A table with fields, and makers of further fields.
---@param fields table
---@param makers table<string, fun(subject: any): any>
---@param subject? any what makers are asked about; the table itself when absent
---@return table
function lazy.table(fields, makers, subject)
  return setmetatable(fields, {
    __index = function(self, name)
      local make = makers[name]
      if not make then return nil end
      local value = make(subject or self)
      rawset(self, name, value)
      return value
    end,
  })
end

return lazy

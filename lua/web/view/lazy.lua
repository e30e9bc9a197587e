--- Tables whose fields are worked out when a template first touches them, so that a page pays only for
--- what it prints.
local cache = require("kernel.cache")

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

-- A field that was worked out before was read for something else; who takes it now depends on it, too.
local function take(entry, now)
  cache.holds(entry.deps, now)
  return entry.value
end

--- A table for templates of which nothing is worked out before it is touched: its fields at once, those of
--- `makers` one by one, each with all that is read for it.
---@param make fun(): table fields
---@param makers table<string, fun(): any>
---@param now integer
---@return table
function lazy.drop(make, makers, now)
  local entries, fields = {}, nil
  return setmetatable({}, {
    __record = function()
      fields = fields or make()
      return fields
    end,
    __index = function(self, name)
      if makers[name] then
        local entry = entries[name]
        if entry then return take(entry, now) end
        entry = {}
        entry.deps, entry.value = cache.note(makers[name])
        entries[name] = entry
        return entry.value
      end
      fields = fields or make()
      local value = fields[name]
      if value ~= nil then rawset(self, name, value) end
      return value
    end,
  })
end

return lazy

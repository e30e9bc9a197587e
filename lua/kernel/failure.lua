--- Expected failures, as values. A bug still raises with `error`.
local failure = {}

---@class merx.Error
---@field code string dotted name that callers compare, as "stock.short"
---@field message string one plain sentence for a log
---@field fields? table<string, string> field name to message key, for forms
---@field args? table<string, table> field name to the arguments of its message
---@field data? table plain values that the caller needs to go on, as the new totals of a quote

local mt = {
  __name = "merx.Error",
  __tostring = function(err) return err.code .. ": " .. err.message end,
}

---@param code string
---@param message string
---@param fields? table<string, string>
---@param data? table
---@return nil
---@return merx.Error
function failure.new(code, message, fields, data)
  return nil, setmetatable({ code = code, message = message, fields = fields, data = data }, mt)
end

--- Gives a plain table that came from C or another thread the shape of an error.
---@param err { code: string, message: string }
---@param prefix? string put before a code of one word: "db" makes "busy" to "db.busy"
---@return nil
---@return merx.Error
function failure.wrap(err, prefix)
  if prefix and not err.code:find(".", 1, true) then
    err = { code = prefix .. "." .. err.code, message = err.message, data = err.data }
  end
  return nil, setmetatable(err, mt)
end

---@param value any
---@return boolean
function failure.is_error(value)
  return getmetatable(value) == mt
end

return failure

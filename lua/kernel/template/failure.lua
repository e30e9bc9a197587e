--- Failures of templates: what was wrong, and where. Raised while compiling and while rendering;
--- the engine catches them at its own doors.
local failure = {}

---@class merx.TemplateFailure
---@field kind "syntax"|"render"|"limit"
---@field message string without place
---@field name? string of the template
---@field line? integer
---@field column? integer

local mt = {
  __name = "merx.TemplateFailure",
  __tostring = function(err)
    local place = err.name or "template"
    if err.name and not place:find("%.%w+$") then place = place .. ".liquid" end
    if err.line then
      place = place .. ":" .. err.line
      if err.column then place = place .. ":" .. err.column end
    end
    return place .. ": " .. err.message
  end,
}

---@param kind string
---@param message string
---@param line? integer
---@param column? integer
---@return merx.TemplateFailure
function failure.new(kind, message, line, column)
  return setmetatable({ kind = kind, message = message, line = line, column = column }, mt)
end

--- Raises: the source breaks the language.
---@param message string
---@param line? integer
---@param column? integer
function failure.syntax(message, line, column)
  error(failure.new("syntax", message, line, column), 0)
end

--- Raises: this node cannot be rendered; the nodes behind it can.
---@param message string
function failure.render(message)
  error(failure.new("render", message), 0)
end

--- Raises: rendering ends here.
---@param message string
function failure.limit(message)
  error(failure.new("limit", message), 0)
end

---@param err any
---@return boolean
function failure.is(err)
  return getmetatable(err) == mt
end

return failure

--- Forms as people send them: fields by name, lists in brackets, and what each mistake is called.
local text = require("kernel.text")

local form = {}

---@class merx.Form
---@field fields table<string, string> the last value of each name
---@field groups table<string, table<string, string>> "updates[KEY]" -> groups.updates[KEY]

--- Reads the form of a request, or what a program sent as JSON.
---@param ctx merx.WebContext
---@return merx.Form? form
---@return { code: string, message: string }? err
function form.read(ctx)
  local found = { fields = {}, groups = {} }
  local type_of_body = ctx.req:header("content-type") or ""
  if type_of_body:find("^application/json") then
    local body, err = ctx.req:json()
    if type(body) ~= "table" then return nil, err or { code = "invalid", message = "the body must be a JSON object" } end
    for name, value in pairs(body) do
      if type(name) == "string" then
        if type(value) == "table" then found.groups[name] = value else found.fields[name] = tostring(value) end
      end
    end
    found.is_json = true
    return found
  end
  local items, err = ctx.req:form()
  if not items then return nil, err end
  for _, item in ipairs(items) do
    if item.value and text.valid(item.value) and text.valid(item.name) then
      local group, key = item.name:match("^([%w_]+)%[(.+)%]$")
      if group then
        found.groups[group] = found.groups[group] or {}
        found.groups[group][key] = item.value
      end
      found.fields[item.name] = item.value
    end
  end
  return found
end

--- A whole number as people type it: blanks and full-width digits are fine, fractions and signs are not.
---@param value string?
---@return integer?
function form.quantity(value)
  local digits = text.nfkc(value or ""):match("^%s*(%d+)%s*$")
  local number = digits and #digits <= 9 and math.tointeger(tonumber(digits))
  return number or nil
end

return form

--- Forms as people send them: fields by name, lists in brackets, and what each mistake is called.
local json = require("kernel.json")
local text = require("kernel.text")

local form = {}

---@class merx.Form
---@field fields table<string, string> the last value of each name
---@field groups table<string, table<string, string>> "updates[KEY]" -> groups.updates[KEY]

-- A value of JSON as a form would send it. null is what was left out; what holds others stays as it is.
local function as_text(value)
  if value == json.null then return nil end
  if type(value) == "number" then return tostring(math.tointeger(value) or value) end
  return type(value) == "boolean" and tostring(value) or value
end

local function read_json(req)
  local found = { fields = {}, groups = {} }
  local body = req:json()
  if type(body) ~= "table" or #body > 0 then return nil, { code = "json.invalid", message = "the body must be a JSON object" } end
  for name, value in pairs(body) do
    value = as_text(value)
    if type(value) ~= "table" then
      found.fields[name] = value
    else
      found.groups[name] = {}
      for key, member in pairs(value) do found.groups[name][key] = as_text(member) end
    end
  end
  return found
end

--- Whether the body of a request is JSON.
---@param ctx merx.WebContext
---@return boolean
function form.is_json(ctx)
  return (ctx.req:header("content-type") or ""):lower():find("^application/json%f[\0%s;]") ~= nil
end

--- Reads the form of a request, or what a program sent as JSON.
---@param ctx merx.WebContext
---@return merx.Form? form
---@return { code: string, message: string }? err
function form.read(ctx)
  if form.is_json(ctx) then return read_json(ctx.req) end
  local found = { fields = {}, groups = {} }
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

--- The same of a value that a program may have sent as a number.
---@param value any
---@return integer?
function form.whole(value)
  value = as_text(value)
  return type(value) == "string" and form.quantity(value) or nil
end

return form

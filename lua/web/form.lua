--- Forms as people send them: fields by name, lists in brackets, and what each mistake is called.
local json = require("kernel.json")
local text = require("kernel.text")

local form = {}

---@class merx.Form
---@field fields table<string, string> the last value of each name
---@field groups table<string, table> "updates[KEY]" -> groups.updates[KEY]; "updates[]" is a list, "items[0][id]" a list of objects

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

local function group_of(holder, name)
  local group = holder[name]
  if type(group) ~= "table" then
    group = {}
    holder[name] = group
  end
  return group
end

-- Scripts number the members of a list from zero: "items[0][id]", "items[0][properties][Colour]".
local function put_numbered(groups, name, value)
  local list, place, field, rest = name:match("^([%w_]+)%[(%d%d?%d?%d?)%]%[([%w_]+)%](.*)$")
  if not list then return false end
  local member, key = group_of(group_of(groups, list), math.tointeger(tonumber(place)) + 1), rest:match("^%[(.+)%]$")
  if key then
    group_of(member, field)[key] = value
  else
    member[field] = value
  end
  return true
end

local function put(found, name, value)
  found.fields[name] = value
  if put_numbered(found.groups, name, value) then return end
  local list = name:match("^([%w_]+)%[%]$")
  if list then
    local group = group_of(found.groups, list)
    group[#group + 1] = value
    return
  end
  local group, key = name:match("^([%w_]+)%[(.+)%]$")
  if group then group_of(found.groups, group)[key] = value end
end

-- Why a body is no form. Nothing at all is an empty one.
local function judge_body(req, err)
  local kind = (req:header("content-type") or ""):lower():match("^%s*([^;%s]*)")
  if kind == "" and (req:body() or "") == "" then return { fields = {}, groups = {} } end
  local is_form = kind == "application/x-www-form-urlencoded" or kind == "multipart/form-data"
  return nil, is_form and err or { code = "form.unknown", message = "the body must be a form, or JSON" }
end

--- Reads the form of a request, or what a program sent as JSON.
---@param ctx merx.WebContext
---@return merx.Form? form
---@return { code: string, message: string }? err
function form.read(ctx)
  if form.is_json(ctx) then return read_json(ctx.req) end
  local found = { fields = {}, groups = {} }
  local items, err = ctx.req:form()
  if not items then return judge_body(ctx.req, err) end
  for _, item in ipairs(items) do
    if item.value and text.valid(item.value) and text.valid(item.name) then put(found, item.name, item.value) end
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

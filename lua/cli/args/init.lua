--- Arguments of a tool: flags as --name, --name=value or --name value, the rest in order; mistakes in plain words.
local fs = require("native.fs")
local native_db = require("native.db")
local thread = require("native.thread")

local args = {}

---@class merx.ToolSpec
---@field name string "merx backup"
---@field usage string
---@field flags? table<string, "flag"|"value">
---@field least? integer positional arguments
---@field most? integer
---@field shop? boolean whether there is nothing to do without a shop
---@field short? table<string, string> names of flags with a value by their letter: "-o FILE" is "--out=FILE"

-- "--name VALUE" written as "--name=VALUE".
local function join_values(given, flags)
  local out, at = {}, 1
  while at <= #given do
    local name, following = given[at]:match("^%-%-(%a[%a-]*)$"), given[at + 1]
    if given[at] == "--" then return table.move(given, at, #given, #out + 1, out) end
    local takes = name and flags[name] == "value" and following and following:sub(1, 2) ~= "--"
    out[#out + 1] = takes and given[at] .. "=" .. following or given[at]
    at = at + (takes and 2 or 1)
  end
  return out
end

-- "-o FILE" written as "--out=FILE".
local function spell_out(given, short)
  local out, at = {}, 1
  while at <= #given do
    local name = short[given[at]:match("^%-(%a)$") or ""]
    out[#out + 1] = name and ("--%s=%s"):format(name, given[at + 1] or "") or given[at]
    at = at + (name and 2 or 1)
  end
  return out
end

--- Reads arguments. On a mistake, or for --help, it prints and returns the exit code.
---@param given string[]
---@param spec merx.ToolSpec
---@return table? options by name; positional ones by number
---@return integer? exit_code
function args.parse(given, spec)
  local options, flags = {}, spec.flags or {}
  local function refuse(message)
    io.stderr:write(spec.name, ": ", message, "\n\n", spec.usage)
    return nil, 2
  end
  local at, is_rest = 0, false
  for _, arg in ipairs(join_values(spec.short and spell_out(given, spec.short) or given, flags)) do
    local name, value = arg:match("^%-%-([%a][%a-]*)=?(.*)$")
    if is_rest or not name and arg ~= "--" then
      at = at + 1
      options[at] = arg
    elseif arg == "--" then
      is_rest = true
    elseif name == "help" then
      io.write(spec.usage)
      return nil, 0
    elseif not flags[name] then
      return refuse("there is no option --" .. name)
    elseif flags[name] == "flag" then
      if value ~= "" then return refuse("--" .. name .. " takes no value") end
      options[name] = true
    else
      if value == "" then return refuse("write --" .. name .. "=VALUE") end
      options[name] = value
    end
  end
  if at < (spec.least or 0) then return refuse("something is missing") end
  if at > (spec.most or spec.least or 0) then return refuse("\"" .. options[(spec.most or spec.least or 0) + 1] .. "\" is too much") end
  if spec.shop and not native_db.main() then return nil, args.no_shop(spec.name) end
  return options
end

--- A number of things, as people say it: "1 row", "2 rows".
---@param count integer
---@param thing string in the singular, with an "s" in the plural
---@return string
function args.count(count, thing)
  return ("%d %s%s"):format(count, thing, count == 1 and "" or "s")
end

--- Says why there is no shop to work on, and gives the exit code.
---@param name string
---@return integer exit_code
function args.no_shop(name)
  if fs.exists(thread.data .. "/shop.db") then
    return args.fail(name, { code = "system", message = thread.data .. "/shop.db cannot be written; "
      .. "run this as the user that owns it, and look whether the disk is mounted read-only" })
  end
  return args.fail(name, { code = "missing", message = "there is no shop in " .. thread.data
    .. "; name its folder with --data, or begin one with merx serve or merx import" })
end

--- Says what went wrong and gives the exit code that belongs to it.
---@param name string
---@param err { code?: string, message: string }
---@return integer exit_code
function args.fail(name, err)
  local codes = { missing = 3, conflict = 4, invalid = 5, busy = 4, system = 71 }
  io.stderr:write(name, ": ", err.message, "\n")
  return codes[(err.code or ""):match("[^.]*$")] or 1
end

return args

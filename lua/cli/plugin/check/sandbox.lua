--- The plugin in a real state of its own: what is there to be used, and whether every handler that plugin.json names loads.
local contracts = require("kernel.contracts")
local native = require("native.plugin")
local places = require("cli.plugin.check.places")
local preludes = require("kernel.plugins.preludes")

local sandbox = {}

local PROBE <const> = [[
local M = {}
local function names(value, depth)
  if type(value) ~= "table" or depth == 0 then return true end
  local found = {}
  for name, inner in pairs(value) do
    if type(name) == "string" and name ~= "_G" then found[name] = names(inner, depth - 1) end
  end
  return found
end
function M.names() return names(_ENV, 3) end
return M
]]

local function open(root, modules)
  return assert(native.open({
    id = root:match("[^/]+$"), root = root, prelude = preludes, modules = modules, host = function() return false, "nothing is asked while checking" end,
  }))
end

--- What a handler finds: names of globals, for libraries with the names of their members.
---@return table<string, true|table>
function sandbox.names()
  local state = open("/nowhere/acme.probe", { probe = PROBE })
  local ok, names = state:call("view", "probe:names")
  assert(ok, "the probe failed")
  names.shop.settings = true -- whatever a plugin declares
  return names
end

-- "src/rules.lua:12: …" and the rest, of a message that names the plugin first.
local function place_of(message, id)
  local prefix = id .. "/"
  local at = message:find(prefix, 1, true)
  local file, line, rest = message:sub(at and at + #prefix or 1):match("^([%w_/.-]+%.lua):(%d+): (.*)$")
  return file, tonumber(line), rest
end

local function handlers_of(contract, entry)
  local list = {}
  if entry.handler then list[1] = { kind = contract.kind, name = entry.handler, field = "handler" } end
  for name, kind in pairs(entry.adapter and contract.functions or {}) do
    list[#list + 1] = { kind = kind, name = entry.adapter .. ":" .. name, field = "adapter", is_optional = true }
  end
  return list
end

local function report_handler(report, found, path, err, id)
  local file, line, rest = place_of(err.message, id)
  if file and err.code ~= "missing" then
    report:error(file, line, "%s", rest)
  else
    report:error("plugin.json", places.find(found, path), "%s", (err.message:gsub("^.-: there is no handler", "there is no handler")))
  end
end

--- Loads each handler, as a shop would.
---@param report table
---@param root string
---@param read merx.Manifest
---@param found merx.Places
function sandbox.check(report, root, read, found)
  local state = open(root)
  for place, contract in pairs(contracts.by_place()) do
    for i, entry in ipairs(read.contributes[place] or {}) do
      for _, handler in ipairs(handlers_of(contract, entry)) do
        local ok, err = state:load(handler.kind, handler.name)
        local is_left_out = handler.is_optional and not ok and err.message:find("no such function", 1, true)
        if not ok and not is_left_out then
          report_handler(report, found, ("contributes.%s.%d.%s"):format(place, i, handler.field), err, read.id)
        end
      end
    end
  end
end

return sandbox

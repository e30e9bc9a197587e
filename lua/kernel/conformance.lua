--- What every contract promises, as cases that the tools for authors hold each plugin to. The room that owns a contract
--- declares its cases in a file of its own, conformance.lua, which only those tools load.
local contracts = require("kernel.contracts")

local conformance = {}

--- One entry of a plugin, as its cases see it.
---@class merx.Subject
---@field id string "plugin/entry"
---@field entry table of plugin.json
---@field handler merx.Handler with the settings of the shop
---@field sample any what tests/samples/ENTRY.json holds, if there is such a file
---@field fresh fun(): merx.Handler the same handler in a state that nobody asked yet
---@field rows fun(): integer rows in the plugin's own tables
---@field outside fun(mood: "answers"|"silent") how the world outside behaves: it says 200 to everything, or nothing at all
---@field answer_with fun(fn: fun(request: table): table) or it answers every request as `fn` says: { status, headers, body or json }

---@class merx.ConformanceCase
---@field name string what is promised
---@field run fun(subject: merx.Subject) raises when the promise is not kept

local by_point = {} ---@type table<string, merx.ConformanceCase[]>

--- Adds cases for a point.
---@param point string
---@param cases merx.ConformanceCase[]
function conformance.define(point, cases)
  assert(contracts.of(point), "there is no extension point " .. point)
  by_point[point] = by_point[point] or {}
  table.move(cases, 1, #cases, #by_point[point] + 1, by_point[point])
end

--- The cases of a point.
---@param point string
---@return merx.ConformanceCase[]
function conformance.of(point)
  return by_point[point] or {}
end

--- Raises `message` unless `is_kept`.
---@param is_kept any
---@param message string
---@param ... any for string.format
function conformance.expect(is_kept, message, ...)
  if not is_kept then error(message:format(...), 0) end
end

return conformance

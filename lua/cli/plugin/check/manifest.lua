--- plugin.json: every field against the published schema, then the rules between fields, then what else is installed.
local json = require("native.json")
local manifest = require("kernel.plugins.manifest")
local places = require("cli.plugin.check.places")
local plugins = require("kernel.plugins")
local resolve = require("kernel.plugins.resolve")
local schema = require("kernel.schema")
local thread = require("native.thread")

local FILE <const> = "plugin.json"

local function report_syntax(report, bytes, err)
  local at = tonumber(err.message:match("at byte (%d+)"))
  report:error(FILE, at and places.line_of(bytes, at) or 1, "it is not JSON: %s", err.message)
end

local function report_shape(report, found, err)
  for path, key in pairs(err.fields) do
    report:error(FILE, places.find(found, path), "%s %s", path, schema.in_words(key, err.args and err.args[path]))
  end
end

--- Checks plugin.json.
---@param report table
---@param bytes string
---@param folder string name of the plugin's folder
---@return merx.Manifest? manifest
---@return merx.Places? places
local function check(report, bytes, folder)
  local raw, err = json.decode(bytes)
  if type(raw) ~= "table" then
    report_syntax(report, bytes, err or { message = "it holds no object" })
    return nil
  end
  local found = places.read(bytes)
  local ignored, path = manifest.not_offered(raw)
  if ignored then
    report:error(FILE, places.find(found, path), "%s", ignored)
    return nil
  end
  local _, invalid = schema.check(manifest.shape(), raw)
  if invalid then
    report_shape(report, found, invalid)
    return nil
  end
  local read, problem = manifest.parse(bytes, folder, thread.version)
  if not read then
    problem = problem:gsub("^plugin%.json: ", "")
    report:error(FILE, places.guess(found, problem), "%s", problem)
  end
  return read, found
end

--- Checks whether the plugin can be had together with those that are installed here: requirements, conflicts, circles, order.
---@param report table
---@param read merx.Manifest
---@param found merx.Places
local function check_company(report, read, found)
  local candidates = { { id = read.id, manifest = read } }
  for _, plugin in ipairs(plugins.list()) do
    if plugin.manifest and not plugin.problem and plugin.id ~= read.id then candidates[#candidates + 1] = plugin end
  end
  local _, problems = resolve.check(candidates)
  local problem = problems[read.id]
  if problem then report:error(FILE, places.guess(found, problem), "%s", problem) end
end

return { check = check, check_company = check_company }

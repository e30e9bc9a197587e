--- The plugins of a list, judged together before it is in force: manifests are all that is read.
local contracts = require("kernel.contracts")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local manifest = require("kernel.plugins.manifest")
local resolve = require("kernel.plugins.resolve")
local thread = require("native.thread")

local company = {}

---@class merx.NamedHandler a handler as its manifest has it
---@field id string "plugin/handler"
---@field plugin string
---@field point string
---@field bundled boolean
---@field before string[]
---@field after string[]

---@class merx.CompanyOptions
---@field replaced? { id: string, root: string } whose files lie elsewhere until it is in its place
---@field pins? merx.Pin[]

-- Those that can be read, and are on if nothing else is said; why the others cannot, by id.
local function read_all(list, replaced, with_off)
  local candidates, problems = {}, {}
  for _, source in ipairs(generation.sources(list)) do
    if with_off or not source.is_off then
      local root = replaced and replaced.id == source.id and replaced.root or source.root
      local bytes = fs.read(root .. "/plugin.json")
      local found, problem
      if bytes then found, problem = manifest.parse(bytes, source.id, thread.version) else problem = "its plugin.json cannot be read" end
      if found then
        candidates[#candidates + 1] = { id = source.id, manifest = found, bundled = source.bundled }
      else
        problems[source.id] = problem
      end
    end
  end
  return candidates, problems
end

--- Which plugins of a list can be had, and why the others cannot.
---@param list? merx.Installed[] what is in force without it
---@param options? merx.CompanyOptions
---@return merx.Candidate[] fit by id
---@return table<string, string> problems by id
function company.judge(list, options)
  options = options or {}
  local candidates, problems = read_all(list, options.replaced)
  local fit, unfit = resolve.check(candidates, { pins = options.pins })
  for id, problem in pairs(unfit) do problems[id] = problem end
  return fit, problems
end

--- All that are installed and can be read, also those that are off or cannot be had.
---@return merx.Candidate[]
function company.installed()
  return (read_all(nil, nil, true))
end

--- The handlers of plugins.
---@param candidates merx.Candidate[]
---@return merx.NamedHandler[] by id
function company.handlers(candidates)
  local list = {}
  for _, candidate in ipairs(candidates) do
    for place, contract in pairs(contracts.by_place()) do
      for _, entry in ipairs(candidate.manifest.contributes[place] or {}) do
        list[#list + 1] = {
          id = candidate.id .. "/" .. entry.id, plugin = candidate.id, point = contract.point, bundled = candidate.bundled == true,
          before = entry.before, after = entry.after,
        }
      end
    end
  end
  table.sort(list, function(a, b)
    if a.id ~= b.id then return a.id < b.id end
    return a.point < b.point
  end)
  return list
end

return company

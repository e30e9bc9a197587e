--- The sources of a plugin: names that do not exist, and whether they do only what plugin.json asks for.
local contracts = require("kernel.contracts")
local grants = require("cli.plugin.check.grants")
local reports = require("cli.plugin.check.report")
local sandbox = require("cli.plugin.check.sandbox")
local syntax = require("cli.plugin.check.syntax")

local source = {}

-- What people look for, and what there is instead.
local INSTEAD <const> = {
  os = "name `now` as an input, or call shop.now() in a view or an effect", io = "a plugin reads and writes no files",
  print = "use shop.log()", load = "code is in files of src/", loadstring = "code is in files of src/", dofile = "use require()",
  loadfile = "use require()", debug = "use shop.log()", coroutine = "an effect that waits lets others run by itself",
  collectgarbage = "memory is looked after", package = "use require()", json = "use shop.json", http = "use shop.http",
  rawset = "write to the table as it is", getmetatable = "metatables are out of reach", ngx = "this is Merx: see the guide for plugins",
}

local function check_globals(report, path, use, names)
  local is_set = {}
  for _, global in ipairs(use.globals) do is_set[global.name] = is_set[global.name] or global.is_set end
  for _, global in ipairs(use.globals) do
    if global.is_set and not names[global.name] then
      report:error(path, global.line, "%s is set as a global: write `local %s`", global.name, global.name)
    elseif not names[global.name] and not is_set[global.name] then
      local instead = INSTEAD[global.name] and "; " .. INSTEAD[global.name] or reports.similar(global.name, names)
      report:error(path, global.line, "there is no %s here%s", global.name, instead)
    end
  end
end

local function check_members(report, path, use, names)
  for _, member in ipairs(use.members) do
    local known = names[member.path[1]]
    for i = 2, #member.path do
      if type(known) ~= "table" then break end
      local name = member.path[i]
      if not known[name] then
        local whole = table.concat(member.path, ".", 1, i)
        local owner = table.concat(member.path, ".", 1, i - 1) .. "."
        report:error(path, member.line, "there is no %s%s", whole, reports.similar(name, known, owner))
      end
      known = known[name]
    end
  end
end

-- The last name of a path: "tags" of "lines[].tags[]".
local function last_of(path)
  return path:match("([%w_]+)[%[%]]*$")
end

-- Names that stand for too many things to be told apart.
local AMBIGUOUS <const> = { amount = true, id = true, kind = true, list = true, name = true, now = true, title = true, type = true, unit = true, value = true }

-- What the entries of a plugin may see, do see, and are set to.
local function inputs_of(read)
  local possible, declared, is_other = {}, {}, {}
  for place, contract in pairs(contracts.by_place()) do
    for i, entry in ipairs(read.contributes[place] or {}) do
      for name in pairs(entry.settings or {}) do is_other[name] = true end
      local module = contract.kind == "pure" and contract.input and entry.handler:match("^[^:]+")
      for path in pairs(module and contract.input or {}) do
        local file = "src/" .. module .. ".lua"
        possible[file] = possible[file] or {}
        possible[file][last_of(path)] = path
      end
      for j, path in ipairs(contract.input and entry.input or {}) do
        declared[#declared + 1] = { path = path, where = ("contributes.%s.%d.input.%d"):format(place, i, j) }
        for name in path:gmatch("[%w_]+") do is_other[name] = true end
      end
    end
  end
  return possible, declared, is_other
end

-- Whoever asks whether there is a delivery reads "delivery.amount", too.
local function is_read(uses, path)
  local around = path:match("^([%w_]+)%.")
  for _, use in ipairs(uses) do
    if use.fields[last_of(path)] or around and use.fields[around] then return true end
  end
  return false
end

local function check_inputs(report, read, found, uses)
  local possible, declared, is_other = inputs_of(read)
  for _, input in ipairs(declared) do
    if not is_read(uses, input.path) then
      report:warn("plugin.json", found.lines[input.where] or 1, "no source reads %s: leave it out of `input`", input.path)
    end
  end
  for _, use in ipairs(uses) do
    for name in pairs(use.fields) do
      local path = possible[use.path] and possible[use.path][name]
      if path and not is_other[name] and not AMBIGUOUS[name] then
        report:warn(use.path, 1, "it reads %s, which no `input` names: add \"%s\" to the entry, or it is nil", name, path)
      end
    end
  end
end

--- Checks all sources.
---@param report table
---@param read merx.Manifest
---@param found merx.Places
---@param files { path: string, bytes: string }[]
---@param made table<string, boolean> the tables that its migrations make
---@return merx.SourceUse[]
function source.check(report, read, found, files, made)
  local names, uses = sandbox.names(), {}
  for _, file in ipairs(files) do
    local chunk, err = load(file.bytes, "=" .. file.path, "t", {})
    if not chunk then
      local line, rest = tostring(err):match(":(%d+): (.*)$")
      report:error(file.path, tonumber(line) or 1, "%s", rest or err)
    else
      local use = syntax.read(file.bytes)
      use.path = file.path
      check_globals(report, file.path, use, names)
      check_members(report, file.path, use, names)
      uses[#uses + 1] = use
    end
  end
  check_inputs(report, read, found, uses)
  grants.check(report, read, found, uses, made)
  return uses
end

return source

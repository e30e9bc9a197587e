--- Makes the folder of a plugin that works: its tests pass at once.
local args = require("cli.args")
local folder = require("cli.plugin.folder")
local fs = require("native.fs")
local tables = require("kernel.plugins.tables")
local thread = require("native.thread")

local new = { summary = "Makes a plugin of a kind, which works and passes its tests.", usage = [[
usage: merx plugin new [--dir=DIR] KIND ID

Makes the folder ID in DIR (here, without it) with a manifest, a handler, texts,
tests, README.md, LICENSE and .luarc.json. An ID is PUBLISHER.NAME in small letters.

kinds:
%s

examples:
  merx plugin new price_rule acme.tiers
  merx plugin new --dir=/tmp delivery_method acme.parcel
]] }

local NAME <const> = "merx plugin new"
local TEMPLATES <const> = thread.share .. "/lua/merx/templates"
local COMMON <const> = "common" -- what plugins of all kinds have
local SAMPLE <const> = "acme.sample"
local ID <const> = "^%l[%l%d-]*%.%l[%l%d-]*$"
local RENAMED <const> = { ["luarc.json"] = ".luarc.json" } -- files that would be hidden in a repository

--- The kinds that there is a template for, sorted.
---@return string[]
function new.kinds()
  local kinds = {}
  for _, name in ipairs(assert(fs.list(TEMPLATES))) do
    if name ~= COMMON then kinds[#kinds + 1] = name end
  end
  return kinds
end

-- "acme.bulk-price" is called "Bulk price" until its author has a better name.
local function name_of(id)
  local words = id:match("%.(.+)$"):gsub("-", " ")
  return words:sub(1, 1):upper() .. words:sub(2)
end

local function adapt(text, id)
  local words = {
    { SAMPLE, id }, { tables.prefix_of(SAMPLE), tables.prefix_of(id) }, { "Sample", name_of(id) }, { "SHARE", thread.share },
  }
  for _, pair in ipairs(words) do
    text = text:gsub(pair[1]:gsub("%p", "%%%0"), (pair[2]:gsub("%%", "%%%%")))
  end
  return text
end

local function copy(from, to, id)
  folder.each(from, "", function(path, whole)
    local target = to .. "/" .. (RENAMED[path] or path)
    assert(fs.mkdir(target:match("^(.*)/")))
    assert(fs.write(target, adapt(assert(fs.read(whole)), id)))
  end)
end

local function has(list, wanted)
  for _, entry in ipairs(list) do
    if entry == wanted then return true end
  end
end

local function problem_of(kind, id, target)
  if not has(new.kinds(), kind) then
    return { code = "invalid", message = ("there is no kind %s; there are: %s"):format(kind, table.concat(new.kinds(), ", ")) }
  end
  if not id:find(ID) or #id > 60 then
    return { code = "invalid", message = ("%s is no id of a plugin: write PUBLISHER.NAME in small letters, as acme.tiers"):format(id) }
  end
  if fs.exists(target) then return { code = "conflict", message = target .. " is there already: choose another id or folder" } end
end

--- Makes a plugin of a kind in the folder `target`.
---@param kind string
---@param id string
---@param target string
---@return true? ok
---@return { code: string, message: string }? err
function new.make(kind, id, target)
  local problem = problem_of(kind, id, target)
  if problem then return nil, problem end
  copy(TEMPLATES .. "/" .. COMMON, target, id)
  copy(TEMPLATES .. "/" .. kind, target, id)
  return true
end

local function kinds_in_lines()
  local lines, line = {}, " "
  for _, kind in ipairs(new.kinds()) do
    if #line + #kind > 78 then lines[#lines + 1], line = line, " " end
    line = line .. " " .. kind
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

---@param given string[]
---@return integer exit_code
function new.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = new.usage:format(kinds_in_lines()), flags = { dir = "value" }, least = 2,
  })
  if not options then return code end
  local kind, id = options[1], options[2]
  local made, err = new.make(kind, id, folder.resolve(options.dir or ".") .. "/" .. id)
  if not made then return args.fail(NAME, err) end
  local shown = (options.dir and options.dir .. "/" or "") .. id
  io.write(("%s is there. Next:\n  merx plugin check %s\n  merx plugin test %s\n"):format(shown, shown, shown))
  return 0
end

return new

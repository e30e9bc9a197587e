--- What `merx dev` adds for whoever works on a shop: files are watched, what would leave the machine is kept, errors show
--- where they are. All of it is off in a shop that serves others.
local clock = require("native.clock")
local command = require("kernel.command")
local fs = require("native.fs")
local json = require("native.json")
local log = require("kernel.log")
local schema = require("kernel.schema")
local signature = require("kernel.signature")
local task = require("native.task")
local thread = require("native.thread")

local dev = {}

local EVERY_MS <const> = 100
local KEPT <const> = 200
local AROUND <const> = 5 -- lines of source before and after an error
local LONGEST_VALUE <const> = 200
local MOST_LOCALS <const> = 40

--- Whether this is a shop on a desk.
---@return boolean
function dev.is_on()
  return thread.options.dev == "true"
end

-- ---- files -------------------------------------------------------------------------------------------------------------

local function look()
  local found = {}
  for i, folder in ipairs({ thread.share .. "/plugins", thread.share .. "/themes", thread.data .. "/plugins" }) do found[i] = signature.of(folder) end
  return table.concat(found, "\n")
end

command.define({
  name = "dev.take_up", doc = "Has every thread take up changed files; of merx dev.", args = schema.object({}),
  handler = function()
    task.reload()
    return {}
  end,
})

local seen

--- Looks whether a file changed, and has it taken up; in the jobs thread, many times a second.
---@return integer ms until the next look
function dev.look()
  local now = look()
  if now ~= seen then -- the first time, too: others began before this thread, and may have read what is older
    log.info("files changed: they are taken up")
    seen = now
    assert(command.run("dev.take_up", {}))
  end
  return EVERY_MS
end

-- ---- what would leave the machine --------------------------------------------------------------------------------------

local function folder_of(kind)
  return thread.data .. "/tmp/dev-" .. kind
end

local function names_of(kind)
  local names = {}
  for _, name in ipairs(fs.list(folder_of(kind)) or {}) do
    if name:find("%.json$") then names[#names + 1] = name end
  end
  return names
end

local drawn = 0

--- Keeps something for the pages below /__dev/.
---@param kind "mail"|"request"|"error"
---@param entry table plain data
function dev.keep(kind, entry)
  if not fs.exists(folder_of(kind)) then fs.mkdir(folder_of(kind), 448) end
  drawn = drawn + 1
  entry.at = clock.now()
  entry.id = ("%015d-%03d"):format(entry.at, drawn % 1000)
  fs.write(folder_of(kind) .. "/" .. entry.id .. ".json", json.encode(entry))
  local names = names_of(kind)
  for i = 1, #names - KEPT do fs.remove(folder_of(kind) .. "/" .. names[i]) end
end

--- What was kept, newest first.
---@param kind "mail"|"request"|"error"
---@return table[]
function dev.kept(kind)
  local names, list = names_of(kind), {}
  for i = #names, 1, -1 do
    local bytes = fs.read(folder_of(kind) .. "/" .. names[i])
    list[#list + 1] = bytes and json.decode(bytes)
  end
  return list
end

-- ---- errors ------------------------------------------------------------------------------------------------------------

-- "acme.points/src/web.lua" of a plugin, "lua/web/page.lua" of ours, "sections/x.liquid" of a theme.
local function path_of(source)
  local plugin, rest = source:match("^([%l%d-]+%.[%l%d-]+)/(.+)$")
  if plugin then
    local found = require("kernel.plugins").find(plugin)
    return found and found.root .. "/" .. rest
  end
  if source:find("^lua/") then return thread.share .. "/" .. source end
end

---@class merx.Excerpt
---@field source string
---@field line integer
---@field lines { number: integer, text: string, is_it: boolean }[]

--- The source around the first place that a message or a trace names, when its file can be read.
---@param text string
---@return merx.Excerpt?
function dev.excerpt(text)
  for source, number in text:gmatch("([%w%._/-]+%.%l+):(%d+)") do
    local path = path_of(source)
    local bytes = path and not path:find("..", 1, true) and fs.read(path)
    if bytes then
      local wanted, lines, at = math.tointeger(tonumber(number)), {}, 0
      for line in (bytes .. "\n"):gmatch("([^\n]*)\n") do
        at = at + 1
        if math.abs(at - wanted) <= AROUND then lines[#lines + 1] = { number = at, text = line, is_it = at == wanted } end
      end
      return { source = source, line = wanted, lines = lines }
    end
  end
end

local function shown(value)
  local kind = type(value)
  if kind == "string" then return ("%q"):format(value:sub(1, LONGEST_VALUE)) end
  if kind ~= "table" then return tostring(value):gsub("0x%x+", "…") end
  local parts = {}
  for key, inner in pairs(value) do
    if #parts >= 8 then
      parts[#parts + 1] = "…"
      break
    end
    parts[#parts + 1] = tostring(key) .. " = " .. (type(inner) == "table" and "{ … }" or tostring(inner):sub(1, 40))
  end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- The locals of the function that raised: the innermost one in Lua, as error() and assert() stand above it.
local function locals_above(level)
  local list = {}
  while (debug.getinfo(level, "S") or { what = "" }).what == "C" do level = level + 1 end
  if not debug.getinfo(level, "S") then return list end
  for i = 1, MOST_LOCALS do
    local name, value = debug.getlocal(level, i)
    if not name then break end
    if not name:find("^%(") then list[#list + 1] = { name = name, value = shown(value) } end
  end
  return list
end

--- A message handler for xpcall that keeps what a page of the error needs.
---@param problem any
---@return { message: string, trace: string, locals: table[] }
function dev.explain(problem)
  return { message = tostring(problem), trace = debug.traceback(tostring(problem), 2), locals = locals_above(3) }
end

return dev

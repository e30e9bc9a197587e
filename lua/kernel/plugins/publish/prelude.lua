--- What plugin code sees of the engine, read from the files that make it: the preludes, whose comments are the one source of
--- the stubs and of the reference.
local fs = require("native.fs")
local host = require("kernel.plugins.host")
local native = require("native.plugin")
local thread = require("native.thread")

local prelude = {}

--- The names that plugin code has besides Lua's own, in the order of the reference.
prelude.NAMES = { "shop", "money", "std" }

---@class merx.Declaration
---@field name string "shop.http.get"; "" for a class of its own
---@field doc string[] lines of its comment, as they stand
---@field params? string[] of a function
---@field is_table? boolean only a place for others
---@field call? string the host call that it makes

local function read_function(line)
  local name, params = line:match("^function ([%w_.]+)%((.-)%)")
  if not name then return nil end
  local list = {}
  for param in params:gmatch("[%w_.]+") do list[#list + 1] = param end
  return { name = name, params = list }
end

local function read_value(line, module)
  local name, value = line:match("^([%w_.]+) = (.+)$")
  if not name or name:match("^%w+") ~= module then return nil end
  return { name = name, is_table = value == "{}" or nil }
end

-- A comment that no declaration follows is that of a class.
local function close_comment(found, doc)
  if doc[1] and doc[1]:find("^%-%-%-@class") then found[#found + 1] = { name = "", doc = doc } end
  return {}
end

--- All that one prelude declares, in its own order. Functions that ask for what this engine does not have are left out.
---@param module string "shop"
---@return merx.Declaration[]
function prelude.read(module)
  local text = assert(fs.read(("%s/lua/kernel/sandbox/%s.lua"):format(thread.share, module)))
  local found, doc, open = {}, {}, nil
  for line in text:gmatch("[^\n]*") do
    local declared = read_function(line) or read_value(line, module)
    if declared then
      declared.doc, doc = doc, {}
      found[#found + 1], open = declared, declared
    elseif line:find("^%-%-%-") then
      doc[#doc + 1] = line
    elseif line == "" or line:find("^local ") then
      doc = close_comment(found, doc)
      if line ~= "" then open = nil end
    end
    if open and not open.call then open.call = line:match('ask%("([%w_.]+)"') end
  end
  local known = {}
  for _, declared in ipairs(found) do
    if not declared.call or host.list()[declared.call] then known[#known + 1] = declared end
  end
  return known
end

local LOOK <const> = [[
local M = {}
function M.names()
  local found = {}
  for name, value in pairs(_G) do
    if type(value) == "table" and value ~= _G then
      for inner in pairs(value) do found[#found + 1] = name .. "." .. inner end
    else
      found[#found + 1] = name
    end
  end
  return found
end
return M]]

--- The names of Lua's own that plugin code finds, asked of a state as plugins have it.
---@return string[]
function prelude.lua_names()
  local state = assert(native.open({ id = "merx.look", modules = { look = LOOK } }))
  local ok, names = state:call("pure", "look:names")
  state:close()
  assert(ok, names)
  table.sort(names)
  return names
end

--- The sentence of a comment, without its annotations.
---@param doc string[]
---@return string
function prelude.sentence(doc)
  local parts = {}
  for _, line in ipairs(doc) do
    if not line:find("^%-%-%-@") then parts[#parts + 1] = line:match("^%-%-%-%s?(.*)$") end
  end
  return table.concat(parts, " ")
end

return prelude

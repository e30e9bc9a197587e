--- Files that plugins keep: each plugin's lie in a folder of its own, DATA/plugin-files/ID, side by side. A name is made of
--- a few harmless characters, so that none leads anywhere else; what is a link leads nowhere.
local clock = require("native.clock")
local fs = require("native.fs")
local thread = require("native.thread")

local storage = {}

---@class merx.KeptFile
---@field name string
---@field size integer
---@field modified integer ms UTC

--- Where files are kept. Names and sums are judged before it is asked.
---@class merx.FileKeeper
---@field list fun(id: string): merx.KeptFile[] by name
---@field read fun(id: string, name: string): string?, { code: string, message: string }?
---@field write fun(id: string, name: string, bytes: string): true?, { code: string, message: string }?
---@field remove fun(id: string, name: string): true?, { code: string, message: string }?

local LONGEST <const> = 100
local NAME <const> = "^[%l%d][%l%d._-]*$"
local PRIVATE_FILE <const>, PRIVATE_FOLDER <const> = 384, 448 -- 0600, 0700
local ABANDONED_MS <const> = 3600 * 1000 -- whoever writes goes on sooner

--- Whether a file may be called so.
---@param name any
---@return boolean
function storage.is_name(name)
  return type(name) == "string" and #name <= LONGEST and name:find(NAME) ~= nil and not name:find("%.tmp$") -- on the way to a file
end

-- ---- on the disk -----------------------------------------------------------------------------------------------------

local function base()
  return thread.data .. "/plugin-files"
end

local function folder_of(id)
  return base() .. "/" .. id
end

-- What a stopped write left would count for nobody and stay for ever.
local function sweep(path, name)
  local about = name:find("%.%d+%.tmp$") and fs.stat(path)
  if about and about.kind == "file" and clock.now() - about.modified > ABANDONED_MS then fs.remove(path) end
end

-- Whether the folder of a plugin is there and lies where it should.
local function is_sound(id)
  return fs.is_below(base(), folder_of(id))
end

local disk = {} ---@type merx.FileKeeper

function disk.list(id)
  local folder, found = folder_of(id), {}
  for _, name in ipairs(is_sound(id) and fs.list(folder) or {}) do
    local path = folder .. "/" .. name
    local about = storage.is_name(name) and fs.stat(path)
    if about and about.kind == "file" then
      found[#found + 1] = { name = name, size = about.size, modified = about.modified }
    else
      sweep(path, name)
    end
  end
  return found
end

-- A path that stays in its folder, or what somebody put there instead.
local function checked(id, name)
  local path = folder_of(id) .. "/" .. name
  if fs.exists(path) then
    local about = fs.stat(path)
    if not about or about.kind ~= "file" or not is_sound(id) or not fs.is_below(folder_of(id), path) then
      return nil, { code = "invalid", message = path .. " is no file of this folder: remove it" }
    end
  end
  return path
end

function disk.read(id, name)
  local path, err = checked(id, name)
  if not path then return nil, err end
  return fs.read(path)
end

function disk.write(id, name, bytes)
  local made, err = fs.mkdir(folder_of(id), PRIVATE_FOLDER)
  if not made then return nil, err end
  if not is_sound(id) then
    return nil, { code = "invalid", message = folder_of(id) .. " leads elsewhere: put the folder itself there" }
  end
  local path
  path, err = checked(id, name)
  if not path then return nil, err end
  return fs.write(path, bytes, PRIVATE_FILE)
end

function disk.remove(id, name)
  if not is_sound(id) then return true end
  return fs.remove(folder_of(id) .. "/" .. name) -- of a link only the link goes
end

local keeper = disk

-- ---- for the host, the tools and the tests ---------------------------------------------------------------------------

--- Has files kept otherwise than on the disk: for the specs of plugins.
---@param other merx.FileKeeper
function storage.keep_in(other)
  keeper = other
end

---@param id string
---@return merx.KeptFile[]
function storage.list(id) return keeper.list(id) end

---@param id string
---@param name string
---@return string? bytes
---@return { code: string, message: string }? err
function storage.read(id, name) return keeper.read(id, name) end

--- Leaves the old content or the new, never half.
---@param id string
---@param name string
---@param bytes string
---@return true? ok
---@return { code: string, message: string }? err
function storage.write(id, name, bytes) return keeper.write(id, name, bytes) end

---@param id string
---@param name string
---@return true? ok
---@return { code: string, message: string }? err
function storage.remove(id, name) return keeper.remove(id, name) end

--- All files of all plugins, for backups: where they lie below the data folder.
---@return string[]
function storage.all()
  local paths = {}
  for _, id in ipairs(fs.exists(base()) and fs.list(base()) or {}) do
    for _, file in ipairs(id:find("^%l[%l%d-]*%.%l[%l%d-]*$") and disk.list(id) or {}) do
      if fs.is_below(folder_of(id), folder_of(id) .. "/" .. file.name) then paths[#paths + 1] = ("plugin-files/%s/%s"):format(id, file.name) end
    end
  end
  return paths
end

--- Removes everything that a plugin kept.
---@param id string
function storage.purge(id)
  fs.remove(folder_of(id))
end

return storage

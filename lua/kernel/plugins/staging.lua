--- Brings the files of a package to their place: written aside, on disk, and then renamed, so that a folder of a version
--- is whole or not there. What a stopped attempt left is swept by the next one.
local clock = require("native.clock")
local crypto = require("native.crypto")
local failure = require("kernel.failure")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local machine = require("native.machine")
local package = require("kernel.plugins.package")
local storage = require("kernel.plugins.storage")
local thread = require("native.thread")

local staging = {}

---@class merx.Staged
---@field folder string of this attempt
---@field file string a private copy of the package: what is judged is what is unpacked
---@field signature? string
---@field package merx.Package
---@field content string where it was unpacked

local ABANDONED_MS <const> = 3600 * 1000 -- whoever installs goes on sooner

local function base()
  return thread.data .. "/plugins"
end

local function attempts()
  return base() .. "/.staging"
end

local function is_abandoned(path)
  local about = fs.stat(path)
  return about ~= nil and clock.now() - about.modified > ABANDONED_MS
end

local function children(folder)
  return fs.exists(folder) and fs.list(folder) or {}
end

-- Versions that no generation knows any more: what was placed and never switched to, and what was pruned.
local function sweep_versions(id, is_needed)
  local folder, left = base() .. "/" .. id, 0
  for _, name in ipairs(children(folder)) do
    local version, digest = name:match("^(%d+%.%d+%.%d+)%-(%x+)$")
    local path = folder .. "/" .. name
    if version and #digest == 12 and not is_needed(id, version, digest) and is_abandoned(path) then
      fs.remove(path)
    else
      left = left + 1
    end
  end
  if left == 0 then fs.remove(folder) end
end

--- Removes what stopped attempts left, and versions that nobody can go back to.
function staging.sweep()
  if not thread.data then return end -- a test has no folder
  for _, name in ipairs(children(attempts())) do
    if is_abandoned(attempts() .. "/" .. name) then fs.remove(attempts() .. "/" .. name) end
  end
  for _, id in ipairs(children(base())) do
    if id:find("^%l[%l%d-]*%.%l[%l%d-]*$") and not fs.exists(("%s/%s/plugin.json"):format(base(), id)) then
      sweep_versions(id, generation.is_kept)
    end
  end
end

-- What root writes, the server of another user could not read.
local function check_owner()
  local access = machine.access(thread.data .. "/.")
  if access and not access.is_own then
    return failure.new("package.system", thread.data .. " belongs to another user: run this as that user, so that the server can read what is installed")
  end
  return true
end

--- Takes a package in: a copy of it and of its signature, looked at and unpacked aside.
---@param path string
---@return merx.Staged?
---@return merx.Error?
function staging.take(path)
  local mine, err = check_owner()
  if not mine then return nil, err end
  staging.sweep()
  local about, missing = fs.stat(path)
  if not about then return failure.wrap(missing, "package") end
  local looked, wrong = package.inspect(path) -- before anything is copied
  if not looked then return nil, wrong end
  local folder = attempts() .. "/" .. crypto.token():sub(1, 16)
  local staged = { folder = folder, file = folder .. "/package.tar", content = folder .. "/" .. looked.id }
  local ok
  ok, err = fs.mkdir(folder, 448) -- 0700
  if ok then ok, err = fs.write(staged.file, assert(fs.read(path)), 384) end -- 0600
  if not ok then return failure.wrap(err, "package") end
  staged.signature = fs.read(path .. ".minisig")
  local found, changed = package.inspect(staged.file)
  if not found or found.digest ~= looked.digest then
    staging.drop(staged)
    return nil, changed or select(2, failure.new("package.conflict", path .. " was changed while it was read: try again"))
  end
  staged.package = found
  return staged
end

--- Unpacks what was taken in and accepted, still aside.
---@param staged merx.Staged
---@return true?
---@return merx.Error?
function staging.unpack(staged)
  local ok, err = package.extract(staged.file, staged.content)
  if not ok then return nil, err end
  return package.check_source(staged.content, staged.package.members)
end

--- Puts what was unpacked in its place for good. What is there already was put there whole by an earlier attempt.
---@param staged merx.Staged
---@return string? root
---@return merx.Error?
function staging.place(staged)
  local found = staged.package
  local root = generation.root_of(found.id, found.version, found.digest)
  if fs.exists(root) then
    if package.is_unpacked(root, found.members) then return root end
    if generation.is_kept(found.id, found.version, found.digest) then
      return failure.new("package.conflict", root .. " was changed by hand: restore it from a backup, or uninstall this plugin with --purge")
    end
    fs.remove(root)
  end
  local ok, err = fs.mkdir(root:match("^(.*)/"), 448)
  if ok then ok, err = fs.rename(staged.content, root) end
  if not ok then return failure.wrap(err, "package") end
  return root
end

--- Removes what an attempt wrote aside. Fine to repeat.
---@param staged merx.Staged
function staging.drop(staged)
  fs.remove(staged.folder)
end

--- Removes every file of a plugin that is installed no more, also those that it kept itself.
---@param id string
function staging.purge(id)
  fs.remove(base() .. "/" .. id)
  storage.purge(id)
end

return staging

--- Makes a shop from a backup.
local archive = require("native.archive")
local args = require("cli.args")
local backup = require("cli.backup")
local fs = require("native.fs")
local fsck = require("native.fsck")
local thread = require("native.thread")

local restore = { usage = [[
usage: merx restore [--unproved] FILE.merx --data=FOLDER

Reads FILE whole and compares it with its digests; only when nothing is wrong it unpacks
into FOLDER, which must be empty or missing, and checks the database. The shop that
serves from there has everything of that moment; put the merx.key of the old shop beside
it before the start, or secrets have to be entered again.

  --unproved   take a backup of an older Merx, which has no digests

examples:
  merx restore /var/backups/shop-monday.merx --data /srv/shop
  merx serve --data /srv/shop

exit status: 0 restored, 3 no such file, 4 the folder is not empty, 5 the file is damaged
]] }

local NAME <const> = "merx restore"
local STAGING <const> = "restore.part" -- in the folder, so that what was checked only has to be renamed

local function is_free(folder)
  return not fs.exists(folder) or #assert(fs.list(folder)) == 0
end

local function newest_migration()
  local newest = 0
  for _, file in ipairs(assert(fs.list(thread.share .. "/sql/migrations"))) do
    newest = math.max(newest, tonumber(file:match("^(%d+)_")) or 0)
  end
  return newest
end

-- Unpacks and holds what was really written against the digests, too: disks err twice.
local function unpack(path, manifest, staging)
  local members, err = archive.extract(path, staging)
  if not members then return nil, err end
  if manifest then
    local ok, wrong = backup.compare(path, members, manifest)
    if not ok then return nil, wrong end
  end
  for _, name in ipairs(backup.wrapping) do fs.remove(staging .. "/" .. name) end
  return fsck.check(staging .. "/shop.db", newest_migration())
end

-- The database comes last: a folder in which it lies is a whole shop.
local function move_in(staging, folder)
  local names = assert(fs.list(staging))
  table.sort(names, function(a, b)
    if (a == "shop.db") ~= (b == "shop.db") then return b == "shop.db" end
    return a < b
  end)
  for _, name in ipairs(names) do
    local ok, err = fs.rename(staging .. "/" .. name, folder .. "/" .. name)
    if not ok then return nil, err end
  end
  return fs.remove(staging)
end

local function put_in_place(path, manifest, folder)
  local staging = folder .. "/" .. STAGING
  local made, failure = fs.mkdir(folder, 448) -- 0700: a shop is nobody else's business
  if not made then return nil, failure end
  local info, err = unpack(path, manifest, staging)
  if info then
    local ok, problem = move_in(staging, folder)
    if ok then return info end
    err = problem
  end
  for _, name in ipairs(fs.exists(folder) and fs.list(folder) or {}) do fs.remove(folder .. "/" .. name) end
  return nil, err
end

-- The manifest; nothing for an old backup that is wanted all the same.
local function prove(path, is_unproved)
  local manifest, err = backup.verify(path)
  if not manifest and err.is_unsealed and is_unproved then
    io.stderr:write(NAME, ": warning: ", err.message, "\n")
    return true
  end
  if err and err.is_unsealed then err.message = err.message .. "; --unproved restores it all the same" end
  return manifest ~= nil, manifest, err
end

---@param given string[]
---@return integer exit_code
function restore.run(given)
  local options, code = args.parse(given, { name = NAME, usage = restore.usage, flags = { unproved = "flag" }, least = 1 })
  if not options then return code end
  local path, folder = options[1], thread.data
  if not fs.exists(path) then return args.fail(NAME, { code = "missing", message = "there is no file " .. path }) end
  if not is_free(folder) then
    return args.fail(NAME, { code = "conflict", message = folder .. " is not empty; name an empty folder with --data" })
  end
  local ok, manifest, wrong = prove(path, options.unproved)
  if not ok then return args.fail(NAME, wrong) end
  local info, err = put_in_place(path, manifest, folder)
  if not info then return args.fail(NAME, err) end
  io.write("restored into ", folder, ": schema ", tostring(info.schema_version), ", ", tostring(info.bytes), " bytes of database\n")
  return 0
end

return restore

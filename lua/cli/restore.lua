--- Makes a shop from a backup.
local archive = require("native.archive")
local args = require("cli.args")
local fs = require("native.fs")
local fsck = require("native.fsck")
local json = require("native.json")
local thread = require("native.thread")

local restore = { usage = [[
usage: merx restore FILE.merx --data=FOLDER

Unpacks a backup into FOLDER, which must be empty or missing, and checks it. The shop
that serves from there has everything of that moment; put the merx.key of the old shop
beside it before the start, or secrets have to be entered again.

examples:
  merx restore /var/backups/shop-monday.merx --data /srv/shop
  merx serve --data /srv/shop
]] }

local NAME <const> = "merx restore"

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

-- Everything is checked beside the target and moved there whole: a bad file leaves nothing behind.
local function unpack_checked(path, folder)
  local ok, err = archive.extract(path, folder)
  if not ok then return nil, err end
  local manifest = json.decode(fs.read(folder .. "/manifest.json") or "")
  if not manifest or manifest.format ~= 1 then
    return nil, { code = "invalid", message = path .. " is no backup of Merx" }
  end
  fs.remove(folder .. "/manifest.json")
  return fsck.check(folder .. "/shop.db", newest_migration())
end

---@param given string[]
---@return integer exit_code
function restore.run(given)
  local options, code = args.parse(given, { name = NAME, usage = restore.usage, least = 1 })
  if not options then return code end
  local path, folder = options[1], thread.data
  if not fs.exists(path) then return args.fail(NAME, { code = "missing", message = "there is no file " .. path }) end
  if not is_free(folder) then
    return args.fail(NAME, { code = "conflict", message = folder .. " is not empty; name an empty folder with --data" })
  end
  local info, err = unpack_checked(path, folder)
  if not info then
    for _, name in ipairs(fs.exists(folder) and fs.list(folder) or {}) do fs.remove(folder .. "/" .. name) end
    return args.fail(NAME, err)
  end
  io.write("restored into ", folder, ": schema ", tostring(info.schema_version), ", ", tostring(info.bytes), " bytes of database\n")
  return 0
end

return restore

--- Writes the whole shop into one file, while it serves.
local archive = require("native.archive")
local args = require("cli.args")
local clock = require("native.clock")
local crypto = require("native.crypto")
local db = require("native.db")
local fs = require("native.fs")
local json = require("native.json")
local thread = require("native.thread")

local backup = { usage = [[
usage: merx backup [--force] FILE.merx

Writes database, media and plugins into one file, as they are at one moment, while the
shop goes on selling. Secrets in it are sealed with the shop's key, which is not in the
file: keep a copy of merx.key elsewhere, or restore will ask for the secrets again.

  --force   replace FILE when it exists

examples:
  merx backup /var/backups/shop-monday.merx
]] }

local NAME <const> = "merx backup"

local function write(path, copy)
  local writer <close> = assert(archive.create(path))
  assert(writer:add_bytes("manifest.json", json.encode({
    format = 1, version = thread.version, made_at = clock.now(),
  }, { pretty = true })))
  assert(writer:add_file("shop.db", copy))
  assert(writer:add_tree("media", thread.data .. "/media"))
  assert(writer:add_tree("plugins", thread.data .. "/plugins"))
  assert(writer:finish())
end

---@param given string[]
---@return integer exit_code
function backup.run(given)
  local options, code = args.parse(given, { name = NAME, usage = backup.usage, flags = { force = "flag" }, least = 1 })
  if not options then return code end
  local path = options[1]
  if fs.exists(path) and not options.force then
    return args.fail(NAME, { code = "conflict", message = path .. " exists; --force replaces it" })
  end
  local conn = db.main()
  if not conn then return args.fail(NAME, { code = "missing", message = "there is no shop in " .. thread.data }) end
  local copy = path .. "." .. crypto.token():sub(1, 8) .. ".part"
  local ok, err = db.backup(conn, copy)
  if ok then
    local fine, problem = pcall(write, path, copy)
    if not fine then ok, err = nil, type(problem) == "table" and problem or { message = tostring(problem) } end
  end
  fs.remove(copy)
  if not ok then return args.fail(NAME, err) end
  io.write(path, ": ", tostring(fs.stat(path).size), " bytes\n")
  return 0
end

return backup

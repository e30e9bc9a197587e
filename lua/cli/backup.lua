--- Writes the whole shop into one file, while it serves; or proves such a file.
local archive = require("native.archive")
local args = require("cli.args")
local clock = require("native.clock")
local crypto = require("native.crypto")
local db = require("native.db")
local fs = require("native.fs")
local json = require("native.json")
local storage = require("kernel.plugins.storage")
local text = require("native.text")
local thread = require("native.thread")

local backup = { usage = [[
usage: merx backup [--force] FILE.merx
       merx backup --verify FILE.merx

Writes databases, media, plugins and the files that these keep into one file, while the
shop goes on selling. Databases are as they were at one moment. Secrets in it are sealed
with the shop's key, which is not in the file: keep a copy of merx.key elsewhere, or
restore will ask for the secrets again.

The file carries the SHA-256 of everything in it. --verify reads it whole, compares, and
names what is damaged; it changes nothing.

  --force   replace FILE when it exists
  --verify  prove FILE instead of writing it

examples:
  merx backup /var/backups/shop-monday.merx
  merx backup --verify /var/backups/shop-monday.merx

exit status: 0 written, or nothing is wrong; 5 the file is damaged or no backup
]] }

local NAME <const> = "merx backup"

local FORMAT <const> = 2 -- 1 had no digests
local MANIFEST <const> = "manifest.json" -- the last but one: what stands before it
local SEAL <const> = "manifest.sha256" -- the last: the digest of the manifest

-- --- writing ---------------------------------------------------------------------------------------

-- Beside the shop's own; a shop that nobody visited yet has none.
local OTHER_DATABASES <const> = { "activity.db" }

local function add_copies(writer, copies)
  for _, copy in ipairs(copies) do assert(writer:add_file(copy.name, copy.path)) end
end

-- What plugins keep, file by file: they go on writing, and what they delete meanwhile is not of this backup.
local function add_kept(writer)
  for _, name in ipairs(storage.all()) do
    local path = thread.data .. "/" .. name
    local ok, err = writer:add_file(name, path)
    if not ok and fs.exists(path) then error(err) end
  end
end

local function write(path, copies)
  local writer <close> = assert(archive.create(path))
  add_copies(writer, copies)
  assert(writer:add_tree("media", thread.data .. "/media"))
  assert(writer:add_tree("plugins", thread.data .. "/plugins"))
  add_kept(writer)
  local manifest = json.encode({
    format = FORMAT, version = thread.version, made_at = clock.now(), members = json.array(writer:members()),
  }, { pretty = true })
  assert(writer:add_bytes(MANIFEST, manifest))
  assert(writer:add_bytes(SEAL, text.hex(crypto.sha256(manifest))))
  assert(writer:finish())
end

local TOKEN <const> = 8

-- What is made beside FILE on the way to it, without its name in front; older versions had no ".db".
local ON_THE_WAY <const> = { "^%.part$" }
for _, ending in ipairs({ "%.db", "%.db%.part", "%.part", "%.part%.part" }) do
  ON_THE_WAY[#ON_THE_WAY + 1] = "^%." .. ("[%w_-]"):rep(TOKEN) .. ending .. "$"
end

local ABANDONED_MS <const> = 3600 * 1000 -- whoever writes goes on sooner

-- Removes what an attempt at the same file left that was stopped half-way.
local function sweep(path)
  local folder, file = path:match("^(.*/)([^/]*)$")
  folder, file = folder or "./", file or path
  for _, name in ipairs(fs.list(folder) or {}) do
    local ending = name:sub(1, #file) == file and name:sub(#file + 1) or ""
    local info = fs.stat(folder .. name)
    for _, pattern in ipairs(ON_THE_WAY) do
      if ending:find(pattern) and info and info.kind == "file" and clock.now() - info.modified > ABANDONED_MS then fs.remove(folder .. name) end
    end
  end
end

-- A consistent copy of each database, beside the archive.
local function copy_databases(path, conn, copies)
  local function copy(name, from)
    local to = path .. "." .. crypto.token():sub(1, TOKEN) .. ".db" -- ".part" until it is whole
    copies[#copies + 1] = { name = name, path = to }
    return db.backup(from, to)
  end
  local ok, err = copy("shop.db", conn)
  for _, name in ipairs(OTHER_DATABASES) do
    if ok and fs.exists(thread.data .. "/" .. name) then
      local other <close>, problem = db.open({ path = thread.data .. "/" .. name, mode = "read" })
      if not other then return nil, problem end
      ok, err = copy(name, other)
    end
  end
  return ok, err
end

local function make(path, conn)
  local copies = {}
  sweep(path)
  local ok, err = copy_databases(path, conn, copies)
  if ok then
    local fine, problem = pcall(write, path, copies)
    if not fine then ok, err = nil, type(problem) == "table" and problem or { message = tostring(problem) } end
  end
  for _, copy in ipairs(copies) do fs.remove(copy.path) end
  return ok, err
end

-- --- proving ---------------------------------------------------------------------------------------

local function damaged(path, what)
  return nil, { code = "invalid", message = path .. " is damaged: " .. what }
end

local function decode_manifest(path)
  local source = archive.read(path, MANIFEST)
  local manifest = source and json.decode(source)
  return type(manifest) == "table" and manifest or nil
end

local function unsealed(path)
  return nil, {
    code = "invalid", is_unsealed = true,
    message = path .. " was written by an older Merx, without digests: what it holds cannot be proved",
  }
end

-- The manifest, when it is the one that was written.
local function read_manifest(path, members)
  local last, before = members[#members], members[#members - 1]
  local manifest = decode_manifest(path)
  if manifest and manifest.format == 1 then return unsealed(path) end
  if not last or not before or last.name ~= SEAL or before.name ~= MANIFEST then
    return nil, { code = "invalid", message = path .. " is no backup of Merx, or its end is missing" }
  end
  if archive.read(path, SEAL) ~= before.digest then return damaged(path, MANIFEST .. " is not what was written") end
  if not manifest or manifest.format ~= FORMAT or type(manifest.members) ~= "table" then
    return nil, { code = "invalid", message = path .. " was written by a newer Merx: restore it with that one" }
  end
  return manifest
end

--- Compares what an archive holds with what its manifest says.
---@param path string of the archive, for the message
---@param members native.ArchiveMember[]
---@param manifest table
---@return true? ok
---@return { code: string, message: string }? err names the first member that differs
function backup.compare(path, members, manifest)
  for i = 1, math.max(#manifest.members, #members - 2) do
    local wanted, found = manifest.members[i], i <= #members - 2 and members[i] or nil
    if not found then return damaged(path, wanted.name .. " is missing") end
    if not wanted or wanted.name ~= found.name then return damaged(path, found.name .. " does not belong there") end
    if wanted.size ~= found.size or wanted.digest ~= found.digest then
      return damaged(path, found.name .. " is not what was written")
    end
  end
  return true
end

--- Proves a backup by reading all of it. An old one without digests gives an error with `is_unsealed`.
---@param path string
---@return table? manifest
---@return { code: string, message: string, is_unsealed?: boolean }? err
function backup.verify(path)
  local members, err = archive.list(path, { exact = true })
  if not members then
    if err.code ~= "invalid" then return nil, err end
    local manifest = decode_manifest(path)
    if manifest and manifest.format == 1 then return unsealed(path) end
    return damaged(path, err.message)
  end
  local manifest, problem = read_manifest(path, members)
  if not manifest then return nil, problem end
  local ok, wrong = backup.compare(path, members, manifest)
  if not ok then return nil, wrong end
  return manifest
end

--- What is not part of the shop.
backup.wrapping = { MANIFEST, SEAL }

local function prove(path)
  local manifest, err = backup.verify(path)
  if not manifest then return args.fail(NAME, err) end
  local bytes = 0
  for _, member in ipairs(manifest.members) do bytes = bytes + member.size end
  io.write(("%s: nothing is wrong; %s, %d bytes, written by Merx %s\n"):format(path, args.count(#manifest.members, "file"), bytes, manifest.version))
  return 0
end

-- For merx doctor, which tells when the last backup is old. A shop that cannot note it has its backup all the same.
local function note_it()
  local ok, problem = pcall(function()
    require("boot")
    assert(require("kernel.command").run("backup.note", {}))
  end)
  if not ok then io.stderr:write(NAME, ": warning: the backup is whole, but could not be noted: ", tostring(problem), "\n") end
end

---@param given string[]
---@return integer exit_code
function backup.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = backup.usage, flags = { force = "flag", verify = "flag" }, least = 1,
  })
  if not options then return code end
  local path = options[1]
  if options.verify then return prove(path) end
  if fs.exists(path) and not options.force then
    return args.fail(NAME, { code = "conflict", message = path .. " exists; --force replaces it" })
  end
  local conn = db.main()
  if not conn then return args.no_shop(NAME) end
  local ok, err = make(path, conn)
  if not ok then return args.fail(NAME, err) end
  note_it()
  io.write(path, ": ", tostring(fs.stat(path).size), " bytes\n")
  return 0
end

return backup

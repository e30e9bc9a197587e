--- Packages: one plugin in one file. The same folder gives the same bytes on every machine, and a file that is not
--- exactly what packing would have made is refused, each time with the reason.
local archive = require("native.archive")
local crypto = require("native.crypto")
local failure = require("kernel.failure")
local fs = require("native.fs")
local manifest = require("kernel.plugins.manifest")
local text = require("native.text")
local thread = require("native.thread")

local package = {}

---@class merx.Package
---@field id string
---@field version string
---@field manifest merx.Manifest
---@field digest string SHA-256 of the file, hex
---@field size integer
---@field members native.ArchiveMember[]

local MIB <const> = 1024 * 1024

--- What a package may hold.
package.LIMITS = { exact = true, file_bytes = 8 * MIB, total_bytes = 32 * MIB, files = 2000 }

local LARGEST <const> = 36 * MIB -- of the file: what it holds, and 512 bytes and a bit for each
local DEEPEST <const> = 8

local TOP_FILES <const> = { ["plugin.json"] = true, ["README.md"] = true, ["LICENSE"] = true, ["CHANGELOG.md"] = true }
local TOP_FOLDERS <const> = {
  src = true, lib = true, templates = true, assets = true, locales = true, migrations = true, tests = true,
}

local function refuse(message, ...)
  return failure.new("package.invalid", message:format(...))
end

-- ---- names -----------------------------------------------------------------------------------------------------------

-- Names that some system cannot have, or takes for something else.
local function has_odd_part(name)
  for part in name:gmatch("[^/]+") do
    if part:find("^%.") then return "a name may not begin with a dot" end
    if part:find("[. ]$") or part:find("^ ") then return "a name may not end with a dot, nor begin or end with a blank" end
    if part:find('[<>:"|?*]') then return "a name may not hold any of < > : \" | ? *" end
  end
end

local function name_problem(name)
  if not text.valid(name) then return "its name is not UTF-8" end
  if text.nfkc(name) ~= name then return "its name has two spellings in Unicode: write it in NFKC" end
  local _, slashes = name:gsub("/", "")
  if slashes >= DEEPEST then return ("it lies more than %d folders deep"):format(DEEPEST) end
  local top = name:match("^[^/]+")
  if slashes == 0 and not TOP_FILES[name] then return "at the top there is only plugin.json, README.md, LICENSE and CHANGELOG.md" end
  if slashes > 0 and not TOP_FOLDERS[top] then
    return "folders of a package are src, lib, templates, assets, locales, migrations and tests"
  end
  return has_odd_part(name)
end

-- Folders before what stands behind them in the alphabet: "a/b" comes before "a.lua".
local function order_of(name)
  return (name:gsub("/", "\1"))
end

-- Where spellings lead to one file on a disk that looks at letters only, or a file would have to be a folder, too.
local function clash(seen, name)
  local at = 0
  while at do
    at = name:find("/", at + 1, true)
    local prefix = at and name:sub(1, at - 1) or name
    local kind, key = at and "folder" or "file", text.fold(prefix)
    local other = seen[key]
    if other and (other.name ~= prefix or other.kind ~= kind) then
      return ("%s and %s are the same name on some disks"):format(other.name, prefix)
    end
    seen[key] = { name = prefix, kind = kind }
  end
end

local function check_names(members)
  local seen, last = {}, ""
  for _, member in ipairs(members) do
    local problem = name_problem(member.name)
    if problem then return refuse("%s: %s", member.name, problem) end
    local twice = clash(seen, member.name)
    if twice then return refuse("%s", twice) end
    local order = order_of(member.name)
    if order <= last then return refuse("%s stands in the wrong place: files are sorted by name", member.name) end
    last = order
  end
  return true
end

-- ---- reading ---------------------------------------------------------------------------------------------------------

--- Reads a package and checks everything that can be checked without unpacking it.
---@param path string
---@return merx.Package?
---@return merx.Error?
function package.inspect(path)
  local about, missing = fs.stat(path)
  if not about then return failure.wrap(missing, "package") end
  if about.kind ~= "file" then return refuse("%s is no file", path) end
  if about.size > LARGEST then return refuse("%s is larger than any package (%d MiB)", path, LARGEST // MIB) end
  local members, damaged = archive.list(path, package.LIMITS)
  if not members then return refuse("%s", damaged.message) end
  local ok, err = check_names(members)
  if not ok then return nil, err end
  local bytes = archive.read(path, "plugin.json")
  if not bytes then return refuse("it holds no plugin.json, so it is no package of a plugin") end
  local found, problem = manifest.parse(bytes, nil, thread.version)
  if not found then return refuse("%s", problem) end
  return {
    id = found.id, version = found.version, manifest = found, members = members, size = about.size,
    digest = text.hex(crypto.sha256(assert(fs.read(path)))),
  }
end

--- Unpacks a package that was inspected into a folder that is not there yet.
---@param path string
---@param folder string
---@return true?
---@return merx.Error?
function package.extract(path, folder)
  local members, err = archive.extract(path, folder, package.LIMITS)
  if not members then return failure.wrap(err, "package") end
  return true
end

-- Source is read as text, and only as far as to see whether it is Lua.
local function source_problem(path, name)
  local bytes = assert(fs.read(path))
  if bytes:byte(1) == 27 then return name .. " is bytecode, which is refused: pack the source" end
  local chunk, err = load(bytes, "@" .. name, "t", {})
  return not chunk and err or nil
end

--- Whether the Lua in an unpacked package can be read. Nothing of it runs.
---@param folder string
---@param members native.ArchiveMember[]
---@return true?
---@return merx.Error?
function package.check_source(folder, members)
  for _, member in ipairs(members) do
    if member.name:find("%.lua$") then
      local problem = source_problem(folder .. "/" .. member.name, member.name)
      if problem then return refuse("%s", problem) end
    end
  end
  return true
end

local function count_files(folder)
  local count = 0
  for _, name in ipairs(assert(fs.list(folder))) do
    local path = folder .. "/" .. name
    count = count + (assert(fs.stat(path)).kind == "dir" and count_files(path) or 1)
  end
  return count
end

--- Whether a folder holds exactly the files of a package.
---@param folder string
---@param members native.ArchiveMember[]
---@return boolean
function package.is_unpacked(folder, members)
  for _, member in ipairs(members) do
    local bytes = fs.read(folder .. "/" .. member.name)
    if not bytes or text.hex(crypto.sha256(bytes)) ~= member.digest then return false end
  end
  return count_files(folder) == #members
end

-- ---- packing ---------------------------------------------------------------------------------------------------------

-- What of a folder belongs into its package, and what is left out.
local function choose(folder)
  local chosen, left_out = {}, {}
  for _, name in ipairs(assert(fs.list(folder))) do
    local about = fs.stat(folder .. "/" .. name)
    local kind = about and about.kind
    if name:find("^%.") then
      left_out[#left_out + 1] = name
    elseif kind == "file" and TOP_FILES[name] or kind == "dir" and TOP_FOLDERS[name] then
      chosen[#chosen + 1] = { name = name, kind = kind }
    else
      return refuse("%s/%s does not belong into a package: move it to src, lib, templates, assets, locales, migrations or tests, or out of the folder",
        folder, name)
    end
  end
  return chosen, left_out
end

local function fill(writer, folder, chosen)
  for _, entry in ipairs(chosen) do
    local add = entry.kind == "dir" and writer.add_tree or writer.add_file
    local ok, err = add(writer, entry.name, folder .. "/" .. entry.name)
    if not ok then return nil, err end
  end
  return writer:finish()
end

--- Packs the plugin in `folder` into the file `out`.
---@param folder string
---@param out string
---@return merx.Package?
---@return merx.Error|string[] error or, of a package, what was left out
function package.pack(folder, out)
  if not fs.exists(folder .. "/plugin.json") then
    return failure.new("package.missing", ("there is no plugin.json in %s"):format(folder))
  end
  local chosen, left_out = choose(folder)
  if not chosen then return nil, left_out end
  local writer <close>, err = archive.create(out)
  if not writer then return failure.wrap(err, "package") end
  local ok, problem = fill(writer, folder, chosen)
  if not ok then return failure.wrap(problem, "package") end
  local made, refused = package.inspect(out)
  if not made then
    fs.remove(out)
    return nil, refused
  end
  return made, left_out
end

--- The version and the id of the plugin in a folder, for the name of its package.
---@param folder string
---@return merx.Manifest?
---@return merx.Error?
function package.manifest_of(folder)
  local bytes, err = fs.read(folder .. "/plugin.json")
  if not bytes then return failure.wrap(err, "package") end
  local found, problem = manifest.parse(bytes, nil, thread.version)
  if not found then return refuse("%s: %s", folder, problem) end
  return found
end

return package

--- Packages for tests, good and hostile: archives written byte by byte, so that each lie can be told.
local crypto = require("native.crypto")
local fs = require("native.fs")
local json = require("native.json")
local minisign = require("native.minisign")
local text = require("native.text")

local packages = {}

local BLOCK <const> = 512

local function pad(value, size)
  return value .. ("\0"):rep(size - #value)
end

--- The header of one file, as ustar has it. What `lies` names differs: type, mode, uid, mtime, link, size, magic, prefix, rest.
---@param name string
---@param size integer
---@param lies? table
---@return string
function packages.header(name, size, lies)
  lies = lies or {}
  local head = pad(name, 100) .. (lies.mode or "0000644\0") .. (lies.uid or "0000000\0") .. "0000000\0"
    .. (lies.size or ("%011o\0"):format(size)) .. (lies.mtime or "00000000000\0")
  local tail = (lies.type or "0") .. pad(lies.link or "", 100) .. (lies.magic or "ustar\00000") .. pad(lies.owner or "", 80)
    .. pad(lies.prefix or "", 155) .. pad(lies.rest or "", 12)
  local sum = 8 * (" "):byte()
  for i = 1, #head do sum = sum + head:byte(i) end
  for i = 1, #tail do sum = sum + tail:byte(i) end
  return head .. (lies.sum or ("%06o\0 "):format(sum)) .. tail
end

local function padded(bytes)
  return bytes .. ("\0"):rep(-#bytes % BLOCK)
end

--- An archive of entries { name, bytes, lies? } in their order.
---@param entries table[]
---@return string
function packages.archive(entries)
  local parts = {}
  for _, entry in ipairs(entries) do
    parts[#parts + 1] = packages.header(entry[1], #entry[2], entry[3]) .. padded(entry[2])
  end
  return table.concat(parts) .. ("\0"):rep(2 * BLOCK)
end

local SOURCE <const> = [[
return { price = function(input, config)
  local ops = {}
  for i, line in ipairs(input.lines) do
    ops[i] = { op = "set_unit", line = line.id, amount = line.unit - config.off, reason = { "less" } }
  end
  return ops
end }
]]

--- A manifest of a plugin that takes a little off each price; `changes` replace its fields.
---@param changes? table
---@return string
function packages.manifest(changes)
  local fields = {
    manifest = 1, id = "acme.less", version = "1.0.0", name = "A little less", license = "MIT", engine = ">=0.1 <1",
    api = { price_rule = 1 },
    contributes = { locales = { "en" }, price_rules = { {
      id = "less", handler = "rules:price", input = { "lines[].id", "lines[].unit" },
      settings = { off = { type = "money", min = 0, default = 1 } },
    } } },
  }
  for key, value in pairs(changes or {}) do fields[key] = value end
  return assert(json.encode(fields))
end

--- The files of a good package, in order.
---@param changes? table of the manifest
---@return table[]
function packages.files(changes)
  return {
    { "locales/en.json", '{"less":"A little less"}' },
    { "plugin.json", packages.manifest(changes) },
    { "src/rules.lua", SOURCE },
  }
end

--- Lays the files of a plugin into a folder.
---@param folder string
---@param files table[]
function packages.lay(folder, files)
  for _, file in ipairs(files) do
    assert(fs.mkdir((folder .. "/" .. file[1]):match("^(.*)/")))
    assert(fs.write(folder .. "/" .. file[1], file[2]))
  end
end

--- Writes an archive and gives its path.
---@param folder string
---@param bytes string
---@return string path
function packages.write(folder, bytes)
  local path = ("%s/%s.tar"):format(folder, text.hex(crypto.sha256(bytes)):sub(1, 12))
  assert(fs.write(path, bytes))
  return path
end

--- A pair of keys without a password.
---@return { secret: string, public: string, id: string }
function packages.keys()
  local secret = assert(minisign.create(""))
  local public = assert(minisign.public_of(secret, ""))
  return { secret = secret, public = public, id = assert(minisign.key_id(public)) }
end

--- Signs a package beside it.
---@param path string
---@param keys { secret: string }
---@param comment? string
function packages.sign(path, keys, comment)
  assert(fs.write(path .. ".minisig", assert(minisign.sign(keys.secret, "", assert(fs.read(path)), comment or "a package"))))
end

return packages

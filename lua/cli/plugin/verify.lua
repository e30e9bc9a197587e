--- Proves a package: that it is one, and who signed it. Changes nothing.
local args = require("cli.args")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local json = require("native.json")
local key = require("cli.plugin.key")
local lockfile = require("kernel.plugins.lockfile")
local minisign = require("native.minisign")
local native_db = require("native.db")
local package = require("kernel.plugins.package")

local verify = { summary = "Proves a package and its signature.", usage = [[
usage: merx plugin verify [-p KEY] [--json] PACKAGE
       merx plugin verify --unsigned [--json] PACKAGE

Reads all of PACKAGE, which must be exactly what packing would have made, and PACKAGE.minisig.
Says what the plugin asks to be allowed.

  -p KEY, --public=KEY  the publisher's public key: a file, or its line of base64; without
                        it, the key that this shop trusts for the publisher
  --unsigned            look at the package alone

exit status: 0 it is good, 5 it is not, and why

examples:
  merx plugin verify acme.tiers-1.2.0.tar
  merx plugin verify -p acme.pub acme.tiers-1.2.0.tar
  merx plugin verify --unsigned acme.tiers-1.2.0.tar
]] }

local NAME <const> = "merx plugin verify"

local function check_signature(file, public)
  local text = fs.read(public) or public
  local signature = fs.read(file .. ".minisig")
  if not signature then
    return nil, { code = "invalid", message = ("there is no %s.minisig: ask its publisher for it"):format(file) }
  end
  local comment, err = minisign.verify(text, assert(fs.read(file)), signature)
  if not comment then return nil, { code = "invalid", message = file .. ": " .. err.message } end
  return { key = assert(minisign.key_id(text)), comment = comment, public = key.line(text) }
end

-- The key that the shop trusts and that made the signature.
local function trusted_key(file, found)
  local publisher = generation.publisher_of(found.id)
  local keys = native_db.main() and generation.keys_of(publisher) or {}
  local signature = fs.read(file .. ".minisig")
  local signed_by = signature and minisign.signed_by(signature)
  for _, trusted in ipairs(keys) do
    if not signed_by or trusted.key_id == signed_by then return trusted.public_key end
  end
  local message = #keys == 0 and ("no key of %s is trusted here: name it with -p KEY, or write --unsigned"):format(publisher)
    or ("it was signed with the key %s, which is not trusted for %s: name it with -p KEY"):format(signed_by, publisher)
  return nil, { code = "invalid", message = message }
end

-- What it is and who signed it. With a key at hand nothing of it is read that the key did not sign.
local function prove(file, options)
  local signed, err = {}, nil
  if options.public then signed, err = check_signature(file, options.public) end
  if not signed then return nil, err end
  local found
  found, err = package.inspect(file)
  if not found then return nil, { code = err.code, message = file .. ": " .. err.message } end
  if options.public or options.unsigned then return found, signed end
  local public, unknown = trusted_key(file, found)
  if not public then return nil, unknown end
  signed, err = check_signature(file, public)
  if not signed then return nil, err end
  return found, signed
end

local function print_view(view)
  io.write(("%s %s, %s\nsha256 %s\n"):format(view.id, view.version, args.count(view.files, "file"), view.digest))
  io.write(view.key and ("signed with the key %s: %s\n"):format(view.key, view.comment) or "not looked at: who signed it\n")
  for _, line in ipairs(view.asks) do io.write("it asks to ", line, "\n") end
end

---@param given string[]
---@return integer exit_code
function verify.run(given)
  local flags = { public = "value", unsigned = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = verify.usage, flags = flags, short = { p = "public" }, least = 1 })
  if not options then return code end
  local file = options[1]
  if options.public and options.unsigned then
    return args.fail(NAME, { code = "invalid", message = "name a key with -p KEY, or write --unsigned, not both" })
  end
  local found, signed = prove(file, options)
  if not found then return args.fail(NAME, signed) end
  local view = {
    id = found.id, version = found.version, digest = found.digest, files = #found.members, key = signed.key, comment = signed.comment,
    asks = json.array(lockfile.describe(found.manifest.capabilities)),
  }
  if options.json then io.write(json.encode(view, { pretty = true }), "\n") else print_view(view) end
  return 0
end

return verify

--- Signs a package, so that merchants can tell who made it.
local args = require("cli.args")
local fs = require("native.fs")
local json = require("native.json")
local key = require("cli.plugin.key")
local minisign = require("native.minisign")
local package = require("kernel.plugins.package")

local sign = { summary = "Signs a package.", usage = [[
usage: merx plugin sign -s KEY [--password-file=FILE] [--json] PACKAGE

Writes PACKAGE.minisig, which merx plugin verify and stock minisign verify.

  -s KEY, --secret=KEY  the file of the secret key
  --password-file=FILE  its first line opens the key ("-": standard input)

examples:
  merx plugin sign -s acme.key --password-file=secret.txt acme.tiers-1.2.0.tar
  minisign -Vm acme.tiers-1.2.0.tar -p acme.pub
]] }

local NAME <const> = "merx plugin sign"

---@param given string[]
---@return integer exit_code
function sign.run(given)
  local flags = { secret = "value", ["password-file"] = "value", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = sign.usage, flags = flags, short = { s = "secret" }, least = 1 })
  if not options then return code end
  if not options.secret then return args.fail(NAME, { code = "invalid", message = "name the secret key with -s KEY" }) end
  local file = options[1]
  local found, err = package.inspect(file)
  if not found then return args.fail(NAME, { code = err.code, message = file .. ": " .. err.message }) end
  local opened, refused = key.open(options.secret, options["password-file"])
  if not opened then return args.fail(NAME, refused) end
  local comment = ("%s %s sha256:%s"):format(found.id, found.version, found.digest)
  local signature = assert(minisign.sign(opened.secret, opened.password, assert(fs.read(file)), comment))
  local ok, unwritten = fs.write(file .. ".minisig", signature)
  if not ok then return args.fail(NAME, unwritten) end
  if options.json then
    io.write(json.encode({ file = file .. ".minisig", key = opened.id, comment = comment }, { pretty = true }), "\n")
  else
    io.write(("%s.minisig: signed with the key %s\n"):format(file, opened.id))
  end
  return 0
end

return sign

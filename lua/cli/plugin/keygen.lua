--- Makes the pair of keys with which a publisher signs packages.
local args = require("cli.args")
local fs = require("native.fs")
local json = require("native.json")
local key = require("cli.plugin.key")
local minisign = require("native.minisign")

local keygen = { summary = "Makes the keys with which packages are signed.", usage = [[
usage: merx plugin keygen --password-file=FILE [--json] NAME
       merx plugin keygen --no-password [--json] NAME

Writes NAME.key, the secret key (mode 0600), and NAME.pub, the public one, in the formats of
minisign. Keep the secret one off the shop's machine; give the public one to merchants. An
existing key is never replaced.

  --password-file=FILE  the first line of FILE locks the secret key ("-": standard input)
  --no-password         whoever has the secret key can sign

examples:
  merx plugin keygen --password-file=secret.txt acme
  merx plugin keygen --no-password acme
]] }

local NAME <const> = "merx plugin keygen"

local function write_pair(name, secret, public)
  local ok, err = fs.write(name .. ".key", secret, 384) -- 0600
  if ok then ok, err = fs.write(name .. ".pub", public) end
  return ok, err
end

---@param given string[]
---@return integer exit_code
function keygen.run(given)
  local flags = { ["password-file"] = "value", ["no-password"] = "flag", json = "flag" }
  local options, code = args.parse(given, { name = NAME, usage = keygen.usage, flags = flags, least = 1 })
  if not options then return code end
  local name = options[1]
  if (options["password-file"] ~= nil) == (options["no-password"] == true) then
    return args.fail(NAME, { code = "invalid", message = "write either --password-file=FILE or --no-password" })
  end
  for _, path in ipairs({ name .. ".key", name .. ".pub" }) do
    if fs.exists(path) then return args.fail(NAME, { code = "conflict", message = path .. " exists: a key is never replaced" }) end
  end
  local password, err = key.password(options["password-file"])
  if password == "" and options["password-file"] then err = { code = "invalid", message = "the password is empty" } end
  if err then return args.fail(NAME, err) end
  local secret, failed = minisign.create(password)
  if not secret then return args.fail(NAME, failed) end
  local public = assert(minisign.public_of(secret, password))
  local ok, unwritten = write_pair(name, secret, public)
  if not ok then return args.fail(NAME, unwritten) end
  local view = { id = assert(minisign.key_id(public)), secret = name .. ".key", public = name .. ".pub", key = key.line(public) }
  if options.json then
    io.write(json.encode(view, { pretty = true }), "\n")
  else
    io.write(("%s and %s\nkey %s\nMerchants trust it with: merx plugin trust PUBLISHER %s\n"):format(view.secret, view.public, view.id, view.key))
  end
  return 0
end

return keygen

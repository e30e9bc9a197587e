--- Packs the folder of a plugin into one file, the same bytes on every machine.
local args = require("cli.args")
local json = require("native.json")
local package = require("kernel.plugins.package")

local pack = { summary = "Packs the folder of a plugin into one file.", usage = [[
usage: merx plugin pack [-o FILE] [--json] FOLDER

Packs plugin.json, README.md, LICENSE, CHANGELOG.md and the folders src, lib, templates,
assets, locales, migrations and tests. The same folder gives the same bytes on every machine.
What begins with a dot is left out; anything else is refused by name.

  -o FILE, --out=FILE   instead of ID-VERSION.tar in this folder

examples:
  merx plugin pack plugins/acme.tiers
  merx plugin pack -o /tmp/tiers.tar plugins/acme.tiers
]] }

local NAME <const> = "merx plugin pack"

---@param given string[]
---@return integer exit_code
function pack.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = pack.usage, flags = { out = "value", json = "flag" }, short = { o = "out" }, least = 1,
  })
  if not options then return code end
  local folder = options[1]:gsub("(.)/+$", "%1")
  local out = options.out
  if not out then
    local manifest, err = package.manifest_of(folder)
    if not manifest then return args.fail(NAME, err) end
    out = ("%s-%s.tar"):format(manifest.id, manifest.version)
  end
  local made, left_out = package.pack(folder, out)
  if not made then return args.fail(NAME, left_out) end
  if options.json then
    io.write(json.encode({
      file = out, id = made.id, version = made.version, digest = made.digest, size = made.size, files = #made.members, left_out = json.array(left_out),
    }, { pretty = true }), "\n")
    return 0
  end
  if #left_out > 0 then io.stderr:write("left out: ", table.concat(left_out, ", "), "\n") end
  io.write(("%s: %s %s, %s, %d bytes\nsha256 %s\n"):format(out, made.id, made.version, args.count(#made.members, "file"), made.size, made.digest))
  return 0
end

return pack

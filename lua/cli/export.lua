--- Writes the catalogue as a product file.
require("boot")
local args = require("cli.args")
local channel = require("domain.channel")
local clock = require("native.clock")
local fs = require("native.fs")
local i18n = require("kernel.i18n")
local transfer = require("domain.transfer")

local export = { usage = [[
usage: merx export products [--force] FILE.csv
       merx export products -

Writes all products in WooCommerce's format, "-" to standard output. merx import reads
it back. Pictures are named by their place below the data folder.

  --force   replace FILE when it exists

examples:
  merx export products catalogue.csv
  merx export products - | gzip > catalogue.csv.gz
]] }

local NAME <const> = "merx export"

-- Why nothing can be written at a path, said before the work is done.
local function find_obstacle(path, options)
  local info, folder = fs.stat(path), path:match("^(.*)/[^/]*$")
  if info and info.kind == "dir" then return { code = "conflict", message = path .. " is a folder; name a file" } end
  if info and not options.force then return { code = "conflict", message = path .. " exists; --force replaces it" } end
  if folder and folder ~= "" and not fs.exists(folder) then return { code = "missing", message = "there is no folder " .. folder } end
end

---@param given string[]
---@return integer exit_code
function export.run(given)
  local options, code = args.parse(given, { name = NAME, usage = export.usage, flags = { force = "flag" }, least = 2, shop = true })
  if not options then return code end
  local what, path = options[1], options[2]
  if what ~= "products" then
    io.stderr:write(NAME, ": say what to export: products\n\n", export.usage)
    return 2
  end
  local obstacle = path ~= "-" and find_obstacle(path, options)
  if obstacle then return args.fail(NAME, obstacle) end
  local storefront, lines = channel.list()[1], {}
  local rows = transfer.export(channel.context(storefront, clock.now(), storefront.locale), i18n.currency_digits(storefront.currency),
    function(line) lines[#lines + 1] = line end)
  if path == "-" then
    io.write(table.concat(lines))
    return 0
  end
  local ok, err = fs.write(path, table.concat(lines))
  if not ok then return args.fail(NAME, err) end
  io.write(path, ": ", args.count(rows, "row"), "\n")
  return 0
end

return export

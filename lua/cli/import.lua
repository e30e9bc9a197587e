--- Takes a catalogue from a product file, or settings and pages from a shop file.
require("boot")

local args = require("cli.args")
local channel = require("domain.channel")
local command = require("kernel.command")
local crypto = require("native.crypto")
local fs = require("native.fs")
local i18n = require("kernel.i18n")
local json = require("native.json")
local text = require("native.text")
local thread = require("native.thread")
local transfer = require("domain.transfer")

local import = {
  summary = "take a catalogue from a product file",
  usage = [[
usage: merx import products [--dry-run] [--json] [--delimiter=C] [--encoding=NAME] FILE.csv
       merx import shop FILE.json

Reads a product file in WooCommerce's format. The whole file is judged first: with
one mistake in it nothing is imported, and every mistake is named with its line and
column. Running it again with the same file changes nothing.

Pictures named by a path are taken from beside the file, those of an export also from
the data folder; those named by an address are not fetched, a drawn placeholder shows
instead, and the report says so.

`import shop` takes settings and pages of text: { "settings": { KEY: VALUE },
"pages": [ { "handle", "title", "body", "translations" } ] }.

  --dry-run        only say what would happen
  --json           the report as JSON
  --delimiter=C    instead of finding it out: , ; | or tab
  --encoding=NAME  instead of finding it out: UTF-8, GB18030, WINDOWS-1252 …

examples:
  merx import products catalogue.csv
  merx import products --dry-run --json catalogue.csv
  merx import shop shop.json
]],
}

local NAME <const> = "merx import"

local TYPES <const> = {
  svg = "image/svg+xml", png = "image/png", jpg = "image/jpeg", jpeg = "image/jpeg", webp = "image/webp",
  avif = "image/avif", gif = "image/gif", pdf = "application/pdf", mp3 = "audio/mpeg", zip = "application/zip",
}
local LARGEST <const> = 20 * 1024 * 1024

local FLAGS <const> = { ["dry-run"] = "flag", json = "flag", delimiter = "value", encoding = "value" }

local function parse(given)
  local options, code = args.parse(given, { name = NAME, usage = import.usage, flags = FLAGS, least = 2 })
  if not options then return nil, code end
  if options[1] ~= "products" and options[1] ~= "shop" then
    io.stderr:write(NAME, ": say what to import: products or shop\n\n", import.usage)
    return nil, 2
  end
  options.what, options.file = options[1], options[2]
  if options.delimiter == "tab" then options.delimiter = "\t" end
  if options.delimiter and not options.delimiter:find("^[,;|\t]$") then
    io.stderr:write(NAME, ": the delimiter is , or ; or | or tab\n")
    return nil, 2
  end
  return options
end

-- Width and height of a drawing, from its viewBox or attributes.
local function svg_size(bytes)
  local head = bytes:match("<svg[^>]*>") or ""
  local width, height = head:match('viewBox="[%d.-]+[%s,]+[%d.-]+[%s,]+([%d.]+)[%s,]+([%d.]+)"')
  return math.floor(tonumber(width) or 0), math.floor(tonumber(height) or 0)
end

local function png_size(bytes)
  if bytes:sub(1, 8) ~= "\137PNG\r\n\26\n" or #bytes < 24 then return 0, 0 end
  return string.unpack(">I4I4", bytes, 17)
end

-- A drawing that carries a script or fetches something is no drawing.
local function svg_problem(bytes)
  local lower = bytes:lower()
  if lower:find("<script", 1, true) or lower:find("%son%a+%s*=") or lower:find("javascript:", 1, true)
    or lower:find("<foreignobject", 1, true) or lower:find("<!entity", 1, true) then
    return "this drawing holds code and is not taken"
  end
end

--- Takes a file beside the product file into media/, under the name of its digest.
local function open_image(folder, name, is_dry)
  if name:find("^%a+://") then return nil, "addresses are not fetched" end
  if name:find("%.%.", 1) or name:find("^/") then return nil, "a picture must lie below the folder of the file" end
  local ending = (name:match("%.(%w+)$") or ""):lower()
  if not TYPES[ending] then return nil, "this kind of file is not known" end
  -- An export names what the shop has already.
  local bytes = fs.read(folder .. "/" .. name) or name:find("^media/") and fs.read(thread.data .. "/" .. name)
  if not bytes then return nil, "there is no such file" end
  if #bytes > LARGEST then return nil, "the file is larger than 20 MiB" end
  local problem = ending == "svg" and svg_problem(bytes)
  if problem then return nil, problem end
  local digest = text.hex(crypto.sha256(bytes))
  local path = digest:sub(1, 2) .. "/" .. digest:sub(3, 32) .. "." .. ending
  local width, height = 0, 0
  if ending == "svg" then width, height = svg_size(bytes) elseif ending == "png" then width, height = png_size(bytes) end
  local target = thread.data .. "/media/" .. path
  if not is_dry and not fs.exists(target) then
    assert(fs.mkdir(thread.data .. "/media/" .. digest:sub(1, 2)))
    assert(fs.write(target, bytes))
  end
  return { digest = digest, path = path, type = TYPES[ending], bytes = #bytes, width = width, height = height, source = name }
end

-- Every place of the file that shows a category may bring its picture: drawings/category-HANDLE.svg.
local function category_images(folder, options)
  local count = 0
  for _, name in ipairs(fs.list(folder .. "/drawings") or {}) do
    local handle = name:match("^category%-(.+)%.%w+$")
    local file = handle and open_image(folder, "drawings/" .. name, options["dry-run"])
    if file and not options["dry-run"] and command.run("catalog.set_category_image", { handle = handle, file = file }, { actor = "import" }) then
      count = count + 1
    end
  end
  return count
end

local function print_notes(list, title)
  if #list == 0 then return end
  io.stderr:write(title, "\n")
  for _, note in ipairs(list) do io.stderr:write("  ", transfer.format_note(note), "\n") end
end

local is_terminal = os.getenv("TERM") and os.getenv("TERM") ~= "dumb"

local function progress(done, total)
  if is_terminal and (done % 10 == 0 or done == total) then
    io.stderr:write(("\r%d of %s"):format(done, args.count(total, "product")), done == total and "\n" or "")
  end
end

local function finish(options, plan, counts)
  if options.json then
    io.write(json.encode({
      rows = plan.rows, products = #plan.products, created = counts and counts.created or 0, updated = counts and counts.updated or 0,
      errors = json.array(plan.report.errors), notes = json.array(plan.report.notes), dry_run = options["dry-run"] or false,
    }), "\n")
    return
  end
  print_notes(plan.report.notes, "Notes:")
  print_notes(plan.report.errors, counts and "These products were refused, all others were imported:" or "Mistakes, nothing was imported:")
  if counts then
    io.write(("%s: %s new, %d changed.\n"):format(args.count(plan.rows, "row"), args.count(counts.created, "product"), counts.updated))
  elseif #plan.report.errors == 0 then
    io.write(("%s, %s, no mistakes. Nothing was written (--dry-run).\n"):format(args.count(plan.rows, "row"), args.count(#plan.products, "product")))
  end
end

-- Settings and pages, one command each; the first that is refused ends it.
local function import_shop(bytes)
  local shop, err = json.decode(bytes)
  if err then return err end
  if type(shop) ~= "table" then return { message = "the file must hold an object" } end
  for _, part in ipairs({ shop, shop.settings or {}, shop.pages or {} }) do
    if type(part) ~= "table" then return { message = "\"settings\" is an object and \"pages\" is a list" } end
  end
  if not shop.settings and not shop.pages then return { message = "there is neither \"settings\" nor \"pages\" in it" } end
  for key, value in pairs(shop.settings or {}) do
    local done, problem = command.run("settings.set", { key = key, value = value }, { actor = "import" })
    if not done then return problem end
  end
  for _, page in ipairs(shop.pages or {}) do
    local done, problem = command.run("content.put_page", page, { actor = "import" })
    if not done then return problem end
  end
end

---@param given string[]
---@return integer exit_code
function import.run(given)
  local options, code = parse(given)
  if not options then return code end
  local bytes, err = fs.read(options.file)
  if not bytes then
    io.stderr:write("merx import: ", err.message, "\n")
    return 3
  end
  if options.what == "shop" then
    local wrong = import_shop(bytes)
    if wrong then io.stderr:write("merx import: ", options.file, ": ", wrong.message, "\n") end
    return wrong and 5 or 0
  end
  local folder = options.file:match("^(.*)/[^/]*$") or "."
  local plan = transfer.read(bytes, {
    digits = i18n.currency_digits(channel.list()[1].currency), delimiter = options.delimiter, encoding = options.encoding,
    open_image = function(name) return open_image(folder, name, options["dry-run"]) end,
  })
  transfer.check(plan)
  local counts
  if #plan.report.errors == 0 and not options["dry-run"] then
    counts = transfer.apply(plan, not options.json and progress or nil)
    category_images(folder, options)
  end
  finish(options, plan, counts)
  return #plan.report.errors > 0 and 5 or 0
end

return import

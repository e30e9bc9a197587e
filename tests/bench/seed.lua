--- merx seed --products N: fills an empty shop with made-up products, through the catalogue's own
--- commands, and prints "handle variant product" for each. script/bench puts it into a share folder of
--- its own: the product has no such command.
local command = require("kernel.command")
require("boot") -- queries, commands, plugins
local channel = require("domain.channel")
local native_db = require("native.db")
local text = require("native.text")

local seed = {
  summary = "fill a shop with made-up products",
  usage = [[
merx seed --products N

The same N gives the same shop. Prints one line a product: handle, variant, product.
]],
}

local BATCH <const> = 500 -- products in a transaction
local PLENTY <const> = 1000000 -- pieces of each variant: no bench may run out

local ADJECTIVES <const> = { "Harbour", "Quiet", "Northern", "Folded", "Amber", "Long", "Morning", "Plain", "Copper", "Soft" }
local NOUNS <const> = { "Lamp", "Mug", "Chair", "Blanket", "Notebook", "Kettle", "Shelf", "Vase", "Towel", "Clock", "Print" }
local DEPARTMENTS <const> = { "Living", "Kitchen", "Bath", "Desk", "Garden" }
local ROOMS <const> = { "Light", "Table", "Textile", "Storage" }
local COLOURS <const> = { "Oat", "Sea", "Moss", "Clay", "Ink", "Snow", "Rust", "Slate" }
local MATERIALS <const> = { "Stoneware", "Oak", "Linen", "Steel", "Glass", "Wool" }
local BRANDS <const> = { "Tidewright", "Brown & Sons", "Hollow Lane", "Fennimore", "Ostra", "Kiln Nine" }
local SUMMARY <const> = "Made in small numbers by people who use it themselves & repaired for as long as they live."
local DESCRIPTION <const> = "<p>Thin where you touch it and heavy where it stands. Nothing on it is there for show.</p>"
  .. "<ul><li>Made to be repaired</li><li>Safe for the hands of children over six</li></ul>"
  .. "<p><em>Small marks are part of it.</em></p>"

local function pick(list, number)
  return list[number % #list + 1]
end

local function image(number)
  local digest = text.hex(("%016d"):format(number))
  return {
    digest = digest, path = digest:sub(-2) .. "/" .. digest .. ".webp", type = "image/webp", bytes = 40960, width = 960,
    height = 960, alt = "", source = "",
  }
end

local function variant(number, choice, amount)
  local is_sale = number % 7 == 0
  return {
    sku = ("BEN-%07d%s"):format(number, choice and "-" .. choice or ""), title = choice or "",
    values = choice and { Colour = choice } or {}, regular_amount = amount, sale_amount = is_sale and amount * 8 // 10 or nil,
    weight_mg = 350000, stock = PLENTY,
  }
end

-- Every tenth product has three variants; the others are bought as they are.
local function product(number)
  local amount = 500 + number * 7919 % 20000
  local colours = { pick(COLOURS, number), pick(COLOURS, number + 1), pick(COLOURS, number + 3) }
  local is_variable = number % 10 == 0
  local input = {
    title = ("%s %s %d"):format(pick(ADJECTIVES, number // 11), pick(NOUNS, number), number), kind = is_variable and "variable" or "simple",
    summary = SUMMARY, description = DESCRIPTION, brand = pick(BRANDS, number // 3), tracking = "variant", position = 0,
    categories = { { path = { pick(DEPARTMENTS, number), pick(DEPARTMENTS, number) .. " " .. pick(ROOMS, number // 5) } } },
    tags = {}, images = { image(number), image(number + 1) },
    attributes = {
      { title = "Colour", is_global = true, is_visible = true, is_option = is_variable, values = { { title = colours[1] } } },
      { title = "Material", is_global = true, is_visible = true, values = { { title = pick(MATERIALS, number // 2) } } },
    },
    variants = { variant(number, nil, amount) },
  }
  if is_variable then
    for i, colour in ipairs(colours) do
      input.attributes[1].values[i] = { title = colour }
      input.variants[i] = variant(number, colour, amount + 100 * i)
    end
  end
  return input
end

local function write_batch(first, last)
  local conn, ids = native_db.main(), {}
  assert(conn:begin())
  for number = first, last do
    ids[#ids + 1] = assert(command.run("catalog.put_product", { product = product(number) }, { actor = "seed" })).id
  end
  assert(conn:commit())
  return ids
end

local function print_targets(ids)
  local statement = assert(native_db.main():prepare([[
    SELECT p.handle, min(v.id) AS variant, p.id
      FROM products AS p
      JOIN variants AS v ON v.product_id = p.id
     WHERE p.id = :id AND p.kind = 'simple']]))
  for _, id in ipairs(ids) do
    local row = statement:one({ id = id })
    if row and row.handle then io.write(row.handle, " ", row.variant, " ", row.id, "\n") end
  end
end

---@param args string[]
---@return integer exit_code
function seed.run(args)
  local count = math.tointeger(tonumber(args[1] == "--products" and args[2] or ""))
  if not count or count < 1 then
    io.stderr:write("merx seed: say how many products\n\n", seed.usage)
    return 2
  end
  assert(#channel.list() > 0, "the shop has no storefront: run its migrations first")
  for first = 1, count, BATCH do print_targets(write_batch(first, math.min(first + BATCH - 1, count))) end
  return 0
end

return seed

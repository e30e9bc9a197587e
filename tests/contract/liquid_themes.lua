--- Four public shop themes, page by page against what liquid-ruby printed for them.
---
--- MERX_LIQUID_THEMES names the folder with theme_bench.json and vision.database.json. Without it there
--- is one case that says so, and nothing else is claimed. The filters and tags below are those of the
--- themes' own test shop, not Merx's.
local buffers = require("native.buf")
local clock = require("native.clock")
local fs = require("native.fs")

local ordered_json = require("support.ordered_json")
local template = require("kernel.template")
local test = require("support.test")

-- The expected pages were printed in 2026, and say so.
local NOW <const> = 1780000000000

local folder = os.getenv("MERX_LIQUID_THEMES")
local text, values = template.text, template.values

-- -------------------------------------------------------------------------------------- filters

local function link(label, url, title)
  return ('<a href="%s" title="%s">%s</a>'):format(text(url), text(title or ""), text(label))
end

local function handle(value)
  return (value:lower():gsub("['\"()%[%]]", ""):gsub("%W+", "-"):gsub("%-+$", ""):gsub("^%-+", ""))
end

local function money(value)
  return value and ("$ %.2f"):format(value / 100) or ""
end

local function file_url(prefix)
  return function(value) return prefix .. text(value) end
end

local function vendor_link(value)
  return value and link(value, "/collections/" .. handle(text(value)), value) or "Unknown Vendor"
end

local function product_image(value, size)
  local name, ending = text(value):match("^products/([%w%-_]+)%.(%w%w%w?%w?)")
  if not name then template.fail("filter product_img_url expects a product image") end
  if size == "original" then return "/files/shops/random_number/" .. text(value) end
  return ("/files/shops/random_number/products/%s_%s.%s"):format(name, text(size or "small"), ending)
end

local function tag_link(title, tags, label, tag)
  return ('<a title="%s %s" href="/collections//%s">%s</a>'):format(title, tag, table.concat(tags, "+"), label)
end

local function pagination(paginate)
  local out = {}
  if paginate.previous then
    out[#out + 1] = ('<span class="prev">%s</span>'):format(link(paginate.previous.title, paginate.previous.url))
  end
  for _, part in ipairs(paginate.parts) do
    if part.is_link then
      out[#out + 1] = ('<span class="page">%s</span>'):format(link(part.title, part.url))
    elseif tonumber(part.title) == paginate.current_page then
      out[#out + 1] = ('<span class="page current">%s</span>'):format(part.title)
    else
      out[#out + 1] = ('<span class="deco">%s</span>'):format(part.title)
    end
  end
  if paginate.next then
    out[#out + 1] = ('<span class="next">%s</span>'):format(link(paginate.next.title, paginate.next.url))
  end
  return table.concat(out, " ")
end

local function without_collections(product)
  local kept = {}
  for _, key in ipairs(values.keys(product)) do
    if key ~= "collections" then kept[#kept + 1] = { key, product[key] } end
  end
  return template.map(kept)
end

local function define_filters()
  local to_json = require("kernel.template.filters").registry.json.plain
  local define = template.filter
  define("money", money)
  define("money_with_currency", function(value) return value and money(value) .. " USD" or "" end)
  define("asset_url", file_url("/files/1/[shop_id]/[shop_id]/assets/"))
  define("global_asset_url", file_url("/global/"))
  define("shopify_asset_url", file_url("/shopify/"))
  define("script_tag", function(url) return ('<script src="%s" type="text/javascript"></script>'):format(url) end)
  define("stylesheet_tag", function(url, media)
    return ('<link href="%s" rel="stylesheet" type="text/css"  media="%s"  />'):format(url, media or "all")
  end)
  define("link_to", link)
  define("img_tag", function(url, alt) return ('<img src="%s" alt="%s" />'):format(text(url), text(alt or "")) end)
  define("link_to_vendor", vendor_link)
  define("link_to_type", vendor_link)
  define("product_img_url", product_image)
  define("pluralize", function(n, one, many) return n == 1 and one or many end)
  define("within", function(url) return url end)
  define("weight", function(grams) return ("%.2f"):format(grams // 1000) end)
  define("weight_with_unit", function(grams) return ("%.2f kg"):format(grams // 1000) end)
  define("json", function(product) return to_json(without_collections(product)) end)
  define("link_to_tag", function(label, tag) return tag_link("Show tag", { tag }, label, tag) end)
  define("link_to_add_tag", function(label, tag) return tag_link("Show tag", { tag }, label, tag) end)
  define("link_to_remove_tag", function(label, tag) return tag_link("Show tag", {}, label, tag) end)
  define("highlight_active_tag", function(tag) return tag end)
  define("default_pagination", pagination)
end

-- ----------------------------------------------------------------------------------------- tags

local function page_link(title, number)
  return { title = title, url = "/collections/frontpage?page=" .. number, is_link = true }
end

--- The parts of the test shop's paginate, as it counts them: the current page is always 0.
local function paginate_parts(size, items)
  local pages = math.ceil(items / size) + 1
  local parts, has_gap = {}, false
  for page = 1, pages > 2 and pages - 1 or 0 do
    if page == 1 or page == pages - 1 or page < 3 then
      parts[#parts + 1] = page_link(page, page)
      has_gap = false
    elseif not has_gap then
      parts[#parts + 1] = { title = "&hellip;", is_link = false }
      has_gap = true
    end
  end
  return {
    page_size = size,
    current_page = 5,
    current_offset = size * 5,
    items = items,
    pages = pages - 1,
    parts = parts,
    next = pages > 1 and page_link("Next &raquo;", 1) or nil,
  }
end

local function define_tags()
  template.tag("paginate", {
    body = "nodes",
    parse = function(reader, node)
      node.args = { reader:expression() }
      if reader:accept_word("by") then node.args[2] = reader:expression() end
    end,
    render = function(_, _, args, _, body)
      body({ paginate = paginate_parts(args[2] or 20, values.size(args[1]) or 0) })
    end,
  })
  template.tag("form", {
    body = "nodes",
    render = function(_, buf, args, _, body)
      local mark = template.mark(buf)
      body({ form = {} })
      local inner = template.cut(buf, mark)
      template.put(buf, inner)
      local open = '<form id="article-%s-comment-form" class="comment-form" method="post" action="">'
      template.put(buf, open:format(text(args[1].id)) .. "\n" .. inner .. "\n</form>")
    end,
  })
end

-- ----------------------------------------------------------------------------------------- data

local function read_json(name)
  return ordered_json.decode(assert(fs.read(folder .. "/" .. name)), template.map)
end

local function by_handle(objects)
  local map = template.map()
  for _, object in ipairs(objects) do
    values.set(map, object.handle or "", object)
  end
  return map
end

local function first(map)
  return map[values.keys(map)[1]]
end

--- Collections hold the very products of the shop, and products know their collections.
local function link_products(data)
  local by_id = {}
  for _, product in ipairs(data.products) do
    by_id[product.id] = product
    values.set(product, "collections", {})
  end
  for _, collection in ipairs(data.collections) do
    for i, product in ipairs(collection.products) do
      local whole = by_id[product.id] or product
      collection.products[i] = whole
      if whole.collections then table.insert(whole.collections, collection) end
    end
  end
end

local function cart_of(lines)
  local total, count, items = 0, 0, {}
  for i, key in ipairs(values.keys(lines)) do
    items[i] = lines[key]
    total = total + items[i].line_price * items[i].quantity
    count = count + items[i].quantity
  end
  return template.map({ { "total_price", total }, { "item_count", count }, { "items", items } })
end

local function load_shop()
  local data = read_json("vision.database.json")
  link_products(data)
  local shop = {}
  for _, key in ipairs(values.keys(data)) do
    shop[key] = by_handle(data[key])
  end
  shop.collection, shop.product, shop.blog = first(shop.collections), first(shop.products), first(shop.blogs)
  shop.article = shop.blog.articles[1]
  shop.cart = cart_of(shop.line_items)
  return shop
end

--- All pages: their compiled page and layout, and what they should print.
local function load_pages(themes)
  local env, pages = template.environment({ autoescape = false, is_dev = true }), {}
  for _, theme in ipairs(values.keys(themes.themes)) do
    local files = themes.themes[theme]
    local layout = assert(env:compile(files.theme))
    for _, name in ipairs(values.keys(files)) do
      if name ~= "theme" then
        local key = theme .. "__" .. name
        pages[#pages + 1] = {
          key = key,
          name = name,
          page = assert(env:compile(files[name])),
          layout = layout,
          expected_page = themes.expected[key .. ".page"],
          expected_full = themes.expected[key .. ".full"],
        }
      end
    end
  end
  return pages
end

local function render(page, shop, buf)
  local globals = setmetatable({ page_title = "Page title", template = page.name }, { __index = shop })
  buf:reset()
  assert(page.page:render(buf, { globals = globals, now = NOW }))
  globals.content_for_layout = buf:string()
  buf:reset()
  assert(page.layout:render(buf, { globals = globals, now = NOW }))
  return globals.content_for_layout, buf:string()
end

--- Fails with the place where two pages part.
local function same_bytes(got, expected)
  if got == expected then return end
  local at = 1
  while got:byte(at) == expected:byte(at) do
    at = at + 1
  end
  local from = math.max(1, at - 60)
  test.fail(("byte %d\n  expected %q\n  got      %q"):format(
    at, expected:sub(from, at + 120), got:sub(from, at + 120)))
end

test.group("public shop themes", function()
  if not folder then
    test.case("are absent: set MERX_LIQUID_THEMES to their folder to run them", function()
      print("liquid themes: absent, nothing was checked (set MERX_LIQUID_THEMES)")
    end)
    return
  end
  define_filters()
  define_tags()
  local shop, buf = load_shop(), buffers.new()
  local pages = load_pages(read_json("theme_bench.json"))

  test.case("there are thirty pages", function() test.equal(#pages, 30) end)
  for _, page in ipairs(pages) do
    test.case(page.key .. " is equal byte for byte", function()
      local content, full = render(page, shop, buf)
      same_bytes(content, page.expected_page)
      same_bytes(full, page.expected_full)
    end)
  end
  test.case("all pages are timed", function()
    local rounds, start = 20, clock.mono()
    for _ = 1, rounds do
      for _, page in ipairs(pages) do
        render(page, shop, buf)
      end
    end
    print(("liquid themes: %.2f ms for all pages"):format((clock.mono() - start) / rounds / 1e6))
  end)
end)

-- core/ knows no shop. The words are looked for in names, strings and comments, as whole words: `cartridge` is no cart.
-- A line that must use one says why it may: // lint: "product" of two numbers
local source = require("source")

local words = {
  basket = true, cart = true, carts = true, catalog = true, catalogue = true, checkout = true, coupon = true, coupons = true,
  customer = true, customers = true, discount = true, discounts = true, inventory = true, invoice = true, invoices = true,
  merchant = true, merchants = true, price = true, prices = true, product = true, products = true, promotion = true,
  promotions = true, refund = true, refunds = true, shipment = true, shipping = true, shopper = true, shoppers = true,
  sku = true, storefront = true, voucher = true, vouchers = true,
}

-- "order" is an English word as well: it is looked for in names and strings only, and not in these.
local harmless_orders = {
  "memory_order[%w_]*", "[%w_]*[Bb][Yy][Tt][Ee]_[Oo][Rr][Dd][Ee][Rr][%w_]*", "sort_order", "lock_order", "ORDER BY", "order by",
  "in order", "order of", "out of order", "the order", "this order", "that order",
}

local function each_word(text, visit)
  for word in text:gmatch("%a+") do
    visit(word:lower())
  end
end

local function allowed(line, word)
  local reason = line:match("lint:(.*)")
  return reason and reason:lower():find('"' .. word .. '"', 1, true)
end

local function check_line(path, number, line)
  each_word((line:gsub("lint:.*", "")), function(word)
    if words[word] and not allowed(line, word) then
      source.fault(path, number, ("core knows no %s"):format(word))
    end
  end)
  local code = line:gsub("//.*", ""):gsub("/%*.-%*/", "")
  for _, pattern in ipairs(harmless_orders) do
    code = code:gsub(pattern, "")
  end
  if code:match("^%s*%*") then
    return -- the inside of a long comment
  end
  each_word(code, function(word)
    if (word == "order" or word == "orders") and not allowed(line, "order") then
      source.fault(path, number, "core knows no order")
    end
  end)
end

local files = source.files("core/*.c", "core/*.h")
for _, path in ipairs(files) do
  source.each_line(source.read(path), function(line, number) check_line(path, number, line) end)
end
source.finish(#files)

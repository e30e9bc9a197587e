-- core/ knows no shop. The words are looked for in names, strings and comments, as whole words: `cartridge` is no cart.
-- A file that must use one says so once, and why: // lint: "product" is what two numbers make
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

-- The words that a file's `// lint:` comments excuse.
local function excused(text)
  local found = {}
  for reason in text:gmatch("// lint:([^\n]*)") do
    for word in reason:gmatch('"(%l+)"') do
      found[word] = true
    end
  end
  return found
end

local function check_line(path, number, line, allowed)
  each_word((line:gsub("// lint:.*", "")), function(word)
    if words[word] and not allowed[word] then
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
    if (word == "order" or word == "orders") and not allowed.order then
      source.fault(path, number, "core knows no order")
    end
  end)
end

local files = source.files("core/*.c", "core/*.h")
for _, path in ipairs(files) do
  local text = source.read(path)
  local allowed = excused(text)
  source.each_line(text, function(line, number) check_line(path, number, line, allowed) end)
end
source.finish(#files)

--- How long a page of 24 products takes to render: 29 KB, 12 values a product. The goal is 17 µs.
local buffers = require("native.buf")
local clock = require("native.clock")

local template = require("kernel.template")
local test = require("support.test")

local SOURCE <const> = [==[<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }} &ndash; Demo Shop</title><link rel="stylesheet" href="/static/app.css?v=123"><meta name="viewport" content="width=device-width,initial-scale=1"></head>
<body><header class="site-header"><a class="logo" href="/">Demo Shop</a><nav class="main-nav">{% for c in categories %}<a href="/c/{{ c.slug }}">{{ c.name }}</a>{% endfor %}</nav><form action="/search" role="search"><input name="q" type="search" placeholder="Search products" aria-label="Search"><button>Go</button></form><a href="/cart" class="cart">Cart ({{ cart_count }})</a></header>
<main><h1>{{ title }}</h1><ul class="product-list" data-page="{{ page }}">
{% for p in products %}<li class="product-card" id="p-{{ p.id }}" data-sku="{{ p.sku }}"><article>
<a class="product-card__link" href="/p/{{ p.slug }}"><img class="product-card__image" loading="lazy" width="320" height="320" src="/media/{{ p.image }}" alt="{{ p.name }}"></a>
<h2 class="product-card__title"><a href="/p/{{ p.slug }}">{{ p.name }}</a></h2><p class="product-card__brand">by <span>{{ p.brand }}</span></p>
<p class="product-card__text">{{ p.blurb }}</p>
<p class="product-card__price">{% if p.old_price %}<del class="price price--old">{{ p.old_price }}</del> {% endif %}<ins class="price price--now">{{ p.price }}</ins> <small>incl. VAT</small></p>
<p class="product-card__rating" aria-label="{{ p.rating }} of 5"><span class="stars stars--{{ p.stars }}"></span> <span class="count">({{ p.reviews }})</span></p>
<p class="product-card__stock stock--{{ p.stock_class }}">{{ p.stock_label }}</p>
<form method="post" action="/cart/add"><input type="hidden" name="product" value="{{ p.id }}"><button class="btn btn--primary" type="submit">Add to cart</button></form>
</article></li>
{% endfor %}</ul><nav class="pager"><a rel="prev" href="?page={{ previous_page }}">Previous</a><a rel="next" href="?page={{ next_page }}">Next</a></nav></main><footer class="site-footer">&copy; 2026 Demo Shop Ltd.</footer></body></html>
]==]

local function category(i)
  return { slug = "cat-" .. i, name = "Category & " .. i }
end

local function product(i)
  return {
    id = 100000 + i * 37,
    sku = "SKU-" .. (77000 + i),
    slug = "mens-running-shoe-model-" .. i,
    image = "catalog/ab/cd/product-" .. i .. "-320x320.webp",
    name = "Men's \"Ultra\" Running Shoe <Model " .. i .. ">",
    brand = "Brown & Sons",
    blurb = "Lightweight & breathable everyday trainer with cushioned sole, reflective details "
      .. "and a recycled upper; fits true to size.",
    price = "£" .. (49 + i) .. ".99",
    old_price = i % 3 == 0 and "£89.99" or nil,
    rating = "4." .. (i % 10),
    stars = 4,
    reviews = 12 * i,
    stock_class = i % 5 == 0 and "low" or "ok",
    stock_label = i % 5 == 0 and "Only " .. i .. " left" or "In stock",
  }
end

local function globals()
  local drops = {
    title = "Shoes & Boots",
    page = 3,
    previous_page = 2,
    next_page = 4,
    cart_count = 2,
    categories = {},
    products = {},
  }
  for i = 1, 10 do
    drops.categories[i] = category(i)
  end
  for i = 1, 24 do
    drops.products[i] = product(i)
  end
  return drops
end

--- Microseconds of one call, the best of several rounds: the machine is shared.
local function best_of(rounds, calls, fn)
  local best = math.huge
  for _ = 1, rounds do
    local start = clock.mono()
    for _ = 1, calls do
      fn()
    end
    best = math.min(best, (clock.mono() - start) / calls / 1000)
  end
  return best
end

--- The same page with its cards as a snippet and its prices through a filter.
local function snippet_page()
  local card = SOURCE:match("<li class=.-</li>\n")
  local page = SOURCE:gsub("<li class=.-</li>\n", function() return "{% render 'card', p: p %}" end)
  local env = template.environment({ loader = function() return card end })
  return assert(env:compile(page, "bench/snippets"))
end

local function run()
  local buf, context = buffers.new(), { globals = globals() }
  local function bench(label, page)
    local micros = best_of(7, 1000, function()
      buf:reset()
      page:render(buf, context)
    end)
    print(("%-28s %6.1f µs  %d bytes"):format(label, micros, buf:len()))
  end
  bench("one template", assert(template.compile(SOURCE, { name = "bench/page" })))
  bench("24 rendered snippets", snippet_page())
  local compile = best_of(3, 10, function()
    template.compile(SOURCE, { name = "bench/" .. math.random(1, 1 << 60) })
  end)
  print(("%-28s %6.1f µs"):format("compiling", compile))
end

test.case("a page of 24 products is timed", run)

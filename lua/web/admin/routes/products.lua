--- Products: found by words or article number, with price and stock.
local page = require("web.admin.page")
local product_view = require("web.admin.view.product")
local report = require("domain.report")
local route = require("web.admin.route")
local text = require("kernel.text")
local times = require("web.admin.view.times")

local ROWS <const> = 30

route.get("/products", "products.view", function(ctx)
  local typed = (ctx.req:arg("q") or ""):sub(1, 200)
  if not text.valid(typed) then typed = "" end
  local before = math.tointeger(tonumber(ctx.req:arg("before") or ""))
  local rows = report.list_products(ctx, { typed = typed }, ROWS + 1, before)
  local has_more = #rows > ROWS
  rows[ROWS + 1] = nil
  local self = page.open(ctx)
  page.send(self, {
    template = "products", title = page.text(self, "products.title"), notice = times.notice(self),
    drops = {
      products = product_view.list(self, rows), typed = typed, next_url = has_more and typed == "" and "/admin/products?before=" .. rows[#rows].id or nil,
      is_cut = has_more and typed ~= "" or nil, first_url = before and "/admin/products" or nil,
    },
  })
end)

return true

--- The field that finds everything: orders by number and e-mail, products by name and article number,
--- pages by their name. What one may not see is not looked for.
local order_row = require("web.admin.view.order_row")
local page = require("web.admin.page")
local product_view = require("web.admin.view.product")
local report = require("domain.report")
local respond = require("web.respond")
local route = require("web.admin.route")
local staff = require("domain.staff")
local text = require("kernel.text")

local ROWS <const> = 10

-- Pages whose name begins as typed.
local function pages(self, typed)
  local found, wanted = {}, text.fold(typed)
  for _, link in ipairs(page.navigation(self)) do
    if text.fold(link.title):sub(1, #wanted) == wanted then found[#found + 1] = link end
  end
  return found
end

route.get("/search", "self", function(ctx)
  local typed = (ctx.req:arg("q") or ""):sub(1, 200)
  typed = text.valid(typed) and typed:match("^%s*(.-)%s*$") or ""
  local self = page.open(ctx)
  if typed == "" then
    return page.send(self, { template = "search", title = page.text(self, "navigation.find"), drops = { orders = {}, products = {}, pages = {}, typed = "" } })
  end
  local orders = staff.may(ctx.staff, "orders.view") and report.list_orders({ typed = typed }, ROWS) or {}
  if #orders == 1 and typed:match("^#?(%d+)$") == orders[1].number then return respond.redirect(ctx, "/admin/orders/" .. orders[1].number) end
  local products = staff.may(ctx.staff, "products.view") and report.list_products(ctx, { typed = typed }, ROWS) or {}
  local links = pages(self, typed)
  if #orders + #products == 0 and #links == 1 then return respond.redirect(ctx, links[1].url) end
  page.send(self, {
    template = "search", title = page.text(self, "search.title", { typed = typed }),
    drops = {
      orders = order_row.list(self, orders), products = product_view.list(self, products), pages = links, typed = typed,
      is_empty = #orders + #products + #links == 0,
    },
  })
end)

return true

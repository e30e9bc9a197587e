--- The first page: how the shop does, what is to be done, what runs out.
local chart = require("web.admin.view.chart")
local i18n = require("kernel.i18n")
local order_row = require("web.admin.view.order_row")
local page = require("web.admin.page")
local report = require("domain.report")
local route = require("web.admin.route")
local staff = require("domain.staff")
local times = require("web.admin.view.times")

local DAY <const> = 24 * 3600 * 1000
local CHART_DAYS <const> = 14
local ROWS <const> = 8
local MANY <const> = 100

local function change(self, now, before)
  if before == 0 then return nil end
  local share = (now - before) / before
  local text = i18n.percent(self.locale, share, { max_decimals = 0 })
  return { text = (share > 0 and "+" or "") .. text, tone = share > 0 and "up" or share < 0 and "down" or "same" }
end

local function figure(self, key, sales, earlier, what)
  local value = what == "amount" and i18n.currency(self.locale, sales.amount, self.ctx.currency) or i18n.number(self.locale, sales.orders)
  return {
    title = page.text(self, "overview." .. key), value = value, change = change(self, sales[what], earlier[what]),
    before = page.text(self, "overview." .. key .. "_before", {
      value = what == "amount" and i18n.currency(self.locale, earlier.amount, self.ctx.currency) or i18n.number(self.locale, earlier.orders),
    }),
  }
end

-- Today against the same weekday up to the same hour; seven days against the seven before.
local function figures(self)
  local ctx = self.ctx
  local today = times.midnight(ctx.now)
  local week_ago = 7 * DAY
  local now_day = report.sales(ctx.currency, today, ctx.now + 1)
  local then_day = report.sales(ctx.currency, today - week_ago, ctx.now + 1 - week_ago)
  local week = report.sales(ctx.currency, today - 6 * DAY, ctx.now + 1)
  local week_before = report.sales(ctx.currency, today - 13 * DAY, ctx.now + 1 - week_ago)
  return {
    figure(self, "today_amount", now_day, then_day, "amount"), figure(self, "today_orders", now_day, then_day, "orders"),
    figure(self, "week_amount", week, week_before, "amount"), figure(self, "week_orders", week, week_before, "orders"),
  }
end

local function days(self)
  local ctx = self.ctx
  local from = times.midnight(ctx.now) - (CHART_DAYS - 1) * DAY
  local sales, values = report.sales_by_day(ctx.currency, from, CHART_DAYS), {}
  for i, day in ipairs(sales) do values[i] = day.amount end
  local laid = chart.bars(values)
  for i, bar in ipairs(laid.bars) do
    local at = from + (i - 1) * DAY
    bar.day, bar.date = tostring(math.tointeger(tonumber(os.date("!%d", at // 1000)))), i18n.date(self.locale, at, "medium")
    bar.amount, bar.orders = i18n.currency(self.locale, sales[i].amount, ctx.currency), i18n.number(self.locale, sales[i].orders)
    bar.is_today = i == CHART_DAYS
  end
  laid.has_other_currencies = report.has_other_currencies(ctx.currency, from, ctx.now + 1)
  return laid
end

local function low_stock(self)
  local list = {}
  for i, row in ipairs(report.list_low_stock(ROWS)) do
    list[i] = {
      title = row.title, variant = row.variant_title ~= "" and row.variant_title or nil, sku = row.sku, url = "/admin/products/" .. row.product_id,
      count = i18n.number(self.locale, row.available), is_out = row.available <= 0,
    }
  end
  return list
end

route.get("", "overview.view", function(ctx)
  local self = page.open(ctx)
  local may_see_orders, may_see_products = staff.may(ctx.staff, "orders.view"), staff.may(ctx.staff, "products.view")
  local count = report.count_to_ship(MANY)
  page.send(self, {
    template = "overview", title = page.text(self, "overview.title"), notice = times.notice(self),
    drops = {
      figures = figures(self), days = days(self), today = i18n.date(self.locale, ctx.now, "full"),
      to_ship = may_see_orders and order_row.list(self, report.list_oldest_to_ship(ROWS)) or nil,
      to_ship_count = count >= MANY and i18n.number(self.locale, MANY - 1) .. "+" or i18n.number(self.locale, count),
      low = may_see_products and low_stock(self) or nil,
    },
  })
end)

return true

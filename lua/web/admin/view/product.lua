--- Products and their stock as the people of the shop see them.
local actors = require("web.admin.view.actors")
local i18n = require("kernel.i18n")
local image = require("web.view.image")
local page = require("web.admin.page")
local report = require("domain.report")
local staff = require("domain.staff")
local times = require("web.admin.view.times")

local view = {}

local LOW <const> = 3 -- as sql/migrations/0012_staff.sql has it

local function is_low(stock)
  return not stock.is_unlimited and stock.available <= (stock.low_at or LOW)
end

-- How much can be sold, in a word or a number.
local function stock_text(self, stock)
  if not stock then return page.text(self, "products.not_counted") end
  if stock.is_unlimited and stock.available <= 0 then return page.text(self, "products.back_order") end
  return i18n.number(self.locale, stock.available)
end

local function price_text(self, variants)
  local low, high
  for _, variant in ipairs(variants) do
    if variant.amount and variant.is_enabled then
      low, high = math.min(low or variant.amount, variant.amount), math.max(high or variant.amount, variant.amount)
    end
  end
  if not low then return "–" end
  local text = i18n.currency(self.locale, low, self.ctx.currency)
  return low == high and text or text .. " – " .. i18n.currency(self.locale, high, self.ctx.currency)
end

local function sum_stock(row)
  if row.tracking == "none" then return nil end
  if row.shared_stock then return row.shared_stock end
  local sum = { available = 0 }
  for _, variant in ipairs(row.variants) do
    if variant.is_enabled then
      sum.available = sum.available + variant.stock.available
      sum.is_unlimited = sum.is_unlimited or variant.stock.is_unlimited
      if is_low(variant.stock) then sum.low_count = (sum.low_count or 0) + 1 end
    end
  end
  return sum
end

local function state_of(self, row)
  local now = self.ctx.now
  local state = row.state
  if state == "active" and (row.publish_at and row.publish_at > now) then state = "planned" end
  if state == "active" and (row.unpublish_at and row.unpublish_at <= now) then state = "ended" end
  if state == "active" and row.is_listed == 0 then state = "unlisted" end
  return state ~= "active" and { text = page.text(self, "products.state_" .. state), icon = "none", tone = "over" } or nil
end

---@param self table page
---@param row table of domain.report
---@return table
function view.row(self, row)
  local stock = sum_stock(row)
  local first = row.variants[1]
  return {
    title = row.title, url = "/admin/products/" .. row.id, image = image.of(row.picture), price = price_text(self, row.variants),
    stock = stock_text(self, stock), is_low = stock and (row.shared_stock and is_low(stock) or stock.low_count == #row.variants) or nil,
    low = stock and stock.low_count and stock.low_count < #row.variants and page.text(self, "products.some_low", { count = stock.low_count }) or nil,
    variants = #row.variants > 1 and page.text(self, "products.variants", { count = #row.variants }) or nil,
    sku = #row.variants == 1 and first.sku or nil, state = state_of(self, row),
  }
end

---@param self table page
---@param rows table[]
---@return table[]
function view.list(self, rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = view.row(self, row) end
  return list
end

local function variant_row(self, row, variant, may_change)
  local stock = variant.stock
  local drop = {
    title = variant.title ~= "" and variant.title or row.title, sku = variant.sku, is_off = not variant.is_enabled,
    price = variant.amount and i18n.currency(self.locale, variant.amount, self.ctx.currency) or "–", stock = stock_text(self, stock),
  }
  if stock then
    drop.on_hand, drop.held = i18n.number(self.locale, stock.on_hand), i18n.number(self.locale, stock.held)
    drop.low_at = stock.low_at and i18n.number(self.locale, stock.low_at) or nil
    drop.is_low = is_low(stock)
    if may_change then drop.url = ("/admin/products/%d/stock/%d"):format(row.id, variant.id) end
  end
  return drop
end

--- A product's page.
---@param self table page
---@param row table
---@return table
function view.of(self, row)
  local drop, may_change = view.row(self, row), staff.may(self.ctx.staff, "stock.change")
  drop.rows, drop.is_counted, drop.shop_url = {}, row.tracking ~= "none", "/products/" .. row.handle
  drop.is_shared = row.shared_stock ~= nil
  for i, variant in ipairs(row.variants) do drop.rows[i] = variant_row(self, row, variant, may_change) end
  return drop
end

--- Why the stock changed, newest first.
---@param self table page
---@param owner_id integer
---@return table[]
function view.movements(self, owner_id)
  local list = {}
  for i, row in ipairs(report.list_movements(owner_id, 20)) do
    list[i] = {
      delta = (row.delta > 0 and "+" or "") .. i18n.number(self.locale, row.delta), reason = page.text_or(self, "stock.reason_" .. row.reason, row.reason),
      note = row.note ~= "" and row.note or nil, who = actors.name(self, row.actor), time = times.of(self, row.at),
    }
  end
  return list
end

return view

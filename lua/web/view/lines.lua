--- Lines and sums as templates see them: of a cart, a checkout, an order.
local filters = require("web.filters")
local i18n = require("kernel.i18n")
local image = require("web.view.image")
local page = require("web.page")

local lines = {}

local hundredths = filters.hundredths

local function money(self, amount)
  return filters.money(self.ctx, amount)
end

-- What stands between a line and an order, in words that say what to do.
local PROBLEMS <const> = {
  ["line.not_sold"] = "cart.errors.gone", ["line.no_price"] = "cart.errors.gone", ["stock.short"] = "cart.errors.short",
}

local function message_of(self, line)
  if not line.problem then return nil end
  local key, count = PROBLEMS[line.problem] or "cart.errors.range", math.max(0, line.available or 0)
  if line.problem == "stock.short" and count == 0 then key = "cart.errors.none" end
  return page.text(self, key, { count = count, title = line.title })
end

local function options_of(line)
  local names = {}
  for _, option in ipairs(line.options or {}) do names[#names + 1] = option.value end
  return table.concat(names, " / ")
end

-- Who took how much off a line, in words.
local function notes_of(self, line)
  local notes = {}
  for _, part in ipairs(line.allocations or {}) do
    local reason = part.reason or part.title
    if reason then notes[#notes + 1] = i18n.text(self.ctx.locale, reason.key, reason.args) .. " −" .. money(self, part.amount) end
  end
  for name, value in pairs(line.properties or {}) do
    if name:sub(1, 1) ~= "_" then notes[#notes + 1] = name .. ": " .. value end
  end
  return notes
end

--- A line of a quote.
---@param self table page
---@param line merx.DraftLine
---@return table
function lines.of_quote(self, line)
  local ctx = self.ctx
  local unit = -(-line.unit // line.unit_pieces)
  return {
    key = line.id, id = line.variant_id, variant_id = line.variant_id, product_id = line.product_id, quantity = line.qty,
    title = line.title, product_title = line.title, variant_title = options_of(line), sku = line.sku,
    product = { title = line.title, handle = line.handle, url = ctx.root .. "/products/" .. line.handle },
    url = ctx.root .. "/products/" .. line.handle .. "?variant=" .. line.variant_id,
    image = image.of({ path = line.image_path, width = line.image_width, height = line.image_height, alt = line.image_alt }),
    options_with_values = line.options or {}, properties = line.properties or {},
    price = hundredths(unit, ctx.currency), final_price = hundredths(unit, ctx.currency),
    original_line_price = hundredths(line.worth, ctx.currency), final_line_price = hundredths(line.total, ctx.currency),
    unit_text = line.qty > 1 and page.text(self, "cart.each", { price = money(self, unit) }) or nil,
    notes = notes_of(self, line), message = message_of(self, line), requires_shipping = line.ships, taxable = line.taxable,
  }
end

local function text_of(ctx, message)
  return message and i18n.text(ctx.locale, message.key, message.args) or ""
end

-- One row for each rate, over lines, delivery and fees.
local function tax_rows(self, owners)
  local by_rate, order = {}, {}
  for _, owner in ipairs(owners) do
    for _, row in ipairs(owner.taxes or {}) do
      local key = row.rate .. tostring(row.included)
      if not by_rate[key] then
        by_rate[key] = { amount = 0, title = row.title, ppm = row.ppm, included = row.included }
        order[#order + 1] = key
      end
      by_rate[key].amount = by_rate[key].amount + row.amount
    end
  end
  local rows = {}
  for _, key in ipairs(order) do
    local row = by_rate[key]
    if row.amount ~= 0 then
      rows[#rows + 1] = {
        title = page.text(self, row.included and "cart.totals.tax_included" or "cart.totals.tax", {
          name = text_of(self.ctx, row.title), rate = filters.rate(self.ctx.locale, row.ppm),
        }),
        value = money(self, row.amount), state = row.included and "included" or nil,
      }
    end
  end
  return rows
end

--- The sum of a quote, row by row.
---@param self table page
---@param quote merx.Quote
---@return { title: string, value: string, state?: string }[]
function lines.totals(self, quote)
  local goods, owners, rows = 0, {}, {}
  for _, line in ipairs(quote.lines) do
    goods = goods + line.total
    owners[#owners + 1] = line
  end
  rows[1] = { title = page.text(self, "cart.totals.subtotal"), value = money(self, goods) }
  local delivery = quote.delivery
  if delivery then
    owners[#owners + 1] = delivery
    local is_guess = delivery.is_assumed or not quote.given.has_address
    rows[#rows + 1] = {
      title = page.text(self, is_guess and "cart.totals.delivery_estimate" or "cart.totals.delivery"),
      value = delivery.total == 0 and page.text(self, "cart.totals.free") or money(self, delivery.total),
    }
  end
  for _, fee in ipairs(quote.fees) do
    owners[#owners + 1] = fee
    rows[#rows + 1] = { title = text_of(self.ctx, fee.title), value = money(self, fee.total) }
  end
  local taxes = tax_rows(self, owners)
  for _, row in ipairs(taxes) do
    if not row.state then rows[#rows + 1] = row end
  end
  rows[#rows + 1] = { title = page.text(self, "cart.totals.total"), value = money(self, quote.total), state = "total" }
  for _, row in ipairs(taxes) do
    if row.state then rows[#rows + 1] = row end
  end
  return rows
end

lines.text_of = text_of
lines.money = money

return lines

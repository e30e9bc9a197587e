--- Which of a variant's price rows holds: windows, tiers, and until when the answer stays true.
local prices = {}

---@class merx.PriceRow
---@field min_quantity integer
---@field amount integer minor units for `pieces` pieces
---@field pieces integer
---@field compare_amount? integer what is struck through beside it
---@field starts_at? integer
---@field ends_at? integer

local function is_open(row, now)
  return (not row.starts_at or row.starts_at <= now) and (not row.ends_at or now < row.ends_at)
end

local function is_windowed(row)
  return row.starts_at ~= nil or row.ends_at ~= nil
end

--- The row that holds for one piece more than the others: an open window before none, a higher tier
--- before a lower one, then the cheaper.
local function is_better(row, best)
  if not best then return true end
  if is_windowed(row) ~= is_windowed(best) then return is_windowed(row) end
  if row.min_quantity ~= best.min_quantity then return row.min_quantity > best.min_quantity end
  return row.amount < best.amount
end

--- The price row of a variant at a moment.
---@param rows merx.PriceRow[] of one variant in one list
---@param now integer
---@param quantity? integer default 1
---@return merx.PriceRow? row nil when it has no price
---@return integer until_ms when another row may hold, math.maxinteger when never
---@return merx.PriceRow? base the row without a window: the list price
function prices.choose(rows, now, quantity)
  local best, base
  local until_ms = math.maxinteger
  for _, row in ipairs(rows) do
    for _, boundary in ipairs({ row.starts_at or 0, row.ends_at or 0 }) do
      if boundary > now and boundary < until_ms then until_ms = boundary end
    end
    if row.min_quantity <= (quantity or 1) then
      if not is_windowed(row) and is_better(row, base) then base = row end
      if is_open(row, now) and is_better(row, best) then best = row end
    end
  end
  return best, until_ms, base
end

--- The rows beside the list price that hold at a moment, sales and tiers: what a price rule may take. Whoever keeps them
--- keeps them until `until_ms` of prices.choose().
---@param rows merx.PriceRow[] of one variant in one list
---@param now integer
---@param list? merx.PriceRow the row of the list price
---@return merx.PriceRow[]
function prices.offers(rows, now, list)
  local open = {}
  for _, row in ipairs(rows) do
    if row ~= list and is_open(row, now) then open[#open + 1] = row end
  end
  return open
end

return prices

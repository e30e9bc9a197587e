--- Bars of a few days as numbers that an SVG needs: whole ones, on a fixed grid. The same figures stand
--- beside it as a table for those who do not see it.
local chart = {}

local WIDTH <const>, HEIGHT <const>, GAP <const> = 896, 120, 16

--- Lays out the bars.
---@param values integer[]
---@return { width: integer, height: integer, bars: { x: integer, y: integer, width: integer, height: integer }[] }
function chart.bars(values)
  local most, highest = 1, nil
  for i, value in ipairs(values) do
    if value > most then most, highest = value, i end
  end
  local step = WIDTH // math.max(1, #values)
  local bars = {}
  for i, value in ipairs(values) do
    local height = value > 0 and math.max(2, HEIGHT * value // most) or 0
    bars[i] = { x = (i - 1) * step + GAP // 2, y = HEIGHT - height, width = step - GAP, height = height, middle = (i - 1) * step + step // 2 }
    bars[i].is_highest = i == highest
  end
  return { width = step * #values, height = HEIGHT, bars = bars }
end

return chart

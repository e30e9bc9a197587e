--- Drafts and handlers for tests of the quote: short to write, and without plugins.
local drafts = {}

local counter = 0

--- A line of `qty` pieces at `list` minor units.
---@param list integer
---@param qty integer
---@param more? table
function drafts.line(list, qty, more)
  local line = { list = list, qty = qty, ships = true, title = "thing" }
  for name, value in pairs(more or {}) do line[name] = value end
  return line
end

--- A draft; lines without an id are called "l1", "l2" … and are variants 1, 2 …
---@param lines table[]
---@param more? table
function drafts.draft(lines, more)
  local draft = { currency = "EUR", is_tax_included = false, lines = {} }
  for i, line in ipairs(lines) do
    local copy = { id = "l" .. i, variant_id = i }
    for name, value in pairs(line) do copy[name] = value end
    draft.lines[i] = copy
  end
  for name, value in pairs(more or {}) do draft[name] = value end
  return draft
end

--- A handler of a point.
---@param point string
---@param call fun(input: table, settings: table): any
---@param more? table
function drafts.handler(point, call, more)
  counter = counter + 1
  local handler = {
    point = point, plugin = "test.plugin", version = "1.0.0", id = ("test.plugin/h%03d"):format(counter), call = call,
    input = { "lines[].id", "lines[].qty", "lines[].unit", "lines[].tags[]", "lines[].taxable", "lines[].tax_class",
      "fees[].target", "delivery.amount", "subtotal", "destination.country" },
    settings = {}, before = {}, after = {},
  }
  for name, value in pairs(more or {}) do handler[name] = value end
  return handler
end

--- A promotion of one action: `ops(input)` says what it takes off.
---@param level "line"|"order"|"delivery"
---@param ops fun(input: table): table[]
---@param more? table
---@return merx.Handler handler
---@return merx.Rule rule
function drafts.promotion(level, ops, more)
  local handler = drafts.handler("promotion_action", ops)
  local rule = {
    id = counter, handle = "promo-" .. counter, lane = "normal", position = counter, combine = "all", level = level,
    conditions = {}, action = { handler = handler.id, settings = {} }, has_codes = false, on_error = "skip",
  }
  for name, value in pairs(more or {}) do rule[name] = value end
  return handler, rule
end

--- `ppm` off every line, by line.
---@param ppm integer
---@param more? table
function drafts.percent(ppm, more)
  return drafts.promotion("line", function(input)
    local ops = {}
    for _, line in ipairs(input.lines) do ops[#ops + 1] = { op = "off_line", line = line.id, ppm = ppm } end
    return ops
  end, more)
end

--- One tax rate on every line, on delivery and on fees.
---@param ppm integer
---@param more? table of each operation
function drafts.tax(ppm, more)
  return drafts.handler("tax_provider", function(input)
    local ops = {}
    local function add(target)
      local op = { op = "tax", target = target, rate = "t" .. ppm, ppm = ppm }
      for name, value in pairs(more or {}) do op[name] = value end
      ops[#ops + 1] = op
    end
    for _, line in ipairs(input.lines) do
      if line.taxable then add(line.id) end
    end
    if input.delivery then add("delivery") end
    for _, fee in ipairs(input.fees or {}) do add(fee.target) end
    return ops
  end)
end

--- A delivery method of one rate.
---@param amount integer
function drafts.rate(amount)
  return drafts.handler("delivery_method", function() return { { op = "rate", id = "std", amount = amount } } end)
end

return drafts

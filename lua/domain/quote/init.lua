--- What a cart costs, in named phases, by handlers that answer with operations. `quote.evaluate` is pure;
--- `quote.run` brings the handlers, promotions and settings of this shop.
local cache = require("kernel.cache")
local crypto = require("kernel.crypto")
local evaluate = require("domain.quote.evaluate")
local explain = require("domain.quote.explain")
local operations = require("domain.draft.operations")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local promotion = require("domain.promotion")
local schema = require("kernel.schema")
local settings = require("kernel.settings")
local text = require("kernel.text")

local quote = {}

settings.define({
  key = "shop.rounding",
  doc = "Where and how discounts and taxes are rounded; copied onto every order.",
  spec = schema.object({
    discount_level = schema.enum({ "line", "unit", "order" }), tax_level = schema.enum({ "line", "unit", "rate" }),
    mode = schema.enum({ "half-up", "half-even", "half-down" }), cash_step = schema.integer({ min = 1, max = 100000 }),
    foreign_price = schema.enum({ "keep_gross", "keep_net" }), delivery_tax = schema.enum({ "fixed", "highest", "proportional" }),
    delivery_tax_class = schema.text({ max = 50 }),
  }, { default = {} }),
})

settings.define({
  key = "payment.test_mode", spec = schema.boolean({ default = false }),
  doc = "Whether ways to pay that move no money are offered; what they pay are test orders.",
})

quote.evaluate = evaluate.run
quote.without = evaluate.without
quote.plan_without = evaluate.plan_without
quote.explain = explain.text

--- The setting without which a handler has nothing to do, when the merchant has not given it. What a promotion tells its
--- handlers is not among them.
---@param handler merx.Handler
---@return string? name
function quote.missing_setting(handler)
  if not handler.spec or handler.point:find("^promotion_") then return nil end
  return plugins.missing_setting(handler)
end

-- As quotes ask a handler: nil when it is not asked. One that has a slot and cannot answer keeps it empty.
local function dress(handler, takes_tests)
  local spec = handler.spec or {}
  local is_idle = spec.is_test and not takes_tests or quote.missing_setting(handler) ~= nil
  if is_idle and handler.is_unbound == nil then return nil end
  return {
    point = handler.point, plugin = handler.plugin, version = handler.version, id = handler.id, title = handler.title,
    input = handler.input, call = handler.call, ask = handler.ask, trace = handler.trace, blame = handler.blame, on_error = handler.on_error,
    accounts = handler.accounts, flow = spec.flow, hold_minutes = spec.hold_minutes, is_test = spec.is_test, spec = handler.spec,
    is_unbound = handler.is_unbound or is_idle,
    settings = handler.spec and plugins.settings(handler) or handler.settings or {},
  }
end

-- By the list of a point, which is another one when plugins change.
local with_settings = cache.memo("settings", function(handlers)
  local list, takes_tests = {}, settings.get("payment.test_mode")
  for _, handler in ipairs(handlers) do list[#list + 1] = dress(handler, takes_tests) end
  return list
end)

--- The handlers of one point with their settings, in order.
---@param point string
---@return merx.Handler[]
function quote.handlers(point)
  return with_settings(points.handlers(point))
end

local plan_of = cache.memo("settings", function(all)
  local plan = {}
  for point in pairs(operations.points) do
    if all[point] then plan[point] = quote.handlers(point) end
  end
  return plan
end)

--- All handlers that a quote asks: the same table until plugins or settings change.
---@return table<string, merx.Handler[]>
function quote.plan()
  return plan_of(points.all())
end

local function digest(bytes)
  return text.hex(crypto.blake2b(bytes))
end

local function tools(ctx, options)
  return {
    now = ctx.now, rules = promotion.list(ctx), digest = digest, find_variant = options and options.find_variant,
    trace = options and options.trace,
  }
end

--- Evaluates a draft with this shop's handlers, promotions and rounding.
---@param ctx merx.Context
---@param given table see draft.open
---@param options? { plan?: table, find_variant?: fun(id: integer): table?, trace?: merx.Asked[] } trace: filled with every question
---@return merx.Quote
function quote.run(ctx, given, options)
  given.policy = given.policy or settings.get("shop.rounding")
  return evaluate.run(given, options and options.plan or quote.plan(), tools(ctx, options))
end

--- The same without a plugin, a handler or a promotion.
---@param ctx merx.Context
---@param given table
---@param name string
---@param options? { plan?: table, find_variant?: fun(id: integer): table? }
---@return merx.Quote quote
---@return integer contributed
function quote.run_without(ctx, given, name, options)
  given.policy = given.policy or settings.get("shop.rounding")
  return evaluate.without(given, options and options.plan or quote.plan(), tools(ctx, options), name)
end

return quote

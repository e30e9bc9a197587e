--- How many of the last carts would cost something else: each is worked out with the plugins in force and with those to
--- come, in this process. Only totals are told; nothing of it is kept.
local cart = require("domain.cart")
local channel = require("domain.channel")
local clock = require("native.clock")
local db = require("kernel.db")
local failure = require("kernel.failure")
local generation = require("kernel.plugins.generation")
local json = require("native.json")
local plugins = require("kernel.plugins")

local carts = {}

local LOOKED_AT <const> = 200
local EXAMPLES <const> = 5

-- The totals of carts by id; false where none can be worked out.
local function totals_of(rows)
  local totals = {}
  for _, row in ipairs(rows) do
    local ok, found = pcall(function()
      local ctx = channel.context(channel.find(row.channel_id), clock.now(), row.locale)
      return cart.quote(ctx, row)
    end)
    totals[row.id] = ok and found and found.total or false
  end
  return totals
end

local function sources_of(plan)
  local list = generation.sources(plan.plugins)
  for _, source in ipairs(list) do
    if plan.staged and source.id == plan.id then source.root = plan.staged.content end
  end
  return list
end

local function count(rows, before, after)
  local seen = { looked = 0, changed = 0, examples = json.array({}) }
  for _, row in ipairs(rows) do
    seen.looked = seen.looked + 1
    if before[row.id] ~= after[row.id] then
      seen.changed = seen.changed + 1
      if #seen.examples < EXAMPLES then
        seen.examples[#seen.examples + 1] = {
          cart = row.id, before = before[row.id] or 0, after = after[row.id] or 0, currency = row.currency,
        }
      end
    end
  end
  return seen
end

--- Compares what is in force with what a plan would put in force.
---@param plan merx.InstallPlan
---@return { looked: integer, changed: integer, examples: table[] }?
---@return merx.Error?
function carts.compare(plan)
  local rows = {}
  for _, row in ipairs(db.many("carts_recent", { limit = LOOKED_AT })) do rows[#rows + 1] = cart.find_by_id(row.id) end
  if #rows == 0 then return count({}, {}, {}) end
  local now = generation.current()
  local before, problem = totals_of(rows), nil
  local arranged = { pins = plan.pins or now and now.pins, bindings = plan.bindings or now and now.bindings or {} }
  local after = plugins.try(sources_of(plan), arranged, function()
    local found = plan.after and plan.after.enabled and plugins.find(plan.id) -- who goes may be as broken as can be
    problem = found and found.problem
    return totals_of(rows)
  end)
  if problem then return failure.new("plugin.invalid", ("%s: %s"):format(plan.id, problem)) end
  return count(rows, before, after)
end

return carts

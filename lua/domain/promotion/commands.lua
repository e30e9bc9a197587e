--- What changes promotions and their codes.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local json = require("kernel.json")
local manifest = require("kernel.plugins.manifest")
local points = require("kernel.points")
local rules = require("domain.promotion.rules")
local schema = require("kernel.schema")
local tables = require("kernel.tables")

local part = schema.object({
  handler = schema.text({ required = true, max = 120 }), settings = schema.any({ default = {} }),
}, { required = true })

local function fields(more)
  local shape = {
    title = schema.text({ max = 200 }), lane = schema.enum({ "early", "normal", "late" }), position = schema.integer(),
    combine = schema.enum({ "all", "best", "exclusive" }), level = schema.enum({ "line", "order", "delivery" }),
    conditions = schema.list(part, { max = 20 }), action = part, has_codes = schema.boolean(),
    on_error = schema.enum({ "skip", "block" }), is_enabled = schema.boolean(),
    starts_at = schema.integer(), ends_at = schema.integer(),
  }
  shape.action = schema.object(part.fields)
  for name, spec in pairs(more) do shape[name] = spec end
  return schema.object(shape)
end

-- What a rule tells a handler must be what the handler's plugin declared. A handler that is not here may come back.
local function check_part(given, point, where, problems, args)
  local handler
  for _, entry in ipairs(points.handlers(point)) do
    if entry.id == given.handler then handler = entry end
  end
  if not handler or not handler.spec then return end
  local shape = {}
  for name, declared in pairs(handler.spec.settings) do
    local spec = tables.copy(manifest.setting_spec(declared), 16)
    spec.default = nil -- what a rule does not say, the handler's own settings say
    shape[name] = spec
  end
  local clean, err = schema.check(schema.object(shape), given.settings or {})
  if clean then
    given.settings = clean
    return
  end
  for name, code in pairs(err.fields) do problems[where .. "." .. name], args[where .. "." .. name] = code, err.args and err.args[name] end
end

local function check_parts(given)
  local problems, args = {}, {}
  for i, condition in ipairs(given.conditions or {}) do
    check_part(condition, "promotion_condition", "conditions." .. i .. ".settings", problems, args)
  end
  if given.action then check_part(given.action, "promotion_action", "action.settings", problems, args) end
  if not next(problems) then return true end
  local _, err = failure.new("invalid", "the settings of a handler are wrong: nothing was changed", problems)
  err.args = args
  return nil, err
end

local DEFAULTS <const> = {
  lane = "normal", position = 0, combine = "all", conditions = {}, has_codes = false, on_error = "skip", is_enabled = true,
}

local function as_row(args, at)
  local row = { at = at }
  for name, value in pairs(args) do row[name] = value end
  row.conditions, row.action = json.encode(json.array(args.conditions)), json.encode(args.action)
  return row
end

command.define({
  name = "promotion.create",
  doc = "Adds a reduction.",
  args = fields({
    handle = schema.text({ required = true, max = 100, pattern = "^[%w_-]+$" }), title = schema.text({ required = true, max = 200 }),
    level = schema.enum({ "line", "order", "delivery", required = true }), action = part,
  }),
  handler = function(tx, args)
    local fine, wrong = check_parts(args)
    if not fine then return nil, wrong end
    for name, value in pairs(DEFAULTS) do
      if args[name] == nil then args[name] = value end
    end
    local changes, id = db.run("promotion_insert", as_row(args, tx.now))
    if not changes then return failure.new("promotion.taken", "there is a promotion called " .. args.handle) end
    tx.touch("promotions")
    tx.audit({ action = "promotion.create", entity = "promotion", id = id, after = args })
    return { id = id }
  end,
})

command.define({
  name = "promotion.update",
  doc = "Changes a reduction; what is not given stays.",
  args = fields({ id = schema.id({ required = true }), version = schema.integer() }),
  handler = function(tx, args)
    local fine, wrong = check_parts(args)
    if not fine then return nil, wrong end
    local row = db.one("promotion_find", { id = args.id })
    if not row then return failure.new("promotion.missing", "there is no promotion " .. args.id) end
    local before = { title = row.title, is_enabled = row.is_enabled, action = row.action }
    row.conditions, row.action = json.decode(row.conditions), json.decode(row.action)
    for name, value in pairs(args) do row[name] = value end
    if db.run("promotion_update", as_row(row, tx.now)) == 0 then
      return failure.new("promotion.conflict", "somebody else changed this promotion")
    end
    tx.touch("promotions")
    tx.audit({ action = "promotion.update", entity = "promotion", id = args.id, before = before, after = args })
    return { id = args.id }
  end,
})

command.define({
  name = "promotion.delete",
  doc = "Puts a reduction into the bin.",
  args = schema.object({ id = schema.id({ required = true }) }),
  handler = function(tx, args)
    if db.run("promotion_delete", { id = args.id, at = tx.now }) == 0 then
      return failure.new("promotion.missing", "there is no promotion " .. args.id)
    end
    tx.touch("promotions")
    tx.audit({ action = "promotion.delete", entity = "promotion", id = args.id })
    return { id = args.id }
  end,
})

command.define({
  name = "coupon.create",
  doc = "Adds a code to a reduction.",
  args = schema.object({
    promotion_id = schema.id({ required = true }), code = schema.text({ required = true, max = 100 }),
    max_uses = schema.integer({ min = 1 }), max_uses_each = schema.integer({ min = 1 }),
    starts_at = schema.integer(), ends_at = schema.integer(),
  }),
  handler = function(tx, args)
    local key = rules.code_key(args.code)
    if key == "" then return failure.new("code.empty", "a code needs a letter or a digit", { code = "schema.required" }) end
    if not db.one("promotion_find", { id = args.promotion_id }) then
      return failure.new("promotion.missing", "there is no promotion " .. args.promotion_id)
    end
    local changes, id = db.run("coupon_insert", {
      promotion_id = args.promotion_id, code = args.code, code_key = key, max_uses = args.max_uses,
      max_uses_each = args.max_uses_each, starts_at = args.starts_at, ends_at = args.ends_at, at = tx.now,
    })
    if not changes then return failure.new("code.taken", "this code exists already", { code = "code.taken" }) end
    tx.touch("promotions")
    tx.audit({ action = "coupon.create", entity = "coupon", id = id, after = { code = args.code } })
    return { id = id }
  end,
})

command.define({
  name = "coupon.set_enabled",
  doc = "Switches a code off, or on again.",
  args = schema.object({ id = schema.id({ required = true }), is_enabled = schema.boolean({ required = true }) }),
  handler = function(tx, args)
    if db.run("coupon_set_enabled", { id = args.id, is_enabled = args.is_enabled, at = tx.now }) == 0 then
      return failure.new("coupon.missing", "there is no coupon " .. args.id)
    end
    tx.touch("promotions")
    tx.audit({ action = "coupon.set_enabled", entity = "coupon", id = args.id, after = { is_enabled = args.is_enabled } })
    return { id = args.id }
  end,
})

return true

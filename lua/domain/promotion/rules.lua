--- The promotions of the shop as the evaluator wants them, and what a code that somebody typed stands for.
local cache = require("kernel.cache")
local crypto = require("kernel.crypto")
local db = require("kernel.db")
local json = require("kernel.json")
local text = require("kernel.text")

local rules = {}

--- The form in which two spellings of a code meet: "save 10" and "SAVE-10" stay different, case does not.
---@param code string
---@return string
function rules.code_key(code)
  return (text.fold(code):gsub("%s+", ""))
end

-- Whether a window is open; the next moment at which that changes bounds what was made of it.
local function is_open(ctx, starts_at, ends_at)
  local now, boundary = ctx.now, nil
  if starts_at and starts_at > now then
    boundary = starts_at
  elseif ends_at and ends_at > now then
    boundary = ends_at
  end
  if boundary then
    ctx.boundary = math.min(ctx.boundary or boundary, boundary)
    cache.valid_until(boundary)
  end
  return (not starts_at or starts_at <= now) and (not ends_at or now < ends_at)
end

-- The parts of each promotion as they were read last. Handlers know their settings by the table, so the same text stays the
-- same table.
local known = {}

local function parts_of(row)
  local parts = known[row.id]
  if not parts or parts.conditions_text ~= row.conditions or parts.action_text ~= row.action then
    parts = {
      conditions_text = row.conditions, action_text = row.action, conditions = json.decode(row.conditions), action = json.decode(row.action),
    }
    known[row.id] = parts
  end
  return parts
end

--- What may apply now, in the merchant's order.
---@param ctx merx.Context
---@return merx.Rule[]
function rules.list(ctx)
  cache.read("promotions")
  local list = {}
  for _, row in ipairs(db.many("promotions_enabled")) do
    if is_open(ctx, row.starts_at, row.ends_at) then
      local parts = parts_of(row)
      row.conditions, row.action = parts.conditions, parts.action
      row.has_codes = row.has_codes == 1
      list[#list + 1] = row
    end
  end
  return list
end

-- The account in which one buyer's uses are counted: a guest's by a digest of the folded e-mail that only this shop can make,
-- so that who reads the accounts cannot try out addresses.
local function each_key(ctx_customer, email)
  if ctx_customer and ctx_customer.id then return "customer:" .. ctx_customer.id end
  if email and email ~= "" then
    return "email:" .. text.hex(crypto.sha256(crypto.sign("coupon", text.fold(email)))):sub(1, 32)
  end
end

local function uses_left(coupon, key, most)
  local account = db.one("account_find", { kind = "coupon", owner_id = coupon.id, place_id = 0, key = key })
  return account and account.balance - account.held or most
end

--- Says what a code is worth now: its promotion, or why it is none, and which uses an order takes.
---@param ctx merx.Context
---@param code string
---@param customer? { id?: integer }
---@param email? string
---@return { code: string, promotion_id?: integer, coupon_id?: integer, problem?: string, holds: table[] }
function rules.resolve(ctx, code, customer, email)
  local found = { code = code, holds = {} }
  local coupon = db.one("coupon_by_key", { code_key = rules.code_key(code) })
  cache.read("promotions")
  if not coupon or coupon.is_enabled == 0 or coupon.promotion_is_enabled == 0 then
    found.problem = "code.unknown"
    return found
  end
  found.code, found.coupon_id, found.promotion_id = coupon.code, coupon.id, coupon.promotion_id
  if not is_open(ctx, coupon.starts_at, coupon.ends_at)
    or not is_open(ctx, coupon.promotion_starts_at, coupon.promotion_ends_at) then
    found.problem = "code.expired"
    return found
  end
  local key = each_key(customer, email)
  for _, limit in ipairs({ { coupon.max_uses, "" }, { key and coupon.max_uses_each, key } }) do
    local most, owner = limit[1], limit[2]
    if most then
      if uses_left(coupon, owner, most) < 1 then found.problem = "code.used_up" end
      found.holds[#found.holds + 1] = { kind = "coupon", owner_id = coupon.id, key = owner, quantity = 1, balance = most }
    end
  end
  return found
end

return rules

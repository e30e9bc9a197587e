--- Scarce things: stock, coupon uses, gift cards, points. One primitive serves all: an account with a
--- balance, and holds that take from it by one conditional UPDATE whose row count is checked.
local db = require("kernel.db")
local events = require("kernel.events")
local failure = require("kernel.failure")
local json = require("kernel.json")

local inventory = {}

--- The floor of an account that never runs dry: back-orders without a bound.
inventory.UNLIMITED = "unlimited"

local WHICH <const> = "integer: id of the variant"
events.define("stock.low", {
  doc = "What can be sold of a product fell to the mark that the merchant set.",
  body = { product_id = "integer", owner_id = WHICH, available = "integer: pieces that can be sold" },
})
events.define("stock.out", {
  doc = "Nothing is left to sell of a product that is counted.", body = { product_id = "integer", owner_id = WHICH },
})

local changed = function() end

--- Sets who brings lists up to date when a product is sold out or back, in the same transaction.
---@param sink fun(tx: merx.Tx, product_id: integer)
function inventory.changed_with(sink)
  changed = sink
end

---@class merx.Want
---@field kind string "stock", "coupon", …
---@field owner_id integer
---@field key? string
---@field quantity integer
---@field line_id? integer of the order
---@field product_id? integer of stock, when the caller knows it

---@class merx.Account
---@field id integer
---@field balance integer
---@field held integer
---@field floor? integer nil: no lower bound
---@field low_at? integer

local function room(account)
  if not account.floor then return math.maxinteger end
  return account.balance - account.held - account.floor
end

-- Pages that show the product are stale; lists change only when it is sold out or back.
local function tell(tx, account, owner_id, product_id, before)
  product_id = product_id or db.value("product_of_owner", { owner_id = owner_id })
  if not product_id then return end
  tx.touch("product:" .. product_id)
  local after = room(account)
  if (before > 0) ~= (after > 0) then changed(tx, product_id) end
  if before > 0 and after <= 0 then
    tx.emit("stock.out", "product:" .. product_id, { product_id = product_id, owner_id = owner_id })
  elseif account.low_at and account.floor then
    local free = account.balance - account.held
    if free <= account.low_at and before + account.floor > account.low_at then
      tx.emit("stock.low", "product:" .. product_id, { product_id = product_id, owner_id = owner_id, available = free })
    end
  end
end

local function move(tx, account_id, delta, reason, note)
  db.run("movement_insert", {
    account_id = account_id, delta = delta, reason = reason, actor = tx.actor, note = note or "", at = tx.now,
  })
end

local function place_of(given)
  return given or db.value("location_default") or 0
end

local function floor_of(given)
  if given == inventory.UNLIMITED then return nil end
  return given or 0
end

-- An account of stock, made when it is not there.
local function open_stock(tx, owner_id, place_id)
  local where = { kind = "stock", owner_id = owner_id, place_id = place_id, key = "" }
  local account = db.one("account_find", where)
  if account then return account end
  where.balance, where.floor, where.at = 0, 0, tx.now
  local _, id = db.run("account_insert", where)
  return { id = id, balance = 0, held = 0, floor = 0, is_new = true }
end

--- Says how many pieces lie at a place: somebody counted, or an import says so.
---@param tx merx.Tx
---@param level { owner_id: integer, quantity: integer, place_id?: integer, floor?: integer|string, low_at?: integer,
---  reason?: string, note?: string, product_id?: integer }
---@return integer account_id
function inventory.set_level(tx, level)
  local account = open_stock(tx, level.owner_id, place_of(level.place_id))
  local floor = floor_of(level.floor)
  local before = account.is_new and 0 or room(account)
  local delta = level.quantity - account.balance
  if account.is_new or delta ~= 0 or floor ~= account.floor or level.low_at ~= account.low_at then
    db.run("account_set", { id = account.id, balance = level.quantity, floor = floor, low_at = level.low_at, at = tx.now })
    if delta ~= 0 then move(tx, account.id, delta, level.reason or "counted", level.note) end
    account.balance, account.floor, account.low_at = level.quantity, floor, level.low_at
    if level.reason ~= "import" then tell(tx, account, level.owner_id, level.product_id, before) end
  end
  return account.id
end

--- Adds what came, or takes away what was lost.
---@param tx merx.Tx
---@param change { owner_id: integer, delta: integer, place_id?: integer, reason?: string, note?: string }
---@return integer? account_id
---@return merx.Error? err "stock.short"
function inventory.adjust(tx, change)
  local account = open_stock(tx, change.owner_id, place_of(change.place_id))
  local before = room(account)
  local after = db.one("account_add", { id = account.id, delta = change.delta, at = tx.now })
  if not after then
    return failure.new("stock.short", "that many are not there", nil, { owner_id = change.owner_id, available = before })
  end
  move(tx, account.id, change.delta, change.reason or "received", change.note)
  tell(tx, after, change.owner_id, nil, before)
  return account.id
end

--- Opens an account that is not stock: uses of a coupon, money on a card. Does nothing when it exists.
---@param tx merx.Tx
---@param account { kind: string, owner_id: integer, key?: string, balance: integer }
function inventory.open(tx, account)
  local changes, id = db.run("account_insert", {
    kind = account.kind, owner_id = account.owner_id, place_id = 0, key = account.key or "", balance = account.balance,
    floor = 0, at = tx.now,
  })
  if changes == 1 and account.balance ~= 0 then move(tx, id, account.balance, "received") end
end

-- What all places together can still give.
local function available(want)
  local sum = 0
  for _, account in ipairs(db.many("accounts_of_owner", { kind = want.kind, owner_id = want.owner_id, key = want.key or "" })) do
    local free = room(account)
    if free == math.maxinteger then return free end
    sum = sum + math.max(0, free)
  end
  return sum
end

--- What can still be sold or used.
inventory.available = available

local function short(want)
  return failure.new(want.kind .. ".short", "not enough is left", nil,
    { owner_id = want.owner_id, available = available(want), line_id = want.line_id })
end

local function keep(tx, want, account, quantity, options)
  local state = options.is_final and "committed" or "held"
  db.run("hold_insert", {
    account_id = account.id, quantity = quantity, state = state, order_id = options.order_id, line_id = want.line_id,
    expires_at = not options.is_final and options.expires_at or nil, at = tx.now,
  })
  if want.kind == "stock" then
    local after = room(account)
    tell(tx, account, want.owner_id, want.product_id, after == math.maxinteger and after or after + quantity)
  end
end

-- From several places, when none has enough by itself.
local function take_parts(tx, want, options)
  local left = want.quantity
  for _, account in ipairs(db.many("accounts_of_owner", { kind = want.kind, owner_id = want.owner_id, key = want.key or "" })) do
    local part = math.min(left, room(account))
    if part > 0 then
      local query = options.is_final and "account_take_part" or "account_hold_part"
      local after = db.one(query, { id = account.id, quantity = part, at = tx.now })
      if not after then return short(want) end
      keep(tx, want, after, part, options)
      left = left - part
      if left == 0 then return true end
    end
  end
  return short(want)
end

-- At the place that orders take from first, else at any that has enough, else from several.
local function take_one(tx, want, place_id, options)
  local verb = options.is_final and "account_take" or "account_hold"
  local params = {
    kind = want.kind, owner_id = want.owner_id, place_id = want.kind == "stock" and place_id or 0, key = want.key or "",
    quantity = want.quantity, at = tx.now,
  }
  local account = db.run(verb .. "_at", params) == 1 and db.one("account_find", params)
    or want.kind == "stock" and db.one(verb .. "_one", params)
  if not account then return take_parts(tx, want, options) end
  keep(tx, want, account, want.quantity, options)
  return true
end

--- Takes things aside for an order, all or nothing (a failure rolls the command back).
---@param tx merx.Tx
---@param wants merx.Want[]
---@param options { order_id?: integer, expires_at?: integer, is_final?: boolean } is_final: gone at once
---@return true? ok
---@return merx.Error? err "stock.short", "coupon.short" …, with `data.owner_id` and `data.available`
function inventory.take(tx, wants, options)
  local place_id = #wants > 0 and place_of(nil)
  for _, want in ipairs(wants) do
    local ok, err = take_one(tx, want, place_id, options)
    if not ok then return nil, err end
  end
  return true
end

local function settle_hold(tx, hold, query, state)
  local account = db.one(query, { id = hold.account_id, quantity = hold.quantity, at = tx.now })
  assert(account, "an account holds less than its holds say")
  assert(db.run("hold_set_state", { id = hold.id, state = state, was = hold.state, at = tx.now }) == 1)
  return account
end

--- What an order holds is gone for good.
---@param tx merx.Tx
---@param order_id integer
function inventory.commit(tx, order_id)
  for _, hold in ipairs(db.many("holds_of_order", { order_id = order_id })) do
    if hold.state == "held" then settle_hold(tx, hold, "account_commit", "committed") end
  end
end

--- Gives back all that an order holds or took: holds are released, what was taken is put back.
---@param tx merx.Tx
---@param order_id integer
---@param state "released"|"expired"
function inventory.release(tx, order_id, state)
  for _, hold in ipairs(db.many("holds_of_order", { order_id = order_id })) do
    local account
    if hold.state == "held" then
      account = settle_hold(tx, hold, "account_release", state)
    elseif hold.state == "committed" then
      account = settle_hold(tx, hold, "account_return", "returned")
    end
    if account and account.kind == "stock" then
      local after = room(account)
      tell(tx, account, account.owner_id, nil, after == math.maxinteger and after or after - hold.quantity)
    end
  end
end

--- Puts pieces of one line back on the shelf.
---@param tx merx.Tx
---@param order_id integer
---@param line_id integer
---@param quantity integer
function inventory.restock(tx, order_id, line_id, quantity)
  for _, hold in ipairs(db.many("holds_of_order", { order_id = order_id })) do
    if quantity > 0 and hold.line_id == line_id and hold.state == "committed" then
      local part = math.min(quantity, hold.quantity)
      local account = db.one("account_return", { id = hold.account_id, quantity = part, at = tx.now })
      if part == hold.quantity then
        db.run("hold_set_state", { id = hold.id, state = "returned", was = "committed", at = tx.now })
      else
        db.run("hold_reduce", { id = hold.id, quantity = part, at = tx.now })
      end
      local after = room(account)
      tell(tx, account, account.owner_id, nil, after == math.maxinteger and after or after - part)
      quantity = quantity - part
    end
  end
end

--- Gives the holds of an order more time.
---@param tx merx.Tx
---@param order_id integer
---@param expires_at? integer nil: until somebody decides
function inventory.extend(tx, order_id, expires_at)
  db.run("hold_extend", { order_id = order_id, expires_at = expires_at, at = tx.now })
end

--- Every place where stock lies.
---@return { id: integer, handle: string, title: string, address: table, is_pickup: boolean, is_enabled: boolean }[]
function inventory.locations()
  local rows = db.many("locations_all")
  for _, row in ipairs(rows) do
    row.address, row.is_pickup, row.is_enabled = json.decode(row.address), row.is_pickup == 1, row.is_enabled == 1
  end
  return rows
end

return inventory

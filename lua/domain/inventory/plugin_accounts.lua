--- Accounts of plugins: points, credits, tickets; whatever is scarce and theirs. Command handlers put into them and take from
--- them, all or nothing; quotes hold them by operations. A kind belongs to the plugin whose id it begins with.
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local host = require("kernel.plugins.host")

local INSIDE <const> = { command = true }
local MOST <const> = 1000000000000000

local function needs_account(plugin, kind)
  for _, granted in ipairs(plugin.granted.accounts or {}) do
    if granted == kind then return nil end
  end
  return ('"capabilities": { "accounts": ["%s"] }'):format(tostring(kind))
end

local function find(kind, owner_id, key)
  return db.one("account_find", { kind = kind, owner_id = owner_id, place_id = 0, key = key })
end

local function is_amount(value)
  return math.type(value) == "integer" and value >= 0 and value <= MOST
end

-- What a handler names: an account and how much, or what is wrong with that.
local function read(kind, owner_id, quantity, key)
  if not is_amount(owner_id) or not is_amount(quantity) or key ~= nil and (type(key) ~= "string" or #key > 200) then
    return failure.new("account.invalid", "an account has a whole owner_id and perhaps a key; a quantity is a whole number, 0 or more")
  end
  return { kind = kind, owner_id = owner_id, place_id = 0, key = key or "" }
end

local function move(tx, account, delta)
  local after = db.one("account_add", { id = account.id, delta = delta, at = tx.now })
  if not after then
    return failure.new("account.short", "there is not as much", nil, { available = account.balance - account.held })
  end
  db.run("movement_insert", { account_id = account.id, delta = delta, reason = "plugin", actor = tx.actor, note = "", at = tx.now })
  return { balance = after.balance, held = after.held }
end

host.define("tx.put", {
  kinds = INSIDE, needs = needs_account, capability = "accounts",
  call = function(_, _, kind, owner_id, quantity, key)
    local where, err = read(kind, owner_id, quantity, key)
    if not where then return nil, err end
    local tx = command.tx()
    local account = find(kind, owner_id, where.key)
    if not account then
      where.balance, where.floor, where.at = 0, 0, tx.now
      db.run("account_insert", where)
      account = find(kind, owner_id, where.key)
    end
    return move(tx, account, quantity)
  end,
})

host.define("tx.take", {
  kinds = INSIDE, needs = needs_account, capability = "accounts",
  call = function(_, _, kind, owner_id, quantity, key)
    local where, err = read(kind, owner_id, quantity, key)
    if not where then return nil, err end
    local account = find(kind, owner_id, where.key)
    if not account then return failure.new("account.short", "there is not as much", nil, { available = 0 }) end
    return move(command.tx(), account, -quantity)
  end,
})

host.define("account", {
  kinds = { view = true, command = true, effect = true }, needs = needs_account, capability = "accounts",
  call = function(_, _, kind, owner_id, key)
    local where, err = read(kind, owner_id, 0, key)
    if not where then return nil, err end
    local account = find(kind, owner_id, where.key)
    return { balance = account and account.balance or 0, held = account and account.held or 0 }
  end,
})

return true

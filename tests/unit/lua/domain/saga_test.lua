-- Every interleaving of clicks, lost answers, late and double webhooks, a decline, a dispute, a competing buyer, an expiry, a
-- shopper who changes their mind and a merchant's cancel, on the real commands. Planted mistakes must be found.
--
-- MERX_SAGA_STATES=100000 walks that many states of each world; the suite walks some hundred.
local test = require("support.test")
local shop = require("support.shop")
shop.open()
local market = require("support.market")
local saga = require("support.saga")
local db = require("kernel.db")
local notes = require("domain.payment.notes")
local payment = require("domain.payment")
local settle = require("domain.order.settle")
require("domain.transfer")

local TOTAL <const> = 1490

local LIMIT <const> = math.tointeger(os.getenv("MERX_SAGA_STATES") or 250)

local function told(report)
  return report.problem and report.problem .. ": " .. table.concat(report.path, ", ")
end

test.group("every interleaving", function()
  local worlds = {
    ["of double clicks, lost answers and double webhooks"] = { click_a = 2, lost = 2, deliveries = 2 },
    ["of a competing buyer and an expiry"] = { click_b = 1, lost = 1, expire = 1 },
    ["of a decline and another try"] = { click_a = 2, lost = 1, decline = 1 },
    ["of a merchant's cancel with a charge in flight"] = { lost = 1, expire = 1, cancel = 1 },
    ["of a dispute"] = { dispute = 1, cancel = 1 },
    ["of a shopper at the provider who is slow, or turns back"] = { flow = "redirect", click_a = 2, lost = 1, expire = 1, abandon = 1 },
    ["of a shopper at the provider whose news never come"] = { flow = "redirect", deliveries = 0, click_b = 1, check = 1, expire = 1 },
    ["of a declined shopper at the provider, and another buyer"] =
      { flow = "redirect", click_a = 2, click_b = 1, decline = 1, expire = 1, deliveries = 2 },
    ["of money that is promised first and taken later"] = { flow = "manual", lost = 1, deliveries = 2, expire = 1, cancel = 1 },
    ["of all at once"] = { click_a = 3, click_b = 1, lost = 2, deliveries = 2, decline = 1, dispute = 1, expire = 1, cancel = 1 },
    ["of all at once, at the provider"] = {
      flow = "redirect", click_a = 3, click_b = 1, lost = 2, deliveries = 2, decline = 1, dispute = 1, expire = 1, cancel = 1, abandon = 1,
      check = 1,
    },
  }
  for name, given in pairs(worlds) do
    test.case(name .. " ends with the right money and goods", function()
      local report = saga.explore(given, {}, LIMIT)
      test.equal(told(report), nil)
      test.truthy(report.states > 20, "only " .. report.states .. " states")
    end)
  end
end)

-- Runs with a part of the engine replaced by one that has a known mistake.
local function with(target, name, replacement, body)
  local original = target[name]
  target[name] = replacement(original)
  local ok, problem = pcall(body)
  target[name] = original
  if not ok then error(problem, 0) end
end

local function always(value)
  return function() return function() return value end end
end

test.group("planted mistakes are found", function()
  local function finds(given, mistakes)
    local report = saga.explore(given, mistakes or {}, 2000)
    test.truthy(report.problem, "the mistake was not found in " .. report.states .. " states")
  end

  test.case("no unique cart: a second click makes a second order", function()
    with(db, "one", function(original)
      return function(name, params)
        if name == "order_of_cart" then return nil end
        local row = original(name, params)
        if row and (name == "order_place_cart" or name == "cart_by_token") then row.state = "open" end
        return row
      end
    end, function()
      with(db, "run", function(original)
        return function(name, params)
          if name == "order_insert" then params.cart_id = params.cart_id + 1000 * #saga.rows("SELECT id FROM orders") end
          return original(name, params)
        end
      end, function()
        with(market, "product", function(make)
          return function(more)
            more.stock = 2
            return make(more)
          end
        end, function() finds({ click_a = 2 }, { many_orders = true }) end)
      end)
    end)
  end)

  test.case("a new key on each try", function()
    finds({ lost = 2 }, { new_key = true })
  end)

  test.case("answers that nobody reads", function()
    finds({ expire = 1 }, { ignore_answers = true })
  end)

  test.case("webhooks that are added up", function()
    with(notes, "is_too_much", always(false), function()
      with(db, "run", function(original)
        local count = 0
        return function(name, params)
          if name == "capture_insert" then
            count = count + 1
            params.provider_ref = params.provider_ref .. count
          end
          return original(name, params)
        end
      end, function() finds({ deliveries = 2 }, { no_inbox = true }) end)
    end)
  end)

  test.case("a refund of the order instead of what this payment kept", function()
    with(payment, "refundable", function()
      return function(row)
        local refunds = saga.rows("SELECT id FROM refunds WHERE payment_id = :id", { id = row.id })
        return row.captured_amount > 0 and #refunds < 2 and TOTAL or 0
      end
    end, function() finds({ cancel = 1, deliveries = 2 }) end)
  end)

  test.case("a cancel with a charge in flight, and a late answer that nobody hears", function()
    with(payment, "has_open_operations", always(false), function()
      with(payment, "refund", always(0), function() finds({ click_b = 1, lost = 1, expire = 1 }) end)
    end)
  end)

  test.case("an expired order that can still be paid", function()
    with(payment, "asked", always({ count = 99, pending = 0 }), function() finds({ flow = "redirect", expire = 1 }) end)
  end)

  test.case("news that are believed without a look at what came before", function()
    local machine = require("domain.payment.machine")
    with(machine, "next_state", function() return function(_, result) return result end end, function()
      finds({ flow = "manual", deliveries = 1, cancel = 1 })
    end)
  end)

  test.case("an order that lives again without a look at the goods: the account itself refuses", function()
    local inventory = require("domain.inventory")
    with(inventory, "available", always(math.maxinteger), function()
      test.raises("stock.short", saga.explore, { flow = "redirect", click_b = 1, expire = 1 }, {}, 2000)
    end)
  end)

  test.case("money for a cancelled order that nobody gives back", function()
    with(settle, "run", function(run)
      return function(tx, order_id, reason, was)
        if saga.rows("SELECT state FROM orders WHERE id = :id", { id = order_id })[1].state ~= "cancelled" or was then
          return run(tx, order_id, reason, was)
        end
      end
    end, function() finds({ cancel = 1, lost = 1 }) end)
  end)
end)

--- merx journey HANDLE VARIANT: where the time of a purchase goes, without sockets and without a commit to
--- wait for: CPU time, garbage and queries of each step, commands included. script/bench --profile checkout.
require("boot") -- queries, plugins, routes
local clock = require("native.clock")
local db = require("kernel.db")
local visitor = require("support.visitor")

local journey = { summary = "where the time of a purchase goes", usage = "merx journey HANDLE VARIANT\n" }

local ROUNDS <const> = 40
local QUERIES <const> = 8 -- shown of each step

local current = nil ---@type table? the step that queries are counted for

local function hidden(body, name)
  local escaped = name:gsub("%p", "%%%0")
  return body:match('name="' .. escaped .. '" value="([^"]*)"')
end

local function rate_of(body)
  return body:match('name="delivery" id="delivery%-1" value="([^"]+)"')
end

local function address_of(body)
  return {
    csrf = hidden(body, "csrf"), email = "bench@example.com", name = "Ada Byron", given_name = "Ada", family_name = "Byron",
    line1 = "Hafenstrasse 12", postal_code = "20457", city = "Hamburg", country = "DE",
  }
end

-- What a shopper does, one request each. `last` is the reply before.
local function steps_of(handle, variant)
  return {
    { "home", function(self) return self:get("/") end },
    { "product", function(self) return self:get("/products/" .. handle) end },
    { "POST /cart/add", function(self) return self:post("/cart/add", { id = variant, quantity = 1 }) end },
    { "address page", function(self) return self:get("/checkout") end },
    { "POST address", function(self, last) return self:post("/checkout/address", address_of(last.body)) end },
    { "delivery page", function(self) return self:get("/checkout/delivery") end },
    { "POST delivery", function(self, last)
      return self:post("/checkout/delivery", { csrf = hidden(last.body, "csrf"), delivery = rate_of(last.body) })
    end },
    { "payment page", function(self) return self:get("/checkout/payment") end },
    { "POST payment", function(self, last)
      local quote = "quotes[merx.cod/cash]"
      return self:post("/checkout/payment", {
        csrf = hidden(last.body, "csrf"), payment = "merx.cod/cash", [quote] = hidden(last.body, quote),
      })
    end },
    { "order's page", function(self, last) return self:get(assert(last.headers.Location, "no order was placed")) end },
  }
end

local function wrap_queries()
  for _, mode in ipairs({ "one", "many", "value", "run" }) do
    local inner = db[mode]
    db[mode] = function(name, params)
      local started = clock.mono()
      local first, second = inner(name, params)
      if current then
        local entry = current.queries[name] or { name = name, count = 0, ns = 0 }
        current.queries[name] = entry
        entry.count, entry.ns = entry.count + 1, entry.ns + clock.mono() - started
      end
      return first, second
    end
  end
end

local function walk(steps, sums)
  local self, last = visitor.new(), nil
  for i, step in ipairs(steps) do
    current = sums and sums[i]
    local before, started = collectgarbage("count"), os.clock()
    last = step[2](self, last)
    local took = os.clock() - started
    if current then
      current.us = current.us + took * 1000000
      current.kib = current.kib + collectgarbage("count") - before
    end
    assert(last.status == 200 or last.status == 303, step[1] .. " was answered with " .. last.status)
  end
  current = nil
end

local function print_step(name, sum)
  local list = {}
  for _, entry in pairs(sum.queries) do list[#list + 1] = entry end
  table.sort(list, function(a, b) return a.ns > b.ns end)
  local calls, ns = 0, 0
  for _, entry in ipairs(list) do calls, ns = calls + entry.count, ns + entry.ns end
  io.write(("%-16s %6.0f µs CPU  %5.0f KiB  %5.1f queries, %.0f µs\n"):format(
    name, sum.us / ROUNDS, sum.kib / ROUNDS, calls / ROUNDS, ns / ROUNDS / 1000))
  for i = 1, math.min(QUERIES, #list) do
    local entry = list[i]
    io.write(("    %8.1f µs  %5.1f ×  %s\n"):format(entry.ns / ROUNDS / 1000, entry.count / ROUNDS, entry.name))
  end
end

---@param args string[]
---@return integer exit_code
function journey.run(args)
  if not args[2] then
    io.stderr:write("merx journey: name a product and its variant\n\n", journey.usage)
    return 2
  end
  local steps, sums = steps_of(args[1], args[2]), {}
  for i = 1, #steps do sums[i] = { us = 0, kib = 0, queries = {} } end
  for _ = 1, ROUNDS do walk(steps) end
  wrap_queries()
  collectgarbage("stop")
  for _ = 1, ROUNDS do walk(steps, sums) end
  collectgarbage("restart")
  for i, step in ipairs(steps) do print_step(step[1], sums[i]) end
  return 0
end

return journey

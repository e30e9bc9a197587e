--- The list of orders: searched by number or e-mail, filtered by state, newest first.
local order_row = require("web.admin.view.order_row")
local page = require("web.admin.page")
local report = require("domain.report")
local respond = require("web.respond")
local route = require("web.admin.route")
local text = require("kernel.text")
local times = require("web.admin.view.times")

local ROWS <const> = 30
local STATES <const> = { "", "to_ship", "placed", "confirmed", "completed", "cancelled" }

local function tabs(self, chosen)
  local list = {}
  for i, state in ipairs(STATES) do
    list[i] = {
      title = page.text(self, "orders.tab_" .. (state == "" and "all" or state)), url = "/admin/orders" .. (state ~= "" and "?state=" .. state or ""),
      is_here = state == chosen,
    }
  end
  return list
end

local function next_url(typed, state, last)
  local query = { "before=" .. last }
  if typed ~= "" then query[#query + 1] = "q=" .. text.url_encode(typed) end
  if state ~= "" then query[#query + 1] = "state=" .. text.url_encode(state) end
  return "/admin/orders?" .. table.concat(query, "&")
end

route.get("/orders", "orders.view", function(ctx)
  local typed, state = (ctx.req:arg("q") or ""):sub(1, 200), ctx.req:arg("state") or ""
  if not text.valid(typed) then typed = "" end
  local before = math.tointeger(tonumber(ctx.req:arg("before") or ""))
  local rows = report.list_orders({ typed = typed, state = state }, ROWS + 1, before)
  -- The number of an order leads to it at once.
  if #rows == 1 and not before and typed:match("^%s*#?(%d+)%s*$") == rows[1].number then
    return respond.redirect(ctx, "/admin/orders/" .. rows[1].number)
  end
  local has_more = #rows > ROWS
  rows[ROWS + 1] = nil
  local self = page.open(ctx)
  page.send(self, {
    template = "orders", title = page.text(self, "orders.title"), notice = times.notice(self),
    drops = {
      orders = order_row.list(self, rows), tabs = tabs(self, typed == "" and state or nil), typed = typed,
      next_url = has_more and next_url(typed, state, rows[#rows].id) or nil, first_url = before and "/admin/orders" or nil,
    },
  })
end)

return true

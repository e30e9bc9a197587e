--- Shows what visitors did, by day and event.
require("boot")
local activity = require("domain.activity")
local args = require("cli.args")
local calendar = require("kernel.calendar")
local clock = require("native.clock")
local fs = require("native.fs")
local json = require("native.json")
local thread = require("native.thread")

local tool = { usage = [[
usage: merx activity [--days=N] [--top=EVENT] [--json]

Shows how often what happened, by day and by GA4's names: page_view, view_item_list,
view_item, search, view_cart, add_to_cart, begin_checkout, purchase. Days are those of
UTC; the last five seconds may be missing while a server runs.

  --days=N      the last N days, today among them (7)
  --top=EVENT   what the event was most often about: ids of products, categories, variants
  --json        as JSON

examples:
  merx activity --days=30
  merx activity --top=view_item
]] }

local NAME <const> = "merx activity"
local TOP <const> = 20

local function day_text(day)
  return ("%04d-%02d-%02d"):format(calendar.date(day))
end

local function show(rows, options, print_one, empty)
  if options.json then
    io.write(json.encode(json.array(rows), { pretty = true }), "\n")
  elseif #rows == 0 then
    io.write(empty, "\n")
  else
    for _, row in ipairs(rows) do print_one(row) end
  end
  return 0
end

local function show_days(from, options, days)
  local rows = activity.by_day(from, clock.now(), days)
  for _, row in ipairs(rows) do row.day = day_text(row.day) end
  return show(rows, options, function(row)
    io.write(("%s  %-16s %10d\n"):format(row.day, row.name, row.times))
  end, "nothing was noted in these days")
end

local function show_top(from, options, days)
  local rows = activity.by_subject(from, clock.now(), days, options.top, TOP)
  return show(rows, options, function(row)
    io.write(("%-10d %10d\n"):format(row.subject_id, row.times))
  end, "nothing was noted of " .. options.top)
end

---@param given string[]
---@return integer exit_code
function tool.run(given)
  local options, code = args.parse(given, {
    name = NAME, usage = tool.usage, flags = { days = "value", top = "value", json = "flag" }, shop = true,
  })
  if not options then return code end
  local days = math.tointeger(tonumber(options.days or "7"))
  if not days or days < 1 or days > 3650 then
    return args.fail(NAME, { code = "invalid", message = "--days is a number from 1 to 3650" })
  end
  if options.top and not activity.is_event(options.top) then
    return args.fail(NAME, { code = "invalid", message = "there is no event " .. options.top .. ": see --help" })
  end
  if not fs.exists(thread.data .. "/activity.db") then
    return args.fail(NAME, { code = "missing", message = "nothing was noted yet: activity.db is made when the shop is first visited" })
  end
  local from, err = activity.open("read")
  if not from then return args.fail(NAME, err) end
  local result = (options.top and show_top or show_days)(from, options, days)
  from:close()
  return result
end

return tool

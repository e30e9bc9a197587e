-- Every text of the back office: known in each language, and asked for somewhere.
local fs = require("native.fs")
local i18n = require("kernel.i18n")
local test = require("support.test")
local thread = require("native.thread")

local ROOM <const> = thread.share .. "/lua/web/admin"
local LOCALES <const> = { "en", "zh-CN" }

assert(i18n.load(thread.share .. "/lua/locales"))

local function keys_of(locale)
  local keys = {}
  for _, key in ipairs(i18n.keys(locale)) do
    local name = key:match("^admin%.(.+)$")
    if name then keys[name] = true end
  end
  return keys
end

local function sources(path, out)
  for _, name in ipairs(assert(fs.list(path))) do
    local inner = path .. "/" .. name
    if fs.stat(inner).kind == "dir" then
      sources(inner, out)
    elseif name:find("%.lua$") or name:find("%.liquid$") then
      out[inner:sub(#ROOM + 2)] = assert(fs.read(inner))
    end
  end
  return out
end

test.group("texts of the back office", function()
  test.case("are the same in every language", function()
    local wanted = keys_of(LOCALES[1])
    for i = 2, #LOCALES do
      local found, faults = keys_of(LOCALES[i]), {}
      for key in pairs(wanted) do
        if not found[key] then faults[#faults + 1] = LOCALES[i] .. " lacks " .. key end
      end
      for key in pairs(found) do
        if not wanted[key] then faults[#faults + 1] = LOCALES[i] .. " alone has " .. key end
      end
      table.sort(faults)
      test.equal(table.concat(faults, "\n"), "")
    end
  end)

  test.case("are there when a page asks for them by name", function()
    local known, faults, count = keys_of("en"), {}, 0
    for name, source in pairs(sources(ROOM, {})) do
      local asked = {}
      for key in source:gmatch("{{%s*'([%l%d_.]+)'%s*|%s*t") do asked[key] = true end
      for key in source:gmatch('page%.text%(self, "([%l%d_.]+)"[,)]') do asked[key] = true end
      for key in pairs(asked) do
        count = count + 1
        if not known[key] then faults[#faults + 1] = name .. ": " .. key end
      end
    end
    table.sort(faults)
    test.equal(table.concat(faults, "\n"), "")
    test.truthy(count > 120, "only " .. count .. " texts were found")
  end)

  test.case("are all asked for", function()
    -- Names that are put together when a page is made.
    local made = {
      "^account%.scheme_", "^actions%.", "^actors%.", "^done%.", "^entities%.", "^errors%.", "^explanation%.", "^failures%.", "^fields%.", "^holds%.",
      "^journal%.field_", "^navigation%.", "^order%.address_", "^orders%.tab_", "^overview%.%l+_amount", "^overview%.%l+_orders", "^people%.role_",
      "^problems%.", "^products%.state_", "^reasons%.", "^roles%.", "^settings%.", "^states%.", "^stock%.help_", "^stock%.reason_",
    }
    local all, unused = {}, {}
    for _, source in pairs(sources(ROOM, {})) do all[#all + 1] = source end
    all = table.concat(all, "\n")
    for key in pairs(keys_of("en")) do
      local is_made = false
      for _, pattern in ipairs(made) do is_made = is_made or key:find(pattern) ~= nil end
      if not is_made and not all:find("[\"']" .. key:gsub("%p", "%%%0") .. "[\"']") then unused[#unused + 1] = key end
    end
    table.sort(unused)
    test.equal(table.concat(unused, "\n"), "")
  end)

  test.case("say in plain words what every permission, state and command of an order is", function()
    local known = keys_of("en")
    for _, key in ipairs({
      "actions.order_cancel", "actions.payment_record", "actions.stock_adjust", "actions.staff_refused_permission", "roles.owner", "roles.staff",
      "roles.viewer", "failures.order_stale", "problems.password_common", "problems.password_too_short", "problems.stock_short",
    }) do
      test.truthy(known[key], key)
    end
  end)
end)

local shop = require("support.shop")
shop.open()

local activity = require("domain.activity")
local clock = require("native.clock")
local test = require("support.test")

local DAY <const> = 86400000
local VISITOR <const> = "a.0123456789abcdefABCDEF"

local function row(note, more)
  local found = { note = note, at = clock.now(), visitor = VISITOR, page = "/", body = "", status = 0, us = 0 }
  for name, value in pairs(more or {}) do found[name] = value end
  return found
end

local function first(db, sql)
  return assert(db.conn:prepare(sql):one())
end

test.group("a note", function()
  test.case("says what happened, where and to what, and is a positive number", function()
    for _, case in ipairs({ { "page_view", 1, 0 }, { "view_item", 3, 4711 }, { "share", 65535, (1 << 40) - 1 } }) do
      local note = activity.note(case[1], case[2], case[3])
      assert(note > 0)
      test.equal({ activity.meaning(note) }, case)
    end
  end)

  test.case("leaves out a subject that does not fit", function()
    test.equal({ activity.meaning(activity.note("view_item", 1, 1 << 40)) }, { "view_item", 1, 0 })
    test.equal({ activity.meaning(activity.note("view_item", 1, -1)) }, { "view_item", 1, 0 })
    test.equal(pcall(activity.note, "view_everything", 1), false)
  end)
end)

test.case("a visitor is known by a cookie of ours and by no other", function()
  test.equal({ activity.visitor(VISITOR) }, { "analytics", "0123456789abcdefABCDEF" })
  test.equal(activity.visitor("m.0123456789abcdef"), "marketing")
  for _, cookie in ipairs({ "", "a.", "a.short", "x.0123456789abcdef", "a.0123456789abcde'", "a." .. ("x"):rep(44) }) do
    test.equal(activity.visitor(cookie), nil, cookie)
  end
  test.equal(activity.visitor(nil), nil)
end)

test.group("what was noted", function()
  test.case("is counted by day, and a page of its own kind is a page view, too", function()
    local db = assert(activity.open("memory"))
    local counts = {
      activity.note("view_item", 1, 7), 3, activity.note("view_item", 1, 8), 2, activity.note("page_view", 1), 10, activity.note("purchase", 1), 1,
    }
    assert(activity.write(db, counts, {}, clock.now()))
    assert(activity.write(db, counts, {}, clock.now() + DAY))
    assert(activity.write(db, { activity.note("view_item", 1, 7), 1 }, {}, clock.now() + DAY))
    local found = {}
    for _, one in ipairs(activity.by_day(db, clock.now() + DAY, 2)) do
      found[#found + 1] = one.day - clock.now() // DAY .. " " .. one.name .. " " .. one.times
    end
    test.equal(found, { "1 page_view 16", "1 purchase 1", "1 view_item 6", "0 page_view 15", "0 purchase 1", "0 view_item 5" })
    test.equal(#activity.by_day(db, clock.now() + DAY, 1), 3)
    test.equal(activity.by_subject(db, clock.now() + DAY, 2, "view_item", 5), { { subject_id = 7, times = 7 }, { subject_id = 8, times = 4 } })
    db:close()
  end)

  test.case("is kept as a row only of visitors who agreed", function()
    local db = assert(activity.open("memory"))
    assert(activity.write(db, {}, {
      row(activity.note("view_item", 2, 7), { page = "/products/mug", body = '{"locale":"en"}' }),
      row(activity.note("add_to_cart", 2, 8), { body = '{"quantity":2}' }),
      row(activity.note("purchase", 2), { body = '{"order_id":5,"currency":"EUR","value":1299}' }),
      row(activity.note("search", 2), { body = '{"terms":"mug"}' }),
      row(activity.note("view_item", 2, 9), { visitor = "forged" }),
      row(0, { page = "/products/:handle", status = 200, us = 812, visitor = "" }),
    }, clock.now()))
    test.equal(first(db, "SELECT count(*) AS n FROM events").n, 4)
    local view = first(db, "SELECT * FROM events WHERE name = 'view_item'")
    test.equal({ view.visitor, view.consent, view.product_id, view.page, view.locale, view.channel_id },
      { "0123456789abcdefABCDEF", "analytics", 7, "/products/mug", "en", 2 })
    local added = first(db, "SELECT * FROM events WHERE name = 'add_to_cart'")
    test.equal({ added.variant_id, added.quantity, added.product_id }, { 8, 2 })
    local bought = first(db, "SELECT * FROM events WHERE name = 'purchase'")
    test.equal({ bought.order_id, bought.currency, bought.value_amount }, { 5, "EUR", 1299 })
    test.equal(first(db, "SELECT body FROM events WHERE name = 'search'").body, '{"terms":"mug"}')
    local sample = first(db, "SELECT * FROM request_samples")
    test.equal({ sample.route, sample.status, sample.duration_us }, { "/products/:handle", 200, 812 })
    db:close()
  end)

  test.case("is written whole or not at all", function()
    local db = assert(activity.open("memory"))
    local ok, problem = activity.write(db, { activity.note("page_view", 1), 1 }, { row(activity.note("view_item", 1), { at = "x" }) }, clock.now())
    test.equal(ok, nil)
    assert(#problem > 0)
    test.equal(#activity.by_day(db, clock.now(), 1), 0)
    assert(activity.write(db, { activity.note("page_view", 1), 1 }, {}, clock.now()))
    test.equal(#activity.by_day(db, clock.now(), 1), 1)
    db:close()
  end)

  test.case("is forgotten after the days that a setting says; sums by day stay", function()
    local db = assert(activity.open("memory"))
    local old = clock.now() - 10 * DAY
    assert(activity.write(db, { activity.note("view_item", 1, 7), 3, activity.note("view_item", 1, 8), 2 }, {
      row(activity.note("view_item", 1, 7), { at = old }),
      row(0, { at = clock.now() - 31 * DAY, page = "/" }),
    }, old))
    assert(activity.write(db, { activity.note("view_item", 1, 7), 1 }, { row(activity.note("view_item", 1, 7)) }, clock.now()))
    test.equal(activity.prune(db, clock.now(), 5), false)
    test.equal(activity.prune(db, clock.now(), 5), false) -- once more changes nothing
    test.equal(first(db, "SELECT count(*) AS n FROM events").n, 1)
    test.equal(first(db, "SELECT count(*) AS n FROM request_samples").n, 0)
    test.equal(first(db, "SELECT sum(times) AS n FROM event_counts WHERE name = 'view_item'").n, 6)
    test.equal(activity.by_subject(db, clock.now(), 30, "view_item", 5), { { subject_id = 7, times = 1 } })
    db:close()
  end)
end)

local fs = require("native.fs")
local json = require("native.json")
local thread = require("native.thread")

local i18n = require("kernel.i18n")
local template = require("kernel.template")
local test = require("support.test")

local NARROW <const>, NO_BREAK <const> = "\u{202F}", "\u{A0}"

test.group("i18n.currency", function()
  local cases = {
    { "en", 123450, "USD", "$1,234.50" },
    { "en", -5, "EUR", "-€0.05" },
    { "en", 1234, "JPY", "¥1,234" },
    { "en", 123450, "CHF", "CHF" .. NO_BREAK .. "1,234.50" },
    { "en", 12345, "KWD", "KWD" .. NO_BREAK .. "12.345" },
    { "zh-CN", 123450, "CNY", "¥1,234.50" },
    { "zh-CN", 99, "USD", "US$0.99" },
    { "de", -123456750, "EUR", "-1.234.567,50" .. NO_BREAK .. "€" },
    { "fr", 123456750, "EUR", "1" .. NARROW .. "234" .. NARROW .. "567,50" .. NO_BREAK .. "€" },
    { "ja", 1234, "JPY", "￥1,234" },
  }
  for _, each in ipairs(cases) do
    test.case(("%d %s in %s"):format(each[2], each[3], each[1]), function()
      test.equal(i18n.currency(each[1], each[2], each[3]), each[4])
    end)
  end

  test.case("takes the digits that it is told", function()
    test.equal(i18n.currency("en", 12345, "USD", 3), "$12.345")
  end)

  test.case("shows signs as asked", function()
    test.equal(i18n.currency("en", 500, "CAD", nil, { symbol = "narrow" }), "$5.00")
    test.equal(i18n.currency("en", 500, "USD", nil, { symbol = "none", trim_zeros = true }), "5")
    local code = { symbol = "code", trim_zeros = true }
    test.equal(i18n.currency("de", 550, "USD", nil, code), "5,50" .. NO_BREAK .. "USD")
  end)

  test.property("loses no digit", function(any)
    local amount = any.integer(-1000000000, 1000000000)
    local digits = i18n.currency("en", amount, "USD", 2, { symbol = "none" }):gsub("[^%d%-]", "")
    test.equal(math.tointeger(tonumber(digits)), amount)
  end)
end)

test.group("i18n.number", function()
  test.case("groups, rounds and keeps decimals", function()
    test.equal(i18n.number("en", 1234567), "1,234,567")
    test.equal(i18n.number("de", -1234.5), "-1.234,5")
    test.equal(i18n.number("en", 0.12345), "0.123")
    test.equal(i18n.number("en", 1.9996), "2")
    test.equal(i18n.number("en", 5, { min_decimals = 2 }), "5.00")
    test.equal(i18n.number("en", -0.0001), "0")
    test.equal(i18n.percent("en", 0.125), "13%")
    test.equal(i18n.percent("de", 0.5), "50" .. NO_BREAK .. "%")
  end)
end)

test.group("i18n.plural", function()
  test.case("follows the language", function()
    test.equal(i18n.plural("en", 1), "one")
    test.equal(i18n.plural("en", 1.5), "other")
    test.equal(i18n.plural("fr", 0), "one")
    test.equal(i18n.plural("fr", 1000000), "many")
    test.equal(i18n.plural("zh-CN", 1), "other")
  end)

  test.case("knows English ordinals", function()
    local got = {}
    for i, n in ipairs({ 1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111 }) do
      got[i] = i18n.plural("en", n, "ordinal")
    end
    test.equal(got, { "one", "two", "few", "other", "other", "other", "other", "one", "two", "few", "other" })
  end)
end)

test.group("messages", function()
  local function format(source, args)
    return i18n.compile("en", source)(args)
  end

  test.case("take arguments, plurals and selections", function()
    local source = "{who} has {n, plural, =0 {no mugs} one {# mug} other {# mugs}} "
      .. "in {place, select, cart {the cart} other {a list}}"
    test.equal(format(source, { who = "Ada", n = 0, place = "cart" }), "Ada has no mugs in the cart")
    test.equal(format(source, { who = "Ada", n = 1, place = "x" }), "Ada has 1 mug in a list")
    test.equal(format(source, { who = "Ada", n = 1200, place = "x" }), "Ada has 1,200 mugs in a list")
  end)

  test.case("count from an offset", function()
    local source = "{n, plural, offset:1 =1 {you} one {you and # other} other {you and # others}}"
    test.equal(format(source, { n = 1 }), "you")
    test.equal(format(source, { n = 2 }), "you and 1 other")
    test.equal(format(source, { n = 5 }), "you and 4 others")
  end)

  test.case("quote with apostrophes", function()
    test.equal(format("it''s '{n}' isn't", {}), "it's {n} isn't")
  end)

  test.case("format numbers, money and dates", function()
    test.equal(format("{r, number, percent} {p, money} {d, date, long}", {
      r = 0.2,
      p = { amount = 1299, currency = "EUR" },
      d = 1709647629000,
    }), "20% €12.99 March 5, 2024")
  end)

  test.case("are refused when malformed, with the place", function()
    test.raises("the branch 'other' is missing", i18n.compile, "en", "{n, plural, one {x}}")
    test.raises("expected , at byte", i18n.compile, "en", "{n")
    test.raises("unknown format 'colour'", i18n.compile, "en", "{n, colour}")
    test.raises("a } too many", i18n.compile, "en", "x}")
  end)
end)

test.group("catalogues", function()
  i18n.add("en", { test = { hello = "Hello {name}", rich_html = "<b>{name}</b>", only = "English" } })
  i18n.add("zh-CN", { test = { hello = "你好，{name}" } })

  test.case("are searched by locale, language, then English", function()
    test.equal(i18n.text("zh-CN", "test.hello", { name = "Ada" }), "你好，Ada")
    test.equal(i18n.text("zh-CN", "test.only"), "English")
    test.equal(i18n.text("xx", "test.only"), "English")
  end)

  test.case("show an unknown key as it is", function()
    test.equal(i18n.text("en", "test.nothing"), "test.nothing")
    test.equal(i18n.find("en", "test.nothing"), nil)
  end)

  test.case("make HTML of keys that say so, with arguments escaped", function()
    test.equal(tostring(i18n.html("en", "test.rich_html", { name = "<i>" })), "<b>&lt;i&gt;</b>")
    test.equal(tostring(i18n.html("en", "test.hello", { name = "<i>" })), "Hello &lt;i&gt;")
    test.equal(tostring(i18n.html("en", "test.rich_html", { name = template.html("<i>") })), "<b><i></b>")
  end)

  test.case("are loaded from a folder, and a bad file is named", function()
    local folder = test.folder()
    assert(fs.mkdir(folder .. "/en"))
    assert(fs.write(folder .. "/en/shop.json", '{"loaded": {"here": "yes"}}'))
    assert(i18n.load(folder))
    test.equal(i18n.text("en", "loaded.here"), "yes")
    assert(fs.write(folder .. "/en/bad.json", "{"))
    local ok, err = i18n.load(folder)
    test.equal(ok, nil)
    test.contains(err.message, "bad.json")
  end)
end)

test.group("dates and lists", function()
  local ms <const> = 1709647629000 -- 2024-03-05 14:07:09 UTC

  test.case("are written by the language", function()
    test.equal(i18n.date("en", ms, "full"), "Tuesday, March 5, 2024")
    test.equal(i18n.datetime("en", ms), "Mar 5, 2024, 2:07" .. NARROW .. "PM")
    test.equal(i18n.datetime("zh-CN", ms, "full"), "2024年3月5日星期二 14:07")
    test.equal(i18n.date("de", ms, "long"), "5. März 2024")
    test.equal(i18n.datetime("fr", ms, "long"), "5 mars 2024 à 14:07")
    test.equal(i18n.date("ja", ms, "short"), "2024/03/05")
  end)

  test.case("are those of the zone", function()
    test.equal(i18n.datetime("de", ms, "short", 10 * 3600), "06.03.24, 00:07")
  end)

  test.case("distances use words where the language has them", function()
    local day = 86400000
    test.equal(i18n.relative("en", ms - day, ms), "yesterday")
    test.equal(i18n.relative("en", ms - 5 * day, ms), "5 days ago")
    test.equal(i18n.relative("en", ms + 3600000, ms), "in 1 hour")
    test.equal(i18n.relative("zh-CN", ms - 5 * day, ms), "5天前")
    test.equal(i18n.relative("de", ms - 5 * day, ms), "vor 5 Tagen")
  end)

  test.case("lists are joined", function()
    test.equal(i18n.list("en", {}), "")
    test.equal(i18n.list("en", { "a" }), "a")
    test.equal(i18n.list("en", { "a", "b" }), "a and b")
    test.equal(i18n.list("en", { "a", "b", "c" }, "or"), "a, b, or c")
    test.equal(i18n.list("zh-CN", { "a", "b", "c" }), "a、b和c")
  end)
end)

test.group("the catalogues that ship", function()
  local folder = thread.share .. "/lua/locales"

  test.case("load, and every message is well formed", function()
    assert(i18n.load(folder))
    for _, locale in ipairs(assert(fs.list(folder))) do
      for _, key in ipairs(i18n.keys(locale)) do
        test.truthy(i18n.find(locale, key, {}), locale .. ": " .. key)
      end
    end
  end)

  test.case("of the kernel have the same keys in every locale", function()
    local function keys(locale)
      local bytes = assert(fs.read(("%s/%s/kernel.json"):format(folder, locale)))
      local found = {}
      for group, messages in pairs(assert(json.decode(bytes))) do
        for key in pairs(messages) do
          found[group .. "." .. key] = true
        end
      end
      return found
    end
    test.equal(keys("zh-CN"), keys("en"))
  end)
end)

test.case("negotiation takes the dearest wish that is served", function()
  local served = { "en", "fr", "zh-CN" }
  test.equal(i18n.negotiate("fr-CA,fr;q=0.8,en;q=0.5", served), "fr")
  test.equal(i18n.negotiate("en;q=0.3, zh;q=0.9", served), "zh-CN")
  test.equal(i18n.negotiate("xx, *;q=0.1", served), "en")
  test.equal(i18n.negotiate("xx", served), nil)
end)

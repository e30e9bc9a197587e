-- What handlers answer: which lists of records pass, and what becomes of messages.
local answer = require("native.answer")
local test = require("support.test")

local HUGE <const> = math.huge

local function even(value, context) return value % (context.by or 2) == 0 end

local check = answer.checker("op", {
  put = {
    { name = "at", test = "member", of = "places", required = true }, { name = "size", test = "integer", min = 0, max = 10, required = true },
    { name = "why", test = "message" }, { name = "half", test = "boolean" }, { name = "name", test = "text", min = 1, max = 5 },
    { name = "even", test = "function", of = even },
  },
  pick = { { name = "one", test = "integer", choice = true }, { name = "other", test = "integer", choice = true } },
  stay = {},
})

local CONTEXT <const> = { places = { a = {}, b = {} } }

-- "fine", or what is wrong.
local function judge(list, context)
  local fault, at = check(list, context or CONTEXT, 3)
  return fault and fault .. " " .. at or "fine"
end

local function put(fields)
  local record = { op = "put", at = "a", size = 1 }
  for name, value in pairs(fields) do record[name] = value end
  return { record }
end

test.group("native.answer.checker", function()
  test.case("passes what keeps to its kinds, with or without what may be left out", function()
    test.equal(judge({}), "fine")
    test.equal(judge({ { op = "stay", unheard = print }, { op = "put", at = "b", size = 10 }, { op = "pick", other = -1 } }), "fine")
    test.equal(judge(put({ why = { "key", n = 1, is = true }, half = false, name = "é", even = 2 })), "fine")
  end)

  test.case("tells the first record that is wrong, and how", function()
    local stay <const> = { op = "stay" }
    local wrong = {
      { { stay, { op = "go" }, 5 }, "unknown 2" }, { { stay, 5 }, "untagged 2" }, { { stay, {} }, "untagged 2" }, { { { op = 5 } }, "untagged 1" },
      { { stay, stay, { op = "put" } }, "malformed 3" }, { { stay, stay, stay, stay }, "many 4" }, { { stay, nil, stay }, "list 0" },
      { { stay, name = 1 }, "list 0" }, { { [2] = stay }, "list 0" }, { { {}, name = 1 }, "list 0" }, { { op = "stay" }, "list 0" },
    }
    for _, case in ipairs(wrong) do test.equal(judge(case[1]), case[2]) end
  end)

  test.case("refuses fields of other types and sizes", function()
    local wrong = {
      { at = "c" }, { at = 1 }, { at = {} }, { size = -1 }, { size = 11 }, { size = 1.0 }, { size = "1" }, { size = 0 / 0 }, { half = 1 },
      { half = "true" }, { name = "" }, { name = "abcdef" }, { name = 5 }, { name = "a\n" }, { name = "\xff" }, { name = "\u{7f}" },
      { even = 3 }, { why = 1 }, { why = true },
    }
    for i, fields in ipairs(wrong) do test.equal(judge(put(fields)), "malformed 1", tostring(i)) end
    test.equal({ judge({ { op = "put", at = "a" } }), judge({ { op = "put", size = 1 } }) }, { "malformed 1", "malformed 1" })
    test.equal(judge(put({}), {}), "malformed 1", "a context without places has none")
    test.equal({ judge(put({ even = 3 }), { places = { a = 1 }, by = 3 }) }, { "fine" })
  end)

  test.case("wants exactly one of what is a choice", function()
    test.equal({ judge({ { op = "pick" } }), judge({ { op = "pick", one = 1, other = 1 } }) }, { "malformed 1", "malformed 1" })
    test.equal({ judge({ { op = "pick", one = 1 } }), judge({ { op = "pick", one = "1" } }) }, { "fine", "malformed 1" })
  end)

  test.case("reads every message to its end", function()
    local function message(value) return judge(put({ why = value })) end
    local parts = { "key" }
    for i = 1, 19 do parts["p" .. i] = i end
    local long = ("x"):rep(500)
    local fine = { "a", ("k"):rep(200), { "k", a = 1, b = 1.5, c = false, d = "é", e = long, [7] = "unnamed" }, parts }
    for i, value in ipairs(fine) do test.equal(message(value), "fine", tostring(i)) end
    local wrong = {
      "", ("k"):rep(201), "a\0", "\xc3", {}, { a = 1 }, { "" }, { 5 }, { "k", a = {} }, { "k", a = print }, { "k", a = HUGE }, { "k", a = 0 / 0 },
      { "k", a = long .. "x" }, { "k", a = "\27[2J" }, { "k", ["a\n"] = 1 }, { "k", [("n"):rep(51)] = 1 }, { "k", { 1 } },
    }
    for i, value in ipairs(wrong) do test.equal(message(value), "malformed 1", tostring(i)) end
    parts.p20 = 20
    test.equal(message(parts), "malformed 1")
  end)

  test.case("says what a checker lacks, and what is no list", function()
    test.raises("without a name", answer.checker, "op", { a = { { test = "integer" } } })
    test.raises("invalid option", answer.checker, "op", { a = { { name = "x", test = "float" } } })
    test.raises("`of`", answer.checker, "op", { a = { { name = "x", test = "member" } } })
    test.raises("`of`", answer.checker, "op", { a = { { name = "x", test = "function", of = "x" } } })
    test.raises("`of`", answer.checker, "op", { a = { { name = "x", test = "integer", of = "x" } } })
    test.raises("integer", answer.checker, "op", { a = { { name = "x", test = "integer", min = 0.5 } } })
    test.raises("by the name", answer.checker, "op", { { { name = "x", test = "integer" } } })
    test.raises("by the name", answer.checker, "op", { a = 1 })
    test.raises("table expected", answer.checker, "op", { a = { 1 } })
    test.raises("string expected", answer.checker, {}, {})
    test.raises("table expected", check, "x", CONTEXT, 1)
    test.raises("table expected", check, {}, nil, 1)
    test.raises("number expected", check, {}, CONTEXT)
  end)
end)

test.group("native.answer.is_text", function()
  test.case("counts bytes and reads them", function()
    test.equal({ answer.is_text("é", 2, 2), answer.is_text("é", 1, 1), answer.is_text("", 0, 9) }, { true, false, true })
    test.equal({ answer.is_text("a\tb", 0, 9), answer.is_text("\xed\xa0\x80", 0, 9), answer.is_text(5, 0, 9) }, { false, false, false })
    test.raises("number expected", answer.is_text, "x", 1)
  end)
end)

test.group("native.answer.owner", function()
  local own = answer.owner("acme.", "why", "title")

  test.case("puts its prefix in front of keys", function()
    local list = { { why = "a", title = { "b", n = 1 }, other = "c" }, { why = { n = 1 }, title = 5 }, 7, { title = "d" } }
    test.truthy(own(list) == list)
    test.equal(list, { { why = "acme.a", title = { "acme.b", n = 1 }, other = "c" }, { why = { n = 1 }, title = 5 }, 7, { title = "acme.d" } })
  end)

  test.case("leaves alone what is no list", function()
    test.equal({ own(true), own("x"), own({}), own({ why = "a" }) }, { true, "x", {}, { why = "a" } })
    test.equal(own(nil), nil)
    test.raises("string expected", answer.owner)
    test.raises("string expected", answer.owner, "acme.", {})
  end)
end)

test.group("native.answer.messages", function()
  test.case("makes data of both ways to write one", function()
    local message = answer.messages()
    test.equal(message(nil, "p"), nil)
    test.equal(message("a", "p"), { key = "a", args = {}, plugin = "p" })
    test.equal(message({ "a", "unnamed", n = 1, is = true, inner = {} }), { key = "a", args = { n = 1, is = true } })
    test.equal(message({ n = 1 }, "p"), { args = { n = 1 }, plugin = "p" })
  end)

  test.case("is the same table while the same is said, and never that of another", function()
    local message = answer.messages()
    local said = {
      { "a" }, { { "a", n = 1 } }, { { "a", n = 2 } }, { { "a", n = "1" } }, { { "a", n = 1, m = 1 } }, { { "a", m = 1 } }, { "a", "p" }, { "b" },
      { { "a", n = 1 }, "p" }, { { "a", n = 1 }, "q" },
    }
    for _, one in ipairs(said) do
      local first = message(one[1], one[2])
      test.truthy(message(one[1], one[2]) == first)
      for _, other in ipairs(said) do
        local args, key = {}, type(other[1]) == "table" and other[1][1] or other[1]
        for name, value in pairs(type(other[1]) == "table" and other[1] or {}) do
          if name ~= 1 then args[name] = value end
        end
        test.equal(message(other[1], other[2]), { key = key, args = args, plugin = other[2] })
      end
    end
    test.truthy(message({ "a", "x" }) == message("a"), "what is not named is not said")
    test.equal(math.type(message({ "a", n = 1 }).args.n), "integer")
    test.equal(math.type(message({ "a", n = 1.0 }).args.n), "float")
    test.equal(math.type(message({ "a", n = 1 }).args.n), "integer")
  end)

  test.case("forgets rather than grows", function()
    local message = answer.messages()
    local first = message("k")
    for i = 1, 200 do test.equal(message("k" .. i).key, "k" .. i) end
    test.truthy(message("k") ~= first)
    test.equal(message("k"), first)
  end)
end)

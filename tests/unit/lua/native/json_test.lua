local json = require("native.json")
local test = require("support.test")

test.group("native.json.decode", function()
  test.case("accepts what is JSON", function()
    local cases = {
      { "null", json.null }, { " true ", true }, { "\t[\n]\r", {} }, { "0", 0 }, { "-0", 0 }, { "-1", -1 },
      { "9223372036854775807", math.maxinteger }, { "-9223372036854775808", math.mininteger },
      { "1.0", 1.0 }, { "1e2", 100.0 }, { "1E+2", 100.0 }, { "-1.5e-3", -0.0015 }, { "5e-324", 5e-324 }, { "1e-400", 0.0 },
      { '""', "" }, { '"\\u0041\\u00e9\\u4e2d\\ud83d\\ude00"', "Aé中😀" }, { '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t' },
      { '"\\u0000"', "\0" }, { '"é中😀\x7f"', "é中😀\x7f" }, { '[1,[2,{"a":3}]]', { 1, { 2, { a = 3 } } } }, { '{"":1}', { [""] = 1 } },
      { '{"a":{"b":{}}}', { a = { b = {} } } }, { "[[[[]]]]", { { { {} } } } },
    }
    for _, case in ipairs(cases) do
      local value, err = json.decode(case[1])
      test.equal(err, nil, case[1])
      test.equal(value, case[2], case[1])
    end
  end)

  test.case("refuses what is not, and says where", function()
    local cases = {
      { "", 0 }, { "nul", 0 }, { "True", 0 }, { "'a'", 0 }, { "[1,]", 3 }, { "[1 2]", 3 }, { "[,1]", 1 }, { "{,}", 1 }, { '{"a":1,}', 7 },
      { '{"a" 1}', 5 }, { "{a:1}", 1 }, { '{"a":}', 5 }, { "[1", 2 }, { '{"a":1', 6 }, { '"abc', 4 }, { "01", 1 }, { "-", 0 }, { "+1", 0 },
      { ".5", 0 }, { "5.", 0 }, { "1e", 0 }, { "1e+", 0 }, { "0x10", 1 }, { "NaN", 0 }, { "Infinity", 0 }, { "-Infinity", 0 },
      { '"\\x41"', 1 }, { '"\\u12g4"', 1 }, { '"\\ud83d"', 1 }, { '"\\ud83d\\u0041"', 1 }, { '"\\ude00"', 1 }, { '"\\ud83dx"', 1 },
      { '"a\nb"', 2 }, { '"a\0b"', 2 }, { "1 2", 2 }, { "[] []", 3 }, { "[1]/**/", 3 }, { "// x\n1", 0 }, { "\xef\xbb\xbf1", 0 },
      { '{"a":1,"a":2}', 7 }, { "9223372036854775808", 0 }, { "-9223372036854775809", 0 }, { "1e400", 0 }, { "[1e400]", 1 },
      { '"\xff"', 1 }, { '"\xc0\xaf"', 1 }, { '"\xed\xa0\x80"', 1 }, { '"\xf4\x90\x80\x80"', 1 }, { '"\xe2\x82"', 1 }, { "\xa0", 0 }, { "[1}", 2 },
      { "]", 0 }, { "{]", 1 }, { "tru", 0 }, { "[tru]", 1 }, { '{"a":nul}', 5 }, { "\f1", 0 }, { "[\v1]", 1 },
    }
    for _, case in ipairs(cases) do
      local value, err = json.decode(case[1])
      test.equal(value, nil, case[1])
      test.equal(err.code, "invalid", case[1])
      test.equal(err.offset, case[2], case[1])
      test.contains(err.message, "byte " .. case[2])
    end
  end)

  test.case("keeps integers and floats apart", function()
    test.equal(math.type(json.decode("1")), "integer")
    test.equal(math.type(json.decode("1.0")), "float")
  end)

  test.case("marks arrays, so that an empty one stays one", function()
    local value = json.decode('{"a":[],"b":{}}')
    test.truthy(json.is_array(value.a))
    test.truthy(not json.is_array(value.b))
    test.equal(json.encode(value), '{"a":[],"b":{}}')
  end)

  test.case("limits the depth", function()
    test.truthy(json.decode(("["):rep(64) .. ("]"):rep(64)))
    test.equal(json.decode(("["):rep(65) .. ("]"):rep(65)), nil)
    test.truthy(json.decode("[[1]]", 2))
    test.equal(json.decode("[[1]]", 1), nil)
    test.truthy(json.decode("1", 0))
    test.equal(json.decode(("["):rep(1000000)), nil)
    test.equal(json.decode(('{"a":'):rep(1000000)), nil)
  end)
end)

test.group("native.json.encode", function()
  test.case("sorts keys by bytes", function()
    test.equal(json.encode({ b = 1, a = 2, aa = 3, B = 4, [""] = 5 }), '{"":5,"B":4,"a":2,"aa":3,"b":1}')
    local many = {}
    for i = 1, 100 do many[("k%03d"):format(i)] = i end
    local text = json.encode(many)
    test.truthy(text:find('"k001":1,"k002":2', 1, true))
    test.truthy(text:find('"k099":99,"k100":100}', 1, true))
  end)

  test.case("escapes what could end a script element or a line of one", function()
    test.equal(json.encode("</script><!--"), '"<\\/script><!--"')
    test.equal(json.encode("a/b"), '"a/b"')
    test.equal(json.encode("\u{2028}\u{2029}"), '"\\u2028\\u2029"')
    test.equal(json.encode('"\\\b\f\n\r\t\0\x1f\x7f'), '"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f"')
  end)

  test.case("refuses what JSON cannot say", function()
    local refused = {
      0 / 0, 1 / 0, -1 / 0, "\xff", print, { [1.5] = 1 }, { 1, 2, a = 3 }, { [1] = 1, [3] = 3 }, { a = { b = "\xc3" } }, { ["\xff"] = 1 },
    }
    for _, value in ipairs(refused) do
      local text, err = json.encode(value)
      test.equal(text, nil)
      test.equal(err.code, "invalid")
    end
    local cycle = {}
    cycle[1] = cycle
    test.equal(select(2, json.encode(cycle)).code, "limit")
  end)

  test.case("writes floats so that they are floats again", function()
    for _, value in ipairs({ 1.0, 0.1, -0.0, 1e15, 1e16, 1e100, 1.7976931348623157e308, 5e-324, 123456789.125, 1 / 3 }) do
      local again = json.decode(json.encode(value))
      test.equal(math.type(again), "float")
      test.equal(again, value)
    end
  end)

  test.case("prints for people on request", function()
    test.equal(json.encode({ a = { 1, 2 }, b = {} }, { pretty = true }), '{\n  "a": [\n    1,\n    2\n  ],\n  "b": {}\n}')
  end)

  local function any_value(any, depth)
    local choice = any.integer(0, depth > 3 and 5 or 7)
    if choice == 0 then return any.integer(math.mininteger, math.maxinteger) end
    if choice == 1 then return any.boolean() end
    if choice == 2 then return json.null end
    if choice == 3 then return any.integer(-1000, 1000) / 8 end
    if choice < 6 then return any.text(12) end
    local out = {}
    for i = 1, any.integer(0, 4) do
      if choice == 6 then out[i] = any_value(any, depth + 1) else out[any.text(5)] = any_value(any, depth + 1) end
    end
    return choice == 6 and json.array(out) or out
  end

  test.property("what was written reads back the same, and is written the same", function(any)
    local value = any_value(any, 1)
    local text = assert(json.encode(value))
    local again, err = json.decode(text)
    test.equal(err, nil)
    test.equal(json.encode(again), text)
    test.equal(json.decode(assert(json.encode(value, { pretty = true }))), again)
  end, 300)
end)

local shop = require("support.shop")
shop.open()

local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local native_db = require("native.db")
local schema = require("kernel.schema")
local settings = require("kernel.settings")
local test = require("support.test")

settings.define({ key = "test.word", spec = schema.text({ default = "none" }), doc = "a word" })

command.define({
  name = "test.note",
  args = schema.object({ word = schema.text({ required = true }) }),
  handler = function(tx, args)
    db.run("settings_set", { key = "test.noted", value = '"' .. args.word .. '"', at = tx.now })
    if args.word == "fail" then return failure.new("test.refused", "no") end
    if args.word == "raise" then error("a bug") end
    return { number = tx.id("test"), word = args.word, uuid = tx.uuid() }
  end,
})

local function noted()
  for _, row in ipairs(db.many("settings_all")) do
    if row.key == "test.noted" then return row.value end
  end
end

native_db.main():exec("INSERT INTO sequences (name, next) VALUES ('test', 1)")

test.group("command.run", function()
  test.case("returns the result and keeps the rows", function()
    local result = assert(command.run("test.note", { word = "kept" }))
    test.equal(result.word, "kept")
    assert(result.uuid:find("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$"), result.uuid)
    test.equal(noted(), '"kept"')
  end)

  test.case("rolls back an expected failure and a raise", function()
    assert(command.run("test.note", { word = "first" }))
    local result, err = command.run("test.note", { word = "fail" })
    test.equal(result, nil)
    test.equal(err.code, "test.refused")
    test.equal(noted(), '"first"')
    test.raises(".", function() command.run("test.note", { word = "raise" }) end)
    test.equal(noted(), '"first"')
    test.equal(native_db.main():in_transaction(), false)
  end)

  test.case("refuses arguments that break its schema, and unknown commands", function()
    test.equal(select(2, command.run("test.note", {})).fields, { word = "schema.required" })
    test.equal(select(2, command.run("test.nothing", {})).code, "command.unknown")
  end)

  test.case("answers a key once, and again the same", function()
    local first = assert(command.run("test.note", { word = "once" }, { key = "k1", actor = "a" }))
    local again = assert(command.run("test.note", { word = "once" }, { key = "k1", actor = "a" }))
    test.equal(again, first)
    test.equal(select(2, command.run("test.note", { word = "other" }, { key = "k1", actor = "a" })).code, "key.mismatch")
    local other = assert(command.run("test.note", { word = "once" }, { key = "k1", actor = "b" }))
    assert(other.number ~= first.number)
  end)

  test.case("judges a failed command anew for the same key", function()
    test.equal(select(2, command.run("test.note", { word = "fail" }, { key = "k2" })).code, "test.refused")
    test.equal(select(2, command.run("test.note", { word = "other" }, { key = "k2" })), nil)
  end)
end)

test.group("settings", function()
  test.case("have a default, and keep what was set", function()
    test.equal(settings.get("test.word"), "none")
    assert(command.run("settings.set", { key = "test.word", value = "set" }))
    test.equal(settings.get("test.word"), "set")
  end)

  test.case("are typed", function()
    test.equal(select(2, command.run("settings.set", { key = "test.word", value = 5 })).code, "invalid")
    test.equal(settings.get("test.word"), "set")
  end)
end)

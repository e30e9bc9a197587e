local db = require("kernel.db")
local test = require("support.test")

local TEXT <const> = [[
-- What the file is about; not part of any query.
  -- nor is this
-- :name orders_of :many
-- :use customer.id -> orders
SELECT id, number -- the newest first
  FROM orders
   -- a comment inside
 WHERE customer_id = :customer_id

 ORDER BY id DESC ;

-- :name   order_count   :value
SELECT count(*) FROM orders WHERE number <> ';'
]]

local function check(text)
  local list = db.parse(text, "orders.sql")
  test.equal(list, {
    {
      name = "orders_of", mode = "many", source = "orders.sql:3",
      sql = "SELECT id, number -- the newest first\n  FROM orders\n WHERE customer_id = :customer_id\n\n ORDER BY id DESC",
    },
    { name = "order_count", mode = "value", source = "orders.sql:12", sql = "SELECT count(*) FROM orders WHERE number <> ';'" },
  })
end

test.group("db.parse", function()
  test.case("cuts a file into its named queries, without comments and the last semicolon", function() check(TEXT) end)

  test.case("takes lines of any kind of end, and a last one without", function()
    check((TEXT:gsub("\n", "\r\n")))
    check((TEXT:gsub("\n$", "")))
    check(TEXT .. "\n \n")
  end)

  test.case("names the file and the line of a name that is not one", function()
    for _, line in ipairs({ "-- :name", "-- :name two words :one", "--:name a:b" }) do
      local ok, message = pcall(db.parse, "\n" .. line .. "\nSELECT 1", "a.sql")
      test.equal(ok, false)
      test.equal(message, "a.sql:2: write `-- :name the_name :one|:many|:value|:run`")
    end
    local ok, message = pcall(db.parse, "-- :name a :some", "a.sql")
    test.equal(ok, false)
    test.equal(message:match("a%.sql:1: .*$"), "a.sql:1: a query is :one, :many, :value or :run")
  end)
end)

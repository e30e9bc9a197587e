local shop = require("support.shop")
shop.open()

local catalog = require("domain.catalog")
local command = require("kernel.command")
local fs = require("native.fs")
local json = require("native.json")
local test = require("support.test")
local thread = require("native.thread")
local transfer = require("domain.transfer")
local visitor = require("support.visitor")

shop.plugins()
local plan = transfer.read(assert(fs.read(thread.share .. "/sql/seeds/sample/products.csv")), {
  digits = 2, open_image = function() return nil, "none" end,
})
test.equal(transfer.apply(plan).failed, 0)

local function first_of(handle)
  return catalog.find_product_by_handle(shop.context(), handle).variants[1].id
end

local KNIFE <const>, TOTE <const> = first_of("kitchen-knife-18-cm"), first_of("canvas-tote")

-- "12x2 7x1": the variants of a cart and how many of each, in their order.
local function pieces(cart)
  local words = {}
  for i, item in ipairs(cart.items) do words[i] = item.variant_id .. "x" .. item.quantity end
  return table.concat(words, " ")
end

local function cart_of(guest)
  return json.decode(guest:get("/cart.js").body)
end

-- What is answered to a form as scripts send it, with these names and values.
local function add_form(guest, path, fields)
  local reply = guest:post(path, fields)
  return reply, json.decode(reply.body)
end

-- That `body` is refused in JSON, in words, and changes nothing.
local function refused(guest, path, body, words)
  local before = guest:get("/cart.js").body
  local reply, problem = guest:send(path, body)
  test.equal(reply.status, 422, body)
  test.equal(reply.headers["Content-Type"], "application/problem+json", body)
  test.equal({ problem.status, problem.message, problem.description }, { 422, problem.detail, problem.detail }, body)
  assert(problem.detail:find(words, 1, true), body .. " says: " .. problem.detail)
  test.equal(guest:get("/cart.js").body, before, body)
end

test.group("programs", function()
  test.case("add one variant, with numbers as JSON has them", function()
    local guest = visitor.new()
    local _, item = guest:send("/cart/add", json.encode({ id = KNIFE, quantity = 2.0 }))
    test.equal({ item.variant_id, item.quantity }, { KNIFE, 2 })
    _, item = guest:send("/cart/add.js", json.encode({ id = tostring(KNIFE), properties = { Engraving = "Ana", Year = 1999 } }))
    test.equal(item.properties, { Engraving = "Ana", Year = "1999" })
    test.equal(pieces(cart_of(guest)), ("%dx2 %dx1"):format(KNIFE, KNIFE))
    _, item = guest:send("/cart/add.js", json.encode({ id = KNIFE, quantity = 3 }))
    test.equal(item.quantity, 5, "a line says what is in it now")
    test.equal(item, cart_of(guest).items[1], "and is the same as in the cart")
  end)

  test.case("are answered the line that they added, whatever they send", function()
    local function added(headers, target)
      local guest = visitor.new()
      guest.headers = headers
      local reply = guest:post(target, { id = KNIFE, quantity = 2 })
      test.equal(reply.headers["Content-Type"], "application/json; charset=utf-8", target)
      return json.decode(reply.body)
    end
    for _, item in ipairs({ added({ accept = "application/json" }, "/cart/add"), added({}, "/cart/add.js"), added({}, "/cart/add.json") }) do
      test.equal({ item.id, item.variant_id, item.quantity }, { KNIFE, KNIFE, 2 })
      test.equal(item.line_price, item.price * 2)
    end
    test.equal(visitor.new():post("/cart/add", { id = KNIFE, quantity = 2 }).status, 303)
  end)

  test.case("find in a line and in a cart what they know, money in whole hundredths", function()
    local guest = visitor.new()
    guest:send("/cart/add", json.encode({ id = KNIFE, quantity = 2 }))
    local cart = cart_of(guest)
    for _, name in ipairs({ "total_price", "original_total_price", "total_discount", "items_subtotal_price", "total_weight", "item_count" }) do
      test.equal(math.type(cart[name]), "integer", name)
    end
    local item = cart.items[1]
    for _, name in ipairs({
      "price", "original_price", "final_price", "discounted_price", "line_price", "original_line_price", "final_line_price", "total_discount",
      "line_level_total_discount", "grams", "id", "product_id",
    }) do
      test.equal(math.type(item[name]), "integer", name)
    end
    test.equal(cart.total_price, item.final_line_price)
    test.equal(item.final_price * 2, item.final_line_price)
    test.equal({ item.handle, item.product_title, item.gift_card, item.requires_shipping }, { "kitchen-knife-18-cm", "Kitchen Knife, 18 cm", false, true })
    test.equal({ item.image, item.featured_image }, { json.null, json.null }, "it has no picture here")
    test.equal({ cart.note, cart.attributes, cart.requires_shipping }, { json.null, {}, true })
    local known, empty = {}, cart_of(visitor.new())
    for name in pairs(cart) do known[name] = empty[name] ~= nil end
    for name, is_there in pairs(known) do assert(is_there, "an empty cart has no " .. name) end
    test.equal(empty.items, {})
  end)

  test.case("find the cart at /cart.js, /cart.json, and at /cart when they ask for JSON", function()
    local guest = visitor.new()
    guest:post("/cart/add", { id = KNIFE, quantity = 2 })
    local cart = guest:get("/cart.js").body
    test.equal(guest:get("/cart.json").body, cart)
    guest.headers = { accept = "application/json, text/javascript" }
    test.equal(guest:get("/cart").body, cart)
    guest.headers = {}
    assert(guest:get("/cart").body:find("<!doctype html>", 1, true))
    test.equal(guest:get("/cart").headers.Vary, "Accept")
  end)

  test.case("are told what is wrong in JSON at addresses of theirs, and below the cart whatever is wrong", function()
    local guest = visitor.new()
    for target, status in pairs({ ["/cart/nothing.js"] = 404, ["/cart/add.js"] = 405, ["/nothing.json"] = 404 }) do
      local reply = guest:get(target)
      test.equal({ reply.status, reply.headers["Content-Type"] }, { status, "application/problem+json" }, target)
      local problem = json.decode(reply.body)
      assert(problem.detail ~= "" and problem.message == problem.detail and problem.status == status, reply.body)
    end
    test.equal(guest:get("/cart/add.js").headers.Allow, "OPTIONS, POST")
  end)

  test.case("add several, all or none", function()
    local guest = visitor.new()
    local list = { items = { { id = TOTE, quantity = 1 }, { id = KNIFE, quantity = 2, properties = { Engraving = "Ana" } } } }
    local reply, added = guest:send("/cart/add", json.encode(list))
    test.equal(reply.status, 200, reply.body)
    test.equal(pieces(added), ("%dx1 %dx2"):format(TOTE, KNIFE), "in the order in which they were sent")
    test.equal(added.items[2].properties, { Engraving = "Ana" })
    test.equal(cart_of(guest).item_count, 3)
    reply, added = guest:send("/cart/add.js", json.encode({ items = { { id = KNIFE }, { id = TOTE, quantity = 2 }, { id = KNIFE } } }))
    test.equal(reply.status, 200, reply.body)
    test.equal(pieces(added), ("%dx2 %dx3"):format(KNIFE, TOTE), "a line that grew twice is one")
    refused(guest, "/cart/add", json.encode({ items = { { id = TOTE, quantity = 1 }, { id = 999999, quantity = 1 } } }), "not for sale")
    refused(guest, "/cart/add", json.encode({ items = { { id = TOTE, quantity = 1 }, { id = KNIFE, quantity = -1 } } }), "whole number")
    for _, items in ipairs({ '[1,2]', '[]', '[null]', '[[]]', '{"x":1}', '{"5":{}}' }) do
      refused(guest, "/cart/add", '{"items":' .. items .. "}", "whole number from 1 to 9999")
    end
  end)

  test.case("change lines by place, key and list, set note and attributes, and clear the cart", function()
    local guest = visitor.new()
    guest:send("/cart/add", json.encode({ items = { { id = KNIFE, quantity = 1 }, { id = TOTE, quantity = 1 } } }))
    local first, second = cart_of(guest).items[1].variant_id, cart_of(guest).items[2].variant_id
    local _, cart = guest:send("/cart/change.js", '{"line":1,"quantity":3}')
    test.equal(pieces(cart), ("%dx3 %dx1"):format(first, second))
    _, cart = guest:send("/cart/update.js", '{"updates":[2,4]}')
    test.equal(pieces(cart), ("%dx2 %dx4"):format(first, second))
    _, cart = guest:send("/cart/update.js", json.encode({ updates = { [tostring(first)] = 0 }, note = "Ring twice", attributes = { gift = "yes" } }))
    test.equal(pieces(cart), second .. "x4")
    test.equal(cart.note, "Ring twice")
    test.equal(cart.attributes, { gift = "yes" })
    _, cart = guest:send("/cart/update.js", '{"note":null}')
    test.equal(cart.note, "Ring twice", "null is what was left out")
    _, cart = guest:send("/cart/clear.js", "{}")
    test.equal(cart.item_count, 0)
  end)

  test.case("are told in JSON and in words what is wrong, and nothing changes", function()
    local guest = visitor.new()
    guest:post("/cart/add", { id = KNIFE, quantity = 2 })
    for _, body in ipairs({ "", "{", "null", "3", '"x"', "[1]", '{"id":1}x', ("["):rep(5000) }) do
      refused(guest, "/cart/add", body, "JSON object")
      refused(guest, "/cart/change", body, "JSON object")
      refused(guest, "/cart/update", body, "JSON object")
    end
    for _, quantity in ipairs({ "-1", "0", "1.5", "1e30", "10000", "999999999", "true", "[1]", "{}", '"1,5"', '""' }) do
      refused(guest, "/cart/add", ('{"id":%d,"quantity":%s}'):format(KNIFE, quantity), "The quantity must be a whole number")
    end
    refused(guest, "/cart/change", '{"line":1,"quantity":-1}', "whole number from 0 to 9999")
    for _, id in ipairs({ "999999", "-2", "null", "{}", '"SKU"', "1.5" }) do refused(guest, "/cart/add", '{"id":' .. id .. "}", "not for sale") end
    refused(guest, "/cart/add", ('{"id":%d,"properties":{"a":{"b":1}}}'):format(KNIFE), "no text")
    refused(guest, "/cart/add", ('{"id":%d,"properties":{"a":"%s"}}'):format(KNIFE, ("x"):rep(501)), "too long")
    refused(guest, "/cart/update", '{"note":"' .. ("x"):rep(2001) .. '"}', "at most 2000 characters")
  end)
end)

test.group("scripts that send forms", function()
  test.case("may number the items, and say what goes with each", function()
    local guest = visitor.new()
    local reply, added = add_form(guest, "/cart/add.js", {
      ["items[0][id]"] = TOTE, ["items[0][quantity]"] = 2, ["items[1][id]"] = KNIFE, ["items[1][properties][Engraving]"] = "Ana",
    })
    test.equal(reply.status, 200, reply.body)
    test.equal(pieces(added), ("%dx2 %dx1"):format(TOTE, KNIFE))
    test.equal(added.items[2].properties, { Engraving = "Ana" })
  end)

  test.case("may send the quantities of all lines in their order", function()
    local guest = visitor.new()
    guest:post("/cart/add", { id = KNIFE })
    guest:post("/cart/add", { id = TOTE })
    local reply, cart = add_form(guest, "/cart/update.js", { { "updates[]", "3" }, { "updates[]", "0" } })
    test.equal(reply.status, 200, reply.body)
    test.equal(pieces(cart), KNIFE .. "x3")
  end)

  test.case("are told which kinds of bodies are read", function()
    local guest = visitor.new()
    for _, given in ipairs({ { "text/plain", "id=1" }, { "application/vnd.api+json", "{}" }, { "", "id=1" } }) do
      local reply = guest:send("/cart/add.js", given[2], given[1])
      test.equal({ reply.status, reply.headers["Content-Type"] }, { 415, "application/problem+json" }, given[1])
      assert(json.decode(reply.body).detail:find("send a form, or one JSON object", 1, true), reply.body)
    end
    test.equal(guest:send("/cart/update.js", "", "").status, 200, "no body is an empty form")
  end)
end)

test.case("JSON of another form is refused and says which part, counted from zero", function()
  local guest = visitor.new()
  guest:post("/cart/add", { id = KNIFE })
  local function pointers(path, body)
    local reply, problem = guest:send(path, body)
    test.equal(reply.status, 422, body)
    local found = {}
    for i, wrong in ipairs(problem.errors or {}) do found[i] = wrong.pointer end
    return table.concat(found, " ")
  end
  for path, bodies in pairs({
    ["/cart/update.js"] = { ['{"updates":"x"}'] = "/updates", ['{"note":{"a":1}}'] = "/note", ['{"attributes":[1],"updates":3}'] = "/updates", ['{"attributes":"x"}'] = "/attributes" },
    ["/cart/add.js"] = { ['{"items":"67"}'] = "/items", [('{"id":%d,"properties":"x"}'):format(KNIFE)] = "/properties", ['{"id":999999}'] = "/id" },
  }) do
    for body, pointer in pairs(bodies) do test.equal(pointers(path, body), pointer, body) end
  end
  local items = ('{"items":[{"id":%d,"quantity":0},{"id":%d},{"id":%d,"properties":{"a":["b"]}}]}'):format(KNIFE, TOTE, KNIFE)
  test.equal(pointers("/cart/add.js", items), "/items/2/properties/a")
  test.equal(pointers("/cart/add.js", ('{"items":{"%d":{"id":%d,"properties":{"a":["b"]}}}}'):format(KNIFE, KNIFE)), ("/items/%d/properties/a"):format(KNIFE))
  local _, problem = guest:send("/cart/add.js", items)
  assert(problem.detail:find("no text", 1, true), problem.detail)
  _, problem = guest:send("/cart/change.js", '{"id":"999","quantity":1}')
  assert(problem.detail:find("not in the cart", 1, true), problem.detail)
end)

test.case("a program is told that a line got all there are, and not all that were wanted", function()
  local guest = visitor.new()
  assert(command.run("stock.set", { variant_id = TOTE, quantity = 3 }))
  local _, item = guest:send("/cart/add.js", ('{"id":%d,"quantity":5}'):format(TOTE))
  test.equal(item.quantity, 3)
  assert(item.error_message:find("Only 3 of Canvas Tote", 1, true), tostring(item.error_message))
  test.equal(cart_of(guest).items[1].error_message, json.null, "once")
  for _, sent in ipairs({ '{"updates":[4]}', ('{"updates":{"%d":4}}'):format(TOTE) }) do
    local _, cart = guest:send("/cart/update.js", sent)
    assert(cart.items[1].error_message:find("Only 3", 1, true), sent)
  end
  local _, cart = guest:send("/cart/change.js", '{"line":1,"quantity":9}')
  assert(cart.items[1].error_message:find("Only 3", 1, true))
  _, item = visitor.new():send("/cart/add.js", ('{"items":[{"id":%d},{"id":%d,"quantity":9}]}'):format(KNIFE, TOTE))
  test.equal(item.items[1].error_message, json.null)
  assert(item.items[2].error_message:find("Only 3", 1, true))
  assert(command.run("stock.set", { variant_id = TOTE, quantity = 50 }))
end)

test.case("however long a list of quantities is, the cart is worked out but a few times", function()
  local guest, cart, times = visitor.new(), require("domain.cart"), 0
  guest:post("/cart/add", { id = KNIFE })
  local quote = cart.quote
  cart.quote = function(...)
    times = times + 1
    return quote(...)
  end
  local _, changed = guest:send("/cart/update.js", '{"updates":[' .. ("2,"):rep(5000) .. "2]}")
  cart.quote = quote
  test.equal(pieces(changed), KNIFE .. "x2")
  assert(times <= 4, times .. " times")
end)

test.case("items that are named count each, even two of one variant", function()
  local guest = visitor.new()
  guest:send("/cart/add.js", ('{"items":{"a":{"id":%d},"b":{"id":%d,"quantity":2}}}'):format(KNIFE, KNIFE))
  test.equal(pieces(cart_of(guest)), KNIFE .. "x3")
end)

test.case("what the client would rather have decides", function()
  local guest = visitor.new()
  for accept, is_json in pairs({
    ["application/json"] = true, ["APPLICATION/JSON"] = true, ["application/problem+json"] = true, ["application/json, text/html;q=0.1"] = true,
    ["application/json;q=0.5, text/html"] = false, ["*/*"] = false, ["text/html, */*"] = false, ["application/json;q=0, */*"] = false,
    ["application/json, text/javascript, */*; q=0.01"] = true, ["application/*"] = true, [""] = false,
  }) do
    guest.headers = { accept = accept }
    for _, path in ipairs({ "/nothing", "/products/nothing", "/admin/nothing" }) do
      local reply = guest:get(path)
      test.equal(reply.headers["Content-Type"] == "application/problem+json", is_json, accept .. " at " .. path)
      if is_json then assert(json.decode(reply.body).detail ~= "") end
    end
  end
end)

test.case("a refusal of the server itself is told in words, in JSON to whoever sent JSON", function()
  local problem = json.decode(visitor.new():fail(408, { ["content-type"] = "application/json" }).body)
  test.equal({ problem.status, problem.title, problem.detail }, { 408, "That took too long", "Your connection was slow. Please send it again." })
  assert(visitor.new():fail(408, {}).body:find("That took too long", 1, true))
end)

test.case("a set is bought whole or not at all", function()
  local guest = visitor.new()
  test.equal(guest:post("/cart/add", { ["items[" .. KNIFE .. "]"] = "1", ["items[" .. TOTE .. "]"] = "9999999" }).status, 422)
  test.equal(cart_of(guest).item_count, 0)
  test.equal(guest:post("/cart/add", { ["items[" .. KNIFE .. "]"] = "1", ["items[" .. TOTE .. "]"] = "0" }).headers.Location, "/cart")
  test.equal(pieces(cart_of(guest)), KNIFE .. "x1")
  assert(command.run("stock.set", { variant_id = TOTE, quantity = 0 }))
  test.equal(guest:post("/cart/add", { ["items[" .. KNIFE .. "]"] = "1", ["items[" .. TOTE .. "]"] = "1" }).status, 422)
  test.equal(pieces(cart_of(guest)), KNIFE .. "x1")
  assert(command.run("stock.set", { variant_id = TOTE, quantity = 50 }))
end)

test.case("what another window took out does not keep the rest from changing", function()
  local guest = visitor.new()
  guest:post("/cart/add", { id = KNIFE, quantity = 1 })
  guest:post("/cart/add", { id = TOTE, quantity = 1 })
  guest:post("/cart/update", { remove = KNIFE })
  test.equal(guest:post("/cart/update", { ["updates[" .. KNIFE .. "]"] = "2", ["updates[" .. TOTE .. "]"] = "3" }).headers.Location, "/cart")
  test.equal(pieces(cart_of(guest)), TOTE .. "x3")
end)

test.case("a cookie that names no cart does not keep anybody from buying", function()
  for _, token in ipairs({ "x", ("a"):rep(5000), "../../x", '"' }) do
    local guest = visitor.new()
    guest.cookies.cart = token
    test.equal(guest:get("/cart").status, 200)
    test.equal(guest:post("/cart/add", { id = KNIFE, quantity = 1 }).status, 303, token)
  end
end)

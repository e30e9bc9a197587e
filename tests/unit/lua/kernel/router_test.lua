local router = require("kernel.router")
local test = require("support.test")

local page = { who = "anyone", csrf = "none", cache = "page" }
local function handler() end

router.get("/", page, handler)
router.get("/products/:handle", page, handler)
router.get("/products/new", page, handler)
router.post("/cart/add", { who = "anyone", csrf = "origin", cache = "none" }, handler)
router.get("/files/*path", page, handler)

test.group("router", function()
  test.case("prefers a literal segment to a parameter", function()
    test.equal(router.match("GET", "/products/new").path, "/products/new")
    local route, params = router.match("GET", "/products/blue-mug")
    test.equal(route.path, "/products/:handle")
    test.equal(params.handle, "blue-mug")
  end)

  test.case("gives the rest of a path", function()
    test.equal(select(2, router.match("GET", "/files/a/b")).path, "a/b")
  end)

  test.case("answers HEAD with GET, and says what else is allowed", function()
    test.equal(router.match("HEAD", "/").method, "GET")
    local route, err = router.match("GET", "/cart/add")
    test.equal(route, nil)
    test.equal(err.code, "route.method")
    test.equal(err.data.allow, "OPTIONS, POST")
  end)

  test.case("says when there is nothing", function()
    test.equal(select(2, router.match("GET", "/products")).code, "route.missing")
    test.equal(select(2, router.match("GET", "/products/a/b")).code, "route.missing")
  end)

  test.case("does not start with a route that says nothing about its callers", function()
    test.raises(".", function() router.get("/open", nil, handler) end)
    test.raises(".", function() router.get("/open", { who = "all", csrf = "none", cache = "page" }, handler) end)
    test.raises(".", function() router.get("/open", { who = "anyone", csrf = "token", cache = "page" }, handler) end)
    test.raises(".", function() router.get("/", page, handler) end)
  end)

  test.case("lets an unsafe request in from our own pages only", function()
    local own = "https://shop.example"
    test.equal(router.is_same_origin("GET", "cross-site", nil, own), true)
    test.equal(router.is_same_origin("POST", "same-origin", nil, own), true)
    test.equal(router.is_same_origin("POST", "cross-site", own, own), false)
    test.equal(router.is_same_origin("POST", "same-site", nil, own), false)
    test.equal(router.is_same_origin("POST", nil, "https://evil.example", own), false)
    test.equal(router.is_same_origin("POST", nil, "null", own), false)
    test.equal(router.is_same_origin("POST", nil, own, own), true)
    test.equal(router.is_same_origin("POST", nil, nil, own), true)
  end)
end)

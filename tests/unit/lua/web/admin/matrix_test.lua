-- Every route of the back office against everybody who may ask: a stranger, people with a role that lacks
-- its permission, and the owner.
local shop = require("support.shop")
shop.open()

local audit = require("domain.audit")
local clock = require("native.clock")
local command = require("kernel.command")
local csrf = require("web.csrf")
local db = require("native.db")
local json = require("native.json")
local router = require("kernel.router")
local staff = require("domain.staff")
local test = require("support.test")
local visitor = require("support.visitor")
require("web")

local PASSWORD_HASH <const> = assert(staff.hash("seven quiet herons wade"))

-- Somebody whose role has exactly these permissions, signed in.
local function signed_in(email, permissions)
  local token, token_hash = staff.draw_token()
  assert(command.run("staff.invite", { email = email, role = "viewer", token_hash = token_hash }))
  local id = assert(command.run("staff.accept", { token_hash = staff.digest(token), password_hash = PASSWORD_HASH })).id
  db.main():exec(("INSERT INTO staff_roles (title, permissions, created_at, updated_at) VALUES ('%s', '%s', 0, 0)"):format(email, json.encode(json.array(permissions))))
  db.main():exec(("UPDATE staff_users SET role_id = (SELECT id FROM staff_roles WHERE title = '%s') WHERE id = %d"):format(email, id))
  local guest = visitor.new()
  guest.cookies.staff = assert(staff.begin_session(id, { address = "192.0.2.1", agent = "test" })).token
  return guest
end

local function form_token(guest)
  return csrf.of(staff.find_session(guest.cookies.staff, clock.now()).csrf)
end

local function admin_routes()
  local list = {}
  for _, route in ipairs(router.list()) do
    if route.path:find("^/admin") then list[#list + 1] = route end
  end
  return list
end

local function address(route)
  return (route.path:gsub("[:*][%w_]+", "1"))
end

local function ask(guest, route, fields)
  if route.method == "GET" then return guest:get(address(route)) end
  return guest:post(address(route), fields or {})
end

local OPEN <const> = {
  ["GET /admin/sign-in"] = true, ["POST /admin/sign-in"] = true, ["GET /admin/link/:token"] = true, ["POST /admin/link/:token"] = true,
  ["GET /admin/assets/*path"] = true,
}

test.group("routes of the back office", function()
  test.case("each need a permission, but for the few by which one comes in", function()
    local count = 0
    for _, route in ipairs(admin_routes()) do
      local name = route.method .. " " .. route.path
      test.equal(route.policy.who == "anyone", OPEN[name] == true, name)
      test.equal(route.policy.cache, "none", name)
      test.equal(route.policy.csrf, route.method == "GET" and "none" or "token", name)
      count = count + 1
    end
    test.truthy(count > 20, "only " .. count .. " routes")
  end)

  test.case("send a stranger to the door, whatever is asked", function()
    for _, route in ipairs(admin_routes()) do
      local name = route.method .. " " .. route.path
      if not OPEN[name] then
        local reply = ask(visitor.new(), route)
        test.equal(reply.status, 303, name)
        test.truthy(reply.headers.Location:find("^/admin/sign%-in%?"), name)
      end
    end
  end)

  test.case("refuse whoever lacks just their permission, and the journal knows", function()
    shop.open()
    for i, route in ipairs(admin_routes()) do
      local wanted = route.policy.who:match("^staff:(.+)$")
      if wanted and wanted ~= "self" then
        local others = {}
        for _, permission in ipairs(staff.permissions.ALL) do
          if permission ~= wanted then others[#others + 1] = permission end
        end
        local guest = signed_in("person" .. i .. "@example.com", others)
        local name = route.method .. " " .. route.path
        test.equal(ask(guest, route, { csrf = form_token(guest) }).status, 403, name)
        local entry = audit.list(1)[1]
        test.equal({ entry.action, entry.after.what }, { "staff.refused_permission", route.method .. " " .. address(route) })
      end
    end
    test.equal(audit.verify().broken, nil)
  end)

  test.case("let somebody without any permission see only what is their own", function()
    shop.open()
    local guest = signed_in("nobody@example.com", {})
    for _, route in ipairs(admin_routes()) do
      if route.method == "GET" and route.policy.who:find("^staff:") then
        test.equal(ask(guest, route).status, route.policy.who == "staff:self" and 200 or 403, route.path)
      end
    end
  end)

  test.case("answer the owner, never from a cache that is shared, and are not indexed", function()
    shop.open()
    local guest = signed_in("owner@example.com", { "*" })
    for _, route in ipairs(admin_routes()) do
      if route.method == "GET" and route.policy.who:find("^staff:") then
        local reply = ask(guest, route)
        test.truthy(reply.status == 200 or reply.status == 404, route.path .. " " .. reply.status)
        test.equal(reply.headers["Cache-Control"], "no-store", route.path)
        test.truthy(reply.headers["X-Robots-Tag"]:find("noindex"), route.path)
        test.equal(reply.options, nil, route.path .. " must not be shared")
      end
    end
  end)

  test.case("refuse every form without the token of its session, and the journal knows", function()
    shop.open()
    local guest, other = signed_in("owner@example.com", { "*" }), signed_in("other@example.com", { "*" })
    for _, route in ipairs(admin_routes()) do
      if route.method == "POST" and route.policy.who:find("^staff:") then
        test.equal(ask(guest, route).status, 403, route.path)
        test.equal(ask(guest, route, { csrf = form_token(other) }).status, 403, route.path)
        test.equal(audit.list(1)[1].action, "staff.refused_csrf")
      end
    end
    guest.headers["sec-fetch-site"] = "cross-site"
    test.equal(guest:post("/admin/sign-out", { csrf = form_token(guest) }).status, 403)
    test.truthy(staff.find_session(guest.cookies.staff, clock.now()), "still signed in")
  end)

  test.case("are not found again below a language or another path", function()
    shop.open()
    local guest = signed_in("owner@example.com", { "*" })
    for _, path in ipairs({ "/zh-CN/admin", "/zh-CN/admin/orders", "/administrator", "/admin/nowhere" }) do
      test.equal(guest:get(path).status, 404, path)
    end
    test.equal(guest:get("/admin/orders/").headers.Location, "/admin/orders")
  end)

  test.case("take a session that was ended for none", function()
    shop.open()
    local guest = signed_in("owner@example.com", { "*" })
    local kept = guest.cookies.staff
    test.equal(guest:post("/admin/sign-out", { csrf = form_token(guest) }).status, 303)
    guest.cookies.staff = kept
    test.equal(guest:get("/admin").status, 303)
  end)
end)

local shop = require("support.shop")
shop.open()

local attempts = require("domain.staff.attempts")
local audit = require("domain.audit")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local native = require("native.db")
local staff = require("domain.staff")
local test = require("support.test")

local HOUR <const> = 3600 * 1000
local GOOD <const> = "seven quiet herons wade"

local function invite(email, role)
  local token, token_hash = staff.draw_token()
  assert(command.run("staff.invite", { email = email, role = role or "staff", token_hash = token_hash }, { actor = "cli" }))
  return token
end

local function accept(token, fields)
  local given = { token_hash = staff.digest(token), name = "Ana", locale = "en", password_hash = assert(staff.hash(fields and fields.password or GOOD)) }
  for name, value in pairs(fields or {}) do
    if name ~= "password" then given[name] = value end
  end
  return command.run("staff.accept", given)
end

local function person(email, role)
  return assert(accept(invite(email, role))).id
end

local function sign_in(email, password, more)
  local given = { email = email, password = password or GOOD, address = "192.0.2.1", agent = "test" }
  for name, value in pairs(more or {}) do given[name] = value end
  return staff.sign_in(given)
end

local function fresh()
  shop.open()
end

test.group("the first owner", function()
  test.case("comes in by a link that works once", function()
    fresh()
    local token, token_hash = staff.draw_token()
    assert(command.run("staff.open_setup", { token_hash = token_hash }))
    test.truthy(staff.find_link(token, clock.now()))
    test.equal(select(2, accept(token)).code, "invalid", "the first owner says who they are")
    assert(accept(token, { email = "ana@example.com" }))
    test.equal(staff.list()[1].role, "owner")
    test.equal(select(2, accept(token, { email = "eve@example.com" })).code, "link.used")
    test.equal(#staff.list(), 1)
  end)

  test.case("is not made again once there is one", function()
    fresh()
    person("ana@example.com", "owner")
    test.equal(select(2, command.run("staff.open_setup", { token_hash = select(2, staff.draw_token()) })).code, "staff.exists")
  end)

  test.case("has one link only: the newest, for a day", function()
    fresh()
    local first, first_hash = staff.draw_token()
    local second, second_hash = staff.draw_token()
    assert(command.run("staff.open_setup", { token_hash = first_hash }))
    assert(command.run("staff.open_setup", { token_hash = second_hash }))
    test.equal(staff.find_link(first, clock.now()), nil)
    test.truthy(staff.find_link(second, clock.now()))
    shop.wait(24 * HOUR)
    test.equal(staff.find_link(second, clock.now()), nil)
    test.equal(select(2, accept(second, { email = "ana@example.com" })).code, "link.used")
  end)

  test.case("cannot be made by an old setup link after somebody was invited", function()
    fresh()
    local token, token_hash = staff.draw_token()
    assert(command.run("staff.open_setup", { token_hash = token_hash }))
    person("ana@example.com", "owner")
    test.equal(staff.find_link(token, clock.now()), nil)
    test.equal(select(2, accept(token, { email = "eve@example.com" })).code, "link.used")
  end)
end)

test.group("a link", function()
  test.case("is stored as a digest only", function()
    fresh()
    local token = invite("ana@example.com")
    for _, row in ipairs(assert(native.main():prepare("SELECT token_hash FROM staff_links")):all()) do
      test.truthy(row.token_hash ~= token and #row.token_hash == 64)
    end
  end)

  test.case("of a reset ends all sessions and the old password", function()
    fresh()
    person("ana@example.com", "owner")
    local session = assert(sign_in("ana@example.com"))
    local token, token_hash = staff.draw_token()
    assert(command.run("staff.reset", { email = "ana@example.com", token_hash = token_hash }))
    test.equal(staff.find_session(session.token, clock.now()), nil)
    test.equal(select(2, sign_in("ana@example.com")).code, "staff.wrong")
    assert(accept(token, { password = "nine slow barges turn" }))
    test.truthy(sign_in("ana@example.com", "nine slow barges turn"))
  end)

  test.case("is refused to somebody who was shut out", function()
    fresh()
    person("ana@example.com", "owner")
    local token = invite("ben@example.com")
    assert(command.run("staff.disable", { email = "ben@example.com" }))
    test.equal(select(2, accept(token)).code, "link.used")
  end)
end)

test.group("signing in", function()
  test.case("begins a session of which only a digest is kept", function()
    fresh()
    local id = person("ana@example.com", "owner")
    local session = assert(sign_in("Ana@Example.com "))
    test.equal(#session.token, 43)
    local found = assert(staff.find_session(session.token, clock.now()))
    test.equal(found.staff_user_id, id)
    local row = assert(native.main():prepare("SELECT token_hash, csrf FROM sessions")):one()
    test.truthy(row.token_hash ~= session.token and row.csrf ~= session.token)
  end)

  test.case("ends the session that the browser had before", function()
    fresh()
    person("ana@example.com", "owner")
    local first = assert(sign_in("ana@example.com"))
    local second = assert(sign_in("ana@example.com", nil, { old_token = first.token }))
    test.truthy(first.token ~= second.token)
    test.equal(staff.find_session(first.token, clock.now()), nil)
    test.truthy(staff.find_session(second.token, clock.now()))
  end)

  test.case("answers the same for an unknown account, a wrong password, and somebody shut out", function()
    fresh()
    person("ana@example.com", "owner")
    person("ben@example.com")
    assert(command.run("staff.disable", { email = "ben@example.com" }))
    invite("new@example.com")
    local answers = {}
    for i, email in ipairs({ "ana@example.com", "ben@example.com", "nobody@example.com", "new@example.com", "" }) do
      local _, err = sign_in(email, email == "ben@example.com" and GOOD or "wrong password")
      answers[i] = err.code .. err.message
    end
    for _, answer in ipairs(answers) do test.equal(answer, answers[1]) end
  end)

  test.case("is stopped after five wrong passwords, told how long, and free again after that", function()
    fresh()
    person("ana@example.com", "owner")
    for _ = 1, 5 do test.equal(select(2, sign_in("ana@example.com", "wrong")).code, "staff.wrong") end
    local _, err = sign_in("ana@example.com")
    test.equal(err.code, "attempt.too_many", "also the right one waits")
    test.truthy(err.data.wait > 0 and err.data.wait <= 60000)
    test.truthy(sign_in("ana@example.com", nil, { address = "198.51.100.9" }), "the owner elsewhere is not shut out")
    shop.wait(err.data.wait)
    test.truthy(sign_in("ana@example.com"))
  end)

  test.case("forgives the tries before a right password", function()
    fresh()
    person("ana@example.com", "owner")
    for _ = 1, 3 do
      for _ = 1, 4 do sign_in("ana@example.com", "wrong") end
      test.truthy(sign_in("ana@example.com"))
    end
  end)

  test.case("limits one address that tries many accounts, and one account tried from many addresses", function()
    fresh()
    local refused = 0
    for i = 1, 25 do
      local _, err = sign_in("someone" .. i .. "@example.com", "wrong")
      if err.code == "attempt.too_many" then refused = refused + 1 end
    end
    test.equal(refused, 5)
    refused = 0
    for i = 1, 35 do
      local _, err = sign_in("ana@example.com", "wrong", { address = "198.51.100." .. i })
      if err.code == "attempt.too_many" then refused = refused + 1 end
    end
    test.equal(refused, 5)
  end)

  test.case("takes a /64 of IPv6 for one address", function()
    test.equal(attempts.block("2001:db8:1:2:3:4:5:6"), attempts.block("2001:db8:1:2::9"))
    test.truthy(attempts.block("2001:db8:1:3::9") ~= attempts.block("2001:db8:1:2::9"))
    test.equal(attempts.block("2001:db8::1"), "2001:db8:0:0::/64")
    test.equal(attempts.block("::1"), "0:0:0:0::/64")
    test.equal(attempts.block("192.0.2.7"), "192.0.2.7")
    test.equal(attempts.block("::ffff:192.0.2.7"), "192.0.2.7")
  end)

  test.case("writes wrong passwords into the journal", function()
    fresh()
    local id = person("ana@example.com", "owner")
    sign_in("ana@example.com", "wrong")
    local entry = audit.list(1)[1]
    test.equal(entry.action, "staff.refused_password")
    test.equal(entry.entity_id, tostring(id))
    test.equal(entry.after.address, "192.0.2.1")
    test.equal(audit.verify().broken, nil)
  end)
end)

test.group("a session", function()
  test.case("ends after twelve hours without use, and after seven days with it", function()
    fresh()
    person("ana@example.com", "owner")
    local token = assert(sign_in("ana@example.com")).token
    shop.wait(12 * HOUR - 1)
    test.truthy(staff.find_session(token, clock.now()))
    shop.wait(1)
    test.equal(staff.find_session(token, clock.now()), nil)
    token = assert(sign_in("ana@example.com")).token
    for _ = 1, 16 do
      shop.wait(10 * HOUR)
      staff.see(assert(staff.find_session(token, clock.now())), clock.now())
    end
    shop.wait(8 * HOUR)
    test.equal(staff.find_session(token, clock.now()), nil)
  end)

  test.case("ends at once when its person is shut out", function()
    fresh()
    person("ana@example.com", "owner")
    person("ben@example.com")
    local token = assert(sign_in("ben@example.com")).token
    assert(command.run("staff.disable", { email = "ben@example.com" }))
    test.equal(staff.find_session(token, clock.now()), nil)
    test.equal(select(2, sign_in("ben@example.com")).code, "staff.wrong")
    assert(command.run("staff.enable", { email = "ben@example.com" }))
    test.truthy(sign_in("ben@example.com"))
  end)

  test.case("knows what its role allows at this moment", function()
    fresh()
    person("ana@example.com", "viewer")
    local token = assert(sign_in("ana@example.com")).token
    local session = assert(staff.find_session(token, clock.now()))
    test.truthy(staff.may(session, "orders.view"))
    test.equal(staff.may(session, "orders.change"), false)
    test.equal(staff.may(session, "self"), true)
    native.main():exec("UPDATE staff_users SET role_id = (SELECT id FROM staff_roles WHERE title = 'owner')")
    test.truthy(staff.may(assert(staff.find_session(token, clock.now())), "settings.change"))
    native.main():exec("UPDATE staff_users SET role_id = NULL")
    test.equal(staff.may(assert(staff.find_session(token, clock.now())), "orders.view"), false)
  end)

  test.case("that is over is swept, with links and tries", function()
    fresh()
    person("ana@example.com", "owner")
    assert(sign_in("ana@example.com"))
    invite("ben@example.com")
    shop.wait(8 * 24 * HOUR)
    local pruned = assert(command.run("staff.prune", {}))
    test.equal({ pruned.sessions, pruned.links }, { 1, 1 })
    test.truthy(pruned.attempts >= 3)
  end)
end)

test.case("the last owner cannot be shut out", function()
  fresh()
  person("ana@example.com", "owner")
  test.equal(select(2, command.run("staff.disable", { email = "ana@example.com" })).code, "staff.last_owner")
  invite("ben@example.com", "owner")
  test.equal(select(2, command.run("staff.disable", { email = "ana@example.com" })).code, "staff.last_owner", "who has no password yet is no help")
  person("cora@example.com", "owner")
  test.equal(select(2, command.run("staff.set_role", { email = "nobody@example.com", role = "staff" })).code, "staff.missing")
  assert(command.run("staff.set_role", { email = "ana@example.com", role = "viewer" }))
  test.equal(select(2, command.run("staff.set_role", { email = "cora@example.com", role = "staff" })).code, "staff.last_owner")
  test.truthy(command.run("staff.disable", { email = "ana@example.com" }))
end)

test.case("a person is added once", function()
  fresh()
  invite("ana@example.com")
  local _, err = command.run("staff.invite", { email = "ANA@example.com", token_hash = select(2, staff.draw_token()) })
  test.equal(err.code, "staff.conflict")
  test.equal(db.value("staff_exist"), nil, "a link alone lets nobody sign in")
end)

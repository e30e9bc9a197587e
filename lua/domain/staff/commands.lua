--- What changes who may come in. Tokens never reach a command: only their digests do, made by whoever
--- drew the token, so that no queue, log or backup opens a session.
local attempts = require("domain.staff.attempts")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local schema = require("kernel.schema")
local text = require("kernel.text")

local HOUR <const> = 3600 * 1000
local LINK_LIFE <const> = 24 * HOUR
local SESSION_LIFE <const> = 7 * 24 * HOUR

local id = schema.id({ required = true })
local digest = schema.text({ required = true, min = 64, max = 64, pattern = "^%x+$" })
local email = schema.email({ required = true })
local locale = schema.text({ max = 20, pattern = "^%l%l%l?%-?%w*$", default = "en" })
local name = schema.text({ max = 100, default = "" })
local hash = schema.text({ required = true, max = 200 })
local role = schema.enum({ "owner", "staff", "viewer", default = "staff" })

local function get_by_email(address)
  local row = db.one("staff_by_email", { email_key = text.fold(address) })
  if not row then return failure.new("staff.missing", "there is nobody with the address " .. address) end
  return row
end

local function link(tx, staff_user_id, token_hash)
  if staff_user_id then
    db.run("staff_links_delete", { staff_user_id = staff_user_id })
  else
    db.run("staff_setup_links_delete")
  end
  local expires_at = tx.now + LINK_LIFE
  db.run("staff_link_insert", { token_hash = token_hash, staff_user_id = staff_user_id, at = tx.now, expires_at = expires_at })
  return { id = staff_user_id, expires_at = expires_at }
end

local function end_sessions(staff_user_id, except_id)
  return (db.run("staff_sessions_delete", { staff_user_id = staff_user_id, except_id = except_id or 0 }))
end

-- A shop that nobody owns cannot be managed by anybody.
local function is_last_owner(row)
  return row.role == "owner" and row.is_enabled == 1 and row.password_hash and db.value("staff_owners_left", { id = row.id }) == 0
end

-- ---------------------------------------------------------------------------------------- links

command.define({
  name = "staff.open_setup",
  doc = "Makes the link by which the first owner comes in; refused once there is somebody.",
  args = schema.object({ token_hash = digest }),
  handler = function(tx, args)
    if db.value("staff_exist") then return failure.new("staff.exists", "the shop has an owner already") end
    return link(tx, nil, args.token_hash)
  end,
})

command.define({
  name = "staff.invite",
  doc = "Adds a person, who chooses a password by a link that works once.",
  args = schema.object({ email = email, role = role, token_hash = digest, locale = locale }),
  handler = function(tx, args)
    if db.one("staff_by_email", { email_key = text.fold(args.email) }) then
      return failure.new("staff.conflict", args.email .. " is there already: merx staff reset makes a new link")
    end
    local _, staff_user_id = db.run("staff_insert", {
      email = args.email, email_key = text.fold(args.email), name = "", locale = args.locale, at = tx.now,
      role_id = db.value("staff_role_by_title", { title = args.role }),
    })
    tx.audit({ action = "staff.invite", entity = "staff", id = staff_user_id, after = { email = args.email, role = args.role } })
    return link(tx, staff_user_id, args.token_hash)
  end,
})

command.define({
  name = "staff.reset",
  doc = "Signs a person out everywhere, forgets the password, and makes a link to choose another.",
  args = schema.object({ email = email, token_hash = digest }),
  handler = function(tx, args)
    local row, err = get_by_email(args.email)
    if not row then return nil, err end
    if row.is_enabled == 0 then return failure.new("staff.invalid", args.email .. " is disabled: merx staff enable comes first") end
    db.run("staff_set_password", { id = row.id, password_hash = nil, at = tx.now })
    end_sessions(row.id)
    tx.audit({ action = "staff.reset", entity = "staff", id = row.id })
    return link(tx, row.id, args.token_hash)
  end,
})

-- The first owner says who they are; everybody else is known by the link.
local function owner_of_setup(tx, args)
  if db.value("staff_exist") then return failure.new("link.used", "this link was used, or is over") end
  if not args.email then return failure.new("invalid", "the first owner needs an e-mail address", { email = "schema.required" }) end
  local known = db.one("staff_by_email", { email_key = text.fold(args.email) })
  if known then
    db.run("staff_set_role", { id = known.id, role_id = db.value("staff_role_by_title", { title = "owner" }), at = tx.now })
    return known.id
  end
  local _, staff_user_id = db.run("staff_insert", {
    email = args.email, email_key = text.fold(args.email), name = args.name, locale = args.locale, at = tx.now,
    role_id = db.value("staff_role_by_title", { title = "owner" }),
  })
  return staff_user_id
end

command.define({
  name = "staff.accept",
  doc = "Uses a link: the person has a password now, and no other link or session.",
  args = schema.object({ token_hash = digest, email = schema.email(), name = name, locale = locale, password_hash = hash }),
  handler = function(tx, args)
    local row = db.one("staff_link_find", { token_hash = args.token_hash, now = tx.now })
    if not row then return failure.new("link.used", "this link was used, or is over") end
    local staff_user_id, err = row.staff_user_id
    if not staff_user_id then
      staff_user_id, err = owner_of_setup(tx, args)
      if not staff_user_id then return nil, err end
    end
    db.run("staff_set_person", { id = staff_user_id, name = args.name, locale = args.locale, at = tx.now })
    db.run("staff_set_password", { id = staff_user_id, password_hash = args.password_hash, at = tx.now })
    db.run("staff_links_delete", { staff_user_id = staff_user_id })
    db.run("staff_setup_links_delete")
    end_sessions(staff_user_id)
    tx.actor = "staff:" .. staff_user_id
    tx.audit({ action = "staff.accept", entity = "staff", id = staff_user_id })
    return { id = staff_user_id }
  end,
})

-- ---------------------------------------------------------------------------------------- people

local function set_enabled(tx, address, is_enabled)
  local row, err = get_by_email(address)
  if not row then return nil, err end
  if not is_enabled and is_last_owner(row) then
    return failure.new("staff.last_owner", address .. " is the only owner: make another one first, with merx staff add EMAIL --owner")
  end
  db.run("staff_set_enabled", { id = row.id, is_enabled = is_enabled, at = tx.now })
  end_sessions(row.id)
  if not is_enabled then db.run("staff_links_delete", { staff_user_id = row.id }) end
  tx.audit({ action = is_enabled and "staff.enable" or "staff.disable", entity = "staff", id = row.id })
  return { id = row.id }
end

command.define({
  name = "staff.disable",
  doc = "Shuts a person out at once.",
  args = schema.object({ email = email }),
  handler = function(tx, args) return set_enabled(tx, args.email, false) end,
})

command.define({
  name = "staff.enable",
  doc = "Lets a person in again.",
  args = schema.object({ email = email }),
  handler = function(tx, args) return set_enabled(tx, args.email, true) end,
})

command.define({
  name = "staff.set_role",
  doc = "Gives a person another role; the last owner keeps theirs.",
  args = schema.object({ email = email, role = role }),
  handler = function(tx, args)
    local row, err = get_by_email(args.email)
    if not row then return nil, err end
    if args.role ~= "owner" and is_last_owner(row) then
      return failure.new("staff.last_owner", args.email .. " is the only owner: make another one first")
    end
    db.run("staff_set_role", { id = row.id, role_id = db.value("staff_role_by_title", { title = args.role }), at = tx.now })
    tx.audit({ action = "staff.set_role", entity = "staff", id = row.id, before = { role = row.role }, after = { role = args.role } })
    return { id = row.id }
  end,
})

command.define({
  name = "staff.set_person",
  doc = "A person's own name and language.",
  args = schema.object({ id = id, name = name, locale = locale }),
  handler = function(tx, args)
    if db.run("staff_set_person", { id = args.id, name = args.name, locale = args.locale, at = tx.now }) == 0 then
      return failure.new("staff.missing", "there is nobody " .. args.id)
    end
    return { id = args.id }
  end,
})

command.define({
  name = "staff.change_password",
  doc = "A person's new password; every other session ends.",
  args = schema.object({ id = id, password_hash = hash, session_id = id }),
  handler = function(tx, args)
    db.run("staff_set_password", { id = args.id, password_hash = args.password_hash, at = tx.now })
    local ended = end_sessions(args.id, args.session_id)
    tx.audit({ action = "staff.change_password", entity = "staff", id = args.id })
    return { ended = ended }
  end,
})

-- ---------------------------------------------------------------------------------------- sessions

command.define({
  name = "staff.attempt",
  doc = "Counts a try before it is judged; refused with `wait` when there were too many.",
  args = schema.object({
    keys = schema.list(schema.object({ scope = schema.text({ required = true, max = 50 }), key = schema.text({ required = true, max = 100 }) },
      { required = true }), { required = true, min = 1, max = 10 }),
  }),
  handler = function(tx, args)
    local longest, moved = 0, {}
    for i, key in ipairs(args.keys) do
      local rule = attempts.RULES[key.scope] or error("there is no rule for " .. key.scope)
      local free_at, wait = attempts.count(rule, db.value("attempt_find", key), tx.now)
      longest = math.max(longest, wait)
      moved[i] = free_at
    end
    if longest > 0 then return failure.new("attempt.too_many", "too many tries", nil, { wait = longest }) end
    for i, key in ipairs(args.keys) do db.run("attempt_put", { scope = key.scope, key = key.key, free_at = moved[i] }) end
    return { counted = #args.keys }
  end,
})

command.define({
  name = "staff.sign_in",
  doc = "Begins a session, ends the one that the browser had, and forgives the tries before.",
  args = schema.object({
    id = id, token_hash = digest, csrf = schema.text({ required = true, max = 64 }), old_token_hash = schema.text({ max = 64 }),
    address = schema.text({ max = 64, default = "" }), agent = schema.text({ max = 300, default = "" }),
    password_hash = schema.text({ max = 200 }), pair = schema.text({ max = 100 }),
  }),
  handler = function(tx, args)
    local row = db.one("staff_by_id", { id = args.id })
    if not row or row.is_enabled == 0 then return failure.new("staff.missing", "this person may not come in") end
    if args.old_token_hash then db.run("session_delete_token", { token_hash = args.old_token_hash }) end
    if args.password_hash then db.run("staff_set_password", { id = args.id, password_hash = args.password_hash, at = tx.now }) end
    if args.pair then db.run("attempt_delete", { scope = "sign_in.pair", key = args.pair }) end
    db.run("session_insert", {
      token_hash = args.token_hash, staff_user_id = args.id, csrf = args.csrf, address = args.address, agent = args.agent, at = tx.now,
      expires_at = tx.now + SESSION_LIFE,
    })
    tx.actor = "staff:" .. args.id
    tx.audit({ action = "staff.sign_in", entity = "staff", id = args.id, after = { address = args.address } })
    return { id = args.id }
  end,
})

command.define({
  name = "staff.sign_out",
  doc = "Ends a session, or with `everywhere` all others of the person.",
  args = schema.object({ id = id, token_hash = schema.text({ max = 64 }), session_id = schema.id(), everywhere = schema.boolean({ default = false }) }),
  handler = function(tx, args)
    local ended
    if args.everywhere then
      ended = end_sessions(args.id, args.session_id)
    else
      ended = db.run("session_delete_token", { token_hash = args.token_hash })
    end
    tx.audit({ action = "staff.sign_out", entity = "staff", id = args.id, after = { sessions = ended } })
    return { ended = ended }
  end,
})

command.define({
  name = "staff.see",
  doc = "Notes that a session is in use.",
  args = schema.object({ session_id = id }),
  handler = function(tx, args)
    db.run("session_see", { id = args.session_id, at = tx.now })
    return { id = args.session_id }
  end,
})

command.define({
  name = "staff.note_refusal",
  doc = "Writes into the journal that somebody was refused: a wrong password, a missing permission, a forged form.",
  args = schema.object({
    why = schema.enum({ "password", "permission", "csrf", required = true }), what = schema.text({ required = true, max = 200 }),
    id = schema.id(), address = schema.text({ max = 64, default = "" }),
  }),
  handler = function(tx, args)
    tx.audit({
      action = "staff.refused_" .. args.why, entity = "staff", id = args.id or 0, after = { what = args.what, address = args.address },
    })
    return { why = args.why }
  end,
})

command.define({
  name = "staff.prune",
  doc = "Deletes sessions, links and tries that are over.",
  args = schema.object({}),
  handler = function(tx)
    local now = { now = tx.now }
    return {
      sessions = (db.run("sessions_prune", now)), links = (db.run("staff_links_prune", now)), attempts = (db.run("attempts_prune", now)),
    }
  end,
})

return true

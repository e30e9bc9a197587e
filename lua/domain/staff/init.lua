--- People who run the shop: who they are, what they may do, and how they come in. There is no first
--- visitor who wins: whoever comes first holds a link that was printed where only the owner reads.
local attempts = require("domain.staff.attempts")
local command = require("kernel.command")
local crypto = require("kernel.crypto")
local db = require("kernel.db")
local failure = require("kernel.failure")
local jobs = require("kernel.jobs")
local json = require("kernel.json")
local log = require("kernel.log")
local password = require("domain.staff.password")
local permissions = require("domain.staff.permissions")
local text = require("kernel.text")
local thread = require("kernel.thread")
require("domain.staff.commands")

local staff = {}

local HOUR <const> = 3600 * 1000
local IDLE_LIFE <const> = 12 * HOUR
local SEEN_EVERY <const> = 5 * 60 * 1000

staff.password_problem = password.problem
staff.normal_password = password.normal
staff.permissions = permissions

---@class merx.StaffSession
---@field id integer
---@field csrf string
---@field staff_user_id integer
---@field email string
---@field name string
---@field locale string
---@field role string
---@field permissions string[]
---@field actor string "staff:3", as commands and the journal know the person

--- What is stored instead of a token.
---@param token string
---@return string
function staff.digest(token)
  return text.hex(crypto.token_hash(token))
end

--- The session of a token, or nil: unknown, over, unused for too long, or its person was shut out.
---@param token string
---@param now integer
---@return merx.StaffSession?
function staff.find_session(token, now)
  local row = db.one("staff_session_find", { token_hash = staff.digest(token), now = now, idle_since = now - IDLE_LIFE })
  if not row then return nil end
  row.permissions = row.permissions and json.decode(row.permissions) or {}
  row.role, row.actor = row.role or "", "staff:" .. row.staff_user_id
  return row
end

--- Notes that a session is used, now and then and not with every page.
---@param session merx.StaffSession
---@param now integer
function staff.see(session, now)
  if now - session.seen_at >= SEEN_EVERY then command.run("staff.see", { session_id = session.id }) end
end

---@param session merx.StaffSession
---@param permission string
---@return boolean
function staff.may(session, permission)
  return permissions.allow(session.permissions, permission)
end

--- Where a person is signed in.
---@param staff_user_id integer
---@param now integer
---@return table[]
function staff.list_sessions(staff_user_id, now)
  return db.many("staff_sessions_of", { staff_user_id = staff_user_id, now = now, idle_since = now - IDLE_LIFE })
end

---@return table[]
function staff.list()
  local rows = db.many("staff_list")
  for _, row in ipairs(rows) do row.is_enabled, row.has_password = row.is_enabled == 1, row.has_password == 1 end
  return rows
end

---@param id integer
---@return table?
function staff.find(id)
  return db.one("staff_by_id", { id = id })
end

--- Whether anybody can sign in yet.
---@return boolean
function staff.is_set_up()
  return db.value("staff_exist") ~= nil
end

--- Whom a link is for: no e-mail means the first owner. Nil when it was used or is over.
---@param token string
---@param now integer
---@return { staff_user_id?: integer, email?: string, name?: string }?
function staff.find_link(token, now)
  local row = db.one("staff_link_find", { token_hash = staff.digest(token), now = now })
  if row and not row.staff_user_id and staff.is_set_up() then return nil end
  return row
end

local function key_of(...)
  return text.hex(crypto.blake2b(table.concat({ ... }, "\0"))):sub(1, 32)
end

---@class merx.SignIn
---@field email string as typed
---@field password string as typed
---@field address string
---@field agent string
---@field old_token? string of the session that the browser has

-- The row of a person who may come in with this password. An account that does not exist, one without
-- a password and a wrong password take the same time and answer the same.
local function check_password(given)
  local row = db.one("staff_by_email", { email_key = text.fold(given.email):match("^%s*(.-)%s*$") })
  local hash = row and row.is_enabled == 1 and row.password_hash or nil
  local is_right, err = crypto.verify_password(hash, password.normal(given.password))
  if err then return nil, err end
  return hash and is_right and row or nil, nil, row
end

--- Signs in: counts the try, looks at the password, begins a session.
---@param given merx.SignIn
---@return { token: string, id: integer }? session
---@return merx.Error? err "attempt.too_many" with data.wait, "staff.wrong", or why the shop cannot now
function staff.sign_in(given)
  local account, block = text.fold(given.email):match("^%s*(.-)%s*$"), attempts.block(given.address)
  local pair = key_of(account, block)
  local counted, refused = command.run("staff.attempt", { keys = {
    { scope = "sign_in.pair", key = pair }, { scope = "sign_in.account", key = key_of(account) },
    { scope = "sign_in.address", key = key_of(block) }, { scope = "sign_in.all", key = "all" },
  } })
  if not counted then return nil, refused end
  local row, err, known = check_password(given)
  if err then return nil, err end
  if not row then
    local _, problem = command.run("staff.note_refusal", { why = "password", what = "sign in", id = known and known.id, address = given.address })
    if problem then return nil, problem end
    return failure.new("staff.wrong", "wrong address or password")
  end
  if crypto.needs_rehash(row.password_hash) then given.password_hash = crypto.hash_password(password.normal(given.password)) end
  given.pair = pair
  return staff.begin_session(row.id, given)
end

--- Begins a session of somebody who proved who they are; the one that the browser had is over.
---@param id integer
---@param given { address: string, agent: string, old_token?: string, password_hash?: string, pair?: string }
---@return { token: string, id: integer }? session
---@return merx.Error? err
function staff.begin_session(id, given)
  local token = crypto.token()
  local done, problem = command.run("staff.sign_in", {
    id = id, token_hash = staff.digest(token), csrf = crypto.token(), address = given.address, agent = given.agent,
    old_token_hash = given.old_token and staff.digest(given.old_token) or nil, password_hash = given.password_hash, pair = given.pair,
  })
  if not done then return nil, problem end
  return { token = token, id = id }
end

--- Hashes a new password. Waits.
---@param typed string
---@return string? hash
---@return table? err
function staff.hash(typed)
  return crypto.hash_password(password.normal(typed))
end

--- Whether somebody who is signed in typed their own password. Counted like signing in.
---@param session merx.StaffSession
---@param typed string
---@param address string
---@return boolean? is_right
---@return table? err "attempt.too_many"
function staff.confirm(session, typed, address)
  local pair = key_of(text.fold(session.email), attempts.block(address))
  local counted, err = command.run("staff.attempt", { keys = { { scope = "sign_in.pair", key = pair } } })
  if not counted then return nil, err end
  local row = staff.find(session.staff_user_id)
  return crypto.verify_password(row and row.password_hash, password.normal(typed))
end

--- Makes a token whose digest may be stored: { token, token_hash }.
---@return string token
---@return string token_hash
function staff.draw_token()
  local token = crypto.token()
  return token, staff.digest(token)
end

-- Where a browser finds this server: what the merchant said, or where it listens.
local function base_url()
  local options = thread.options
  if (options.base_url or "") ~= "" then return (options.base_url:gsub("/+$", "")) end
  for address in (options.listen or ""):gmatch("[^,%s]+") do
    local host, port = address:match("^(.*):(%d+)$")
    if host and not address:find("^unix:") then
      local is_any = host == "" or host == "*" or host == "0.0.0.0" or host == "[::]"
      return ("http://%s:%s"):format(is_any and "localhost" or host, port)
    end
  end
  return "http://localhost"
end

--- The address of a link, to be shown to whoever hands it on.
---@param token string
---@return string
function staff.link_url(token)
  return base_url() .. "/admin/link/" .. token
end

-- A shop without an owner says at each start, where only its owner reads, how to become it. The link
-- of the start before is over then.
jobs.at_start(function()
  if thread.role ~= "jobs" or staff.is_set_up() then return end -- a tool or a test serves nobody
  local token, token_hash = staff.draw_token()
  if not command.run("staff.open_setup", { token_hash = token_hash }) then return end
  log.warn("this shop has no owner yet: open the link within 24 hours to become it", { link = staff.link_url(token) })
end)

jobs.define({
  name = "staff.prune", every = HOUR,
  doc = "Deletes sessions, links and tries that are over.",
  handler = function() assert(command.run("staff.prune", {})) end,
})

return staff

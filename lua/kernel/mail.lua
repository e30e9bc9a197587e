--- Mail: from an address, a subject and texts to the bytes of RFC 5322, and out by the server that the merchant chose.
--- Nothing that comes from outside can add a header.
local client = require("native.client")
local clock = require("native.clock")
local crypto = require("native.crypto")
local dev = require("kernel.dev")
local failure = require("kernel.failure")
local schema = require("kernel.schema")
local secrets = require("kernel.plugins.secrets")
local settings = require("kernel.settings")
local text = require("native.text")
local calendar = require("kernel.calendar")

local mail = {}

settings.define({ key = "mail.host", spec = schema.text({ max = 255, default = "" }), doc = "The mail server; empty: no mail is sent." })
settings.define({ key = "mail.port", spec = schema.integer({ min = 1, max = 65535, default = 587 }), doc = "Its port." })
settings.define({
  key = "mail.security", spec = schema.enum({ "starttls", "tls", "plain", default = "starttls" }),
  doc = "starttls (587), tls (465), or plain for a server on this machine.",
})
settings.define({ key = "mail.user", spec = schema.text({ max = 255, default = "" }), doc = "Empty: no login." })
settings.define({ key = "mail.password", spec = schema.text({ max = 1000 }), doc = "Kept sealed.", seal = secrets.seal })
settings.define({ key = "mail.from", spec = schema.email({ default = "" }), doc = "Who mail comes from; empty: shop.email." })

local LINE <const> = 76
local WORD <const> = 45 -- bytes of text in an encoded word: at most 75 characters when encoded
local LONGEST_SUBJECT <const> = 500
local LARGEST <const> = 1024 * 1024
local TIMEOUT_MS <const> = 30000
local DAYS <const> = { [0] = "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local MONTHS <const> = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

---@class merx.Mail
---@field to string one address
---@field subject string
---@field text string
---@field html? string
---@field reply_to? string
---@field from_name? string

-- Lines of base64.
local function wrapped(bytes)
  local encoded, lines = text.base64(bytes), {}
  for at = 1, #encoded, LINE do lines[#lines + 1] = encoded:sub(at, at + LINE - 1) end
  return table.concat(lines, "\r\n")
end

-- RFC 2047: words of a header that are not plain, cut between characters.
local function header_text(value)
  value = value:gsub("%c+", " ")
  if value:find("^[%g ]*$") and #value <= LINE - 20 and not value:find("=?", 1, true) then return value end
  local words, word = {}, ""
  for _, code in utf8.codes(value) do
    local character = utf8.char(code)
    if #word + #character > WORD then
      words[#words + 1], word = word, ""
    end
    word = word .. character
  end
  words[#words + 1] = word
  for i, part in ipairs(words) do words[i] = "=?UTF-8?B?" .. text.base64(part) .. "?=" end
  return table.concat(words, "\r\n ")
end

-- RFC 5322 date in UTC.
local function date_of(ms)
  local seconds = ms // 1000
  local year, month, day = calendar.date(seconds // 86400)
  local rest = seconds % 86400
  return ("%s, %d %s %d %02d:%02d:%02d +0000"):format(DAYS[(seconds // 86400 + 4) % 7], day, MONTHS[month], year, rest // 3600, rest // 60 % 60, rest % 60)
end

local address_spec <const> = schema.object({ value = schema.email({ required = true }) })

local function check_address(value)
  local clean = schema.check(address_spec, { value = value })
  if not clean or not clean.value:find("^[%g]+$") then
    return failure.new("mail.address", "this is no address that mail can be sent to: " .. tostring(value))
  end
  return clean.value
end

local function part(kind, bytes)
  return ("Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"):format(kind, wrapped(bytes))
end

-- One text, or two of which the reader shows the better one.
local function body_of(given)
  if not given.html then return part("text/plain", given.text) end
  local boundary = "=_" .. text.hex(crypto.blake2b(given.text .. "\0" .. given.html)):sub(1, 32)
  return ('Content-Type: multipart/alternative; boundary="%s"\r\n\r\n--%s\r\n%s--%s\r\n%s--%s--\r\n'):format(
    boundary, boundary, part("text/plain", given.text), boundary, part("text/html", given.html), boundary)
end

--- The bytes of a mail.
---@param given merx.Mail
---@param from string address
---@param now integer ms UTC
---@param id string unique; becomes the left half of Message-ID
---@return string? message
---@return merx.Error? err
function mail.compose(given, from, now, id)
  local to, err = check_address(given.to)
  if not to then return nil, err end
  local reply_to
  if given.reply_to then
    reply_to, err = check_address(given.reply_to)
    if not reply_to then return nil, err end
  end
  if type(given.subject) ~= "string" or type(given.text) ~= "string" or not text.valid(given.subject .. given.text .. (given.html or "")) then
    return failure.new("mail.invalid", "a mail needs a subject and a text, both in UTF-8")
  end
  if #given.text + #(given.html or "") > LARGEST then return failure.new("mail.too_large", "a mail has at most 1 MiB of text") end
  local name = given.from_name and given.from_name ~= "" and header_text('"' .. given.from_name:gsub('["\\]', "") .. '"') .. " " or ""
  local lines = {
    "Date: " .. date_of(now), "From: " .. name .. "<" .. from .. ">", "To: <" .. to .. ">",
    "Subject: " .. header_text(text.sub(given.subject, 1, LONGEST_SUBJECT)), "Message-ID: <" .. id .. "@" .. from:match("@(.+)$") .. ">",
    "MIME-Version: 1.0", "Auto-Submitted: auto-generated",
  }
  if reply_to then lines[#lines + 1] = "Reply-To: <" .. reply_to .. ">" end
  return table.concat(lines, "\r\n") .. "\r\n" .. body_of(given)
end

--- Whether the merchant set up a mail server and an address.
---@return boolean
function mail.is_on()
  if dev.is_on() then return true end
  return settings.get("mail.host") ~= "" and mail.from() ~= ""
end

--- Who mail comes from, "" when nobody said.
---@return string
function mail.from()
  local from = settings.get("mail.from")
  return from ~= "" and from or settings.list()["shop.email"] and settings.get("shop.email") or ""
end

local function server()
  local password, err
  if settings.get("mail.password") then
    password, err = secrets.open("mail.password")
    if not password then return nil, err end
  end
  local user = settings.get("mail.user")
  return {
    host = settings.get("mail.host"), port = settings.get("mail.port"), security = settings.get("mail.security"),
    user = user ~= "" and user or nil, password = password, total_ms = TIMEOUT_MS,
  }
end

--- Sends a mail; in the jobs thread. "mail.off": no server is set up. Other failures are worth another try, but
--- "mail.refused".
---@param given merx.Mail
---@return true? ok
---@return merx.Error? err
function mail.send(given)
  if not mail.is_on() then return failure.new("mail.off", "no mail is sent: set mail.host and mail.from (merx settings set mail.host …)") end
  local from = mail.from()
  if dev.is_on() and from == "" then from = "shop@localhost.localdomain" end
  local message, err = mail.compose(given, from, clock.now(), crypto.uuid())
  if not message then return nil, err end
  if dev.is_on() then
    dev.keep("mail", { to = given.to, subject = given.subject, text = given.text, html = given.html, from = from })
    return true
  end
  local where, broken = server()
  if not where then return nil, broken end
  local reply, problem = client.mail({ server = where, from = from, to = { given.to }, message = message })
  if not reply then return failure.new("mail." .. problem.code, problem.message) end
  if reply.status >= 500 then return failure.new("mail.refused", ("the mail server refused it: %d %s"):format(reply.status, reply.body)) end
  if reply.status >= 300 then return failure.new("mail.busy", ("the mail server wants it later: %d %s"):format(reply.status, reply.body)) end
  return true
end

return mail

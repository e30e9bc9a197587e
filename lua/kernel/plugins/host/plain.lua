--- Host calls that need nothing: the log, the time, settings, secrets as handles, digests.
local clock = require("native.clock")
local i18n = require("kernel.i18n")
local crypto = require("native.crypto")
local host = require("kernel.plugins.host")
local log = require("kernel.log")
local secrets = require("kernel.plugins.secrets")
local settings = require("kernel.settings")
local text = require("native.text")

local LONGEST_LINE <const> = 2000

host.define("log", {
  kinds = host.anywhere,
  call = function(plugin, _, message, fields)
    local line = { plugin = plugin.id, fields = type(fields) == "table" and fields or nil }
    log.info(tostring(message):sub(1, LONGEST_LINE), line)
  end,
})

host.define("now", { kinds = { view = true, effect = true }, call = function() return clock.now() end })

host.define("setting", {
  kinds = host.anywhere,
  call = function(plugin, _, name)
    local declared = type(name) == "string" and plugin.manifest.settings[name]
    if not declared then return nil end
    if declared.type == "secret" then return { ["$secret"] = name } end
    return settings.get("plugin." .. plugin.id .. "." .. name)
  end,
})

local function needs_secrets(plugin)
  if not plugin.granted.secrets then return '"capabilities": { "secrets": true }' end
end

-- The plain text of a handle, or a text as it is.
local function open(plugin, value)
  if type(value) == "string" then return value end
  local found, err = secrets.read(plugin, value)
  if not found then return nil, err end
  return found
end

-- The spellings in which providers write a digest.
local function spellings(bytes)
  return { bytes, text.hex(bytes), text.base64(bytes), text.base64url(bytes) }
end

host.define("crypto.hmac_ok", {
  kinds = host.anywhere, capability = "secrets", needs = needs_secrets,
  call = function(plugin, _, secret, message, signature)
    local key, err = open(plugin, secret)
    if not key then return nil, err end
    local given, is_right = tostring(signature or ""), false
    for _, spelling in ipairs(spellings(crypto.hmac_sha256(key, tostring(message)))) do
      is_right = crypto.equal(spelling, given) or is_right
    end
    return is_right
  end,
})

host.define("crypto.hmac", {
  kinds = host.anywhere, capability = "secrets", needs = needs_secrets,
  call = function(plugin, _, secret, message, spelling)
    local key, err = open(plugin, secret)
    if not key then return nil, err end
    local bytes = crypto.hmac_sha256(key, tostring(message))
    return spelling == "base64" and text.base64(bytes) or text.hex(bytes)
  end,
})

host.define("crypto.sha256", { kinds = host.anywhere, call = function(_, _, message) return text.hex(crypto.sha256(tostring(message))) end })
host.define("crypto.base64", { kinds = host.anywhere, call = function(_, _, message) return text.base64(tostring(message)) end })

host.define("crypto.equal", {
  kinds = host.anywhere, capability = "secrets", needs = needs_secrets,
  call = function(plugin, _, secret, given)
    local key, err = open(plugin, secret)
    if not key then return nil, err end
    return crypto.equal(key, tostring(given or ""))
  end,
})

-- Words in a language, for mails and messages; pages have theirs from the keys that handlers answer.
local function locale_of(locale)
  return type(locale) == "string" and locale or "en"
end

host.define("words", {
  kinds = host.anywhere,
  call = function(plugin, _, locale, key, args)
    return i18n.find(locale_of(locale), plugin.id .. "." .. tostring(key), type(args) == "table" and args or nil)
  end,
})

host.define("words.money", {
  kinds = host.anywhere,
  call = function(_, _, locale, amount, currency)
    if math.type(amount) ~= "integer" then return nil, { code = "invalid", message = "an amount is a whole number of minor units" } end
    return i18n.currency(locale_of(locale), amount, tostring(currency))
  end,
})

return true

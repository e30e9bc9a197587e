--- Storefronts: where each answers, what it speaks, which prices it shows.
local cache = require("kernel.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local json = require("kernel.json")
local schema = require("kernel.schema")
local settings = require("kernel.settings")

local channel = {}

-- Declared here and not where they are shown: the writer, which changes them, knows no pages.
settings.define({ key = "shop.name", spec = schema.text({ min = 1, max = 100, default = "Merx" }), doc = "Name of the shop." })
settings.define({ key = "shop.description", spec = schema.text({ max = 300, default = "" }), doc = "One sentence about the shop." })
settings.define({ key = "shop.email", spec = schema.email({ default = "" }), doc = "Where shoppers write to." })

---@class merx.Channel
---@field id integer
---@field handle string
---@field title string
---@field host string "" answers to any host
---@field path string prefix without the slash at its end
---@field locale string the language that texts were written in
---@field locales string[] all languages, the first one without a prefix in addresses
---@field currency string
---@field currencies string[]
---@field country string ISO 3166-1
---@field price_list_id integer
---@field tax_display "included"|"excluded"
---@field time_zone string
---@field theme string folder below themes/
---@field is_open boolean

local load_all = cache.memo("channels", function()
  local list = db.many("channels_all")
  for _, row in ipairs(list) do
    row.locales, row.currencies = json.decode(row.locales), json.decode(row.currencies)
    row.is_open = row.is_open == 1
    local theme = row.theme_id and db.one("theme_of", { id = row.theme_id })
    row.theme = theme and theme.handle or "default"
  end
  return list
end)

---@return merx.Channel[]
function channel.list()
  return load_all("all")
end

---@param id integer
---@return merx.Channel?
function channel.find(id)
  for _, row in ipairs(channel.list()) do
    if row.id == id then return row end
  end
end

--- The storefront that answers at a host and path: the longest matching one, an exact host before any.
---@param host string
---@param path string
---@return merx.Channel?
function channel.find_by_address(host, path)
  local best, best_score
  for _, row in ipairs(channel.list()) do
    local prefix = row.path
    local fits = (row.host == "" or row.host == host)
      and (prefix == "" or path == prefix or path:sub(1, #prefix + 1) == prefix .. "/")
    local score = #prefix + (row.host ~= "" and 1000 or 0)
    if fits and (not best or score > best_score) then best, best_score = row, score end
  end
  return best
end

--- The context that every reading function takes.
---@param row merx.Channel
---@param now integer milliseconds UTC
---@param locale? string
---@return merx.Context
function channel.context(row, now, locale)
  return {
    now = now, locale = locale or row.locales[1], currency = row.currency, channel = row, price_group = "",
    country = row.country,
  }
end

command.define({
  name = "channel.set_languages",
  doc = "Says which languages a storefront speaks; the first one has no prefix in addresses.",
  args = schema.object({
    id = schema.id({ required = true }),
    locales = schema.list(schema.text({ required = true, max = 20, pattern = "^%l%l%l?%-?%w*$" }), { required = true, min = 1, max = 30 }),
  }),
  handler = function(tx, args)
    local changed = db.run("channel_languages_set", {
      id = args.id, locale = args.locales[1], locales = json.encode(args.locales), at = tx.now,
    })
    if changed == 0 then return failure.new("channel.missing", "there is no storefront " .. args.id) end
    tx.touch("channels")
    return { id = args.id }
  end,
})

return channel

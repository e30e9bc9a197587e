--- One page being made: its context, theme, globals; and how it is sent.
local cache = require("kernel.cache")
local config = require("kernel.plugins.config")
local dev = require("kernel.dev")
local filters = require("web.filters")
local globals = require("web.view.globals")
local i18n = require("kernel.i18n")
local listings = require("domain.listings")
local log = require("kernel.log")
local plugins = require("kernel.plugins")
local points = require("kernel.points")
local respond = require("web.respond")
local theme = require("web.theme")

local page = {}

local CLOCK_TICK <const> = 60000 -- a page that prints the time is as exact as this

local function count_cart(ctx)
  if not ctx.cart_token then return 0 end
  return require("domain.cart").count(ctx.cart_token)
end

local function section_handler(id)
  for _, handler in ipairs(points.handlers("section")) do
    if handler.id == id then return handler end
  end
end

-- A plugin's section names a list; the list is read here, so cards never cross states.
local function expand(self, id, data)
  local wanted = data.products
  data.products = nil
  if type(wanted) == "table" and listings.sorts[wanted.sort] then
    local limit = math.type(wanted.limit) == "integer" and math.max(1, math.min(wanted.limit, 24)) or 4
    local cards = listings.page(self.ctx, { category_id = 0, sort = wanted.sort, limit = limit, is_on_sale = wanted.is_on_sale })
    data.products = require("web.view.card").list(self, cards)
  elseif wanted ~= nil then
    log.warn("the products of a section are left out", { handler = id, error = "`products` must be { sort, limit, is_on_sale } with a sort of lists" })
  end
  if type(data.url) == "string" and data.url:find("^/") then data.url = self.ctx.root .. data.url end
  return data
end

-- What a plugin has to say for a section, or nil: a section whose plugin fails, or is not set up, is left out.
local function ask_section(self, id, given)
  local handler = section_handler(id)
  if not handler then return nil end
  local idle = config.idle(handler)
  if idle then
    if dev.is_on() then log.warn("a section is left out", { handler = id, error = "it is not set up: " .. idle }) end
    return nil
  end
  local data, err = handler.call({ settings = given, locale = self.ctx.locale }, plugins.settings(handler))
  if type(data) ~= "table" then
    log.warn("a section is left out", { handler = id, error = err and err.message or "it must return a table" })
    return nil
  end
  return expand(self, id, data)
end

--- Opens a page. `own` are the globals that it alone has; `stores` says where parts are kept that show one
--- of them (see web.stores), `parts` which of their fields have a store of their own, `address_store` is the one for
--- what hardly another address shows; false: the address is hardly asked for again.
---@param ctx merx.WebContext
---@return table page registers of its templates
function page.open(ctx)
  local found, count = theme.get(ctx.channel.theme), nil
  -- Fields that come later are named, so that the tables have room for them from the start.
  local self = {
    ctx = ctx, locale = ctx.locale, theme = found, template = "", words = theme.words(found, ctx.locale),
    amounts = filters.amounts(ctx.locale, ctx.currency), ask_section = ask_section,
    own = { page_title = nil, page_description = nil, page_robots = nil, page_image = nil, product = nil, form = nil },
    stores = { product = nil, form = nil, collection = nil }, parts = { product = nil }, apart = {},
    globals = nil, cart_count = nil, on_clock = nil, render_context = nil, address_store = nil, fragment_key = nil, state = nil, making = nil,
  }
  function self.cart_count()
    count = count or count_cart(ctx)
    return count
  end
  self.globals = globals.of(self)
  function self.on_clock() cache.valid_until(ctx.now + CLOCK_TICK) end
  local names = i18n.date_names(ctx.locale)
  function self.render_context(vars, own_globals)
    return {
      globals = own_globals or self.globals, vars = vars, registers = self, now = ctx.now, on_clock = self.on_clock, date_names = names,
    }
  end
  return self
end

--- Text of the theme in the language of the page.
---@param self table
---@param key string
---@param args? table
---@return string
function page.text(self, key, args)
  return filters.text(self, key, args)
end

---@class merx.PageOptions
---@field template string
---@field title string
---@field drops? table<string, any> further globals
---@field status? integer
---@field cache? "page"|"private"|"none"
---@field description? string
---@field robots? string
---@field headers? table

--- Renders and sends.
---@param self table
---@param options merx.PageOptions
function page.send(self, options)
  local own = self.own
  own.page_title, own.page_description, own.page_robots = options.title, options.description, options.robots
  for name, value in pairs(options.drops or {}) do
    assert(globals.is_known(name), "declare what templates may see in web/view/globals.lua: " .. name)
    own[name] = value
  end
  for name, value in pairs(own) do self.globals[name] = value end
  self.template = options.template
  local out = theme.render(self.theme, self, options.template)
  respond.html(self.ctx, options.status or 200, out, { cache = options.cache, headers = options.headers })
  theme.release(out)
end

-- What went wrong, in words: title and text.
local function trouble_of(self, status)
  local key = "errors." .. status
  if self.theme.texts.en[key .. ".title"] == nil then key = status >= 500 and "errors.500" or "errors.422" end
  return page.text(self, key .. ".title"), page.text(self, key .. ".text")
end

--- Sends the page that says what went wrong; to programs the same in JSON.
---@param self table
---@param status integer
---@param options? { id?: string, headers?: table }
function page.message(self, status, options)
  local title, text = trouble_of(self, status)
  if respond.wants_json(self.ctx) then return respond.problem(self.ctx, status, title, text, options) end
  page.send(self, {
    template = "message", status = status, title = title, cache = "none", robots = "noindex", headers = options and options.headers,
    drops = { message = {
      drawing = (status == 404 or status == 410) and "lost" or "error", title = title, text = text,
      url = self.ctx.root .. "/", button = page.text(self, "errors.home"), id = options and options.id,
    } },
  })
end

return page

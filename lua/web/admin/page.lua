--- One page of the back office being made, and how it is sent.
local assets = require("web.assets")
local buf = require("kernel.buf")
local csrf = require("web.csrf")
local fs = require("kernel.files")
local i18n = require("kernel.i18n")
local respond = require("web.respond")
local settings = require("kernel.settings")
local staff = require("domain.staff")
local template = require("kernel.template")
local thread = require("kernel.thread")
require("web.filters")

local page = {}

local ROOM <const> = thread.share .. "/lua/web/admin"

-- The links on the left: a word, where it leads, what one must be allowed.
local NAVIGATION <const> = {
  { "overview", "/admin", "overview.view" }, { "orders", "/admin/orders", "orders.view" },
  { "products", "/admin/products", "products.view" }, { "journal", "/admin/journal", "audit.view" },
  { "people", "/admin/people", "staff.change" }, { "settings", "/admin/settings", "settings.view" },
}

local HEADERS <const> = {
  ["X-Robots-Tag"] = "noindex, nofollow",
  ["Referrer-Policy"] = "same-origin", -- addresses may hold a link's token
}

local env = template.environment({ loader = function(_, name) return fs.read(ROOM .. "/templates/" .. name .. ".liquid") end })

local files ---@type merx.Assets?

--- Styles and script of the back office.
---@return merx.Assets
function page.assets()
  files = files or assets.load(ROOM .. "/assets", "/admin/assets/", { css = "admin.css", js = "admin.js" })
  return files
end

-- Texts by key, as the filter `t` wants them: functions of their arguments.
local function words_of(locale)
  return setmetatable({}, { __index = function(self, key)
    local function say(args) return i18n.text(locale, "admin." .. key, args) end
    rawset(self, key, say)
    return say
  end })
end

--- Opens a page.
---@param ctx merx.AdminContext
---@return table page registers of its templates
function page.open(ctx)
  return { ctx = ctx, locale = ctx.locale, words = words_of(ctx.locale), amounts = {} }
end

--- A text in the language of the page.
---@param self table
---@param key string below "admin."
---@param args? table
---@return string
function page.text(self, key, args)
  return i18n.text(self.locale, "admin." .. key, args)
end

--- A text, or what stands for it when there is none: words of plugins and of commands to come.
---@param self table
---@param key string
---@param otherwise string
---@return string
function page.text_or(self, key, otherwise)
  return i18n.find(self.locale, "admin." .. key) or otherwise
end

--- The links on the left that a person may follow.
---@param self table page
---@return { title: string, url: string, icon: string, is_here: boolean }[]
function page.navigation(self)
  local links, ctx = {}, self.ctx
  for _, entry in ipairs(NAVIGATION) do
    if staff.may(ctx.staff, entry[3]) then
      local is_here = entry[2] == ctx.path or entry[2] ~= "/admin" and ctx.path:sub(1, #entry[2] + 1) == entry[2] .. "/"
      links[#links + 1] = { title = page.text(self, "navigation." .. entry[1]), url = entry[2], icon = entry[1], is_here = is_here }
    end
  end
  return links
end

-- What every template sees.
local function frame_of(self, options)
  local ctx = self.ctx
  local frame = {
    title = options.title, locale = ctx.locale, scheme = ctx.scheme ~= "" and ctx.scheme or nil, shop = settings.get("shop.name"),
    csrf = csrf.of(ctx.form_secret), css = page.assets().by_name["admin.css"].url, js = page.assets().by_name["admin.js"].url,
    notice = options.notice, has_errors = options.has_errors, path = ctx.path,
  }
  if ctx.staff then
    frame.navigation = page.navigation(self)
    frame.person = { name = ctx.staff.name ~= "" and ctx.staff.name or ctx.staff.email, email = ctx.staff.email }
  end
  return frame
end

---@class merx.AdminPage
---@field template string
---@field title string
---@field drops? table<string, any> what the template sees
---@field status? integer
---@field notice? string what was just done
---@field has_errors? boolean
---@field is_bare? boolean without navigation, also for those who are signed in
---@field headers? table

--- Renders and sends.
---@param self table
---@param options merx.AdminPage
function page.send(self, options)
  local globals = { page = frame_of(self, options) }
  if options.is_bare then globals.page.navigation = nil end
  for name, value in pairs(options.drops or {}) do globals[name] = value end
  local context = { globals = globals, registers = self, now = self.ctx.now }
  local content, out = buf.new(), buf.new()
  assert(assert(env:find("page", options.template)):render(content, context))
  globals.content = content
  assert(assert(env:find("layout", "layout")):render(out, context))
  local headers = {}
  for name, value in pairs(HEADERS) do headers[name] = value end
  for name, value in pairs(options.headers or {}) do headers[name] = value end
  respond.html(self.ctx, options.status or 200, out, { cache = "none", headers = headers })
end

-- What went wrong, in words: title and text.
local function trouble_of(self, status)
  local key = "errors." .. (self.ctx.refusal == "forged" and "forged" or status)
  if not i18n.find("en", "admin." .. key .. ".title") then key = status >= 500 and "errors.500" or "errors.422" end
  return page.text(self, key .. ".title"), page.text(self, key .. ".text")
end

--- Sends the page that says what went wrong; to programs the same in JSON.
---@param self table
---@param status integer
---@param options? { id?: string, headers?: table, text?: string }
function page.message(self, status, options)
  local title, text = trouble_of(self, status)
  text = options and options.text or text
  if respond.wants_json(self.ctx) then return respond.problem(self.ctx, status, title, text, options) end
  page.send(self, {
    template = "message", status = status, title = title, headers = options and options.headers,
    drops = { message = { title = title, text = text, id = options and options.id } },
  })
end

--- Says in words why a command failed: what was asked cannot be, or the shop cannot write just now.
---@param self table
---@param err merx.Error
---@return string
function page.explain(self, err)
  if respond.is_unavailable(err) then return i18n.text(self.locale, "error.busy") end
  return page.text_or(self, "failures." .. err.code:gsub("%.", "_"), err.message)
end

--- The status that belongs to a failure.
---@param err merx.Error
---@return integer
function page.status_of(err)
  if respond.is_unavailable(err) then return 503 end
  if err.code:find("%.missing$") then return 404 end
  if err.code:find("%.stale$") then return 409 end
  return 422
end

return page

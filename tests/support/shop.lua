--- A shop in memory for a test file: real migrations, real queries, the writer's own path. Load the
--- rooms under test after shop.open().
local clock = require("native.clock")
local db = require("kernel.db")
local native = require("native.db")
local thread = require("native.thread")

local shop = {}

local loaded = false

--- Opens a fresh database and makes it this thread's. The clock stands at `now`.
---@param options? { now?: integer }
function shop.open(options)
  clock.set_fake(options and options.now or 1767225600000) -- 2026-01-01
  local conn = assert(native.open({ mode = "memory" }))
  native.set_main(conn)
  assert(native.migrate(conn, thread.share .. "/sql/migrations"))
  if not loaded then
    db.load(thread.share .. "/sql/queries")
    loaded = true
  end
  db.reset()
  require("native.cache").doubt()
  return conn
end

--- Moves the clock.
---@param ms integer
function shop.wait(ms)
  clock.set_fake(clock.now() + ms)
end

--- Loads the bundled plugins, as every thread of a server does after the rooms of the domain.
---@param folders? { path: string, bundled: boolean }[] others than those
function shop.plugins(folders)
  require("domain.draft.contracts")
  require("domain.published")
  require("domain.setting_types")
  require("web.contracts")
  require("kernel.plugins").load(folders or { { path = thread.share .. "/plugins", bundled = true } })
end

--- The context of the first storefront.
---@param locale? string
---@return merx.Context
function shop.context(locale)
  local channel = require("domain.channel")
  return channel.context(channel.list()[1], clock.now(), locale)
end

return shop

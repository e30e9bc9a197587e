--- The first file that every thread runs: strict globals, queries, layers, plugins. What it returns
--- are the doors by which C enters.
local strict = require("kernel.strict")
strict.guard(_G)

local cache = require("native.cache")
local command = require("kernel.command")
local db = require("kernel.db")
local dev = require("kernel.dev")
local failure = require("kernel.failure")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local jobs = require("kernel.jobs")
local plugins = require("kernel.plugins")
local tables = require("kernel.plugins.tables")
local thread = require("native.thread")
local watch = require("kernel.plugins.watch")

local SHARE <const> = thread.share

-- The writer prepares every query, so that a typing error stops the start; others when they need one.
db.load(SHARE .. "/sql/queries", thread.role == "writer")

-- Every room of the domain declares its commands, events, settings and jobs by being loaded.
for _, name in ipairs(assert(fs.list(SHARE .. "/lua/domain"))) do
  if not name:find("%.md$") then require("domain." .. name:gsub("%.lua$", "")) end
end

require("web.contracts")

local loaded -- the generation that this thread has; nil: the shop as it was delivered
local listed -- its sources, when they were looked at just now

local function sources()
  loaded = generation.current()
  return listed or generation.sources(), loaded and loaded.pins, 1 + (loaded and loaded.id or 0), loaded and loaded.bindings or {}
end

plugins.load(sources, { safe = thread.options.safe == "true" })

local looked -- while this holds nobody touched the plugins since they were loaded

-- What begins takes the plugins that are in force, once the writer has made their tables; what is under way keeps those
-- that it began with.
local function renew()
  local label = cache.label("plugins") -- before looking: what is committed meanwhile is looked at again
  local now = generation.current()
  if (now and now.id) ~= (loaded and loaded.id) then
    listed = generation.sources()
    local is_ready = thread.role == "writer" or tables.are_ready(plugins.newcomers(listed))
    if is_ready then plugins.renew() end
    listed = nil
    if not is_ready then return end
  end
  looked = label
end

local function renewed(fn)
  return function(...)
    if not looked or not cache.holds("plugins", looked) then renew() end
    plugins.close_left()
    return fn(...)
  end
end

jobs.on_tick(watch.look)
if dev.is_on() and thread.role == "jobs" then jobs.on_tick(dev.look) end

local doors = {
  command = function(name, args, meta)
    local result, err = command.execute(name, args, meta)
    if result == nil and not failure.is_error(err) then error("a command must return a result or an error") end
    return result, err
  end,
  tick = renewed(jobs.tick),
  reload = function()
    plugins.reload()
    if dev.is_on() and thread.role == "worker" then require("web.theme").reload() end
  end,
  renew = renew,
}

if thread.role == "worker" or thread.role == "tool" or thread.role == "test" then
  local web = require("web")
  doors.request, doors.error = renewed(web.request), web.error
end

return doors

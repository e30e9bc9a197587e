--- Looks after a generation that has just come into force: when what it changed fails, the one before comes back by
--- itself. What plugins did is counted over all threads; the jobs thread judges.
local command = require("kernel.command")
local generation = require("kernel.plugins.generation")
local jobs = require("kernel.jobs")
local log = require("kernel.log")
local staging = require("kernel.plugins.staging")
local tables = require("kernel.plugins.tables")
local task = require("native.task")

local watch = {}

local OFTEN <const> = 1000 -- ms between two looks
local SELDOM <const> = 60000
local FEWEST <const> = 5 -- failures, and
local SHARE <const> = 5 -- one call in so many
local PATIENCE <const> = 5000 -- ms in which the writer begins to make tables

-- What one generation has that the other has not, or has otherwise.
local function changed(before, after)
  local had, out = {}, {}
  for _, entry in ipairs(before) do had[entry.id] = entry end
  for _, entry in ipairs(after) do
    local old = had[entry.id]
    if entry.enabled and (not old or old.version ~= entry.version or old.digest ~= entry.digest or not old.enabled) then
      out[#out + 1] = entry.id
    end
  end
  return out
end

--- Whether so many failures in so many calls are more than a plugin may have while it is new.
---@param calls integer
---@param errors integer
---@return boolean
function watch.is_too_many(calls, errors)
  return errors >= FEWEST and errors * SHARE >= calls
end

-- Why it is not to stay, of the first of the plugins that fails too often in this generation.
local function find_failing(now, ids)
  local counts = task.plugin_counts(now.id)
  for _, id in ipairs(ids) do
    local entry = counts[id]
    if entry and watch.is_too_many(entry.calls, entry.errors) then
      return { id = id, errors = entry.errors, why = ("failed %d times in %d calls"):format(entry.errors, math.max(entry.calls, entry.errors)) }
    end
  end
end

-- The first of the plugins whose tables the writer could not make. The writer itself looks once more when it is told: it
-- may have been at work on them.
local function find_unready(now, ids, at)
  if at - now.created_at < PATIENCE then return nil end
  local wanted = {}
  for _, id in ipairs(ids) do wanted[id] = true end
  for _, entry in ipairs(now.plugins) do
    if wanted[entry.id] and not tables.are_ready({ { id = entry.id, root = entry.root, is_off = false } }) then
      return { id = entry.id, why = "could not make its tables", is_unready = true }
    end
  end
end

local function take_back(now, found)
  local note = ("%s %s: taken back by itself"):format(found.id, found.why)
  local done, err = command.run("generation.rollback", {
    seen = now.id, failed = true, unready = found.is_unready, note = note,
  }, { actor = "job:plugins.watch" })
  if done then
    log.error("a new generation of plugins failed, and the one before is in force again", {
      plugin = found.id, generation = now.id, again = done.generation, errors = found.errors, last_error = note,
    })
  elseif err.code ~= "generation.ready" then
    log.error("a new generation of plugins fails, and cannot be taken back", { plugin = found.id, generation = now.id, error = err.message })
  end
end

jobs.define({
  name = "plugins.sweep", every = 6 * 3600 * 1000,
  doc = "Removes files of plugins that no generation needs, and what stopped installations left.",
  handler = staging.sweep,
})

--- One look; the jobs thread calls it in each of its rounds.
---@param at integer ms UTC
---@return integer ms until the next
function watch.look(at)
  local now = generation.current()
  if not now or not now.watched_until or now.watched_until <= at then return SELDOM end
  local parent = generation.by_id(now.parent_id)
  local ids = parent and changed(parent.plugins, now.plugins) or {}
  local found = find_failing(now, ids) or find_unready(now, ids, at)
  if found then take_back(now, found) end
  return OFTEN
end

return watch

--- What visitors did, by GA4's names: noted while a page is answered, written into activity.db by the jobs thread.
---
--- Everything is counted, by day, event and what it was about: that says nothing about anybody. A row with the time,
--- the visitor and the page is kept only of visitors who agreed: they carry a cookie `visitor`, nobody else does.
local clock = require("kernel.clock")
local jobs = require("kernel.jobs")
local json = require("kernel.json")
local log = require("kernel.log")
local native = require("kernel.activity")
local schema = require("kernel.schema")
local settings = require("kernel.settings")
local side = require("kernel.side")
local thread = require("kernel.thread")

local activity = {}

local DAY <const> = 86400000
local SAMPLES_KEPT <const> = 30 * DAY
local PRUNED_AT_ONCE <const> = 5000
local EVERY <const> = 5000 -- ms between two writings

settings.define({
  key = "activity.keep_days", spec = schema.integer({ min = 1, max = 3650, default = 400 }),
  doc = "Days for which events of visitors who agreed, and counts by product, are kept. Sums by day stay.",
})

-- Their places are numbers inside one process only.
local NAMES <const> = {
  "page_view", "view_item_list", "select_item", "view_item", "search", "add_to_cart", "remove_from_cart", "view_cart",
  "begin_checkout", "add_shipping_info", "add_payment_info", "purchase", "refund", "add_to_wishlist", "view_promotion",
  "select_promotion", "login", "sign_up", "share",
}
local KINDS <const> = {}
for kind, name in ipairs(NAMES) do KINDS[name] = kind end

-- Events that are pages: each is a page_view, too.
local PAGES <const> = { view_item_list = true, view_item = true, search = true, view_cart = true }

-- Which column of a row says what it was about.
local SUBJECTS <const> = { view_item = "product_id", add_to_cart = "variant_id", remove_from_cart = "variant_id" }

local SUBJECT_BITS <const>, CHANNEL_BITS <const> = 40, 16

--- An event as one number: what happened, in which storefront, to what.
---@param name string
---@param channel_id integer
---@param subject_id? integer
---@return integer
function activity.note(name, channel_id, subject_id)
  local kind = KINDS[name] or error("there is no event " .. tostring(name), 2)
  local subject = subject_id and subject_id > 0 and subject_id < 1 << SUBJECT_BITS and subject_id or 0
  return kind << SUBJECT_BITS + CHANNEL_BITS | channel_id % (1 << CHANNEL_BITS) << SUBJECT_BITS | subject
end

---@param note integer
---@return string name
---@return integer channel_id
---@return integer subject_id
function activity.meaning(note)
  return NAMES[note >> SUBJECT_BITS + CHANNEL_BITS], note >> SUBJECT_BITS & (1 << CHANNEL_BITS) - 1, note & (1 << SUBJECT_BITS) - 1
end

local CONSENT <const> = { a = "analytics", m = "marketing" }

--- What a visitor's cookie says: to what they agreed, and who they are.
---@param cookie? string
---@return string? consent
---@return string? visitor
function activity.visitor(cookie)
  local letter, visitor = (cookie or ""):match("^([am])%.([%w_-]+)$")
  if not letter or #visitor < 16 or #visitor > 43 then return nil end
  return CONSENT[letter], visitor
end

---@class merx.ActivityDetails
---@field locale? string
---@field page? string
---@field order_id? integer
---@field quantity? integer
---@field currency? string
---@field value? integer minor units
---@field terms? string what was searched for

--- Notes an event of a request. Cheap, never waits, may be dropped when there are too many.
---@param note integer
---@param cookie? string of the visitor
---@param page? string path
---@param details? merx.ActivityDetails kept only of visitors who agreed
function activity.record(note, cookie, page, details)
  if not activity.visitor(cookie) then return native.record(note) end
  native.record(note, cookie, (page or ""):sub(1, 512), details and json.encode(details):sub(1, 4096) or "")
end

-- --- writing it down ---------------------------------------------------------------------------------

local function add_counts(to, counts, day)
  for i = 1, #counts, 2 do
    local name, channel_id, subject_id = activity.meaning(counts[i])
    to:run("count_add", { day = day, channel_id = channel_id, name = name, subject_id = subject_id, times = counts[i + 1] })
    if PAGES[name] then
      to:run("count_add", { day = day, channel_id = channel_id, name = "page_view", subject_id = 0, times = counts[i + 1] })
    end
  end
end

local function add_row(to, row)
  if row.note == 0 then
    to:run("sample_add", { at = row.at, route = row.page, status = row.status, duration_us = row.us })
    return
  end
  local consent, visitor = activity.visitor(row.visitor)
  if not consent then return end -- a cookie that is not ours
  local name, channel_id, subject_id = activity.meaning(row.note)
  local body = row.body ~= "" and json.decode(row.body) or {}
  local subject = subject_id ~= 0 and SUBJECTS[name] or nil
  to:run("event_add", {
    at = row.at, name = name, channel_id = channel_id, visitor = visitor, consent = consent, locale = body.locale or "", page = row.page,
    product_id = subject == "product_id" and subject_id or nil, variant_id = subject == "variant_id" and subject_id or nil,
    order_id = body.order_id, quantity = body.quantity, currency = body.currency, value_amount = body.value,
    body = json.encode(body.terms and { terms = body.terms } or {}),
  })
end

--- Writes down what one worker noted.
---@param to merx.SideDatabase
---@param counts integer[]
---@param rows native.ActivityRow[]
---@param now integer
---@return true? ok
---@return string? problem
function activity.write(to, counts, rows, now)
  return to:together(function()
    add_counts(to, counts, now // DAY)
    for _, row in ipairs(rows) do add_row(to, row) end
  end)
end

--- Removes what is older than it may be.
---@param to merx.SideDatabase
---@param now integer
---@param keep_days integer
---@return boolean more there is more to remove
function activity.prune(to, now, keep_days)
  local removed = 0
  assert(to:together(function()
    local before = now - keep_days * DAY
    removed = math.max(
      to:run("events_prune", { before = before, limit = PRUNED_AT_ONCE }),
      to:run("samples_prune", { before = now - SAMPLES_KEPT, limit = PRUNED_AT_ONCE }))
    to:run("counts_fold", { day = before // DAY })
    to:run("counts_prune", { day = before // DAY })
  end))
  return removed == PRUNED_AT_ONCE
end

--- How often what happened, day by day, the newest first.
---@param from merx.SideDatabase
---@param now integer
---@param days integer
---@return { day: integer, name: string, times: integer }[]
function activity.by_day(from, now, days)
  return from:many("counts_by_day", { day = now // DAY - days + 1 })
end

--- What an event was most often about.
---@param from merx.SideDatabase
---@param now integer
---@param days integer
---@param name string
---@param limit integer
---@return { subject_id: integer, times: integer }[]
function activity.by_subject(from, now, days, name, limit)
  return from:many("counts_by_subject", { day = now // DAY - days + 1, name = name, limit = limit })
end

---@param name string
---@return boolean
function activity.is_event(name)
  return KINDS[name] ~= nil
end

--- Opens activity.db; for tests one in memory.
---@param mode "read"|"write"|"memory"
---@return merx.SideDatabase?
---@return merx.Error? err
function activity.open(mode)
  return side.open({
    path = mode ~= "memory" and thread.data .. "/activity.db" or nil, mode = mode == "read" and "read" or "write",
    migrations = thread.share .. "/sql/activity", queries = thread.share .. "/sql/queries/activity/activity.sql",
  })
end

-- --- the jobs thread ---------------------------------------------------------------------------------

local own ---@type merx.SideDatabase|false|nil false: it cannot be used, and that was said

local function own_database()
  if own == nil then
    local opened, err = activity.open("write")
    if not opened then
      log.error("activity.db cannot be used: what visitors do is not kept until the next start", {
        error = err.message, advice = "move activity.db out of the data folder: a new one is made",
      })
    end
    own = opened or false
  end
  return own
end

local last_at = 0

-- Takes what was noted also when it cannot be written down: the books must not stay full.
local function collect(now, is_last)
  if not is_last and now >= last_at and now - last_at < EVERY then return EVERY - (now - last_at) end
  last_at = now
  local counts, rows = native.take()
  while counts do
    local to = own_database()
    local ok, problem = true, nil
    if to then ok, problem = activity.write(to, counts, rows, now) end
    if not ok then log.warn("what visitors did was not kept", { error = problem }) end
    counts, rows = native.take()
  end
  if is_last and own then
    own:close()
    own = nil
  end
  return EVERY
end

if thread.role == "jobs" then jobs.on_tick(collect) end

jobs.define({
  name = "activity.prune", every = DAY,
  doc = "Forgets what visitors did when it is older than the setting activity.keep_days.",
  handler = function()
    local to = thread.data and own_database() -- a test has no folder
    while to and activity.prune(to, clock.now(), settings.get("activity.keep_days")) do end
  end,
})

return activity

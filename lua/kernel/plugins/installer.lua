--- Installing, upgrading and taking away, each in the same steps: look, ask, rehearse, place, switch. Until the switch,
--- which is one command, nothing that sells has changed.
local command = require("kernel.command")
local company = require("kernel.plugins.company")
local failure = require("kernel.failure")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local lockfile = require("kernel.plugins.lockfile")
local manifest = require("kernel.plugins.manifest")
local minisign = require("native.minisign")
local pins = require("kernel.plugins.pins")
local rehearsal = require("kernel.plugins.rehearsal")
local slots = require("kernel.plugins.slots")
local staging = require("kernel.plugins.staging")
local thread = require("native.thread")

local installer = {}

---@class merx.InstallPlan what will change, before it does
---@field action "install"|"upgrade"|"enable"|"disable"|"uninstall"|"arrange"
---@field id? string of the plugin that it is about
---@field verb? string of the command, when it is not the action
---@field note? string for the journal
---@field pins? merx.Pin[] the merchant's from now on; as before without it
---@field bindings? table<string, string> as well
---@field told? string[] what becomes of the slots, in words
---@field before? merx.Installed
---@field after? merx.Installed
---@field plugins merx.Installed[] the whole list to switch to
---@field staged? merx.Staged
---@field asks string[] what it may do, in words
---@field grows string[] of these, what it may not do yet
---@field seen integer

local function refuse(message, ...)
  return failure.new("plugin.invalid", message:format(...))
end

-- ---- who vouches -----------------------------------------------------------------------------------------------------

local function find_key(publisher, id)
  for _, key in ipairs(generation.keys_of(publisher)) do
    if key.key_id == id then return key end
  end
end

-- The id of the trusted key that signed the package, false for one that is unsigned by permission.
local function judge_signature(staged, path, options, before)
  local found = staged.package
  local publisher = generation.publisher_of(found.id)
  if not staged.signature then
    if before and before.key then
      return refuse("%s %s is signed, this package is not: somebody else may have made it", found.id, before.version)
    end
    if options.unsigned then return false end
    return refuse("%s is not signed: ask its publisher for %s.minisig; --unsigned takes it as it is, and it is shown as unsigned for ever",
      path, path)
  end
  local id, damaged = minisign.signed_by(staged.signature)
  if not id then return refuse("%s.minisig: %s", path, damaged.message) end
  local key = find_key(publisher, id)
  if not key then
    return refuse("it was signed with the key %s, which is not trusted for %s: compare it with what the publisher shows, then merx plugin trust %s KEY",
      id, publisher, publisher)
  end
  local comment, forged = minisign.verify(key.public_key, assert(fs.read(staged.file)), staged.signature)
  if not comment then return refuse("%s: %s", path, forged.message) end
  return id
end

-- ---- what it may be --------------------------------------------------------------------------------------------------

local function judge_version(found, before)
  if not before then return true end
  local order = manifest.compare(found.version, before.version)
  if order < 0 then
    return refuse("%s is older than %s, which is installed: go back with merx plugin rollback, or uninstall it first", found.version, before.version)
  end
  if order == 0 and before.digest == found.digest then return refuse("%s %s is installed already", found.id, found.version) end
  if order == 0 then
    return refuse("%s %s is installed with another content: a version never changes, its publisher must give it a new number", found.id, found.version)
  end
  return true
end

local function judge_place(found, options, before)
  if generation.is_bundled(found.id) or generation.publisher_of(found.id) == "merx" then
    return refuse("%s: the publisher merx is Merx itself, whose plugins come with the program", found.id)
  end
  if options.upgrade and not before then
    return failure.new("plugin.missing", ("%s is not installed: merx plugin install"):format(found.id))
  end
  if not options.upgrade and before then
    return failure.new("plugin.conflict", ("%s %s is installed: merx plugin upgrade"):format(found.id, before.version))
  end
  return true
end

-- What would be worse than now, as one sentence.
local function judge_company(plan)
  local content = plan.staged and { id = plan.id, root = plan.staged.content }
  local now = generation.current()
  local had, before = company.judge(nil, { pins = now and now.pins })
  local has, after = company.judge(plan.plugins, { pins = plan.pins or now and now.pins, replaced = content })
  if after[plan.id] and plan.after and plan.after.enabled then return refuse("%s: %s", plan.id, after[plan.id]) end
  local ids = {}
  for id in pairs(after) do ids[#ids + 1] = id end
  table.sort(ids)
  for _, id in ipairs(ids) do
    if not before[id] then return refuse("then %s could not be had any more: %s", id, after[id]) end
  end
  local bindings, told = slots.settle(company.handlers(had), company.handlers(has), now and now.bindings or {})
  if not bindings then return refuse("%s", told) end
  plan.bindings, plan.told = bindings, told
  return true
end

local function judge_grants(plan, granted, capabilities, consents)
  plan.asks = lockfile.describe(capabilities)
  plan.grows = lockfile.growth(granted, capabilities)
  if #plan.grows > 0 and not consents then
    return refuse("%s asks for more than it was granted: to %s; add --grant if you agree", plan.id, table.concat(plan.grows, ", to "))
  end
  return true
end

-- ---- plans -----------------------------------------------------------------------------------------------------------

local function judge_package(staged, path, options)
  local found = staged.package
  local before = generation.find(found.id)
  local ok, err = judge_place(found, options, before)
  if not ok then return nil, err end
  local key
  key, err = judge_signature(staged, path, options, before)
  if key == nil then return nil, err end
  ok, err = judge_version(found, before)
  if not ok then return nil, err end
  local after = {
    id = found.id, version = found.version, digest = found.digest, bundled = false, enabled = not before or before.enabled,
    granted = found.manifest.capabilities, unsigned = not key, key = key or nil,
    root = generation.root_of(found.id, found.version, found.digest),
  }
  local plan = {
    action = before and "upgrade" or "install", id = found.id, before = before, after = after, staged = staged,
    plugins = generation.with(found.id, after), seen = generation.seen(),
  }
  ok, err = judge_grants(plan, before and before.granted or {}, after.granted, options.grant)
  if not ok then return nil, err end
  ok, err = staging.unpack(staged)
  if ok then ok, err = judge_company(plan) end
  if not ok then return nil, err end
  return plan
end

-- What was refused for what it is stands in the journal, whoever tried.
local function note_refusal(path, staged, err)
  if err.code ~= "package.invalid" and err.code ~= "plugin.invalid" then return end
  command.run("plugins.note_refusal", {
    plugin = staged and staged.package.id or "unknown", call = "install", why = ("%s: %s"):format(path, err.message):sub(1, 500),
  }, { actor = "cli" })
end

--- What installing or upgrading from a package would do. Give the plan to installer.carry_out() or installer.drop().
---@param path string
---@param options { unsigned?: boolean, grant?: boolean, upgrade?: boolean }
---@return merx.InstallPlan?
---@return merx.Error?
function installer.plan_package(path, options)
  local staged, err = staging.take(path)
  if not staged then
    note_refusal(path, nil, err)
    return nil, err
  end
  local ok, plan, refused = pcall(judge_package, staged, path, options)
  if ok and plan then return plan end
  staging.drop(staged)
  if not ok then error(plan, 0) end
  note_refusal(path, staged, refused)
  return nil, refused
end

local function bundled_entry(id)
  local bytes = assert(fs.read(("%s/plugins/%s/plugin.json"):format(thread.share, id)))
  local found, problem = manifest.parse(bytes, id, thread.version)
  if not found then return refuse("%s: %s", id, problem) end
  return { id = id, version = found.version, digest = "", bundled = true, enabled = true, granted = {}, unsigned = false }
end

-- A folder that somebody unpacked by hand: for development.
local function unpacked_entry(id, options)
  local root = generation.root_of(id, "", "")
  local bytes = fs.read(root .. "/plugin.json")
  if not bytes then return failure.new("plugin.missing", ("there is no plugin %s: merx plugin install FILE"):format(id)) end
  local found, problem = manifest.parse(bytes, id, thread.version)
  if not found then return refuse("%s: %s", id, problem) end
  if not options.unsigned then
    return refuse("%s was unpacked by hand, so nobody vouches for it: --unsigned enables it, and it is shown as unsigned for ever", id)
  end
  return {
    id = id, version = found.version, digest = "", bundled = false, enabled = true, granted = found.capabilities, unsigned = true, root = root,
  }
end

local function copy(entry, changes)
  local out = {}
  for key, value in pairs(entry) do out[key] = value end
  for key, value in pairs(changes) do out[key] = value end
  return out
end

local function known_entry(id, options)
  local entry = generation.find(id)
  if entry then return entry end
  if generation.is_bundled(id) then return bundled_entry(id) end
  return unpacked_entry(id, options)
end

--- What enabling or disabling would do.
---@param id string
---@param enabled boolean
---@param options { unsigned?: boolean, grant?: boolean }
---@return merx.InstallPlan?
---@return merx.Error?
function installer.plan_state(id, enabled, options)
  local before = generation.find(id)
  local entry, err = before, nil
  if not entry then entry, err = known_entry(id, enabled and options or { unsigned = true }) end
  if not entry then return nil, err end
  local is_on = before and before.enabled or not before and entry.bundled
  if is_on == enabled then
    return failure.new("plugin.conflict", ("%s is %s already"):format(id, enabled and "enabled" or "disabled"))
  end
  local after = copy(entry, { enabled = enabled })
  local plan = {
    action = enabled and "enable" or "disable", id = id, before = before, after = after, seen = generation.seen(), asks = {}, grows = {},
    plugins = generation.with(id, not (entry.bundled and enabled) and after or nil),
  }
  local ok
  if enabled and not entry.bundled then
    ok, err = judge_grants(plan, before and before.granted or {}, after.granted, options.grant)
    if not ok then return nil, err end
  end
  ok, err = judge_company(plan)
  if not ok then return nil, err end
  return plan
end

--- What taking a plugin away would do. Pins that are about it go with it.
---@param id string
---@return merx.InstallPlan?
---@return merx.Error?
function installer.plan_removal(id)
  local before = generation.find(id)
  if not before or before.bundled then
    local hint = generation.is_bundled(id) and "comes with Merx: merx plugin disable " .. id or "is not installed"
    return failure.new("plugin.missing", id .. " " .. hint)
  end
  local now = generation.current()
  local plan = {
    action = "uninstall", id = id, before = before, plugins = generation.with(id, nil), seen = generation.seen(), asks = {}, grows = {},
    pins = now and select(2, pins.split(now.pins, id)),
  }
  local ok, err = judge_company(plan)
  if not ok then return nil, err end
  return plan
end

--- Runs what a plan would put in force, aside: every handler is loaded, every migration made, in a place of its own.
---@param plan merx.InstallPlan
---@return { handlers: integer, migrations: integer }?
---@return merx.Error?
function installer.rehearse(plan)
  if not plan.after or not plan.after.enabled then return { handlers = 0, migrations = 0 } end
  local root = plan.staged and plan.staged.content or plan.after.root or ("%s/plugins/%s"):format(thread.share, plan.id)
  return rehearsal.run({ id = plan.id, root = root, bundled = plan.after.bundled, granted = plan.after.granted })
end

--- Carries a plan out.
---@param plan merx.InstallPlan
---@param actor string
---@return table? result of the command
---@return merx.Error?
function installer.carry_out(plan, actor)
  if plan.staged then
    local root, err = staging.place(plan.staged)
    staging.drop(plan.staged)
    if not root then return nil, err end
  end
  return command.run("generation.switch", {
    action = plan.action, seen = plan.seen, plugins = plan.plugins, base = generation.with("", nil), pins = plan.pins,
    bindings = plan.bindings,
    watch = plan.after ~= nil and plan.after.enabled, note = plan.note or ("%s %s"):format(plan.action, plan.id),
  }, { actor = actor })
end

--- Forgets a plan that is not carried out.
---@param plan merx.InstallPlan
function installer.drop(plan)
  if plan.staged then staging.drop(plan.staged) end
end

return installer

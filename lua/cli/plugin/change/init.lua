--- What every command does that changes the plugins: rehearse, say what will be, and carry it out or leave it.
local args = require("cli.args")
local carts = require("cli.plugin.change.carts")
local installer = require("kernel.plugins.installer")
local json = require("native.json")

local change = {}

--- Flags that they share.
change.flags = { ["dry-run"] = "flag", json = "flag" }

local function view_of(plan, tried)
  local after = plan.after or plan.before
  return {
    action = plan.action, id = plan.id, version = after.version, before = plan.before and plan.before.version, unsigned = after.unsigned,
    key = after.key, digest = after.digest ~= "" and after.digest or nil, asks = json.array(plan.asks), grows = json.array(plan.grows),
    handlers = tried.handlers, migrations = tried.migrations, carts = tried.carts, told = json.array(plan.told or {}),
  }
end

local DONE <const> = {
  install = "installed", upgrade = "upgraded", enable = "enabled", disable = "disabled", uninstall = "uninstalled", pin = "pinned",
  unpin = "unpinned", bind = "bound",
}

local function print_carts(seen)
  if not seen or seen.looked == 0 then return end
  io.write(("%d of the last %s would change\n"):format(seen.changed, args.count(seen.looked, "cart")))
  for _, example in ipairs(seen.examples) do
    io.write(("  cart %d: %d before, %d then (%s)\n"):format(example.cart, example.before, example.after, example.currency))
  end
end

local function print_view(view)
  local was = view.before and view.before ~= view.version and ", which was " .. view.before or ""
  local vouched = view.unsigned and ", UNSIGNED" or view.key and ", signed with " .. view.key or ""
  io.write(("%s %s: %s%s%s\n"):format(view.action, view.id, view.version, was, vouched))
  for _, line in ipairs(view.asks) do io.write("it may ", line, "\n") end
  if view.handlers > 0 then io.write(args.count(view.handlers, "handler"), view.handlers == 1 and " loads\n" or " load\n") end
  if view.migrations > 0 then io.write(args.count(view.migrations, "migration"), " can be made\n") end
  for _, line in ipairs(view.told) do io.write(line, "\n") end
  print_carts(view.carts)
end

local function refuse(name, plan, err)
  installer.drop(plan)
  return args.fail(name, err)
end

local function tell(view, options, result)
  view.generation, view.wiped = result and result.generation, result and result.wiped
  view.dry_run = not result
  if options.json then
    io.write(json.encode(view, { pretty = true }), "\n")
  elseif result then
    io.write(("%s, as generation %d\n"):format(DONE[view.action], result.generation))
    if result.wiped > 0 then
      io.write(("%s %s wiped; if it comes back they must be set again\n"):format(args.count(result.wiped, "secret"), result.wiped == 1 and "was" or "were"))
    end
  else
    io.write("nothing was changed: this was a dry run\n")
  end
end

local function rehearse(plan)
  local tried, err = installer.rehearse(plan)
  if not tried then return nil, err end
  tried.carts, err = carts.compare(plan)
  return tried.carts and tried, err
end

--- Goes through with a plan, or only looks.
---@param name string of the command
---@param plan merx.InstallPlan
---@param options table
---@param runs boolean whether what comes new is tried out first; else no code of a plugin runs but for a dry run
---@return integer exit_code
function change.finish(name, plan, options, runs)
  local tried, err = { handlers = 0, migrations = 0 }, nil
  if runs then tried, err = rehearse(plan) elseif options["dry-run"] then tried.carts, err = carts.compare(plan) end
  if err then return refuse(name, plan, err) end
  local view = view_of(plan, tried)
  if not options.json then print_view(view) end
  if options["dry-run"] then
    installer.drop(plan)
    tell(view, options)
    return 0
  end
  local result, refused = installer.carry_out(plan, "cli")
  if not result then return refuse(name, plan, refused) end
  tell(view, options, result)
  return 0
end

--- Goes through with a plan that changes no plugin, only who of them is asked first, or only looks.
---@param name string of the command
---@param plan merx.InstallPlan
---@param options table
---@return integer exit_code
function change.arrange(name, plan, options)
  local seen, err = carts.compare(plan)
  if not seen then return args.fail(name, err) end
  local view = { action = plan.verb, note = plan.note, pins = plan.pins and json.array({}), bindings = plan.bindings, carts = seen }
  for i, pin in ipairs(plan.pins or {}) do view.pins[i] = { first = pin[1], second = pin[2] } end
  if not options.json then
    io.write(plan.note, "\n")
    print_carts(seen)
  end
  if options["dry-run"] then
    tell(view, options)
    return 0
  end
  local result, refused = installer.carry_out(plan, "cli")
  if not result then return args.fail(name, refused) end
  tell(view, options, result)
  return 0
end

--- Reads "A before B" or "A after B": who is asked first, and who second.
---@param name string of the command
---@param usage string
---@param options string[]
---@return string? first nil when it is neither
---@return string|integer second or the exit code
function change.read_order(name, usage, options)
  local one, word, other = options[1], options[2], options[3]
  if word == "before" then return one, other end
  if word == "after" then return other, one end
  io.stderr:write(name, (": write before or after, not %q\n\n"):format(word), usage)
  return nil, 2
end

--- Installs or upgrades from a package that the arguments name.
---@param given string[]
---@param tool { name: string, usage: string, upgrade: boolean }
---@return integer exit_code
function change.from_package(given, tool)
  local flags = { unsigned = "flag", grant = "flag", ["dry-run"] = "flag", json = "flag" }
  local options, code = args.parse(given, { name = tool.name, usage = tool.usage, flags = flags, least = 1, shop = true })
  if not options then return code end
  local plan, err = installer.plan_package(options[1], { unsigned = options.unsigned, grant = options.grant, upgrade = tool.upgrade })
  if not plan then return args.fail(tool.name, err) end
  return change.finish(tool.name, plan, options, true)
end

return change

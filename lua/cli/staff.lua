--- Says who may enter the back office, and lets people in by a link.
require("boot")
local args = require("cli.args")
local command = require("kernel.command")
local json = require("native.json")
local staff = require("domain.staff")
local thread = require("native.thread")

local tool = { usage = [[
usage: merx staff list [--json]
       merx staff add EMAIL [--owner] [--role=staff|viewer|owner]
       merx staff reset EMAIL
       merx staff disable EMAIL
       merx staff enable EMAIL

add      prints a link by which the person chooses a password. It works once, for 24 hours.
reset    signs the person out everywhere and prints a new link.
disable  shuts the person out at once; enable lets them in again.

An owner may do everything; staff see and change orders and stock; a viewer only looks.
The link begins with the server's base_url, or with the address it listens on.

examples:
  merx staff add ana@example.com --owner
  merx staff add ben@example.com
  merx staff add ann@example.com --base-url https://shop.example.com
  merx staff reset ana@example.com
]] }

local NAME <const> = "merx staff"
local ROLES <const> = { owner = true, staff = true, viewer = true }

local function list(options)
  local rows = staff.list()
  if options.json then
    local all = json.array({})
    for i, row in ipairs(rows) do
      all[i] = { email = row.email, name = row.name, role = row.role or json.null, enabled = row.is_enabled, has_password = row.has_password }
    end
    io.write(json.encode(all, { pretty = true }), "\n")
    return 0
  end
  if #rows == 0 then io.write("there is nobody yet: merx staff add EMAIL --owner\n") end
  for _, row in ipairs(rows) do
    local state = not row.is_enabled and "disabled" or not row.has_password and "has a link to open" or ""
    io.write((("%-40s %-8s %-24s %s"):format(row.email, row.role or "-", row.name, state):gsub("%s+$", "")), "\n")
  end
  return 0
end

-- Runs a command; with `links`, gives it a new token and prints the link.
local function change(name, fields, links)
  local token
  if links then token, fields.token_hash = staff.draw_token() end
  local result, err = command.run(name, fields, { actor = "cli" })
  if not result then
    local is_form = err.code == "invalid" and err.fields and err.fields.email
    local code = err.code == "staff.last_owner" and "conflict" or err.code
    return args.fail(NAME, { code = code, message = is_form and fields.email .. " is no e-mail address" or err.message })
  end
  if token then
    io.write(staff.link_url(token), "\n")
    io.stderr:write("Give this link to ", fields.email, ". It works once, for 24 hours.\n")
    if (thread.options.base_url or "") == "" then
      io.stderr:write("If browsers find the shop elsewhere, change its beginning, or say where with --base-url.\n")
    end
  end
  return 0
end

local verbs = {
  add = function(email, options)
    local role = options.owner and "owner" or options.role or "staff"
    if not ROLES[role] then return args.fail(NAME, { code = "invalid", message = "a role is owner, staff or viewer" }) end
    return change("staff.invite", { email = email, role = role }, true)
  end,
  reset = function(email) return change("staff.reset", { email = email }, true) end,
  disable = function(email) return change("staff.disable", { email = email }) end,
  enable = function(email) return change("staff.enable", { email = email }) end,
}

---@param given string[]
---@return integer exit_code
function tool.run(given)
  local flags = { json = "flag", owner = "flag", role = "value" }
  local options, code = args.parse(given, { name = NAME, usage = tool.usage, flags = flags, least = 1, most = 2, shop = true })
  if not options then return code end
  local verb, email = options[1], options[2]
  if verb == "list" and not email then return list(options) end
  if verbs[verb] and email then return verbs[verb](email, options) end
  io.stderr:write(NAME, ": write list, or add, reset, disable or enable with an e-mail address\n\n", tool.usage)
  return 2
end

return tool

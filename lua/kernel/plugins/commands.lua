--- Commands of plugins: each runs in the plugin's own state in the writer, inside the command's savepoint.
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local contracts = require("kernel.contracts")
local failure = require("kernel.failure")
local points = require("kernel.points")
local schema = require("kernel.schema")

contracts.define({
  point = "command", place = "commands", kind = "command", on_error = "block",
  doc = "A command of the plugin's own, run in the writer: its tables, its accounts, its events; no I/O, no waiting.",
  answer = "a table, or nil and { code, message }",
})

local open_args = schema.object({}, { open = true })

-- What a handler gets besides arguments and settings.
local function context_of(tx)
  return { now = tx.now, actor = tx.actor }
end

local function perform(handler, tx, args)
  local idle = config.idle(handler)
  if idle then return failure.new("command.idle", ("%s is not set up: %s"):format(handler.id, idle)) end
  local result, err = handler.call(args, handler.settings, context_of(tx))
  if type(result) == "table" then return result end
  if result ~= nil then return failure.new("plugin.malformed", handler.id .. ": a command answers with a table") end
  if failure.is_error(err) then return nil, err end
  local told = type(err) == "table" and err or { code = "refused", message = tostring(err or "refused without saying why") }
  return failure.new(handler.plugin .. "." .. tostring(told.code), tostring(told.message), nil, type(told.data) == "table" and told.data or nil)
end

-- "acme.points.earn" is the entry "earn" of acme.points.
command.find_with(function(name)
  local plugin, entry = name:match("^([^.]+%.[^.]+)%.([%l%d_-]+)$")
  local handler = plugin and points.find("command", plugin .. "/" .. entry)
  if not handler then return nil end
  return { name = name, args = open_args, handler = function(tx, args) return perform(handler, tx, args) end }
end)

return true

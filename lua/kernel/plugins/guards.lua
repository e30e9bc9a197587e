--- Guards: before the writes of a command are final, plugins may say no. They run in the writer, see what the command
--- declared for them, and can do nothing but block.
local cache = require("kernel.cache")
local command = require("kernel.command")
local config = require("kernel.plugins.config")
local contracts = require("kernel.contracts")
local failure = require("kernel.failure")
local points = require("kernel.points")
local schema = require("kernel.schema")
local text = require("kernel.text")

contracts.define({
  point = "guard", place = "guards", kind = "command", on_error = "block",
  doc = "Says no to a command before its writes are final.", answer = "nil, or { message = \"key of the plugin's messages\" }",
  subjects = command.guarded,
  fields = { on = schema.text({ required = true, max = 60, doc = "what is guarded, as \"cart.change\"" }) },
  check = function(entry)
    local known = command.guarded()
    local guarded = known[entry.on]
    if not guarded then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      table.sort(names)
      return ("guards.%s: %s cannot be guarded; what can: %s"):format(entry.id, entry.on, table.concat(names, ", "))
    end
    for _, path in ipairs(entry.input) do
      if not guarded.input[path] then return ("guards.%s: nobody can see %s at %s"):format(entry.id, path, entry.on) end
    end
  end,
})

-- What an entry names under `input`: "lines" is all of them, with all that a line shows.
local function only(names, seen)
  local input = {}
  for _, name in ipairs(names) do input[name] = seen[name] end
  return input
end

local function is_word(value)
  local kind = type(value)
  return kind == "string" and text.valid(value) or kind == "number" or kind == "boolean"
end

-- A key of the plugin's messages, alone or with what is put into it; a shopper will read it.
local function is_message(message)
  if type(message) ~= "table" then return type(message) == "string" and text.valid(message) end
  for _, value in pairs(message) do
    if not is_word(value) then return false end
  end
  return type(message[1]) == "string"
end

local function blocked(handler, answer, err)
  if err then
    return failure.new("guard.failed", "cannot check " .. handler.id, nil, { guard = handler.id })
  end
  local message = type(answer) == "table" and answer.message
  if not is_message(message) then
    handler.blame("malformed", "a guard answers nothing, or { message = key or { key, name = value } }")
    return failure.new("guard.failed", handler.id .. ": a guard answers nothing or a message", nil, { guard = handler.id })
  end
  local key = type(message) == "table" and message[1] or message
  return failure.new("guard.blocked", handler.id .. " said no", nil, {
    guard = handler.id, message = { key = handler.plugin .. "." .. key, args = type(message) == "table" and message or {} },
  })
end

local NOTHING <const> = {}

-- The guards that are set up, by what they guard.
local by_subject = cache.memo("settings", function(handlers)
  local found = {}
  for _, handler in ipairs(handlers) do
    if not config.missing(handler) then
      local list = found[handler.spec.on] or {}
      list[#list + 1], found[handler.spec.on] = handler, list
    end
  end
  return found
end)

command.guard_with(function(definition, tx, args, result)
  local seen
  for _, handler in ipairs(by_subject(points.handlers("guard"))[definition.guard.name] or NOTHING) do
    seen = seen or definition.guard.project(tx, args, result)
    local answer, err = handler.call(only(handler.input, seen), handler.settings, { now = tx.now, actor = tx.actor })
    if answer ~= nil or err ~= nil then return blocked(handler, answer, err) end
  end
  return true
end)

return true

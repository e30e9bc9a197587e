--- Commands: the only way to change anything. A command is a named procedure with a schema; it runs
--- in the writer, inside a savepoint of its own, and its result is told after it is on disk.
local cache = require("native.cache")
local crypto = require("native.crypto")
local db = require("kernel.db")
local failure = require("kernel.failure")
local json = require("native.json")
local native_db = require("native.db")
local points = require("kernel.points")
local schema = require("kernel.schema")
local task = require("native.task")
local text = require("native.text")
local thread = require("native.thread")
local clock = require("native.clock")

local command = {}

---@class merx.Command
---@field name string room and verb, as "cart.add"
---@field args merx.Schema
---@field handler fun(tx: merx.Tx, args: table): table?, merx.Error?
---@field doc? string one sentence for `merx hooks`
---@field guard? merx.Guarded what plugins may look at before its writes are final

---@class merx.Guarded
---@field name string what plugins name; several commands may share it
---@field doc string
---@field input table<string, string> what they may see, by name, each with its type and a word of what it is
---@field project fun(tx: merx.Tx, args: table, result: table): table makes it

--- What a command may use besides its arguments. There is one, filled anew for each command: a
--- writer runs one command at a time.
---@class merx.Tx
---@field now integer milliseconds UTC, fixed for the command
---@field actor string who asked, "" when nobody in particular
local tx = {}

local registry = {} ---@type table<string, merx.Command>
local audit_sink, find_elsewhere, ask_guards
local seed, drawn, audited = "", 0, {}

---@param spec merx.Command
function command.define(spec)
  assert(type(spec.name) == "string" and spec.name:find("^[%l%d_.-]+%.[%l%d_]+$"), "a command is named room.verb")
  assert(not registry[spec.name], "the command " .. spec.name .. " is defined twice")
  assert(spec.args and spec.args.kind == "object", spec.name .. " needs a schema.object for its arguments")
  assert(type(spec.handler) == "function", spec.name .. " needs a handler")
  registry[spec.name] = spec
end

--- Sets who writes the audit journal: called with the entries of a command that succeeded.
---@param sink fun(tx: merx.Tx, entries: table[])
function command.audit_with(sink)
  audit_sink = sink
end

--- Sets who knows commands that are not declared here: those of plugins.
---@param find fun(name: string): merx.Command?
function command.find_with(find)
  find_elsewhere = find
end

--- Sets who asks the guards of a command that has done its work.
---@param ask fun(definition: merx.Command, tx: merx.Tx, args: table, result: table): true?, merx.Error?
function command.guard_with(ask)
  ask_guards = ask
end

--- What may be guarded, by name.
---@return table<string, merx.Guarded>
function command.guarded()
  local found = {}
  for _, definition in pairs(registry) do
    if definition.guard then found[definition.guard.name] = definition.guard end
  end
  return found
end

--- The running command's tools, for what is called within one.
---@return merx.Tx
function command.tx()
  return tx
end

--- All commands by name, for `merx hooks`.
---@return table<string, merx.Command>
function command.list()
  return registry
end

-- Bytes that are random for the world and the same when the command is run again.
local function draw()
  drawn = drawn + 1
  return crypto.blake2b(seed .. drawn)
end

local url_safe = { ["+"] = "-", ["/"] = "_", ["="] = "" }

--- A capability of 256 bits, as 43 characters that a URL may carry.
---@return string
function tx.token()
  return (text.base64(draw()):gsub("[+/=]", url_safe))
end

---@return string uuid version 4
function tx.uuid()
  local hex = text.hex(draw())
  local variant = ("89ab"):sub(1 + tonumber(hex:sub(17, 17), 16) % 4):sub(1, 1)
  return ("%s-%s-4%s-%s%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12), hex:sub(14, 16), variant, hex:sub(18, 20), hex:sub(21, 32))
end

--- The next integer of a sequence that never gives a number twice.
---@param sequence string
---@return integer
function tx.id(sequence)
  local which = { name = sequence }
  db.run("sequence_step", which)
  return db.value("sequence_last", which)
end

--- Says that whatever was rendered from `tag` ("product:42") is stale after this commit.
---@param tag string
function tx.touch(tag)
  cache.touch(tag)
end

--- Puts a fact into the outbox, to be delivered after the commit, in order for each `key`.
---@param event string as "order.placed"
---@param key string as "order:17"
---@param body table
function tx.emit(event, key, body)
  db.run("outbox_append", { event = event, key = key, body = json.encode(body), at = tx.now })
end

--- Queues a job in the same transaction.
---@param name string
---@param args table
---@param options? { at?: integer, key?: string }
function tx.job(name, args, options)
  db.run("job_add", {
    name = name, args = json.encode(args), run_at = options and options.at or tx.now,
    key = options and options.key, created_at = tx.now,
  })
end

--- Notes who changed what, for the audit journal.
---@param entry { action: string, entity: string, id: integer|string, before?: table, after?: table }
function tx.audit(entry)
  audited[#audited + 1] = entry
end

local function begin(meta)
  tx.now, tx.actor = meta.now, meta.actor or ""
  seed, drawn = meta.seed, 0
  if #audited > 0 then audited = {} end
end

-- The result of an earlier run with the same key, or an error when that run had other arguments.
local function find_result(name, args, meta)
  local row = db.one("command_result_find", { actor = tx.actor, command = name, key = meta.key })
  local fingerprint = text.hex(crypto.blake2b(json.encode(args)))
  if not row then return nil, nil, fingerprint end
  if row.fingerprint ~= fingerprint then
    local _, err = failure.new("key.mismatch", "this idempotency key was used with other arguments")
    return nil, err, fingerprint
  end
  return json.decode(row.result), nil, fingerprint
end

local waiting = {} ---@type { name: string, args: table }[]

--- Has a command run together with the next one that succeeds, for what is noted where nothing can be written: within a
--- command that may fail, or outside of tasks.
---@param name string
---@param args table
function command.later(name, args)
  waiting[#waiting + 1] = { name = name, args = args }
end

local function perform_waiting()
  local list = waiting
  waiting = {}
  for _, entry in ipairs(list) do assert(registry[entry.name].handler(tx, entry.args)) end
end

local function perform(definition, args)
  local result, err = definition.handler(tx, args)
  if result == nil then
    assert(failure.is_error(err), definition.name .. " must return a result or an error of kernel.failure")
    return nil, err
  end
  if definition.guard and ask_guards then
    local fine, refusal = ask_guards(definition, tx, args, result)
    if not fine then return nil, refusal end
  end
  if #waiting > 0 then perform_waiting() end
  if #audited > 0 and audit_sink then audit_sink(tx, audited) end
  return result
end

--- Runs one command inside the savepoint that its caller holds. Only the writer calls this.
---@param name string
---@param args table
---@param meta { now: integer, seed: string, key?: string, actor?: string, generation?: integer }
---@return table? result
---@return merx.Error? err
function command.execute(name, args, meta)
  points.follow(meta.generation)
  local definition = registry[name] or find_elsewhere and find_elsewhere(name)
  if not definition then
    return failure.new("command.unknown", "there is no command " .. tostring(name))
  end
  local clean, invalid = schema.check(definition.args, args)
  if not clean then return nil, invalid end
  begin(meta)
  if not meta.key or meta.key == "" then return perform(definition, clean) end
  local earlier, mismatch, fingerprint = find_result(name, clean, meta)
  if earlier or mismatch then return earlier, mismatch end
  local result, err = perform(definition, clean)
  if result == nil then return nil, err end
  db.run("command_result_store", {
    actor = tx.actor, command = name, key = meta.key, fingerprint = fingerprint,
    result = json.encode(result), at = tx.now,
  })
  return result
end

-- Tools and tests are their own writer: the same steps without the queue.
local function run_here(name, args, options)
  local conn = native_db.main()
  local nested = conn:in_transaction()
  if nested then conn:savepoint("command") else conn:begin() end
  local meta = {
    now = clock.now(), seed = crypto.sha256(crypto.token()),
    key = options and options.key, actor = options and options.actor,
  }
  local ok, result, err = xpcall(command.execute, debug.traceback, name, args, meta)
  if not ok or result == nil then cache.doubt() end
  if ok and result ~= nil then
    if nested then conn:release("command") else assert(conn:commit()) end
    return result
  end
  if nested then
    conn:rollback_to("command")
    conn:release("command")
  elseif conn:in_transaction() then
    conn:rollback()
  end
  if not ok then error(result, 0) end
  return nil, err
end

local is_writer = thread.role == "test" or thread.role == "tool" and not thread.remote

--- Runs a command and returns its result once it is on disk. In a request it waits (yields).
---@param name string
---@param args table
---@param options? { key?: string, actor?: string } key: idempotency key, unique by actor and command
---@return table? result
---@return merx.Error? err
function command.run(name, args, options)
  if is_writer then return run_here(name, args, options) end
  local result, err = task.command(name, args, options)
  if thread.remote and native_db.main() then native_db.main():end_slice() end -- a tool sees its own writes, too
  if err then return failure.wrap(err) end
  return result
end

return command

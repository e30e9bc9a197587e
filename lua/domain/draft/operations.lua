--- What is done with the answers of handlers: whether they keep to the contract of their point, and their words as data.
--- One operation that breaks it voids the whole answer.
local checks = require("domain.draft.contracts")
local contracts = require("kernel.contracts")

local operations = {}

--- The points that a quote asks, by name.
---@type table<string, merx.Contract>
operations.points = {}
for _, contract in pairs(contracts.by_place()) do
  if contract.phase then operations.points[contract.point] = contract end
end

-- More than this is no answer to anything: each becomes a row of the ledger, and all of them a sum.
local MOST <const>, MOST_A_LINE <const> = 100, 20
local LARGEST_SUM <const> = 10000000000000000

-- What is wrong with an answer as a list. A hole would hide what comes behind it.
local function list_problem(point, answer, work)
  local count = 0
  for _ in next, answer do count = count + 1 end
  if count ~= #answer then return point .. " must return a list of operations, without other keys and without holes" end
  local most = MOST + MOST_A_LINE * #work.lines
  if count > most then return ("%s returned %d operations: more than %d have no use"):format(point, count, most) end
end

--- Says what is wrong with an answer, or nothing.
---@param point string
---@param answer any
---@param work table
---@param accounts? table<string, boolean> kinds of accounts that the handler may touch; nil: any
---@return string? problem
function operations.problem(point, answer, work, accounts)
  local contract = operations.points[point]
  if not contract.ops then
    return type(answer) ~= "boolean" and point .. " must answer true or false" or nil
  end
  if answer == nil then return nil end
  if type(answer) ~= "table" then return point .. " must return a list of operations" end
  local problem = list_problem(point, answer, work)
  if problem then return problem end
  local tests, sum = checks[point], 0
  for i, op in ipairs(answer) do
    local name = type(op) == "table" and op.op
    if type(name) ~= "string" then return "operation " .. i .. " has no `op`" end
    local is_right = tests[name]
    if not is_right then return "the operation " .. name .. " is not allowed in " .. point end
    local fits = contract.ops[name].fits
    if not is_right(op, work) or fits and not fits(op, work) then return "operation " .. i .. " (" .. name .. ") is malformed" end
    sum = sum + (op.amount or 0)
    if sum > LARGEST_SUM then return "operations 1 to " .. i .. " are amounts beyond all bounds" end
    if op.account and accounts and not accounts[op.account.kind] then
      return ('operation %d (%s) touches accounts of the kind %s, which were not granted: add "accounts": ["%s"] to its capabilities'):format(
        i, name, op.account.kind, op.account.kind)
    end
  end
  return nil
end

--- A reason or title as plain data, whichever way the handler wrote it. The key is one of the plugin's
--- own messages, or a text as it is.
---@param message nil|string|table
---@param plugin? string
---@return { key: string, args: table, plugin?: string }?
function operations.message(message, plugin)
  if message == nil then return nil end
  if type(message) == "string" then return { key = message, args = {}, plugin = plugin } end
  local args = {}
  for name, value in pairs(message) do
    if type(name) == "string" and type(value) ~= "table" then args[name] = value end
  end
  return { key = message[1], args = args, plugin = plugin }
end

return operations

--- What is done with the answers of handlers: whether they keep to the contract of their point, and their words as data.
--- One operation that breaks it voids the whole answer.
local answers = require("kernel.answer")
local checks = require("domain.draft.contracts")
local contracts = require("kernel.contracts")
local op_fault = require("kernel.plugins.op_fault")

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

-- What is said of the faults that an answer can have.
local words = {}

function words.list(point) return point .. " must return a list of operations, without other keys and without holes" end

function words.many(point, count, _, most) return ("%s returned %d operations: more than %d have no use"):format(point, count, most) end

function words.untagged(_, at) return "operation " .. at .. " has no `op`" end

function words.unknown(point, at, answer) return "the operation " .. answer[at].op .. " is not allowed in " .. point end

function words.malformed(point, at, answer)
  return op_fault.of(point, answer) or "operation " .. at .. " (" .. answer[at].op .. ") is malformed"
end

-- What is asked of an operation besides the types of its fields: by point, then by its name.
local limits = {}
for name, contract in pairs(operations.points) do
  limits[name] = {}
  for kind, op in pairs(contract.ops or {}) do
    limits[name][kind] = { fits = op.fits, has_amount = op.fields.amount ~= nil, has_account = op.fields.account ~= nil }
  end
end

-- What keeps to the types of its fields may still be too much: of its kind, as a whole, or of what was not granted.
local function excess(point, answer, count, work, accounts)
  local limits_of, sum = limits[point], 0
  for i = 1, count do
    local op = answer[i]
    local limit = limits_of[op.op]
    if limit.fits and not limit.fits(op, work) then return words.malformed(point, i, answer) end
    if limit.has_amount then
      sum = sum + (op.amount or 0)
      if sum > LARGEST_SUM then return "operations 1 to " .. i .. " are amounts beyond all bounds" end
    end
    if limit.has_account and accounts and not accounts[op.account.kind] then
      return ('operation %d (%s) touches accounts of the kind %s, which were not granted: add "accounts": ["%s"] to its capabilities'):format(
        i, op.op, op.account.kind, op.account.kind)
    end
  end
end

--- Says what is wrong with an answer, or nothing.
---@param point string
---@param answer any
---@param work table
---@param accounts? table<string, boolean> kinds of accounts that the handler may touch; nil: any
---@return string? problem
function operations.problem(point, answer, work, accounts)
  local check = checks[point]
  if not check then
    return type(answer) ~= "boolean" and point .. " must answer true or false" or nil
  end
  if answer == nil then return nil end
  if type(answer) ~= "table" then return point .. " must return a list of operations" end
  local most = MOST + MOST_A_LINE * #work.lines
  local fault, at = check(answer, work, most)
  local right = (fault == "list" or fault == "many") and 0 or fault and at - 1 or #answer -- so many, before what is wrong
  return excess(point, answer, right, work, accounts) or fault and words[fault](point, at, answer, most) or nil
end

--- A reason or title as plain data, whichever way the handler wrote it. The key is one of the plugin's own messages, or a
--- text as it is. For readers only: the same words are the same table.
---@type fun(message: nil|string|table, plugin?: string): { key: string, args: table, plugin?: string }?
operations.message = answers.messages()

return operations

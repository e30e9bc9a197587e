--- Tells how a total came about, line by line.
local explain = {}

local function plain(reason)
  local names = {}
  for name in pairs(reason.args) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = name .. "=" .. tostring(reason.args[name]) end
  return #names == 0 and reason.key or reason.key .. " " .. table.concat(names, " ")
end

local function target_of(entry)
  if entry.target == "order" or entry.target == "delivery" or entry.target:find("^fee:") then return entry.target end
  return "line " .. entry.target
end

--- The lines of an explanation, as `merx explain` prints them.
---@param quote table
---@param words? fun(message: table): string? a reason in somebody's language
---@return string
function explain.text(quote, words)
  local function args_of(reason)
    return not reason and "" or words and words(reason) or plain(reason)
  end
  local out = { ("%-34s %12d"):format("list price", quote.list) }
  for _, entry in ipairs(quote.ledger) do
    local name = entry.rule and entry.handler .. " " .. entry.rule or entry.handler
    out[#out + 1] = (("%-34s %+12d  %s  %s"):format(name, entry.delta, target_of(entry), args_of(entry.reason)):gsub("%s+$", ""))
  end
  for _, skipped in ipairs(quote.skipped) do
    out[#out + 1] = ("%-34s %12s  %s"):format(skipped.rule, "-", skipped.because)
  end
  for _, issue in ipairs(quote.issues) do
    out[#out + 1] = ("%-34s %12s  %s"):format(issue.handler, issue.policy, issue.problem)
  end
  out[#out + 1] = ("%-34s %12d"):format("total", quote.total)
  return table.concat(out, "\n")
end

return explain

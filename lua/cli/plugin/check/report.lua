--- What was found: each thing with its file and line, what is wrong, and what to write instead.
local report = {}

---@class merx.Finding
---@field level "error"|"warning"
---@field file string below the plugin's folder
---@field line integer
---@field message string

local Report = {}
Report.__index = Report

---@return table
function report.new()
  return setmetatable({ list = {}, errors = 0, warnings = 0, seen = {} }, Report)
end

local function add(self, level, file, line, message)
  local key = file .. ":" .. line .. ":" .. message
  if self.seen[key] then return end
  self.seen[key] = true
  self.list[#self.list + 1] = { level = level, file = file, line = line, message = message }
  self[level .. "s"] = self[level .. "s"] + 1
end

--- Something that keeps the plugin from working.
function Report:error(file, line, message, ...) add(self, "error", file, line, message:format(...)) end

--- Something that its author most likely did not mean.
function Report:warn(file, line, message, ...) add(self, "warning", file, line, message:format(...)) end

--- All findings, by file and line.
---@return merx.Finding[]
function Report:sorted()
  table.sort(self.list, function(a, b)
    if a.file ~= b.file then return a.file < b.file end
    if a.line ~= b.line then return a.line < b.line end
    return a.message < b.message
  end)
  return self.list
end

--- How many letters must change to make one word of another.
---@param a string
---@param b string
---@return integer
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      corner, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, corner + cost)
    end
  end
  return row[#b]
end

--- The name that was most likely meant, for the end of a sentence: "; did you mean x?", or nothing.
---@param wanted string
---@param known table<string, any>
---@param prefix? string written before it
---@return string
function report.similar(wanted, known, prefix)
  local best, least
  for name in pairs(known) do
    local steps = distance(wanted, name)
    if not least or steps < least or steps == least and name < best then best, least = name, steps end
  end
  if not best or least > math.max(2, #wanted // 3) then return "" end
  return ("; did you mean %s%s?"):format(prefix or "", best)
end

return report

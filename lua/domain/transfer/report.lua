--- What a transfer has to tell: mistakes that stop it and notes that do not, each with its place.
local report = {}

---@class merx.TransferNote
---@field line integer of the file, from 1
---@field column? string name of the column
---@field message string one sentence that says what to do

---@class merx.TransferReport
---@field errors merx.TransferNote[]
---@field notes merx.TransferNote[]

---@return merx.TransferReport
function report.new()
  return { errors = {}, notes = {} }
end

---@param self merx.TransferReport
---@param line integer
---@param column string?
---@param message string
function report.error(self, line, column, message)
  self.errors[#self.errors + 1] = { line = line, column = column, message = message }
end

---@param self merx.TransferReport
---@param line integer
---@param column string?
---@param message string
function report.note(self, line, column, message)
  self.notes[#self.notes + 1] = { line = line, column = column, message = message }
end

--- One line of text for a person.
---@param note merx.TransferNote
---@return string
function report.format(note)
  local place = "line " .. note.line
  if note.column then place = place .. ", column \"" .. note.column .. "\"" end
  return place .. ": " .. note.message
end

--- Sorts by line, so that mistakes come in the order of the file.
---@param self merx.TransferReport
function report.sort(self)
  local function by_line(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return (a.column or "") < (b.column or "")
  end
  table.sort(self.errors, by_line)
  table.sort(self.notes, by_line)
end

return report

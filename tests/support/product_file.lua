--- Product files as tests read them: pictures are not there, mistakes come as lines.
local transfer = require("domain.transfer")

local product_file = {}

---@param bytes string
---@return table plan
function product_file.read(bytes)
  return transfer.read(bytes, { digits = 2, open_image = function() return nil, "addresses are not fetched" end })
end

---@param list table[] of a report
---@return string
function product_file.messages(list)
  local lines = {}
  for i, note in ipairs(list) do lines[i] = transfer.format_note(note) end
  return table.concat(lines, "\n")
end

return product_file

--- Pieces of a page of reference.
local fields = require("kernel.plugins.publish.fields")

local markdown = {}

-- What stands in a cell: a bar would end it, and an angle bracket would begin a tag.
local function cell(value)
  return (tostring(value):gsub("|", "\\|"):gsub("\n", " "))
end

--- Text as code, or nothing.
---@param value string?
---@return string
function markdown.code(value)
  return value and value ~= "" and "`" .. value .. "`" or ""
end

---@param header string[]
---@param rows string[][]
---@return string
function markdown.table(header, rows)
  local lines = { "| " .. table.concat(header, " | ") .. " |", "|" .. ("---|"):rep(#header) }
  for _, row in ipairs(rows) do
    local cells = {}
    for i, value in ipairs(row) do cells[i] = cell(value) end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  return table.concat(lines, "\n")
end

--- Fields as a table: name, type, what it is.
---@param list merx.PublishedField[]
---@return string
function markdown.fields(list)
  local rows = {}
  for i, field in ipairs(list) do
    rows[i] = { markdown.code(field.name), markdown.code(field.type) .. (field.is_required and "" or ", optional"), field.doc }
  end
  return markdown.table({ "field", "type", "what it is" }, rows)
end

--- Named things in one line, each written as "integer: what it is".
---@param map table<string, string>
---@return string
function markdown.named(map)
  local list = {}
  for i, name in ipairs(fields.sorted(map)) do
    local kind, doc = fields.split(map[name])
    list[i] = ("`%s` %s%s"):format(name, kind, doc ~= "" and ", " .. doc or "")
  end
  return table.concat(list, "; ")
end

--- A page: its parts with an empty line between.
---@param title string
---@param parts string[]
---@return string
function markdown.page(title, parts)
  local made = "<!-- Made by `merx plugin reference`: what it says is changed where it is declared. -->"
  return ("# %s\n\n%s\n\n%s\n"):format(title, made, table.concat(parts, "\n\n"))
end

return markdown

--- What lies in the folder of a plugin that no installer unpacked: nothing may lead out of it, or a template could print
--- files of the shop.
local fs = require("native.fs")

local folder = {}

local DEEPEST <const> = 16
local MOST <const> = 10000

-- `left` counts down over all folders. Returns what is wrong, in words.
local function problem_in(root, path, depth, left)
  local names, err = fs.list(path)
  if not names then return "its folder cannot be read: " .. err.message end
  for _, name in ipairs(names) do
    local inner = path .. "/" .. name
    local about = fs.stat(inner)
    local short = inner:sub(#root + 2)
    left[1] = left[1] - 1
    if left[1] < 0 or depth > DEEPEST then return ("it holds more than %d files, or folders deeper than %d"):format(MOST, DEEPEST) end
    if not fs.is_below(root, inner) then return short .. " leads out of its folder: put the file itself there" end
    if about.kind == "other" then return short .. " is neither a file nor a folder: remove it" end
    local problem = about.kind == "dir" and problem_in(root, inner, depth + 1, left)
    if problem then return problem end
  end
end

--- Why nothing of a folder may be read.
---@param root string
---@return string? problem nil when it is sound
function folder.problem(root)
  return problem_in(root, root, 1, { MOST })
end

return folder

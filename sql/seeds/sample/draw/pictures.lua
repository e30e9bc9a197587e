--- The list of all drawings: each family of things adds its own.
local room = require("draw.room")
local sheet = require("draw.sheet")

local pictures = {}

local FAMILIES <const> = {
  "ceramics", "tea", "kitchen", "lighting", "textiles", "stationery", "bags", "garden", "scenes",
}

local known, order = {}, {}

---@class merx.Shot
---@field kind string whose wall it stands before
---@field body fun(s: merx.Sheet)
---@field hung? boolean a wall without a floor
---@field busy? boolean many things: each is drawn with fewer marks
---@field limit integer bytes the drawing may weigh
---@field width integer
---@field height integer

local function add(name, shot)
  assert(not known[name], "two drawings named " .. name)
  known[name], order[#order + 1] = shot, name
end

for _, family in ipairs(FAMILIES) do
  local kind = room.walls[family] and family
  require("draw." .. family).pictures(function(name, body, options)
    options = options or {}
    add(name, {
      kind = options.kind or kind, body = body, hung = options.hung, busy = options.busy,
      limit = (options.kilobytes or 12) * 1024,
      width = options.width or 800, height = options.height or 1000,
    })
  end)
end

---@return string[]
function pictures.names() return order end

--- Draws one picture and gives its SVG text.
---@param name string
---@return string text
---@return integer limit bytes it may weigh
function pictures.draw(name)
  local shot = known[name] or error("no drawing is named " .. name, 0)
  local s = sheet.new(shot.width, shot.height)
  s.busy = shot.busy
  if shot.kind then (shot.hung and room.wall or room.backdrop)(s, shot.kind) end
  shot.body(s)
  return s:text(), shot.limit
end

return pictures

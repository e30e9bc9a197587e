--- Where things stand: backdrops, the ground shadow, shadows on the wall, light from a window.
local colour = require("draw.colour")
local sheet = require("draw.sheet")

local room = {}
local pen, shade, light = sheet.pen, colour.shade, colour.light

--- One warm neutral for each category: near relatives, never the same.
room.walls = {
  ceramics = "#e6dccd", tea = "#dfdccb", kitchen = "#e9dccf", lighting = "#cfc4b7",
  textiles = "#e6dad3", stationery = "#dedcd5", bags = "#e7dcc4", garden = "#d9decd",
}

--- The height of the ground that things stand on.
room.GROUND = 800

--- A seamless wall and floor, light falling in from the upper left.
---@param s merx.Sheet
---@param kind string a key of room.walls
function room.backdrop(s, kind)
  local wall = assert(room.walls[kind], "no wall for " .. tostring(kind))
  local w, h = s.width, s.height
  s:rect(0, 0, w, h, 0, s:lin(0, 0, 0, h, {
    { 0, wall }, { 0.56, shade(wall, 0.03) }, { 0.66, shade(wall, 0.07) },
      { 0.72, light(wall, 0.02) }, { 0.8, light(wall, 0.2) }, { 1, light(wall, 0.42) },
  }))
  s:rect(0, 0, w, h, 0, s:glow(w * 0.22, h * 0.16, h * 0.78, { { 0, "#fffaf0", 0.6 },
    { 0.5, "#fffaf0", 0.2 }, { 1, "#fffaf0", 0 } }))
  s:rect(0, 0, w, h, 0, s:glow(w * 0.45, h * 0.5, h * 0.78, { { 0.55, "#3a2a22", 0 },
    { 1, "#3a2a22", 0.12 } }))
end

--- A wall only, for what hangs.
function room.wall(s, kind)
  local wall = assert(room.walls[kind], "no wall for " .. tostring(kind))
  local w, h = s.width, s.height
  s:rect(0, 0, w, h, 0, s:lin(0, 0, w, h, { { 0, light(wall, 0.3) }, { 0.5, wall },
    { 1, shade(wall, 0.09) } }))
  s:rect(0, 0, w, h, 0, s:glow(w * 0.22, h * 0.16, h * 0.8, { { 0, "#fffaf0", 0.5 },
    { 1, "#fffaf0", 0 } }))
end

--- The shadow on the ground under something whose foot is `half` wide to each side.
function room.shadow(s, half, strength, squash)
  strength, squash = strength or 1, squash or 0.16
  s:oval(half * 0.42, half * squash * 0.35, half * 1.9, half * squash * 1.75, s:rad({
    { 0, "#3a2a22", 0.42 * strength }, { 0.5, "#3a2a22", 0.2 * strength }, { 1, "#3a2a22", 0 } }))
  s:oval(half * 0.03, half * squash * 0.16, half * 1.09, half * squash * 1.2, s:rad({
    { 0, "#2b1f1e", 0.7 * strength }, { 0.82, "#2b1f1e", 0.55 * strength }, { 1, "#2b1f1e", 0 } }))
end

--- The shadow that an outline throws on the wall behind it.
function room.cast(s, d, dx, dy, blur, opacity)
  s:path(d, "#3a2a22", { opacity = opacity or 0.26, blur = s:soft(blur), turn = pen("translate(",
    dx, dy < 0 and "" or " ", dy, ")") })
end

--- Window light on the wall: four panes, slanting, and the shadow of a branch.
function room.panes(s, x, y, size, strength)
  local w, h = size * 0.56, size * 0.8
  local pane = pen("h", w, "v", h, "h", -w, "Z")
  s:path(pen("M0 0", pane, "M", size * 0.62, "0", pane, "M0 ", size * 0.86, pane, "M", size * 0.62,
    size * 0.86, pane), "#fff6df",
    { opacity = strength or 0.5, blur = s:soft(5),
      turn = ("translate(%d %d) skewX(-16) skewY(5)"):format(x, y) })
end

--- The shadow of leaves on the wall.
function room.leaf_shadow(s, x, y, size, opacity)
  local out = { pen("M", x, y, "q", -size * 0.5, size * 0.1, -size, size * 0.8, "l4 6q", size * 0.5,
    -size * 0.7, size, -size * 0.78, "Z") }
  local any = sheet.chance(7)
  for i = 0, 13 do
    local t = i / 13
    local px, py = x - size * t + size * 0.15 * t * (1 - t), y + size * (0.1 * t + 0.7 * t * t)
    local side = i % 2 == 0 and -1 or 1
    local l, a = size * any(0.2, 0.3), side * any(0.3, 0.8) + 0.9
    local ex, ey = px - math.cos(a) * l, py + math.sin(a) * l * side * 0.9
    out[#out + 1] = pen("M", px, py, "Q", (px + ex) / 2 - l * 0.22, (py + ey) / 2 - l * 0.22, ex,
      ey, "Q", (px + ex) / 2 + l * 0.22, (py + ey) / 2 + l * 0.22, px, py, "Z")
  end
  s:path(table.concat(out), "#3a2a22", { opacity = opacity or 0.12, blur = s:soft(6) })
end

return room

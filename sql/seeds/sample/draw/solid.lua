--- Solid things: what a wheel or a lathe turns, tubes, slabs and boxes, lit
--- from the upper left.
local colour = require("draw.colour")
local sheet = require("draw.sheet")

local solid = {}
local pen, shade, light = sheet.pen, colour.shade, colour.light

--- The light across something round, from -r to r.
---@param s merx.Sheet
---@param base string
---@param r number
---@param depth? number 1 is clay; metal wants more, cloth less
---@return string
function solid.round(s, base, r, depth)
  depth = depth or 1
  if s.busy then
    return s:lin(-r, 0, r, 0, { { 0, shade(base, 0.2 * depth) }, { 0.3, light(base, 0.18 * depth) },
      { 0.6, base }, { 1, shade(base, 0.24 * depth) } })
  end
  return s:lin(-r, 0, r, 0, {
    { 0, shade(base, 0.24 * depth) }, { 0.09, shade(base, 0.09 * depth) },
    { 0.32, light(base, 0.2 * depth) }, { 0.56, base },
    { 0.84, shade(base, 0.24 * depth) }, { 1, shade(base, 0.15 * depth) },
  })
end

-- Control points of a smooth curve from point i to i + 1 (Catmull-Rom); a point
-- whose third field is true is a corner and ends the curve.
local function tangents(points, i)
  local p1, p2 = points[i], points[i + 1]
  local p0 = (p1[3] or i == 1) and p1 or points[i - 1]
  local p3 = (p2[3] or not points[i + 2]) and p2 or points[i + 2]
  local function within(y)
    return math.max(p1[1], math.min(p2[1], y))
  end -- no overshoot past a short step
  return within(p1[1] + (p2[1] - p0[1]) / 6), p1[2] + (p2[2] - p0[2]) / 6,
    within(p2[1] - (p3[1] - p1[1]) / 6), p2[2] - (p3[2] - p1[2]) / 6
end

-- Appends the curve through { y, r } points on one side; `side` is -1 or 1 times a factor.
-- Downwards, or upwards when `up`.
local function append_side(out, points, side, up)
  local mirror_x, mirror_y -- where "S" would put the first control point
  for step = 1, #points - 1 do
    local i = up and #points - step or step
    local y1, r1, y2, r2 = tangents(points, i)
    local to = points[i + 1]
    if up then y1, r1, y2, r2, to = y2, r2, y1, r1, points[i] end
    local smooth = mirror_x and math.abs(mirror_x - side * r1) < 1 and math.abs(mirror_y - y1) < 1
    local curve = smooth and { "S" } or { "C", side * r1, y1 }
    table.move({ side * r2, y2, side * to[2], to[1] }, 1, 4, #curve + 1, curve)
    table.move(curve, 1, #curve, #out + 1, out)
    mirror_x, mirror_y = 2 * side * to[2] - side * r2, 2 * to[1] - y2
  end
end

--- The outline of a turned thing: `points` are { y, radius, corner? } from rim to foot.
---@param points table[]
---@param tilt number height of the ellipses over their width
---@return string
function solid.outline(points, tilt)
  local top, foot = points[1], points[#points]
  local out = { "M", -top[2], top[1] }
  append_side(out, points, -1)
  for _, token in ipairs({ "A", foot[2], foot[2] * tilt, "0 0 0 ", foot[2], foot[1] }) do
    out[#out + 1] = token
  end
  append_side(out, points, 1, true)
  if top[2] > 0 then
    for _, token in ipairs({ "A", top[2], top[2] * tilt, "0 0 0 ", -top[2], top[1] }) do
      out[#out + 1] = token
    end
  end
  out[#out + 1] = "Z"
  return pen(table.unpack(out))
end

--- A soft streak of light that follows the side between two fractions of the radius.
function solid.streak(s, points, from, to, strength)
  local top, foot = points[1], points[#points]
  local out = { "M", -top[2] * from, top[1] }
  append_side(out, points, -from)
  out[#out + 1], out[#out + 2], out[#out + 3] = "L", -foot[2] * to, foot[1]
  append_side(out, points, -to, true)
  out[#out + 1] = "Z"
  s:path(pen(table.unpack(out)), s:lin(0, top[1], 0, foot[1], {
    { 0.02, "#fff", 0 }, { 0.16, "#fff" }, { 0.5, "#fff", 0.45 }, { 0.88, "#fff", 0 },
  }), { opacity = strength })
end

--- The opening of a turned thing: rim and hollow.
function solid.mouth(s, y, r, tilt, base, options)
  local wall = options.wall or 7
  local inner = options.inner or base
  s:oval(0, y, r, r * tilt, s:lin(-r, 0, r, 0, { { 0, light(base, 0.3) },
    { 0.5, light(base, 0.12) }, { 1, light(base, 0.34) } }))
  local ri = r - wall
  s:oval(0, y + wall * 0.15, ri, ri * tilt, s:lin(-ri, 0, ri, 0, {
    { 0, shade(inner, 0.46) }, { 0.45, shade(inner, 0.26) }, { 1, shade(inner, 0.06) },
  }))
end

---@class merx.Turned
---@field points table[] { y, radius, corner? } from rim to foot
---@field base string colour
---@field tilt? number
---@field open? boolean
---@field inner? string colour of the hollow
---@field wall? number
---@field gloss? number strength of the streak, 0 for matt
---@field depth? number strength of the shading

--- Draws a turned thing and gives its outline, for what is painted on it.
---@param s merx.Sheet
---@param turned merx.Turned
---@param paint? fun(s: merx.Sheet, outline: string) glaze, bands, speckles: clipped to the body
---@return string
function solid.turn(s, turned, paint)
  local points, tilt = turned.points, turned.tilt or 0.15
  local widest, top, foot = 0, points[1], points[#points]
  for _, point in ipairs(points) do widest = math.max(widest, point[2]) end
  local d = s:outline(solid.outline(points, tilt))
  s:fill(d, solid.round(s, turned.base, widest, turned.depth))
  if paint then s:inside(d, function() paint(s, d) end) end
  s:fill(d, s:lin(0, top[1], 0, foot[1] + foot[2] * tilt, {
    { 0, "#fff", 0.1 }, { 0.3, "#fff", 0 }, { 0.62, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.2 },
  }))
  local gloss = turned.gloss or 0.35
  if gloss > (s.busy and 0.55 or 0) then
    if not s.busy then solid.streak(s, points, 0.76, 0.4, gloss * 0.5) end
    solid.streak(s, points, 0.7, 0.5, gloss * 0.6)
  end
  if turned.open then solid.mouth(s, top[1], top[2], tilt, turned.rim or turned.base, turned) end
  return d
end

---@class merx.Dip
---@field wide number the widest radius of the body, for the light
---@field r? number the radius where the glaze ends
---@field top number
---@field y number where it ends, at the sides
---@field wave? number how far it wanders
---@field seed? integer
---@field tilt? number

--- A second glaze of the same light from `top` down to a wandering line. Use it inside `paint`.
function solid.dip(s, base, dip)
  local any, r = sheet.chance(dip.seed or 1), dip.r or dip.wide
  local wave, steps = dip.wave or 0, 9
  local step = (r * 2 + 12) / steps
  local x, y = -r - 6, dip.y
  local out = { "M", -dip.wide - 40, dip.top, "L", -dip.wide - 40, y, "L", x, y }
  for i = 1, steps do
    local nx = -r - 6 + step * i
    local ny = dip.y + math.sqrt(math.max(0,
      1 - (nx / r) ^ 2)) * r * (dip.tilt or 0.16) + (i < steps and any(-wave, wave) or 0)
    for _, token in ipairs({ "C", x + step * 0.45, y, nx - step * 0.45, ny, nx, ny }) do
      out[#out + 1] = token
    end
    x, y = nx, ny
  end
  for _, token in ipairs({ "L", dip.wide + 40, dip.y, "L", dip.wide + 40, dip.top, "Z" }) do
    out[#out + 1] = token
  end
  s:path(pen(table.unpack(out)), solid.round(s, base, dip.wide, dip.depth))
end

--- Everything of a turned body below the ring at `y`, in another colour.
function solid.below(s, base, y, r, tilt)
  s:path(pen("M", -r, y, "A", r, r * tilt, " 0 0 0 ", r, y, "V", y + 200, "H", -r, "Z"),
    solid.round(s, base, r))
end

--- A curved ring line on a turned body at height y.
function solid.ring(s, y, r, tilt, stroke, width, opacity)
  s:line(pen("M", -r, y, "A", r, r * tilt, "0 0 0 ", r, y), stroke, width,
    { opacity = opacity, cap = "butt" })
end

--- A round rod or handle along a path.
function solid.tube(s, d, width, base, options)
  options = options or {}
  local cap = options.cap
  local id = s:outline(d)
  s:fill(id, nil, { stroke = shade(base, 0.28), width = width, cap = cap })
  s:fill(id, nil, { stroke = base, width = width * 0.72, cap = cap,
    turn = ("translate(%.1f %.1f)"):format(-width * 0.07, -width * 0.07) })
  s:fill(id, nil, { stroke = light(base, options.shine or 0.4), width = width * 0.2, cap = cap,
    opacity = 0.75, turn = ("translate(%.1f %.1f)"):format(-width * 0.17, -width * 0.17) })
end

--- A box seen from the front and a little above: front, and a top of `deep` pixels.
function solid.box(s, width, height, deep, base, radius)
  local w = width / 2
  local inset = deep * 0.55
  s:path(pen("M", -w, -height, "L", -w + inset, -height - deep, "L", w - inset, -height - deep, "L",
    w, -height, "Z"),
    s:lin(0, -height - deep, 0, -height, { { 0, light(base, 0.16) }, { 1, light(base, 0.34) } }))
  s:rect(-w, -height, width, height, radius or 0, s:lin(-w, -height, w, 0, {
    { 0, light(base, 0.1) }, { 0.5, base }, { 1, shade(base, 0.16) },
  }))
end

return solid

--- What surfaces are made of: speckled glaze, wood, woven cloth, foliage, glass, steam and flame.
local colour = require("draw.colour")
local sheet = require("draw.sheet")

local surface = {}
local pen, shade, light = sheet.pen, colour.shade, colour.light

--- Fine dots in a box, one path: iron in a glaze, mica in stone.
function surface.speckle(s, box, count, stroke, size, seed, opacity)
  local any = sheet.chance(seed)
  local out = {}
  for i = 1, s.busy and count // 3 or count do
    out[i] = pen("M", math.floor(any(box[1], box[3])), math.floor(any(box[2], box[4])), "h0")
  end
  s:line(table.concat(out), stroke, size, { opacity = opacity or 0.5 })
end

--- Wood grain: long lines that drift, and now and then an eye. `box` is x1, y1, x2, y2.
function surface.grain(s, box, base, lines, seed, upright)
  local any = sheet.chance(seed)
  local x1, y1, x2, y2 = table.unpack(box)
  local dark, pale = {}, {}
  if s.busy then lines = math.ceil(lines / 2) end
  for i = 1, lines do
    local t = (i - 0.5 + any(-0.35, 0.35)) / lines
    local a, b, c = any(-9, 9), any(-9, 9), any(-5, 5)
    local d
    if upright then
      local x = x1 + (x2 - x1) * t
      d = pen("M", x, y1, "C", x + a, y1 + (y2 - y1) * 0.3, x + b, y1 + (y2 - y1) * 0.7, x + c, y2)
    else
      local y = y1 + (y2 - y1) * t
      d = pen("M", x1, y, "C", x1 + (x2 - x1) * 0.3, y + a, x1 + (x2 - x1) * 0.7, y + b, x2, y + c)
    end
    local list = i % 3 == 0 and pale or dark
    list[#list + 1] = d
  end
  s:line(table.concat(dark), shade(base, 0.34), 2.2, { opacity = 0.38 })
  s:line(table.concat(pale), light(base, 0.4), 3, { opacity = 0.4 })
end

--- A woven cloth as a pattern fill: threads `size` wide.
function surface.weave(s, base, size, strength, turn)
  local dark, pale = shade(base, strength), light(base, strength)
  return s:pattern(size * 2, size * 2,
    ('<path d="%s" fill="%s" opacity=".5"/><path d="%s" fill="%s" opacity=".45"/>'):format(
    pen("M0 0h", size, "v", size, "H0ZM", size, size, "h", size, "v", size, "h-", size, "Z"), dark,
    pen("M", size, "0h", size, "v", size * 0.5, "h-", size, "ZM0 ", size, "h", size, "v",
      size * 0.5, "H0Z"), pale), turn)
end

--- Herringbone as a pattern fill.
function surface.herringbone(s, base, size, strength)
  return s:pattern(size * 2, size,
    ('<path d="%s" stroke="%s" stroke-width="%s" fill="none" opacity=".6"/>'):format(
    pen("M0 ", -size * 0.5, "L", size, size * 0.5, "L", size * 2, -size * 0.5, "M0 ", size * 0.5,
      "L", size, size * 1.5, "L", size * 2, size * 0.5),
    light(base, strength), pen(size * 0.28)))
end

--- Soft folds: wide blurred lines, dark and light side by side. `lines` are path data.
function surface.folds(s, lines, base, width, strength)
  local all = table.concat(lines)
  s:line(all, shade(base, 0.5), width, { opacity = strength or 0.3, blur = s:soft(width * 0.45) })
  s:line(all, light(base, 0.6), width * 0.6,
    { opacity = (strength or 0.3) * 1.1, blur = s:soft(width * 0.3), turn = pen("translate(",
      -width * 0.8, -width * 0.2, ")") })
end

--- Stitches along a path.
function surface.stitch(s, d, stroke, width)
  s:line(d, stroke, width or 2.5, { dash = "9 7", opacity = 0.75, cap = "butt" })
end

--- A leaf from (0, 0) pointing up, two halves in two tones.
function surface.leaf(s, length, width, base)
  local l, w = -length, width / 2
  s:path(pen("M0 0C", -w * 1.3, l * 0.25, -w * 1.1, l * 0.72, 0, l, "L0 0Z"), light(base, 0.14))
  s:path(pen("M0 0C", w * 1.3, l * 0.25, w * 1.1, l * 0.72, 0, l, "L0 0Z"), shade(base, 0.16))
  s:line(pen("M0 0L0 ", l * 0.9), light(base, 0.34), math.max(1.5, width * 0.04), { opacity = 0.6 })
end

--- A painted spray of leaves, as on porcelain: one stem, strokes of one brush.
function surface.leaf_spray(s, x, y, ink)
  s:at(x, y, 1, function()
    s:line("M0 0C10-40 30-70 64-100", ink, 3, { opacity = 0.8 })
    local stroke = s:keep(function()
      s:path("M0 0C-9-10-8-26 0-36C8-26 9-10 0 0Z", ink, { opacity = 0.75 })
    end)
    for i, turn in ipairs({ -62, 70, -40, 92, -20, 60 }) do
      s:again(stroke, i * 10 - 6, i * i * -0.9 - i * 11, turn)
    end
  end)
end

--- Steam: two slow curves.
function surface.steam(s, height)
  s:line(pen("M-22 0C-60 ", -height * 0.35, "20 ", -height * 0.55, "-16 ", -height), "#fff", 16,
    { opacity = 0.5, blur = s:soft(9) })
  s:line(pen("M26 4C-4 ", -height * 0.3, "66 ", -height * 0.5, "30 ", -height * 0.86), "#fff", 12,
    { opacity = 0.4, blur = s:soft(8) })
end

--- A candle flame with its halo.
function surface.flame(s, size)
  s:oval(0, -size * 0.8, size * 2.6, size * 2.6,
    s:rad({ { 0, "#ffe2a0", 0.75 }, { 0.4, "#ffd98a", 0.28 }, { 1, "#ffd98a", 0 } }))
  s:line(pen("M0 ", size * 0.12, "L0 ", -size * 0.22), "#3a2b22", size * 0.09)
  s:path(pen("M0 0C", -size * 0.42, -size * 0.2, -size * 0.3, -size * 0.8, 0, -size * 1.6, "C",
    size * 0.3, -size * 0.8, size * 0.42, -size * 0.2, 0, 0, "Z"),
    s:lin(0, -size * 1.6, 0, 0, { { 0, "#f6a63c" }, { 0.45, "#ffd873" }, { 0.8, "#fff3c8" },
      { 1, "#9fb4d8" } }))
end

return surface

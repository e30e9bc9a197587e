--- Cushions, throws, towels, rugs and wool.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")

local textiles = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND

-- Cloth within an outline: base light, weave, whatever `paint` adds, a rim of light.
local function cloth(s, d, base, width, paint)
  d = s:outline(d)
  s:fill(d, s:lin(-width, -width * 0.4, width, width * 0.4, { { 0, light(base, 0.22) },
    { 0.5, base }, { 1, shade(base, 0.2) } }))
  s:fill(d, surface.weave(s, base, 3, 0.14), { opacity = 0.6 })
  if paint then s:inside(d, function() paint(d) end) end
  return d
end

function textiles.cushion(s, base)
  s:oval(20, -8, 320, 46, s:rad({ { 0, "#2b1f1e", 0.5 }, { 0.6, "#2b1f1e", 0.24 },
    { 1, "#2b1f1e", 0 } }))
  local d = "M-262-488C-276-508-260-522-240-514C-120-492 120-492 240-514"
    .. "C262-522 276-506 264-486C234-380 234-150 270-36C276-10 258 4 236 0"
    .. "C120-22-120-22-236 0C-260 4-276-12-270-36C-234-150-232-380-262-488Z"
  local outline = cloth(s, d, base, 280, function()
    s:oval(-60, -300, 300, 280, s:rad({ { 0, "#fff", 0.3 }, { 1, "#fff", 0 } }))
    s:oval(40, -40, 330, 120, s:rad({ { 0, "#2b1f1e", 0.34 }, { 1, "#2b1f1e", 0 } }))
    surface.folds(s, { "M-250-500C-180-440-150-400-130-340", "M250-500C190-450 170-410 160-350",
      "M-256-16C-190-80-170-110-150-170", "M258-16C190-80 170-120 160-160",
      "M-40-500C-30-440-10-420 20-400" }, base, 26, 0.3)
  end)
  s:fill(outline, "none", { stroke = shade(base, 0.3), width = 3, opacity = 0.5 })
  surface.stitch(s, "M-238-498C-120-478 120-478 238-498", shade(base, 0.5), 2)
end

-- A wooden rail with two pegs, 2 * half wide.
local function rail(s, half)
  s:line(pen("M", -half, "0H", half), "#3a2a22", 24, { opacity = 0.24, blur = s:soft(9),
    turn = "translate(14 20)" })
  solid.tube(s, pen("M", -half, "0H", half), 27, of.oak)
end

local function fringe(s, x1, x2, y, length, base, step)
  local any, out = sheet.chance(3), {}
  for x = x1, x2, step do
    out[#out + 1] = pen("M", x, y, "q", any(-4, 4), length * 0.5, any(-7, 7), length)
  end
  s:line(table.concat(out), shade(base, 0.16), step * 0.5)
  s:line(table.concat(out), light(base, 0.2), step * 0.16, { turn = "translate(-1.5 0)" })
end

function textiles.throw(s, base)
  local cream = "#efe6d4"
  s:rect(-200, 0, 400, 520, 0, "#3a2a22", { opacity = 0.26, blur = s:soft(16),
    turn = "translate(22 14)" })
  rail(s, 310)
  s:path("M150-8C170-10 190-6 206 6V410H150Z", shade(base, 0.4))
  fringe(s, 156, 206, 408, 44, shade(base, 0.3), 9)
  local d = s:outline("M-204 6C-196-16-180-24-160-24H150C172-24 186-10 186 10"
    .. "C182 160 192 330 186 506C60 516-80 516-204 506C-196 330-210 160-204 6" .. "Z")
  s:fill(d, colour.mix(base, cream, 0.12))
  s:fill(d, surface.herringbone(s, colour.mix(base, cream, 0.5), 13, 0.3))
  s:inside(d, function()
    s:rect(-210, 420, 410, 14, 0, cream, { opacity = 0.8 })
    s:rect(-210, 446, 410, 6, 0, cream, { opacity = 0.7 })
    surface.folds(s, { "M-110-20C-90 140-120 340-104 520", "M20-20C0 160 40 340 24 520",
      "M130-20C120 160 146 340 136 520" }, base, 34, 0.34)
    s:rect(-210, -30, 410, 70, 0, s:lin(0, -26, 0, 40, { { 0, "#fff", 0.4 }, { 0.5, "#fff", 0 },
      { 1, "#2b1f1e", 0.1 } }))
  end)
  fringe(s, -200, 184, 506, 54, colour.mix(base, cream, 0.3), 10)
end

-- A folded stack: layers of cloth, the fold to the left.
local function folded(s, layers, half, thick, base, fill)
  for i = 1, layers do
    local y = -(i - 1) * thick
    local x = (i % 2 == 0) and 5 or -3
    local d = s:outline(pen("M", half + x, y, "H", -half + thick * 0.5 + x, "C",
      -half - thick * 0.2 + x, y, -half - thick * 0.2 + x, y - thick, -half + thick * 0.5 + x,
      y - thick, "H", half + x, "C", half + 6 + x, y - thick * 0.6, half + 6 + x, y - thick * 0.4,
      half + x, y, "Z"))
    s:fill(d, s:lin(0, y - thick, 0, y, { { 0, light(base, 0.3) }, { 0.4, base },
      { 1, shade(base, 0.34) } }))
    if fill then s:fill(d, fill, { opacity = 0.7 }) end
    s:line(pen("M", half + x, y - thick * 0.5, "H", -half + thick + x), shade(base, 0.4), 2.5,
      { opacity = 0.4 })
  end
end

-- The waffle of a towel as a pattern fill.
local function waffle(s, base)
  return s:pattern(22, 22,
    ('<path d="M0 0H22V22H0Z" fill="%s"/><path d="M3 3H19L15 8H8V15L3 19Z" fill="%s"/>'
      .. '<path d="M19 3V19H3L8 15H15V8Z" fill="%s"/><path d="M8 8H15V15H8Z" fill="%s"/>')
    :format(light(base, 0.16), shade(base, 0.26), light(base, 0.44), shade(base, 0.1)))
end

function textiles.towel(s, base)
  s:rect(-150, -10, 300, 560, 0, "#3a2a22", { opacity = 0.26, blur = s:soft(15),
    turn = "translate(20 14)" })
  rail(s, 280)
  s:path("M120-8C148-10 160-4 168 6V420H120Z", shade(base, 0.36))
  local d = s:outline("M-162 6C-156-14-146-22-130-22H116C136-22 148-10 148 8"
    .. "C144 180 154 360 148 548C60 556-70 556-162 548C-156 360-166 180-162 6" .. "Z")
  s:fill(d, waffle(s, base))
  s:inside(d, function()
    surface.folds(s, { "M-80-20C-60 160-96 360-76 560", "M50-20C30 160 70 360 52 560" }, base, 30,
      0.36)
    s:rect(-170, 512, 340, 40, 0, base)
    s:rect(-170, -30, 340, 60, 0, s:lin(0, -22, 0, 34, { { 0, "#fff", 0.5 }, { 0.6, "#fff", 0 } }))
    s:rect(90, -30, 70, 600, 0,
      s:lin(90, 0, 150, 0, { { 0, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.2 } }))
  end)
  surface.stitch(s, "M-158 520H146", shade(base, 0.4), 2)
end

-- One tea towel hanging from a peg at (0, 0).
local function tea_towel(s, pattern)
  local base = "#efe7d6"
  local d = s:outline("M-12 6C-60 30-96 40-104 70V470C-40 480 50 480 104 470V70"
    .. "C96 40 60 30 12 6C4-2-4-2-12 6Z")
  s:fill(d, "#3a2a22", { opacity = 0.26, blur = s:soft(12), turn = "translate(18 14)" })
  s:fill(d, s:lin(-104, 0, 104, 0, { { 0, light(base, 0.4) }, { 0.5, base },
    { 1, shade(base, 0.16) } }))
  s:inside(d, function()
    if pattern == "stripe" then
      s:line("M-78 0V490M-66 0V490M66 0V490M78 0V490M0 0V490", "#4f6d8c", 5,
        { opacity = 0.8, cap = "butt" })
    elseif pattern == "check" then
      s:rect(-110, -10, 220, 500, 0,
        s:pattern(52, 52, '<path d="M0 0H26V52H0Z" fill="#b0573f" opacity=".34"/>'
          .. '<path d="M0 0V26H52V0Z" fill="#b0573f" opacity=".34"/>'))
    else
      s:line("M-110 420H110M-110 434H110", "#7a7f5c", 6, { opacity = 0.7, cap = "butt" })
    end
    surface.folds(s, { "M-6 10C-40 120-60 300-54 480", "M6 10C40 140 40 300 56 480" }, base, 26,
      0.34)
  end)
  s:oval(0, 0, 17, 17, s:glow(-5, -6, 22, { { 0, light(of.oak, 0.5) },
    { 1, shade(of.oak, 0.24) } }))
end

-- The rug with its river, 2 * w wide and h high, hanging from its upper edge.
local function rug(s, w, h)
  local cream, indigo, madder = "#eadfc8", "#46577c", "#a9533d"
  s:rect(-w, 0, w * 2, h, 0, "#3a2a22", { opacity = 0.3, blur = s:soft(14),
    turn = "translate(20 18)" })
  local d = s:outline(pen("M", -w, "0H", w, "V", h, "H", -w, "Z"))
  s:fill(d, cream)
  s:inside(d, function()
    for i, band in ipairs({ { 0.05, 14, madder }, { 0.09, 5, indigo }, { 0.91, 5, indigo },
      { 0.95, 14, madder } }) do
      s:rect(-w, h * band[1] - band[2] / 2, w * 2, band[2], 0, band[3],
        { opacity = i % 2 == 1 and 0.85 or 0.7 })
    end
    local river = {}
    for i, offset in ipairs({ 0, 56, 98, 128 }) do
      river[i] = pen("M", -w * 0.7 + offset, h * 0.115, "C", w * 1.5 + offset, h * 0.34,
        -w * 1.9 + offset, h * 0.6, w * 0.3 + offset, h * 0.885)
    end
    s:line(river[1], indigo, 62, { cap = "butt" })
    s:line(river[2], "#7f93b4", 26, { cap = "butt" })
    s:line(river[3], "#b8c4d4", 16, { cap = "butt" })
    s:line(river[4], madder, 4, { cap = "butt", opacity = 0.8 })
    s:fill(d, surface.weave(s, cream, 4, 0.34), { opacity = 0.34 })
    s:rect(-w, 0, w * 2, h, 0, s:lin(-w, 0, w, h, { { 0, "#fff", 0.2 }, { 0.5, "#fff", 0 },
      { 1, "#2b1f1e", 0.14 } }))
  end)
  fringe(s, -w + 4, w - 2, h, 34, cream, 12)
  fringe(s, -w + 4, w - 2, 0, -30, cream, 12)
end

local function rug_roll(s)
  local cream, indigo = "#eadfc8", "#46577c"
  room.shadow(s, 90, 1, 0.16)
  solid.turn(s, { points = { { -640, 92, true }, { 0, 92, true } }, base = cream, tilt = 0.2,
    gloss = 0 }, function(_, d)
    for _, y in ipairs({ -600, -420, -230, -40 }) do
      s:line(pen("M-100", y, "C-40", y + 60, 40, y - 20, 100, y + 40), indigo, 24,
        { opacity = 0.9 })
      s:line(pen("M-100", y + 34, "C-40", y + 94, 40, y + 14, 100, y + 74), "#a9533d", 6,
        { opacity = 0.8 })
    end
    s:fill(d, surface.weave(s, cream, 4, 0.3), { opacity = 0.4 })
    s:rect(-92, -650, 184, 700, 0, solid.round(s, cream, 92), { opacity = 0.42 })
  end)
  s:oval(0, -640, 92, 18, shade(cream, 0.2))
  for i = 1, 4 do
    s:oval(0, -640, 92 - i * 18, 18 - i * 3.4, "none",
      { stroke = i % 2 == 0 and indigo or "#fff8ea", width = 6 })
  end
  for _, y in ipairs({ -480, -150 }) do
    s:line(pen("M-92", y, "A92 18 0 0 0 92", y), "#8a5a3a", 12, { cap = "butt" })
  end
end

function textiles.napkins(s, base)
  room.shadow(s, 210, 0.9, 0.045)
  s:at(0, 0, 1, function() folded(s, 8, 210, 32, base, surface.weave(s, base, 3, 0.16)) end)
  s:at(0, -256, 1, function()
    s:path("M-216 0H214L150-70H-150Z", s:lin(0, -70, 0, 0, { { 0, light(base, 0.12) },
      { 1, light(base, 0.34) } }))
    s:path("M-216 0H214L150-70H-150Z", surface.weave(s, base, 3, 0.16), { opacity = 0.5 })
    s:line("M-20-70L-34 0V258", "#e6d5b0", 13, { cap = "butt" })
    s:line("M-22-70L-36 0V258", "#fff6e0", 4, { cap = "butt", opacity = 0.7 })
    s:at(-30, -34, 1, function()
      surface.leaf(s, 96, 30, of.olive)
      s:at(0, -6, 1, function() surface.leaf(s, 76, 26, of.olive) end, 52)
      s:at(0, -6, 1, function() surface.leaf(s, 80, 26, of.olive) end, -48)
    end, 20)
  end)
end

function textiles.bed_linen(s, base)
  s:oval(0, -420, 270, 60, s:rad({ { 0, "#2b1f1e", 0.24 }, { 1, "#2b1f1e", 0 } }))
  local pillow = s:outline("M-250-200C-280-320-290-440-252-470C-120-496 120-496 252-470"
    .. "C290-440 280-320 250-200Z")
  s:fill(pillow, s:lin(-250, -480, 250, -200, { { 0, light(base, 0.4) }, { 0.6, base },
    { 1, shade(base, 0.22) } }))
  s:fill(pillow, surface.weave(s, base, 3, 0.12), { opacity = 0.5 })
  s:inside(pillow, function()
    surface.folds(s, { "M-240-470C-180-420-160-380-150-320", "M240-470C180-420 170-380 160-320",
      "M-60-480C-40-420-30-380 10-340" }, base, 26, 0.3)
    s:rect(-300, -312, 600, 112, 0, s:lin(0, -310, 0, -210, { { 0, "#2b1f1e", 0 },
      { 1, "#2b1f1e", 0.3 } }))
  end)
  room.shadow(s, 262, 0.9, 0.045)
  folded(s, 5, 265, 48, base, surface.weave(s, base, 3, 0.12))
  s:line("M70-242V0", shade(base, 0.34), 22, { cap = "butt" })
  s:line("M68-242V0", light(base, 0.34), 15, { cap = "butt" })
  s:path("M70-244C20-300-30-290-20-262C-10-238 40-240 70-244"
    .. "C120-300 170-290 160-262C150-238 100-240 70-244Z", light(base, 0.2),
    { stroke = shade(base, 0.3), width = 3 })
  s:line("M66-244C40-210 20-190-6-176M74-244C100-214 112-190 140-180", shade(base, 0.2), 14)
  s:line("M66-246C40-212 20-192-6-178M74-246C100-216 112-192 140-182", light(base, 0.3), 8)
end

--- A twisted hank of yarn with a paper band, lying on the ground.
function textiles.hank(s, base)
  s:oval(14, 0, 270, 34, s:rad({ { 0, "#2b1f1e", 0.55 }, { 0.6, "#2b1f1e", 0.28 },
    { 1, "#2b1f1e", 0 } }))
  local d = s:outline("M-276-86C-290-150-220-190-140-176C-60-160 60-160 140-176"
    .. "C220-190 290-150 276-86C290-30 220 8 140-4C60-16-60-16-140-4" .. "C-220 8-290-30-276-86Z")
  s:fill(d, s:lin(0, -185, 0, 4, { { 0, light(base, 0.3) }, { 0.45, base },
    { 1, shade(base, 0.44) } }))
  s:inside(d, function()
    local dark, pale, fine = {}, {}, {}
    for i = -7, 7 do
      local x = i * 44
      dark[#dark + 1] = pen("M", x - 70, 14, "C", x - 50, -60, x + 20, -120, x + 50, -196)
      pale[#pale + 1] = pen("M", x - 52, 14, "C", x - 32, -60, x + 38, -120, x + 68, -196)
      for k = 1, 3 do
        fine[#fine + 1] = pen("M", x - 70 + k * 11, 14, "C", x - 50 + k * 11, -60, x + 20 + k * 11,
          -120, x + 50 + k * 11, -196)
      end
    end
    s:line(table.concat(dark), shade(base, 0.55), 8, { opacity = 0.6 })
    s:line(table.concat(pale), light(base, 0.4), 9, { opacity = 0.5 })
    s:line(table.concat(fine), shade(base, 0.4), 2, { opacity = 0.4 })
    s:rect(-300, -70, 600, 90, 0,
      s:lin(0, -80, 0, 10, { { 0, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.34 } }))
  end)
  local band = of.paper
  local paper = s:outline("M-70-176C-20-168 20-168 70-176C82-120 82-60 70-2C20-12-20-12-70-2"
    .. "C-58-60-58-120-70-176Z")
  s:fill(paper, s:lin(0, -176, 0, 0, { { 0, light(band, 0.3) }, { 0.5, band },
    { 1, shade(band, 0.28) } }))
  s:line("M-48-140C-20-136 20-136 52-140M-46-40C-20-46 20-46 52-40", shade(band, 0.5), 2.5)
  s:at(2, -62, 1, function()
    s:oval(0, -28, 30, 22, "none", { stroke = base, width = 5 })
    s:line("M-26-40C-10-20 14-10 28-20M-28-24C-8-6 12-4 20-12", base, 4)
  end)
end

--- A ball of yarn of radius r resting on the ground.
function textiles.ball(s, base, r)
  room.shadow(s, r * 0.7, 1, 0.2)
  local d = s:outline(pen("M", -r, -r, "A", r, r, " 0 1 0 ", r, -r, "A", r, r, " 0 1 0 ", -r, -r,
    "Z"))
  s:fill(d, s:glow(-r * 0.4, -r * 1.45, r * 1.7, { { 0, light(base, 0.36) }, { 0.5, base },
    { 1, shade(base, 0.5) } }))
  s:inside(d, function()
    local out, cross = {}, {}
    for i = -6, 6 do
      out[#out + 1] = pen("M", -r * 1.1, -r * 1.2 + i * r * 0.17, "C", -r * 0.4,
        -r * 1.9 + i * r * 0.2, r * 0.5, -r * 1.6 + i * r * 0.2, r * 1.1, -r * 0.5 + i * r * 0.15)
      if math.abs(i) < 4 then
        cross[#cross + 1] = pen("M", i * r * 0.16 - r * 0.2, -r * 2, "C", i * r * 0.16 + r * 0.5,
          -r * 1.5, i * r * 0.16 + r * 0.4, -r * 0.5, i * r * 0.16 - r * 0.3, 0)
      end
    end
    s:line(table.concat(out), shade(base, 0.5), r * 0.04, { opacity = 0.5 })
    s:line(table.concat(out), light(base, 0.4), r * 0.05,
      { opacity = 0.45, turn = pen("translate(0 ", r * 0.06, ")") })
    s:line(table.concat(cross), base, r * 0.13)
    s:line(table.concat(cross), light(base, 0.3), r * 0.04, { opacity = 0.7 })
    s:line(table.concat(cross), shade(base, 0.5), r * 0.03,
      { opacity = 0.5, turn = pen("translate(", r * 0.08, ")") })
  end)
end

-- One needle from its point at (0, 0) up to the knob.
local function needle(s)
  s:line("M0 0L0-560", "#3a2a22", 12, { opacity = 0.24, blur = s:soft(6),
    turn = "translate(16 10)" })
  s:path("M0 4L7-44V-556H-7V-44Z", s:lin(-7, 0, 7, 0, { { 0, light(of.beech, 0.4) },
    { 0.5, of.beech }, { 1, shade(of.beech, 0.34) } }))
  s:at(0, -552, 1, function()
    solid.turn(s, { points = { { -48, 0 }, { -44, 12 }, { -26, 20 }, { -10, 16 }, { 0, 8, true } },
      base = of.walnut, gloss = 0.5 })
  end)
end

function textiles.needles(s)
  s:at(-70, -16, 1, function() s:group({}, needle) end, -14)
  s:at(76, -12, 1, function() s:group({}, needle) end, 16)
  s:at(0, 0, 1, function() textiles.ball(s, of.oat, 150) end)
end

--- A ribbed hat, lying on its brim.
function textiles.hat(s, base)
  room.shadow(s, 170, 1, 0.1)
  local d = s:outline("M-186-60C-190-220-120-330 0-336C120-330 190-220 186-60Z")
  s:fill(d, solid.round(s, base, 190))
  s:inside(d, function()
    local rib = {}
    for i = -8, 8 do
      rib[#rib + 1] = pen("M", i * 23, -50, "C", i * 23, -200, i * 15, -290, i * 1.5, -334)
    end
    s:line(table.concat(rib), shade(base, 0.5), 6, { opacity = 0.45 })
    s:line(table.concat(rib), light(base, 0.4), 5, { opacity = 0.4, turn = "translate(-9 0)" })
  end)
  local brim = s:outline("M-196-104C-80-82 80-82 196-104C204-70 204-30 194-2C80 18-80 18-194-2"
    .. "C-204-30-204-70-196-104Z")
  s:fill(brim, solid.round(s, light(base, 0.08), 200))
  s:inside(brim, function()
    local rib = {}
    for i = -10, 10 do rib[#rib + 1] = pen("M", i * 20, -100 + 16 - i * i * 0.1, "V", 20) end
    s:line(table.concat(rib), shade(base, 0.5), 6, { opacity = 0.45 })
    s:line(table.concat(rib), light(base, 0.4), 4, { opacity = 0.5, turn = "translate(-8 0)" })
  end)
end

-- Printed pages leaning on the wall; `front` draws on the first, its foot at (0, 0).
function textiles.pages(s, front)
  s:at(60, 0, 1, function()
    s:rect(-170, -490, 340, 490, 2, "#e6ddca") s:rect(-170, -490, 340, 490, 2, "#3a2a22",
      { opacity = 0.06 })
  end, 5)
  s:at(28, 2, 1, function() s:rect(-170, -490, 340, 490, 2, "#efe7d6") end, 2)
  s:rect(-170, -490, 340, 490, 2, "#3a2a22", { opacity = 0.22, blur = s:soft(8),
    turn = "translate(8 4)" })
  s:rect(-170, -490, 340, 490, 2, s:lin(-170, -490, 170, 0, { { 0, "#fffdf6" }, { 1, "#f2ead9" } }))
  front(s)
end

local function hat_pattern(s)
  s:oval(30, 4, 270, 24, s:rad({ { 0, "#2b1f1e", 0.5 }, { 1, "#2b1f1e", 0 } }))
  textiles.pages(s, function()
    s:at(0, -226, 0.5, function() textiles.hat(s, of.mustard) end)
    s:rect(-130, -452, 150, 12, 2, "#6b5a48")
    s:rect(-130, -430, 210, 5, 2, "#b8a98f")
    local out, filled = {}, {}
    for row = 0, 8 do
      for column = 0, 14 do
        if (row * 3 + column * 5 + row * column) % 4 < 2 then
          filled[#filled + 1] = pen("M", -128 + column * 17, -178 + row * 17, "h15v15h-15Z")
        end
      end
      out[#out + 1] = pen("M-130", -180 + row * 17, "h256")
    end
    s:path(table.concat(filled), of.mustard, { opacity = 0.6 })
    s:line(table.concat(out), "#b8a98f", 1.2)
  end)
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function textiles.pictures(show)
  for _, name in ipairs({ "rust", "natural", "sky", "forest" }) do
    show("cushion-" .. name, function(s)
      s:at(400, GROUND + 30, 1.14, function() textiles.cushion(s, of[name]) end)
    end)
  end
  show("cushion-rust-2", function(s)
    room.panes(s, 60, 60, 280, 0.4)
    s:at(500, GROUND - 10, 0.88, function() textiles.cushion(s, of.natural) end, 4)
    s:at(300, GROUND + 50, 0.9, function() textiles.cushion(s, of.rust) end, -5)
  end, { busy = true })
  for _, name in ipairs({ "mustard", "charcoal", "rose" }) do
    show("throw-" .. name, function(s)
      s:at(400, 200, 1.16, function() textiles.throw(s, of[name]) end)
    end, { hung = true })
  end
  show("throw-mustard-2", function(s)
    s:at(400, GROUND + 20, 1.2, function()
      local base = colour.mix(of.mustard, "#efe6d4", 0.2)
      room.shadow(s, 250, 0.9, 0.045)
      folded(s, 4, 250, 74, base, surface.herringbone(s, colour.mix(base, "#efe6d4", 0.4), 12, 0.3))
      fringe(s, -40, 246, -238, 70, base, 10)
    end)
  end)
  for _, name in ipairs({ "sand", "sea", "rose" }) do
    show("waffle-towel-" .. name, function(s)
      s:at(400, 190, 1.16, function() textiles.towel(s, of[name]) end)
    end, { hung = true })
  end
  show("waffle-towel-sand-2", function(s)
    s:at(400, GROUND + 20, 1, function()
      room.shadow(s, 250, 0.9, 0.045) folded(s, 3, 250, 66, of.sand, waffle(s, of.sand))
    end)
    s:at(396, GROUND - 178, 0.98, function() folded(s, 2, 244, 66, of.sea, waffle(s, of.sea)) end)
    s:at(402, GROUND - 307, 0.96, function() folded(s, 1, 246, 66, of.rose, waffle(s, of.rose)) end)
  end)
  show("tea-towels", function(s)
    s:at(400, 250, 1, function()
      s:rect(-330, -24, 660, 48, 6, s:lin(0, -24, 0, 24, { { 0, light(of.oak, 0.3) },
        { 1, shade(of.oak, 0.16) } }))
    end)
    for i, kind in ipairs({ "stripe", "check", "plain" }) do
      s:at(160 + (i - 1) * 240, 250, 1.02, function() tea_towel(s, kind) end)
    end
  end, { hung = true })
  show("rug", function(s) s:at(400, 120, 1, function() rug(s, 250, 740) end) end, { hung = true })
  show("rug-2", function(s)
    s:at(470, GROUND, 1, rug_roll, 2)
    s:at(230, GROUND + 50, 0.7, function() textiles.ball(s, of.indigo, 110) end)
  end)
  for _, name in ipairs({ "forest", "natural", "mustard" }) do
    show("napkins-" .. name, function(s)
      s:at(400, GROUND, 1.28, function() textiles.napkins(s, of[name]) end)
    end)
  end
  for _, name in ipairs({ "chalk", "sky", "rose" }) do
    show("bed-linen-" .. name, function(s)
      s:at(400, GROUND + 20, 1.22, function() textiles.bed_linen(s, of[name]) end)
    end)
  end
  for _, name in ipairs({ "indigo", "natural", "mustard", "rust", "moss" }) do
    show("yarn-" .. name, function(s)
      s:at(400, GROUND - 50, 1.3, function() textiles.hank(s, of[name]) end)
    end)
  end
  show("needles", function(s) s:at(400, GROUND, 1.04, textiles.needles) end)
  show("pattern", function(s) s:at(380, GROUND, 1.24, hat_pattern) end, { busy = true })
  show("hat-kit", function(s)
    s:at(270, GROUND - 40, 0.98, hat_pattern)
    s:at(560, GROUND + 10, 0.86, function() textiles.hat(s, of.mustard) end)
    s:at(330, GROUND + 80, 0.8, function() textiles.ball(s, of.rust, 120) end)
  end, { busy = true })
end

return textiles

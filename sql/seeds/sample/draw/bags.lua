--- Bags, baskets and cloths to carry with.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")

local bags = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND

-- A flat strap along a path, stitched on both edges.
local function strap(s, d, width, base, stitched)
  s:line(d, shade(base, 0.36), width, { cap = "butt" })
  s:line(d, base, width * 0.82, { cap = "butt" })
  if stitched then s:line(d, light(base, 0.5), width * 0.5, { cap = "butt", opacity = 0.12 }) end
end

local function ground(s, half)
  s:oval(half * 0.16, 6, half * 1.4, half * 0.15,
    s:rad({ { 0, "#2b1f1e", 0.6 }, { 0.62, "#2b1f1e", 0.3 }, { 1, "#2b1f1e", 0 } }))
end

-- Canvas in an outline: light from the left, weave, folds.
local function canvas(s, d, base, half, folds)
  d = s:outline(d)
  s:fill(d, s:lin(-half, 0, half, 0, { { 0, shade(base, 0.06) }, { 0.28, light(base, 0.22) },
    { 0.6, base }, { 1, shade(base, 0.24) } }))
  s:fill(d, surface.weave(s, base, 3.5, 0.16), { opacity = 0.6 })
  s:inside(d, function()
    surface.folds(s, folds, base, 30, 0.28)
    s:rect(-half - 20, -130, half * 2 + 40, 150, 0, s:lin(0, -120, 0, 10, { { 0, "#2b1f1e", 0 },
      { 1, "#2b1f1e", 0.26 } }))
  end)
  return d
end

-- What a good market leaves sticking out of a bag.
local function leeks(s)
  local crust = "#b9793f"
  s:path("M-120-330L-164-640C-166-670-116-676-110-646L-66-330Z", s:lin(-164, 0, -70, 0,
    { { 0, light(crust, 0.3) }, { 0.5, crust }, { 1, shade(crust, 0.34) } }))
  s:line("M-150-600L-122-576M-144-540L-112-514M-136-480L-104-454M-128-420L-96-394", "#f0d8ae", 11,
    { opacity = 0.85 })
  for i, x in ipairs({ 20, 62, 102 }) do
    s:path(pen("M", x - 16, -320, "L", x - 8, -500, "C", x - 20, -600, x - 60 + i * 10, -640,
      x - 40 + i * 26, -690, "C", x + 10 + i * 6, -650, x + 20, -560, x + 14, -500, "L", x + 20,
      -320, "Z"),
      s:lin(0, -690, 0, -330, { { 0, "#54733f" }, { 0.5, "#86a05c" }, { 0.8, "#e9ecd2" } }))
    s:line(pen("M", x, -340, "L", x + 2, -500, "C", x, -580, x - 16 + i * 8, -620, x - 16 + i * 14,
      -660), "#3f5a34", 3, { opacity = 0.5 })
  end
end

function bags.tote(s, base, full)
  ground(s, 240)
  local handle = "M-112-380C-110-520-100-640 0-640S110-520 112-380"
  s:line("M-96-400C-92-540-76-610 12-610S106-520 104-400", shade(base, 0.46), 30)
  if full then leeks(s) end
  local d = canvas(s, "M-226-414C-80-404 80-404 226-414C226-300 246-140 240-20"
    .. "C238-2 228 6 210 8C80 18-80 18-210 8C-228 6-238-2-240-20" .. "C-246-140-226-300-226-414Z",
    base, 240,
    { "M-170-400C-150-280-190-140-150 0", "M150-400C130-260 190-150 170 0",
      "M10-400C-10-260 20-140-6 10" })
  strap(s, "M-112 10V-380", 34, base, true)
  strap(s, "M112 10V-380", 34, base, true)
  surface.stitch(s, "M-125 6V-378M-99 6V-378M99 6V-378M125 6V-378", light(base, 0.6), 2)
  s:line(handle, shade(base, 0.32), 34, { cap = "butt" })
  s:line(handle, light(base, 0.04), 27, { cap = "butt" })
  surface.stitch(s, handle, light(base, 0.6), 2)
  surface.stitch(s, "M-222-386C-80-376 80-376 222-386", shade(base, 0.5), 2.5)
  s:fill(d, "none", { stroke = shade(base, 0.4), width = 2, opacity = 0.5 })
end

local function buckle(s, x, y)
  s:rect(x - 21, y - 16, 42, 32, 5, "none", { stroke = of.brass, width = 7 })
  s:line(pen("M", x, y - 4, "V", y + 16), shade(of.brass, 0.2), 5)
  s:line(pen("M", x - 20, y - 18, "H", x + 14), "#fff3cf", 2.5, { opacity = 0.8 })
end

function bags.backpack(s, base)
  local leather = of.leather
  ground(s, 210)
  s:line("M-150-420C-250-400-262-180-196-60M150-420C250-400 262-180 196-60", shade(leather, 0.4),
    30)
  s:line("M-36-566C-36-640 36-640 36-566", leather, 17)
  canvas(s, "M-186-470C-200-300-226-120-206-14C-202 4-190 10-170 12"
    .. "C-60 20 60 20 170 12C190 10 202 4 206-14C226-120 200-300 186-470Z", base, 210,
    { "M-130-440C-110-340-160-260-120-210", "M130-440C110-330 160-260 130-210",
      "M-20-460C10-380-30-320 0-260" })
  canvas(s, "M-190-560C-196-590-180-600-160-598C-60-590 60-590 160-598"
    .. "C180-600 196-590 190-560L188-450C80-434-80-434-188-450Z", light(base, 0.05), 196,
    { "M-190-520C-60-508 60-508 190-520" })
  s:line("M-190-484C-80-470 80-470 190-484M-190-530C-80-516 80-516 190-530", shade(base, 0.5), 3,
    { opacity = 0.5 })
  local pocket = s:outline("M-136-214H136C140-150 144-90 140-46C138-30 128-24 112-22"
    .. "C40-16-40-16-112-22C-128-24-138-30-140-46C-144-90-140-150-136-214Z")
  s:fill(pocket, "#2b1f1e", { opacity = 0.3, blur = s:soft(8), turn = "translate(6 8)" })
  s:fill(pocket, s:lin(-140, 0, 140, 0, { { 0, base }, { 0.3, light(base, 0.24) },
    { 1, shade(base, 0.2) } }))
  s:fill(pocket, surface.weave(s, base, 3.5, 0.16), { opacity = 0.6 })
  s:path("M-142-222H142V-150C60-132-60-132-142-150Z", s:lin(0, -222, 0, -140,
    { { 0, light(base, 0.2) }, { 1, shade(base, 0.1) } }))
  surface.stitch(s, "M-134-160C-60-144 60-144 134-160M-126-60C-124-40-110-38-100-36"
    .. "C-40-30 40-30 100-36C112-38 124-40 126-60", shade(base, 0.5), 2.2)
  for _, x in ipairs({ -84, 84 }) do
    strap(s, pen("M", x, -590, "V", -330), 34, leather, true)
    surface.stitch(s, pen("M", x - 12, -586, "V-336M", x + 12, -586, "V-336"), light(leather, 0.5),
      1.8)
    buckle(s, x, -380)
  end
  strap(s, "M0-206V-118", 30, leather, true)
  buckle(s, 0, -140)
end

-- Basket weave as a pattern: withies over and under.
local function weave_pattern(s, base, w, h)
  local over = ('<path d="M2 %s C%s %s %s %s %s %s V%s C%s %s %s %s 2 %s Z" fill="%%s"/>'):format(
    h * 0.24, w * 0.3, -h * 0.02, w * 0.7, -h * 0.02, w - 2, h * 0.24, h * 0.4, w * 0.7, h * 0.62,
      w * 0.3, h * 0.62, h * 0.4)
  local one, two = over:format(light(base, 0.22)), over:format(base)
  return s:pattern(w * 2, h,
    ('<rect width="%s" height="%s" fill="%s"/>%s<g transform="translate(%s %s)">%s</g>'
      .. '<g transform="translate(%s %s)">%s</g>')
    :format(w * 2, h, shade(base, 0.5), one, w, h * 0.5, two, w, -h * 0.5, two))
end

local function rim(s, y, r, tilt, base, width)
  s:oval(0, y, r, r * tilt, "none", { stroke = shade(base, 0.34), width = width })
  s:oval(0, y - 2, r, r * tilt, "none", { stroke = light(base, 0.14), width = width * 0.6 })
  s:oval(0, y - 2, r, r * tilt, "none", { stroke = shade(base, 0.5), width = width * 0.6,
    dash = "3 17", cap = "butt", opacity = 0.6 })
end

function bags.willow(s, full)
  local base = "#a97a48"
  room.shadow(s, 190, 1, 0.14)
  local points = { { -262, 248, true }, { -160, 242 }, { -60, 218 }, { 0, 192, true } }
  solid.turn(s, { points = points, base = base, tilt = 0.2, gloss = 0, open = true,
    inner = shade(base, 0.5), wall = 14 }, function(_, d)
    s:group({}, function()
      s:fill(d, weave_pattern(s, base, 26, 30))
      s:fill(d, s:lin(-248, 0, 248, 0, { { 0, "#2b1f1e", 0.5 }, { 0.3, "#fff3d8", 0.2 },
        { 0.6, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.5 } }))
    end)
  end)
  if full then
    for _, fruit in ipairs({ { -130, -286, 52, "#b5472f" }, { -40, -306, 56, "#c65c38" },
      { 66, -298, 54, "#d99a3a" }, { 150, -276, 46, "#8c9a4a" } }) do
      s:oval(fruit[1], fruit[2], fruit[3], fruit[3] * 0.95, s:glow(fruit[1] - 18, fruit[2] - 22,
        fruit[3] * 1.5, { { 0, light(fruit[4], 0.5) }, { 0.4, fruit[4] },
        { 1, shade(fruit[4], 0.44) } }))
      s:line(pen("M", fruit[1], fruit[2] - fruit[3] + 6, "q3-14 14-18"), "#5a4330", 5)
    end
  end
  s:line("M-248-262A248 50 0 0 0 248-262", shade(base, 0.34), 30)
  s:line("M-248-266A248 50 0 0 0 248-266", light(base, 0.16), 17)
  s:line("M-248-266A248 50 0 0 0 248-266", shade(base, 0.5), 17, { dash = "4 18", cap = "butt",
    opacity = 0.6 })
  s:line("M-250-240C-236-650 236-650 250-240", shade(base, 0.36), 32, { cap = "butt" })
  s:line("M-252-240C-238-654 232-654 247-240", base, 21, { cap = "butt" })
  s:line("M-152-500C-90-560 90-560 152-500", light(base, 0.3), 34, { dash = "9 5", cap = "butt",
    opacity = 0.9 })
end

function bags.pouch(s, base)
  ground(s, 250)
  local d = s:outline("M-256-246C-256-260-248-266-236-266H236C248-266 256-260 256-246V-30"
    .. "C256-6 244 4 222 6C80 14-80 14-222 6C-244 4-256-6-256-30Z")
  s:fill(d, s:lin(-256, -260, 256, 0, { { 0, light(base, 0.34) }, { 0.45, base },
    { 1, shade(base, 0.3) } }))
  s:inside(d, function()
    surface.speckle(s, { -250, -260, 250, 6 }, 190, shade(base, 0.4), 2.6, 6, 0.3)
    surface.folds(s, { "M-200-230C-150-160-190-90-160-20", "M180-230C140-170 190-100 150-20" },
      base, 34, 0.2)
    s:rect(-256, -70, 512, 90, 0,
      s:lin(0, -70, 0, 10, { { 0, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.3 } }))
  end)
  surface.stitch(s, "M-240-222V-34C-240-16-232-10-216-9C-80-2 80-2 216-9"
    .. "C232-10 240-16 240-34V-222", light(base, 0.6), 2.6)
  s:rect(-250, -262, 500, 20, 8, shade(base, 0.5))
  s:line("M-240-252H240", of.brass, 9, { dash = "5 3", cap = "butt" })
  s:rect(150, -262, 44, 20, 5, s:lin(0, -262, 0, -242, { { 0, "#fff3cf" }, { 0.5, of.brass },
    { 1, shade(of.brass, 0.4) } }))
  strap(s, "M186-252C230-230 226-190 206-160", 16, shade(base, 0.14))
  s:oval(208, -154, 13, 13, "none", { stroke = of.brass, width = 6 })
end

function bags.net(s, base)
  s:line("M-84-96C-70-330 70-330 84-96", "#3a2a22", 18, { opacity = 0.24, blur = s:soft(8),
    turn = "translate(18 14)" })
  strap(s, "M-92-80C-80-350 80-350 92-80", 24, base)
  local body = "M-150-90C-80-70 80-70 150-90C210 40 250 200 190 320"
    .. "C120 420-120 420-190 320C-250 200-210 40-150-90Z"
  local d = s:outline(body)
  s:fill(d, "#3a2a22", { opacity = 0.2, blur = s:soft(16), turn = "translate(24 18)" })
  local fruit = s:keep(function()
    s:oval(0, 0, 74, 72, s:glow(-24, -28, 110, { { 0, "#ffd79a" }, { 0.4, "#ea9a3c" },
      { 1, "#b5651f" } }))
    s:path("M-4-60l7-5l7 5l-7 5Z", "#5f6b34")
  end)
  for _, at in ipairs({ { -92, 96 }, { 60, 76 }, { -150, 220 }, { 138, 206 }, { -8, 206 },
    { -86, 312 }, { 84, 316 } }) do
    s:again(fruit, at[1], at[2], at[1] * 0.4)
  end
  s:inside(d, function()
    local mesh = {}
    for i = -9, 9 do
      mesh[#mesh + 1] = pen("M", i * 34 - 150, -90, "C", i * 46 - 40, 60, i * 46 + 60, 220,
        i * 30 + 170, 400)
      mesh[#mesh + 1] = pen("M", i * 34 + 150, -90, "C", i * 46 + 40, 60, i * 46 - 60, 220,
        i * 30 - 170, 400)
    end
    local all = s:outline(table.concat(mesh))
    s:fill(all, "none", { stroke = shade(base, 0.4), width = 6, opacity = 0.6,
      turn = "translate(2 3)" })
    s:fill(all, "none", { stroke = base, width = 5 })
  end)
  s:line("M-150-90C-80-70 80-70 150-90", shade(base, 0.3), 20)
  s:line("M-150-93C-80-73 80-73 150-93", base, 14)
  s:fill(d, "none", { stroke = base, width = 5 })
  solid.tube(s, "M0-300V-262", 22, of.oak)
  s:oval(0, -304, 18, 18, s:glow(-5, -310, 22, { { 0, light(of.oak, 0.5) },
    { 1, shade(of.oak, 0.24) } }))
end

function bags.weekender(s)
  local base, leather = "#5d6350", of.leather
  ground(s, 320)
  s:line("M-120-300C-110-450 110-450 120-300", shade(leather, 0.5), 24)
  canvas(s, "M-300-240C-290-300-250-318-200-320C-60-330 60-330 200-320"
    .. "C250-318 290-300 300-240C316-160 326-90 318-20C316-2 306 4 290 6"
    .. "C100 16-100 16-290 6C-306 4-316-2-318-20C-326-90-316-160-300-240Z", base, 318,
    { "M-240-310C-200-220-260-160-230-60", "M240-310C200-220 260-160 220-60",
      "M-20-320C20-240-40-180 10-110" })
  s:path("M-319-96C-100-76 100-76 319-96C324-60 322-30 318-14C316-2 306 4 290 6"
    .. "C100 16-100 16-290 6C-306 4-316-2-318-14C-322-30-324-60-319-96Z",
    s:lin(-318, 0, 318, 0, { { 0, leather }, { 0.3, light(leather, 0.3) }, { 0.6, leather },
      { 1, shade(leather, 0.36) } }))
  surface.stitch(s, "M-314-86C-100-66 100-66 314-86", light(leather, 0.5), 2.4)
  s:line("M-226-312C-80-322 80-322 226-312", shade(base, 0.6), 14)
  s:line("M-226-314C-80-324 80-324 226-314", of.brass, 5, { dash = "5 3", cap = "butt" })
  for _, x in ipairs({ -134, 134 }) do
    strap(s, pen("M", x, 2, "V-290"), 34, leather, true)
    surface.stitch(s, pen("M", x - 12, 0, "V-286M", x + 12, 0, "V-286"), light(leather, 0.5), 1.8)
    s:oval(x, -270, 9, 9, of.brass)
  end
  s:line("M-134-286C-126-500 126-500 134-286", shade(leather, 0.36), 26, { cap = "butt" })
  s:line("M-135-286C-128-502 124-502 132-286", leather, 19, { cap = "butt" })
  s:line("M-62-446C-24-462 24-462 62-446", shade(leather, 0.1), 34)
  s:line("M-58-452C-24-466 24-466 58-452", light(leather, 0.34), 8, { opacity = 0.6 })
  for _, x in ipairs({ -296, 296 }) do
    s:oval(x, -236, 16, 16, "none", { stroke = of.brass, width = 7 })
  end
end

-- What is printed on each cloth: ground, motif, size of its repeat.
local CLOTHS <const> = {
  waves = {
    "#46597f", '<g fill="none" stroke="#eee6d4" stroke-width="3"><circle cx="30" cy="30" r="28"/>'
      .. '<circle cx="30" cy="30" r="19"/><circle cx="30" cy="30" r="10"/>'
      .. '<path d="M0 58A28 28 0 0 0 28 30M60 58A28 28 0 0 1 32 30'
      .. 'M9 58A19 19 0 0 0 0 41M51 58A19 19 0 0 1 60 41"/></g>',
    60, 30,
  },
  leaves = {
    "#5d7356", '<g fill="#efe7d3"><path d="M18 30C6 22 6 10 18 2C30 10 30 22 18 30Z"/>'
      .. '<path d="M50 62C38 54 38 42 50 34C62 42 62 54 50 62Z" opacity=".8"/></g>',
    66, 64,
  },
  dots = {
    "#b0593f", '<g fill="#f3e6cf"><circle cx="14" cy="14" r="6"/><circle cx="40" cy="40" r="6"/></g>',
    52, 52,
  },
}

function bags.furoshiki(s, kind)
  local base, motif, w, h = table.unpack(CLOTHS[kind])
  local print = s:pattern(w, h, motif, "rotate(12)")
  room.shadow(s, 200, 1, 0.13)
  local d = s:outline("M-40-300C-160-290-262-210-262-120C-262-40-190 16 0 18S262-40 262-120"
    .. "C262-210 160-290 40-300Z")
  s:fill(d, s:glow(-100, -250, 440, { { 0, light(base, 0.26) }, { 0.5, base },
    { 1, shade(base, 0.4) } }))
  s:fill(d, print, { opacity = 0.8 })
  s:inside(d, function()
    surface.folds(s, { "M-16-300C-90-220-160-120-190-10", "M16-300C90-220 150-120 170-10",
      "M0-300C-20-200-30-100-20 10", "M-30-300C-150-280-220-200-256-120" }, base, 30, 0.4)
    s:rect(-270, -110, 540, 140, 0,
      s:lin(0, -90, 0, 16, { { 0, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.34 } }))
  end)
  for _, side in ipairs({ -1, 1 }) do
    local ear = s:outline(pen("M", side * 10, -318, "C", side * 60, -400, side * 150, -440,
      side * 214, -410, "C", side * 190, -350, side * 110, -290, side * 16, -286, "Z"))
    s:fill(ear, s:lin(0, -430, 0, -290, { { 0, light(base, 0.26) }, { 1, shade(base, 0.26) } }))
    s:fill(ear, print, { opacity = 0.8 })
    s:line(pen("M", side * 24, -310, "C", side * 80, -350, side * 130, -386, side * 190, -404),
      shade(base, 0.5), 4, { opacity = 0.5 })
  end
  local knot = s:outline("M-46-330C-30-350 30-350 46-330C60-306 50-276 30-268"
    .. "C10-262-10-262-30-268C-50-276-60-306-46-330Z")
  s:fill(knot, s:glow(-16, -330, 76, { { 0, light(base, 0.3) }, { 0.6, base },
    { 1, shade(base, 0.44) } }))
  s:fill(knot, print, { opacity = 0.6 })
  s:line("M-34-322C-10-300 10-290 34-280M-20-340C10-324 30-310 44-300", shade(base, 0.6), 4,
    { opacity = 0.5 })
end

function bags.seagrass(s, content)
  local base, lime = "#b99b66", "#ebe4d3"
  room.shadow(s, 190, 1, 0.15)
  local points = { { -360, 230, true }, { -240, 240 }, { -100, 226 }, { -20, 198 },
    { 0, 186, true } }
  solid.turn(s, { points = points, base = base, tilt = 0.17, gloss = 0, open = true,
    inner = shade(base, 0.4), wall = 14 }, function()
    s:path("M-260-186A240 40 0 0 0 260-186V60H-260Z", solid.round(s, lime, 240))
    local coils = {}
    for y = -350, 30, 21 do coils[#coils + 1] = pen("M-246", y, "A246 41 0 0 0 246", y) end
    local all = s:outline(table.concat(coils))
    s:fill(all, "none", { stroke = "#4d3a22", width = 5, opacity = 0.34 })
    s:fill(all, "none", { stroke = "#fff6df", width = 5, opacity = 0.3, turn = "translate(0 7)" })
    s:fill(all, "none", { stroke = "#4d3a22", width = 20, opacity = 0.2, dash = "2 15",
      cap = "butt", turn = "translate(0 10)" })
  end)
  rim(s, -360, 230, 0.17, base, 20)
  if content then
    content(s)
    s:line("M-230-360A230 39 0 0 0 230-360", shade(base, 0.34), 20)
    s:line("M-230-362A230 39 0 0 0 230-362", light(base, 0.14), 12)
  end
  for _, x in ipairs({ -150, 150 }) do
    s:line(pen("M", x - 46, -318, "C", x - 50, -440, x + 50, -440, x + 46, -318), shade(base, 0.36),
      22)
    s:line(pen("M", x - 47, -320, "C", x - 51, -444, x + 48, -444, x + 44, -320), light(base, 0.14),
      13)
    s:line(pen("M", x - 47, -320, "C", x - 51, -444, x + 48, -444, x + 44, -320), shade(base, 0.5),
      13, { dash = "3 12", cap = "butt", opacity = 0.5 })
  end
end

-- Folded blankets standing in the seagrass basket.
local function blankets(s)
  for i, blanket in ipairs({ { -112, "#cc9c42" }, { 6, "#ece6da" }, { 122, "#9dbac6" } }) do
    local x, base, top = blanket[1], blanket[2], -500 + i * 22
    s:path(pen("M", x - 62, -344, "L", x - 66, top + 40, "C", x - 66, top - 16, x + 66, top - 16,
      x + 66, top + 40, "L", x + 62, -344, "C", x + 30, -334, x - 30, -334, x - 62, -344, "Z"),
      s:lin(x - 66, 0, x + 66, 0, { { 0, shade(base, 0.1) }, { 0.3, light(base, 0.3) },
        { 0.6, base }, { 1, shade(base, 0.32) } }))
    s:line(pen("M", x - 22, -340, "L", x - 24, top + 26, "M", x + 22, -340, "L", x + 24, top + 26),
      shade(base, 0.45), 4, { opacity = 0.4 })
    s:line(pen("M", x - 64, top + 62, "q64-14 128 0"), light(base, 0.5), 5, { opacity = 0.6 })
  end
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function bags.pictures(show)
  for _, name in ipairs({ "natural", "rust", "indigo", "forest" }) do
    show("tote-" .. name, function(s)
      s:at(400, GROUND + 10, 1.16, function() bags.tote(s, of[name]) end)
    end)
  end
  show("tote-rust-2", function(s)
    room.panes(s, 420, 50, 260, 0.45)
    s:at(380, GROUND + 20, 1.1, function() bags.tote(s, of.rust, true) end)
  end)
  for _, name in ipairs({ "moss", "charcoal", "mustard" }) do
    show("backpack-" .. name, function(s)
      s:at(400, GROUND + 10, 1.16, function() bags.backpack(s, of[name]) end)
    end)
  end
  show("backpack-moss-2", function(s)
    s:at(330, 1270, 1.9, function() bags.backpack(s, of.moss) end)
  end)
  show("willow-basket", function(s) s:at(400, GROUND, 1.18, function() bags.willow(s) end) end)
  show("willow-basket-2", function(s)
    room.panes(s, 80, 50, 260, 0.45)
    s:at(420, GROUND + 10, 1.12, function() bags.willow(s, true) end)
  end)
  for _, name in ipairs({ "tan", "charcoal", "forest" }) do
    show("pouch-" .. name, function(s)
      s:at(400, GROUND - 40, 1.24, function()
        bags.pouch(s, name == "tan" and of.tan or of[name])
      end)
    end)
  end
  for _, name in ipairs({ "natural", "mustard", "sea" }) do
    show("market-net-" .. name, function(s)
      s:at(400, 440, 1.12, function() bags.net(s, of[name]) end)
    end, { hung = true })
  end
  show("weekender", function(s) s:at(400, GROUND, 1.14, bags.weekender) end)
  show("weekender-2", function(s) s:at(560, 1010, 1.9, bags.weekender) end)
  for _, name in ipairs({ "waves", "leaves", "dots" }) do
    show("furoshiki-" .. name, function(s)
      s:at(400, GROUND, 1.3, function() bags.furoshiki(s, name) end)
    end)
  end
  show("seagrass-basket", function(s) s:at(400, GROUND, 1.24, function() bags.seagrass(s) end) end)
  show("seagrass-basket-2", function(s)
    room.panes(s, 420, 40, 260, 0.45)
    s:at(400, GROUND, 1.16, function() bags.seagrass(s, blankets) end)
  end)
end

return bags

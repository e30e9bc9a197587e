--- Boards, knives, pots, jars and what else cooks.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")
local tea = require("draw.tea")

local kitchen = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND

-- A board that leans on the wall, foot at (0, 0).
function kitchen.board(s, base, seed)
  local d = s:outline("M-150 0C-166 0-172-8-172-24V-430C-172-470-150-486-116-494"
    .. "C-74-504-48-520-44-560V-650C-44-684-24-700 0-700C24-700 44-684 44-650"
    .. "V-560C48-520 74-504 116-494C150-486 172-470 172-430V-24" .. "C172-8 166 0 150 0Z")
  s:fill(d, "#3a2a22", { opacity = 0.3, blur = s:soft(13), turn = "translate(22 6)" })
  s:fill(d, shade(base, 0.36), { turn = "translate(7 2)" })
  s:fill(d, s:lin(-172, -600, 172, 0, { { 0, light(base, 0.3) }, { 0.5, base },
    { 1, shade(base, 0.14) } }))
  s:inside(d, function()
    surface.grain(s, { -170, -710, 170, 10 }, base, 17, seed, true)
    s:line("M60-300C40-260 40-200 62-160C84-200 82-260 60-300Z M62-270" .. "C54-240 54-220 62-196",
      shade(base, 0.4), 3, { opacity = 0.4 })
    s:rect(-172, -60, 344, 60, 0,
      s:lin(0, -60, 0, 0, { { 0, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.16 } }))
  end)
  s:fill(d, "none", { stroke = light(base, 0.5), width = 2.5, opacity = 0.6 })
  s:oval(0, -656, 15, 15, shade(room.walls.kitchen, 0.3))
  s:oval(2, -653, 12, 12, shade(room.walls.kitchen, 0.12))
end

function kitchen.loaf(s)
  local crust = "#a8683a"
  s:oval(20, 0, 210, 22, "#2b1f1e", { opacity = 0.35, blur = s:soft(9) })
  local d = s:outline("M-190-10C-214-90-150-150-40-158C70-164 180-130 196-50"
    .. "C200-14 180 2 140 4H-150C-176 4-186 0-190-10Z")
  s:fill(d, s:lin(0, -160, 0, 4, { { 0, light(crust, 0.24) }, { 0.5, crust },
    { 1, shade(crust, 0.36) } }))
  s:inside(d, function()
    surface.speckle(s, { -180, -150, 180, 0 }, 90, "#f4e4c8", 4, 6, 0.5)
    for i = -2, 2 do
      s:line(pen("M", i * 66 - 40, -6, "C", i * 66 - 50, -60, i * 66 - 20, -120, i * 66 + 30, -150),
        "#f0d9b0", 15, { opacity = 0.75 })
      s:line(pen("M", i * 66 - 32, -6, "C", i * 66 - 42, -60, i * 66 - 12, -120, i * 66 + 38, -150),
        "#7a4526", 5, { opacity = 0.5 })
    end
  end)
end

function kitchen.knife(s)
  local steel, wood = "#c3c8c9", "#7b4a30"
  local blade = s:outline("M-36 60V-300C-36-392-2-470 46-512C66-430 78-300 78-180V50"
    .. "C78 62 70 68 58 66L-36 60Z")
  s:fill(blade, "#3a2a22", { opacity = 0.28, blur = s:soft(11), turn = "translate(20 16)" })
  s:fill(blade, s:lin(-36, 0, 78, 0, { { 0, shade(steel, 0.24) }, { 0.25, light(steel, 0.3) },
    { 0.7, steel }, { 0.72, light(steel, 0.75) }, { 1, light(steel, 0.4) } }))
  s:inside(blade, function()
    s:path("M-40-520H80V70H-40Z", s:lin(-40, -420, 80, 0,
      { { 0.2, "#fff", 0 }, { 0.4, "#fff", 0.5 }, { 0.5, "#5a6468", 0.2 }, { 0.7, "#fff", 0 } }))
    s:line("M44 64C50-120 54-300 38-490", "#6d777a", 2, { opacity = 0.5 })
  end)
  s:path("M-26 60H34V96H-26Z", s:lin(-26, 0, 34, 0, { { 0, shade(steel, 0.4) },
    { 0.4, light(steel, 0.5) }, { 1, shade(steel, 0.4) } }))
  local handle = s:outline("M-30 92H38C44 160 48 250 42 318C40 338 26 346 6 346"
    .. "C-16 346-30 338-32 318C-38 250-36 160-30 92Z")
  s:fill(handle, "#3a2a22", { opacity = 0.3, blur = s:soft(11), turn = "translate(20 16)" })
  s:fill(handle, s:lin(-36, 0, 46, 0, { { 0, shade(wood, 0.3) }, { 0.24, light(wood, 0.2) },
    { 0.3, light(wood, 0.34) }, { 0.62, wood }, { 0.68, shade(wood, 0.2) },
    { 1, shade(wood, 0.4) } }))
  s:inside(handle, function() surface.grain(s, { -34, 90, 44, 346 }, wood, 7, 4, true) end)
end

-- The oak bar with magnets that holds knives.
local function bar(s)
  s:rect(-250, -26, 500, 58, 8, "#3a2a22", { opacity = 0.3, blur = s:soft(10),
    turn = "translate(14 16)" })
  s:rect(-250, -30, 500, 58, 8, s:lin(0, -30, 0, 28, { { 0, light(of.oak, 0.4) }, { 0.3, of.oak },
    { 1, shade(of.oak, 0.26) } }))
  surface.grain(s, { -246, -26, 246, 24 }, of.oak, 6, 3)
end

-- A skillet that faces the eye, its handle up.
function kitchen.skillet(s)
  local base = "#3f3d3c"
  local d = s:outline("M-30-250C-26-330-34-420-44-500C-50-548-28-566 0-566"
    .. "C28-566 50-548 44-500C34-420 26-330 30-250C160-236 254-132 260 0"
    .. "C262-10 284 0 282 14C280 26 262 34 258 40C240 166 134 262 0 262"
    .. "S-240 166-258 40C-262 34-280 26-282 14C-284 0-262-10-260 0" .. "C-254-132-160-236-30-250Z")
  s:fill(d, "#3a2a22", { opacity = 0.36, blur = s:soft(15), turn = "translate(24 20)" })
  s:fill(d, s:lin(-200, -300, 220, 260, { { 0, light(base, 0.34) }, { 0.4, base },
    { 1, shade(base, 0.5) } }))
  s:oval(0, 4, 236, 236, s:lin(-200, -200, 200, 200, { { 0, shade(base, 0.6) }, { 0.5, base },
    { 1, light(base, 0.36) } }))
  s:oval(0, 6, 216, 216, s:glow(-70, -80, 320, { { 0, "#5d5a57" }, { 0.5, "#454341" },
    { 1, "#2e2c2b" } }))
  for r = 40, 200, 20 do
    s:oval(0, 6, r, r, "none", { stroke = "#fff", width = 1.2, opacity = 0.06 })
  end
  s:line("M-150-80A172 172 0 0 1-30-166", "#fff", 9, { opacity = 0.16, blur = s:soft(4) })
  s:oval(0, -522, 17, 24, shade(room.walls.kitchen, 0.2))
  s:line("M-18-300C-16-380-26-440-30-490", light(base, 0.5), 4, { opacity = 0.5 })
end

function kitchen.casserole(s, base)
  room.shadow(s, 196, 1, 0.13)
  for _, side in ipairs({ -1, 1 }) do
    solid.tube(s, pen("M", side * 220, -196, "C", side * 300, -206, side * 300, -150, side * 222,
      -146), 24, base)
  end
  local body = { { -240, 226, true }, { -232, 228 }, { -90, 226 }, { -24, 212 }, { 0, 192, true } }
  solid.turn(s, { points = body, base = base, tilt = 0.13, gloss = 0.5 }, function()
    s:rect(-240, -256, 480, 44, 0, s:lin(0, -226, 0, -200, { { 0, "#2b1f1e", 0.45 },
      { 1, "#2b1f1e", 0 } }))
    s:rect(-240, -60, 480, 100, 0,
      s:lin(0, -60, 0, 30, { { 0, "#2b1f1e", 0 }, { 1, "#2b1f1e", 0.3 } }))
  end)
  s:at(0, -236, 1, function()
    local lid = { { -84, 54 }, { -76, 110 }, { -46, 192 }, { -18, 232 }, { -4, 238 },
      { 0, 236, true } }
    solid.turn(s, { points = lid, base = light(base, 0.04), tilt = 0.13, gloss = 0.55 }, function()
      solid.ring(s, -20, 226, 0.13, shade(base, 0.5), 3, 0.4)
    end)
    s:at(0, -80, 1, function()
      solid.turn(s, { points = { { -58, 0 }, { -56, 20 }, { -46, 36 }, { -32, 37 }, { -14, 20 },
        { 0, 18, true } }, base = of.brass, gloss = 0.9, depth = 1.5 })
    end)
  end)
end

--- A glass jar with an oak lid; `content` paints what is in it.
function kitchen.jar(s, height, content)
  room.shadow(s, 118, 0.9)
  local points = { { -height, 118, true }, { -height + 8, 122 }, { -14, 122 }, { 0, 112, true } }
  tea.glass(s, points, 0.15, content)
  local lid = s:keep(function()
    solid.turn(s, { points = { { -46, 124, true }, { -42, 126 }, { -4, 126 }, { 0, 124, true } },
      base = of.oak, gloss = 0.2 }, function()
      surface.grain(s, { -126, -44, 126, 16 }, of.oak, 6, 4)
    end)
    s:oval(0, -46, 124, 19, s:lin(-124, 0, 124, 0, { { 0, light(of.oak, 0.14) },
      { 0.4, light(of.oak, 0.36) }, { 1, of.oak } }))
    for i = 1, 4 do
      s:oval(8, -46, 26 * i, 4 * i, "none", { stroke = shade(of.oak, 0.4), width = 2,
        opacity = 0.3 })
    end
    s:rect(-121, 14, 242, 7, 0, "#fff", { opacity = 0.35 })
  end)
  s:again(lid, 0, -height + 4)
end

-- Fills a jar up to `y` with grains of `base`.
local function grains(s, y, base, seed, size)
  s:rect(-124, y, 248, 400, 0, solid.round(s, base, 122))
  s:oval(0, y, 118, 15, light(base, 0.2))
  surface.speckle(s, { -116, y - 8, 116, 14 }, 150, shade(base, 0.34), size, seed, 0.7)
  surface.speckle(s, { -116, y - 8, 116, 14 }, 110, light(base, 0.4), size - 1, seed + 9, 0.75)
end

local function spaghetti(s, y)
  local base, out = "#e3bd68", {}
  s:path(pen("M-92", y, "L92", y, "L98 20L-98 20Z"), solid.round(s, base, 100))
  for x = -88, 88, s.busy and 11 or 8 do
    out[#out + 1] = pen("M", x, y - (x * 7 % 13), "L", x * 1.06, 16)
  end
  s:line(table.concat(out), shade(base, 0.4), 2, { opacity = 0.6 })
end

-- One spoon standing with its bowl up, foot at (0, 0).
local function spoon(s, base, length, kind)
  solid.tube(s, pen("M0 0L0 ", -length), 19, base)
  if kind == "round" then
    s:oval(0, -length - 50, 46, 66, s:lin(-46, 0, 46, 0, { { 0, light(base, 0.3) },
      { 1, shade(base, 0.2) } }))
    s:oval(3, -length - 54, 36, 54, s:lin(-36, 0, 36, 0, { { 0, shade(base, 0.3) }, { 0.7, base },
      { 1, light(base, 0.34) } }))
  elseif kind == "flat" then
    s:path(pen("M-12", -length + 10, "C-40", -length - 30, "-46", -length - 90, "-44",
      -length - 124, "C-20", -length - 136, "20", -length - 136, "44", -length - 118, "C46",
      -length - 80, "40", -length - 30, "12", -length + 10, "Z"),
      s:lin(-46, 0, 46, 0, { { 0, light(base, 0.34) }, { 0.5, base }, { 1, shade(base, 0.24) } }))
    s:path(pen("M-20", -length - 40, "h8v-66h-8ZM-4", -length - 40, "h8v-70h-8ZM12", -length - 40,
      "h8v-66h-8Z"), shade(base, 0.5), { opacity = 0.7 })
  else
    for i = 0, 3 do
      s:oval(0, -length - 14 - i * 26, 26, 12, s:lin(-26, 0, 26, 0, { { 0, light(base, 0.3) },
        { 1, shade(base, 0.34) } }))
    end
  end
end

function kitchen.spoons(s)
  room.shadow(s, 116)
  local set = { { -66, -22, "#b0713f", 330, "round" }, { -26, -8, of.beech, 390, "flat" },
    { 16, 3, "#8e5c3a", 420, "round" }, { 48, 12, "#d2a870", 350, "dipper" },
    { 76, 24, of.walnut, 320, "flat" } }
  for _, one in ipairs(set) do
    s:at(one[1] * 0.8, -150, 1, function() spoon(s, one[3], one[4] - 130, one[5]) end, one[2])
  end
  local base = of.oat
  local points = { { -270, 122, true }, { -262, 125 }, { -140, 126 }, { -16, 118 },
    { 0, 110, true } }
  solid.turn(s, { points = points, base = "#c9a37e", tilt = 0.15, gloss = 0.4 }, function()
    solid.dip(s, base, { wide = 126, r = 122, top = -380, y = -74, wave = 8, seed = 4 })
    surface.speckle(s, { -120, -280, 120, -70 }, 70, shade(base, 0.6), 4, 8, 0.4)
  end)
  s:line("M-122-270A122 18 0 0 0 122-270", light(base, 0.5), 6, { cap = "butt" })
end

function kitchen.mortar(s)
  local base = of.granite
  room.shadow(s, 150, 1.1)
  s:at(60, -250, 1, function()
    s:group({ turn = "rotate(32)" }, function()
      solid.turn(s, { points = { { -330, 26 }, { -318, 40 }, { -250, 42 }, { -100, 34 }, { 60, 46 },
        { 90, 40, true } }, base = light(base, 0.1), gloss = 0.2, tilt = 0.2 }, function()
        surface.speckle(s, { -46, -330, 46, 90 }, 130, "#4c4a49", 5, 2, 0.5)
        surface.speckle(s, { -46, -330, 46, 90 }, 90, "#f2efe9", 4, 3, 0.6)
      end)
    end)
  end)
  local points = { { -290, 206, true }, { -280, 210 }, { -190, 200 }, { -110, 168 }, { -60, 140 },
    { -40, 140 }, { 0, 156, true } }
  s:oval(0, -290, 206, 35, light(base, 0.24))
  s:oval(0, -286, 172, 27, s:lin(-172, 0, 172, 0, { { 0, shade(base, 0.6) },
    { 1, shade(base, 0.2) } }))
  s:path("M96-290C110-330 130-350 150-372L110-392C80-360 46-320 34-282Z",
    solid.round(s, light(base, 0.1), 160))
  local d = s:outline("M-206-290C-210-284-210-260-206-230C-196-150-168-110-146-76"
    .. "C-138-60-142-44-154-16C-156-8-156-4-156 0A156 25 0 0 0 156 0"
    .. "C156-4 156-8 154-16C142-44 138-60 146-76C168-110 196-150 206-230"
    .. "C210-260 210-284 206-290A206 35 0 0 1-206-290Z")
  s:fill(d, solid.round(s, base, 210, 1.2))
  s:inside(d, function()
    surface.speckle(s, { -210, -290, 210, 20 }, 190, "#474544", 6, 12, 0.45)
    surface.speckle(s, { -210, -290, 210, 20 }, 170, "#f5f2ec", 5, 13, 0.5)
    s:rect(-210, -100, 420, 60, 0, s:lin(0, -110, 0, -40, { { 0, "#2b1f1e", 0 },
      { 1, "#2b1f1e", 0.3 } }))
  end)
  solid.streak(s, points, 0.76, 0.5, 0.3)
end

function kitchen.apron(s, base)
  local straps = "M-88-330C-70-470-30-600 0-640C30-600 70-470 88-330"
  s:line(straps, "#3a2a22", 26, { opacity = 0.2, blur = s:soft(9), turn = "translate(16 14)" })
  s:line(straps, shade(base, 0.2), 28)
  s:line(straps, base, 20)
  local d = s:outline("M-104-344C-40-326 40-326 104-344C112-260 130-196 216-140"
    .. "C226 20 232 200 238 330C120 352-120 352-238 330"
    .. "C-232 200-226 20-216-140C-130-196-112-260-104-344Z")
  s:fill(d, "#3a2a22", { opacity = 0.28, blur = s:soft(14), turn = "translate(20 18)" })
  s:fill(d, s:lin(-240, 0, 240, 0, { { 0, light(base, 0.2) }, { 0.5, base },
    { 1, shade(base, 0.16) } }))
  s:fill(d, surface.weave(s, base, 3, 0.12), { opacity = 0.5 })
  s:inside(d, function()
    surface.folds(s, { pen("M-60-300C-80-100-120 100-130 340"),
      pen("M70-300C90-100 100 80 150 340"), pen("M0-150C-10 40 14 180 6 340") }, base, 30, 0.26)
  end)
  s:path("M-150 40H-20V176C-40 184-130 184-150 176Z", base, { opacity = 0.55 })
  surface.stitch(s, "M-150 48V176C-130 184-40 184-20 176V48", shade(base, 0.4))
  s:path("M20 40H150V176C130 184 40 184 20 176Z", base, { opacity = 0.55 })
  surface.stitch(s, "M20 48V176C40 184 130 184 150 176V48", shade(base, 0.4))
  s:line("M-152 40H-18M18 40H152", shade(base, 0.26), 5, { cap = "butt" })
  surface.stitch(s, "M-226 316C-120 338 120 338 226 316", shade(base, 0.4))
  solid.tube(s, "M0-664V-630", 24, of.oak)
  s:oval(0, -664, 20, 20, s:glow(-6, -670, 24, { { 0, light(of.oak, 0.5) },
    { 1, shade(of.oak, 0.2) } }))
end

function kitchen.salt(s)
  room.shadow(s, 90)
  s:oval(0, -112, 100, 16, "#fbf7ef")
  solid.turn(s, { points = { { -104, 108, true }, { -98, 110 }, { -40, 104 }, { 0, 84, true } },
    base = of.chalk, open = true, inner = "#fdfaf3", gloss = 0.5 })
end

function kitchen.mill(s, base)
  room.shadow(s, 94)
  local points = { { -380, 62, true }, { -374, 70 }, { -330, 78 }, { -260, 58 }, { -170, 56 },
    { -90, 84 }, { -30, 100 }, { -6, 98 }, { 0, 92, true } }
  solid.turn(s, { points = points, base = base, gloss = 0.45 }, function()
    surface.grain(s, { -100, -380, 100, 16 }, base, 12, 6, true)
    for _, ring in ipairs({ { -44, 98 }, { -330, 78 } }) do
      solid.ring(s, ring[1], ring[2], 0.15, shade(base, 0.6), 3, 0.6)
    end
  end)
  s:at(0, -380, 1, function()
    solid.turn(s, { points = { { -14, 58, true }, { 0, 60, true } }, base = of.steel, gloss = 0.8,
      depth = 1.6 })
    s:at(0, -10, 1, function()
      local head = { { -148, 0 }, { -144, 40 }, { -110, 70 }, { -60, 76 }, { -20, 60 },
        { 0, 58, true } }
      solid.turn(s, { points = head, base = base, gloss = 0.6 }, function()
        surface.grain(s, { -76, -150, 76, 8 }, base, 9, 7, true)
      end)
      s:at(0, -142, 1, function()
        solid.turn(s, { points = { { -30, 0 }, { -28, 12 }, { -16, 18 }, { 0, 14, true } },
          base = of.steel, gloss = 0.9, depth = 1.6 })
      end)
    end)
  end)
end

-- A tablet with the cover of the book on it.
function kitchen.ebook(s)
  s:at(0, 0, 1, function() room.shadow(s, 190, 0.8, 0.07) end)
  s:rect(-206, -560, 412, 560, 30, "#3a2a22", { opacity = 0.34, blur = s:soft(14),
    turn = "translate(22 6)" })
  s:rect(-206, -560, 412, 560, 30, s:lin(-206, -560, 206, 0,
    { { 0, "#4b4a4a" }, { 1, "#252424" } }))
  local page = s:outline("M-184-532H184V-28H-184Z")
  s:fill(page, s:lin(0, -532, 0, -28, { { 0, "#e9c9a4" }, { 1, "#d9a77c" } }))
  s:inside(page, function()
    s:oval(0, -400, 96, 96, "#f3dcb8")
    s:path("M-184-160C-80-190 80-190 184-160V-28H-184Z", "#b56b48")
    s:at(0, -150, 0.52, function() kitchen.casserole(s, of.forest) end)
    s:at(-6, -308, 0.9, function() surface.steam(s, 190) end)
  end)
  s:path("M-184-532H20L-120-28H-184Z", "#fff", { opacity = 0.1 })
end

function kitchen.scale(s)
  local brass, iron = of.brass, "#3d3b3a"
  room.shadow(s, 150, 1, 0.13)
  solid.turn(s, { points = { { -44, 96, true }, { -36, 110 }, { -14, 150 }, { 0, 156, true } },
    base = iron, gloss = 0.4 })
  solid.turn(s, { points = { { -430, 0 }, { -424, 14 }, { -390, 18 }, { -340, 14 }, { -200, 20 },
    { -90, 34 }, { -44, 52, true } }, base = iron, gloss = 0.5 })
  s:at(0, -384, 1, function()
    solid.tube(s, "M-270 10C-160 30-60-22 0-22S160 30 270 10", 20, brass, { shine = 0.8 })
    s:oval(0, -18, 26, 26, s:glow(-8, -26, 34, { { 0, "#fff1c4" }, { 0.5, brass },
      { 1, shade(brass, 0.4) } }))
    for _, side in ipairs({ -1, 1 }) do
      local x, y = side * 270, side * 4 + 10
      s:line(pen("M", x, y, "L", x - 118, y + 190, "M", x, y, "L", x + 118, y + 190, "M", x, y, "L",
        x, y + 200), shade(brass, 0.2), 3.5)
      s:at(x, y + 232, 1, function()
        if side < 0 then
          s:oval(0, -46, 60, 26, "#e4dcc8") surface.speckle(s, { -52, -64, 52, -34 }, 40, "#c9b896",
            6, 4, 0.8)
        end
        solid.turn(s, { points = { { -42, 130, true }, { -36, 130 }, { -8, 80 }, { 0, 30, true } },
          base = brass, open = side > 0, inner = brass, gloss = 0.8, depth = 1.4, tilt = 0.14 })
      end)
    end
  end)
  for i, w in ipairs({ 26, 20, 15 }) do
    s:at(170 + i * 54, 30, 1, function()
      room.shadow(s, w * 1.2, 0.8)
      solid.turn(s, { points = { { -w * 2.6, w * 0.3 }, { -w * 2.3, w * 0.5 },
        { -w * 1.9, w * 0.4 }, { -w * 1.6, w, true }, { 0, w, true } }, base = brass, gloss = 0.8,
        depth = 1.5 })
    end)
  end
end

local function jars(s)
  s:at(235, GROUND - 20, 1, function() kitchen.jar(s, 470, function() spaghetti(s, -410) end) end)
  s:at(440, GROUND + 10, 0.96, function()
    kitchen.jar(s, 330, function() grains(s, -240, "#c66f3c", 4, 8) end)
  end)
  s:at(630, GROUND + 50, 0.88, function()
    kitchen.jar(s, 210, function() grains(s, -130, "#f0e8da", 7, 3) end)
  end)
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function kitchen.pictures(show)
  show("board", function(s)
    s:at(400, GROUND + 20, 1, function() room.shadow(s, 172, 0.9, 0.06) end)
    s:at(400, GROUND + 18, 1, function() kitchen.board(s, of.oak, 5) end)
  end)
  show("board-2", function(s)
    s:at(250, GROUND - 40, 0.94, function() kitchen.board(s, of.oak, 5) end, -2)
    s:at(500, GROUND + 60, 1.1, kitchen.loaf)
  end, { busy = true })
  show("knife", function(s)
    s:at(400, 330, 1, bar)
    s:at(384, 560, 0.92, kitchen.knife)
  end, { hung = true })
  show("knife-2", function(s)
    s:at(440, 640, 1.9, kitchen.knife, 34)
  end, { hung = true })
  show("skillet", function(s) s:at(400, 590, 0.94, kitchen.skillet) end, { hung = true })
  show("skillet-2", function(s)
    s:at(400, 660, 1.36, kitchen.skillet, 24)
    s:at(400, 668, 1, function()
      s:path("M-180-20C-190-120-70-170 30-150C140-130 200-60 180 40"
        .. "C160 140 40 180-70 150C-150 130-174 60-180-20Z", "#fbf6ea")
      s:path("M-180-20C-190-120-70-170 30-150C140-130 200-60 180 40"
        .. "C160 140 40 180-70 150C-150 130-174 60-180-20Z", "none",
        { stroke = "#e2c79a", width = 7, opacity = 0.8 })
      s:oval(6, 2, 74, 70, s:glow(-20, -24, 100, { { 0, "#ffd86a" }, { 0.6, "#f3a72c" },
        { 1, "#d9851c" } }))
      s:oval(-22, -26, 20, 12, "#fff", { opacity = 0.6, turn = "rotate(-30 -22 -26)" })
    end)
  end, { hung = true })
  for _, name in ipairs({ "forest", "rust", "cream" }) do
    show("casserole-" .. name, function(s)
      s:at(400, GROUND, 1.16, function() kitchen.casserole(s, of[name]) end)
    end)
  end
  show("casserole-rust-2", function(s)
    room.panes(s, 430, 60, 240, 0.4)
    s:at(400, GROUND - 30, 1, function() kitchen.casserole(s, of.rust) end)
    s:at(400, GROUND - 390, 1.2, function() surface.steam(s, 230) end)
    s:at(640, GROUND + 60, 0.74, function() kitchen.salt(s) end)
  end, { busy = true })
  show("jar", function(s)
    s:at(400, GROUND, 1.4, function()
      kitchen.jar(s, 370, function() grains(s, -270, "#8a4a34", 5, 9) end)
    end)
  end)
  show("jar-2", jars, { busy = true })
  show("spoons", function(s) s:at(400, GROUND, 1.28, kitchen.spoons) end)
  show("spoons-2", function(s) s:at(430, 1160, 1.9, kitchen.spoons) end)
  show("mortar", function(s) s:at(380, GROUND, 1.2, kitchen.mortar) end)
  for _, name in ipairs({ "natural", "indigo", "moss" }) do
    show("apron-" .. name, function(s)
      s:at(400, 620, 0.86, function() kitchen.apron(s, of[name]) end)
    end, { hung = true })
  end
  for _, name in ipairs({ "walnut", "beech" }) do
    show("mill-" .. name, function(s)
      s:at(400, GROUND, 1.24, function() kitchen.mill(s, of[name]) end)
    end)
  end
  show("mill-walnut-2", function(s)
    s:at(270, GROUND - 20, 1, function() kitchen.mill(s, of.walnut) end)
    s:at(520, GROUND + 20, 1, function() kitchen.mill(s, of.beech) end)
    s:at(400, GROUND + 76, 1, function()
      surface.speckle(s, { -150, -14, 60, 26 }, 60, "#2f2723", 8, 3, 0.9)
    end)
  end, { busy = true })
  show("ebook", function(s) s:at(400, GROUND, 1.12, kitchen.ebook) end, { busy = true })
  show("scale", function(s) s:at(385, GROUND, 0.9, kitchen.scale) end, { busy = true })
end

return kitchen

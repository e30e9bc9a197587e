--- Pots, kettles, tins and what goes with tea and coffee.
local ceramics = require("draw.ceramics")
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")

local tea = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND

function tea.teapot(s, base)
  room.shadow(s, 118)
  solid.tube(s, pen("M166-250C290-306 330-120 172-86"), 32, base)
  local spout = pen("M-150-92C-216-110-246-176-262-266C-264-282-236-288-228-276"
    .. "C-212-214-190-188-140-190Z")
  s:path(spout, s:lin(-260, -280, -160, -90, { { 0, light(base, 0.35) }, { 0.5, base },
    { 1, shade(base, 0.24) } }))
  s:oval(-245, -275, 18, 7, shade(base, 0.5), { turn = "rotate(-16 -245 -275)" })
  local points = { { -300, 92, true }, { -292, 98 }, { -240, 158 }, { -160, 192 }, { -80, 178 },
    { -18, 130 }, { 0, 116, true } }
  solid.turn(s, { points = points, base = base, tilt = 0.16, gloss = 0.55 }, function()
    surface.speckle(s, { -190, -300, 190, 0 }, 70, shade(base, 0.6), 3, 14, 0.3)
    s:oval(30, -20, 210, 70, s:rad({ { 0, shade(base, 0.5), 0.3 }, { 1, shade(base, 0.5), 0 } }))
  end)
  s:at(0, -294, 1, function()
    solid.turn(s, { points = { { -44, 14 }, { -36, 62 }, { -12, 96 }, { 0, 98, true } },
      base = light(base, 0.06), gloss = 0.4 })
    s:at(0, -42, 1, function()
      solid.turn(s, { points = { { -40, 0 }, { -38, 16 }, { -24, 24 }, { -8, 15 },
        { 0, 13, true } }, base = base, gloss = 0.6 })
    end)
  end)
end

function tea.gaiwan(s)
  local base = "#edeee9"
  room.shadow(s, 116, 1, 0.16)
  local saucer = { { -44, 190, true }, { -38, 192 }, { -16, 130 }, { 0, 92, true } }
  solid.turn(s, { points = saucer, base = base, open = true, inner = light(base, 0.5), gloss = 0.3,
    tilt = 0.17 })
  s:at(0, -34, 1, function()
    s:oval(6, 2, 96, 17, "#2b1f1e", { opacity = 0.3, blur = s:soft(6) })
    local cup = { { -192, 168, true }, { -186, 166 }, { -140, 132 }, { -70, 112 }, { -24, 82 },
      { -16, 66, true }, { 0, 62, true } }
    solid.turn(s, { points = cup, base = base, open = true, inner = "#d9dcd4", gloss = 0.8,
      tilt = 0.17, wall = 5 }, function()
      s:oval(60, -60, 110, 110, s:rad({ { 0, "#8fa6a8", 0.28 }, { 1, "#8fa6a8", 0 } }))
      surface.leaf_spray(s, -26, -40, "#55718f")
    end)
    s:oval(0, -186, 138, 19, "#b9b56a")
    s:at(4, -200, 1, function()
      solid.turn(s, { points = { { -46, 34 }, { -42, 60 }, { -18, 122 }, { 0, 134, true } },
        base = light(base, 0.2), gloss = 0.6, tilt = 0.15 })
      s:at(0, -42, 1, function()
        solid.turn(s, { points = { { -30, 34, true }, { -24, 32 }, { 0, 20, true } }, base = base,
          open = true, inner = "#dfe0da", gloss = 0.4 })
      end)
    end, -7)
  end)
end

function tea.kettle(s, base)
  local wood = of.oak
  room.shadow(s, 150)
  solid.tube(s, pen("M-120-56C-216-54-190-190-250-300C-262-322-274-334-292-336"), 24, base,
    { shine = 0.9 })
  solid.tube(s, pen("M-120-54C-170-54-190-96-204-150"), 34, base, { shine = 0.9 })
  solid.tube(s, pen("M112-268C180-300 222-290 232-240"), 18, base, { shine = 0.9 })
  solid.tube(s, pen("M232-244C240-190 232-130 214-84"), 34, wood)
  local points = { { -290, 92, true }, { -282, 98 }, { -150, 132 }, { -24, 156 }, { -8, 156 },
    { 0, 148, true } }
  solid.turn(s, { points = points, base = base, tilt = 0.15, gloss = 0.7, depth = 1.5 }, function()
    s:rect(44, -300, 26, 320, 0, s:lin(44, 0, 70, 0, { { 0, "#fff", 0 }, { 0.5, "#fff", 0.3 },
      { 1, "#fff", 0 } }))
    solid.ring(s, -28, 155, 0.15, shade(base, 0.5), 3, 0.5)
  end)
  s:at(0, -286, 1, function()
    solid.turn(s, { points = { { -28, 30 }, { -22, 70 }, { -6, 92 }, { 0, 94, true } }, base = base,
      gloss = 0.6, depth = 1.4 })
    s:at(0, -28, 1, function()
      solid.turn(s, { points = { { -46, 0 }, { -44, 20 }, { -24, 28 }, { -8, 16 },
        { 0, 15, true } }, base = wood, gloss = 0.4 })
    end)
  end)
end

-- A glass vessel: a faint body, its content, bright edges.
local function glass(s, points, tilt, content)
  local d = s:outline(solid.outline(points, tilt))
  local widest = 0
  for _, point in ipairs(points) do widest = math.max(widest, point[2]) end
  s:fill(d, s:lin(-widest, 0, widest, 0, {
    { 0, "#7f8f8c", 0.42 }, { 0.1, "#fff", 0.3 }, { 0.5, "#dfe6e2", 0.2 }, { 0.9, "#fff", 0.24 },
      { 1, "#6f7f7c", 0.45 } }))
  if content then s:inside(d, content) end
  s:fill(d, "none", { stroke = "#fff", width = 2.5, opacity = 0.6 })
  solid.streak(s, points, 0.84, 0.7, 0.8)
  solid.streak(s, points, -0.8, -0.86, 0.5)
  return d
end
tea.glass = glass

-- What stands in a glass up to the height `y`, where the glass has radius r.
function tea.liquid(s, y, r, tilt, base)
  s:rect(-r - 60, y, r * 2 + 120, 500, 0, s:lin(-r, 0, r, 0, { { 0, shade(base, 0.3) },
    { 0.3, light(base, 0.1) }, { 0.7, base }, { 1, shade(base, 0.34) } }))
  s:oval(0, y, r, r * tilt, s:lin(-r, 0, r, 0, { { 0, shade(base, 0.12) },
    { 0.6, light(base, 0.3) }, { 1, base } }))
end

function tea.dripper(s)
  local base = of.chalk
  room.shadow(s, 116)
  solid.tube(s, pen("M128-230C226-240 222-70 130-66"), 16, "#c9d2ce")
  local server = { { -300, 62, true }, { -286, 64 }, { -240, 92 }, { -160, 130 }, { -70, 138 },
    { -16, 120 }, { 0, 112, true } }
  glass(s, server, 0.15, function() tea.liquid(s, -128, 134, 0.15, "#5b3420") end)
  s:at(0, -300, 1, function()
    solid.tube(s, pen("M118-196C212-206 190-70 76-62"), 22, base)
    local cone = { { -230, 166, true }, { -222, 168 }, { -120, 116 }, { -40, 66 },
      { -26, 62, true } }
    local collar = { { -26, 100, true }, { -20, 104 }, { -4, 104 }, { 0, 98, true } }
    solid.turn(s, { points = collar, base = base, open = true, gloss = 0.3 })
    solid.turn(s, { points = cone, base = base, open = true, inner = base, gloss = 0.45,
      tilt = 0.17, wall = 8 }, function()
      surface.speckle(s, { -160, -230, 160, -30 }, 40, shade(base, 0.6), 3, 33, 0.34)
    end)
    s:path(pen("M-150-232C-154-262-146-270-136-262C-60-238 60-238 136-262"
      .. "C148-270 154-262 150-232C80-206-80-206-150-232Z"), "#f3ead8")
    s:oval(0, -228, 118, 17, "#5a3a26")
    surface.speckle(s, { -96, -236, 96, -222 }, 40, "#8a6242", 5, 3, 0.8)
  end)
end

function tea.grinder(s)
  local wood = of.walnut
  room.shadow(s, 148, 0.9, 0.06)
  s:rect(-150, -24, 300, 24, 4, s:lin(-150, 0, 150, 0, { { 0, light(wood, 0.16) },
    { 1, shade(wood, 0.3) } }))
  s:at(0, -22, 1, function()
    solid.box(s, 260, 236, 34, wood, 3)
    surface.grain(s, { -128, -234, 128, -2 }, wood, 15, 5)
    s:rect(-100, -124, 200, 98, 4, shade(wood, 0.4), { opacity = 0.8 })
    s:rect(-96, -120, 192, 90, 3, s:lin(-96, -120, 96, -30, { { 0, light(wood, 0.26) },
      { 1, wood } }))
    surface.grain(s, { -94, -118, 94, -32 }, light(wood, 0.1), 7, 8)
    s:oval(4, -70, 18, 18, "#2b1f1e", { opacity = 0.4 })
    s:oval(0, -76, 17, 17, s:glow(-6, -82, 24, { { 0, "#f6e2a8" }, { 0.5, of.brass },
      { 1, shade(of.brass, 0.4) } }))
  end)
  s:at(0, -268, 1, function()
    local dome = { { -108, 30 }, { -100, 58 }, { -62, 100 }, { -14, 112 }, { 0, 112, true } }
    solid.turn(s, { points = dome, base = of.brass, tilt = 0.13, gloss = 0.8, depth = 1.5 })
    solid.tube(s, pen("M0-106V-140"), 22, of.steel, { cap = "butt" })
    solid.tube(s, pen("M-6-142C60-150 110-160 176-158"), 16, of.steel, { shine = 0.9 })
    s:oval(0, -142, 17, 14, s:glow(-6, -148, 22, { { 0, "#fff" }, { 1, shade(of.steel, 0.3) } }))
    s:at(178, -160, 1, function()
      solid.turn(s, { points = { { -66, 0 }, { -62, 24 }, { -38, 32 }, { -12, 18 },
        { 0, 14, true } }, base = wood, gloss = 0.6 })
    end)
  end)
end

--- A tea tin with a paper label and a leaf drawn on it.
function tea.tin(s, base, label)
  room.shadow(s, 132)
  solid.turn(s, { points = { { -330, 132, true }, { -324, 134 }, { -8, 134 }, { 0, 130, true } },
    base = base, gloss = 0.25, depth = 1.1 }, function()
    s:path(pen("M-140-246C-60-228 60-228 140-246V-90C60-72-60-72-140-90Z"),
      solid.round(s, label, 134))
    s:line(pen("M-140-236C-60-218 60-218 140-236M-140-100C-60-82 60-82 140-100"), shade(label, 0.5),
      2, { opacity = 0.5 })
  end)
  s:at(-8, -112, 1, function()
    surface.leaf(s, 96, 40, base)
    s:at(0, -6, 0.8, function() surface.leaf(s, 84, 34, base) end, -44)
    s:at(0, -6, 0.8, function() surface.leaf(s, 84, 34, base) end, 44)
  end)
  s:at(0, -330, 1, function()
    solid.turn(s, { points = { { -66, 136, true }, { -60, 138 }, { -4, 138 }, { 0, 137, true } },
      base = shade(base, 0.08), gloss = 0.3, depth = 1.1 })
    s:oval(0, -66, 136, 20, s:lin(-136, 0, 136, 0, { { 0, shade(base, 0.1) },
      { 0.3, light(base, 0.3) }, { 1, shade(base, 0.14) } }))
    s:oval(0, -67, 118, 15, "none", { stroke = light(base, 0.4), width = 2, opacity = 0.6 })
  end)
end

-- A glass of green tea with standing leaves.
local function tea_glass(s, base)
  room.shadow(s, 84, 0.6)
  local points = { { -250, 98, true }, { -240, 98 }, { -20, 84 }, { 0, 78, true } }
  glass(s, points, 0.16, function()
    tea.liquid(s, -196, 96, 0.16, base)
    local any = sheet.chance(9)
    local leaf = s:keep(function() surface.leaf(s, 54, 15, of.moss) end)
    for _ = 1, 11 do s:again(leaf, any(-70, 70), any(-60, 16), any(-24, 24)) end
  end)
end

local function leaf_heap(s, base, seed, count)
  local any = sheet.chance(seed)
  local leaf = s:keep(function() surface.leaf(s, 44, 12, base) end)
  s:oval(0, 4, 120, 16, "#2b1f1e", { opacity = 0.3, blur = s:soft(7) })
  for _ = 1, count do
    local x = any(-1, 1)
    s:again(leaf, x * 110, any(-34, 6) * (1 - x * x) + 6, any(0, 180) - 90)
  end
end

function tea.coffee_bag(s)
  local base = "#caa77f"
  room.shadow(s, 150, 1, 0.13)
  local d = pen("M-150-470H150C146-400 160-330 164-240C168-150 160-60 152 0"
    .. "C60 12-60 12-152 0C-160-60-168-150-164-240C-160-330-146-400-150-470Z")
  s:path(d, s:lin(-164, 0, 164, 0, { { 0, shade(base, 0.24) }, { 0.12, light(base, 0.16) },
    { 0.3, base }, { 0.55, light(base, 0.18) }, { 0.86, shade(base, 0.12) },
    { 1, shade(base, 0.3) } }))
  s:inside(d, function()
    surface.folds(s, { pen("M-110-470C-120-380-150-300-120-200"),
      pen("M112-470C120-400 150-320 128-240"), pen("M-140-60C-60-30 60-40 150-70") }, base, 26,
      0.28)
  end)
  s:path(pen("M-152-520H152L154-440H-154Z"), s:lin(0, -520, 0, -440, { { 0, light(base, 0.3) },
    { 0.8, base }, { 1, shade(base, 0.4) } }))
  s:rect(-166, -478, 332, 17, 4, "#3c3a38")
  local label = of.paper
  s:rect(-104, -340, 208, 236, 3, s:lin(-104, 0, 104, 0, { { 0, shade(label, 0.06) },
    { 0.4, label }, { 1, shade(label, 0.12) } }))
  s:rect(-104, -340, 208, 44, 3, "#8d4a33")
  s:oval(0, -206, 56, 56, "#8d4a33")
  s:at(0, -206, 1, function()
    s:oval(0, 0, 25, 37, "#f1e2c6")
    s:line("M-6-35C-20-12 18 10 4 35", "#8d4a33", 6)
  end, 28)
  s:line(pen("M-46-128H46"), "#8d4a33", 5)
end

local function beans(s, seed, count)
  local any = sheet.chance(seed)
  local bean = s:keep(function()
    s:oval(0, 0, 21, 14, "#4f2f1e")
    s:oval(-3, -4, 15, 8, "#8a5a3a", { opacity = 0.7 })
    s:line("M-19 0C-6-6 6 6 19 0", "#2f1a10", 3)
  end)
  s:oval(0, 12, 150, 17, "#2b1f1e", { opacity = 0.3, blur = s:soft(8) })
  for _ = 1, count do
    local x = any(-1, 1)
    s:again(bean, x * 150, any(-40, 6) * (1 - math.abs(x)) + 4, any(-80, 80))
  end
end

function tea.whisk(s)
  local wood = "#dcbf86"
  room.shadow(s, 66, 0.9)
  s:path(pen("M-96-250C-84-160-60-120-50-90H50C60-120 84-160 96-250C40-226-40-226-96-250Z"),
    s:lin(-96, 0, 96, 0, { { 0, shade(wood, 0.3) }, { 0.4, light(wood, 0.3) },
    { 1, shade(wood, 0.34) } }))
  local tines = {}
  for i = -11, 11 do
    tines[#tines + 1] = pen("M", i * 4.3, -96, "C", i * 5, -140, i * 8, -190, i * 8.6,
      -246 + math.abs(i))
  end
  s:line(table.concat(tines), shade(wood, 0.45), 2, { opacity = 0.55 })
  s:line(pen("M-54-112C-20-100 20-100 54-112"), "#4b4038", 6)
  solid.turn(s, { points = { { -98, 52, true }, { -90, 50 }, { -40, 46 }, { 0, 50, true } },
    base = wood, gloss = 0.3 }, function()
    surface.grain(s, { -50, -100, 50, 10 }, wood, 8, 4, true)
  end)
end

local function cup_of_tea(s)
  ceramics.espresso(s, of.chalk)
  s:oval(0, -186, 92, 13, "#b98a3c")
  s:at(0, -200, 0.8, function() surface.steam(s, 220) end)
end

local function whisk_scene(s)
  s:at(560, GROUND - 50, 1.2, tea.whisk)
  s:at(340, GROUND + 30, 1.06, function()
    ceramics.bowl(s, "#7d8a66")
    s:oval(0, -236, 236, 45, s:glow(-60, -240, 260, { { 0, "#b8c66a" }, { 1, "#8fa548" } }))
    surface.speckle(s, { -150, -258, 150, -212 }, 70, "#dbe3a4", 7, 4, 0.7)
  end)
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function tea.pictures(show)
  for _, name in ipairs({ "celadon", "tenmoku", "cream" }) do
    show("teapot-" .. name, function(s)
      s:at(398, GROUND, 1.24, function() tea.teapot(s, of[name]) end)
    end)
  end
  show("teapot-celadon-2", function(s)
    room.panes(s, 250, 60, 280, 0.45)
    s:at(360, GROUND - 30, 0.98, function() tea.teapot(s, of.celadon) end)
    s:at(620, GROUND + 50, 0.78, cup_of_tea)
  end, { busy = true })
  show("gaiwan", function(s) s:at(400, GROUND, 1.5, tea.gaiwan) end)
  show("gaiwan-2", function(s)
    s:at(330, GROUND, 1.1, tea.gaiwan)
    s:at(630, GROUND + 60, 0.8, function() leaf_heap(s, "#4f4a34", 5, 26) end)
  end, { busy = true })
  show("kettle-brushed-steel", function(s)
    s:at(420, GROUND, 1.3, function() tea.kettle(s, of.steel) end)
  end)
  show("kettle-matt-black", function(s)
    s:at(420, GROUND, 1.3, function() tea.kettle(s, of.black) end)
  end)
  show("kettle-brushed-steel-2", function(s)
    s:at(520, GROUND - 30, 1.02, function() tea.kettle(s, of.steel) end)
    s:at(170, GROUND + 50, 0.9, cup_of_tea)
  end, { busy = true })
  show("dripper", function(s) s:at(385, GROUND, 1.22, tea.dripper) end)
  show("dripper-2", function(s)
    room.panes(s, 330, 40, 260, 0.45)
    s:at(320, GROUND, 0.98, tea.dripper)
    s:at(590, GROUND + 50, 0.9, function() ceramics.espresso(s, of.ink) end)
  end, { busy = true })
  show("grinder", function(s) s:at(385, GROUND, 1.24, tea.grinder) end)
  show("grinder-2", function(s)
    s:at(330, GROUND - 20, 1.05, tea.grinder)
    s:at(540, GROUND + 70, 1, function() beans(s, 4, 34) end)
  end, { busy = true })
  local tins = { { "longjing", "#5f7a4d", "#f0ead6", "#c6c46c", "#7d8a4a" }, { "oolong", "#6b3f2a",
    "#ecdcc0", "#c07a34", "#3f3126" } }
  for _, tin in ipairs(tins) do
    show(tin[1], function(s) s:at(400, GROUND, 1.4, function() tea.tin(s, tin[2], tin[3]) end) end)
    show(tin[1] .. "-2", function(s)
      room.panes(s, 60, 60, 260, 0.4)
      s:at(300, GROUND - 30, 1.06, function() tea.tin(s, tin[2], tin[3]) end)
      s:at(590, GROUND + 30, 1.06, function()
        if tin[1] == "longjing" then tea_glass(s, tin[4]) else cup_of_tea(s) end
      end)
      s:at(330, GROUND + 80, 0.9, function() leaf_heap(s, tin[5], 3, 20) end)
    end, { busy = true })
  end
  show("coffee", function(s) s:at(400, GROUND, 1.22, tea.coffee_bag) end)
  show("coffee-2", function(s)
    s:at(320, GROUND - 30, 1.02, tea.coffee_bag)
    s:at(590, GROUND + 10, 1, function() ceramics.espresso(s, of.chalk) end)
    s:at(400, GROUND + 80, 1.1, function() beans(s, 2, 40) end)
  end, { busy = true })
  show("whisk", whisk_scene)
  show("slow-morning", function(s)
    room.panes(s, 420, 40, 240, 0.4)
    s:at(262, GROUND - 20, 0.96, tea.dripper)
    s:at(572, GROUND - 10, 0.88, tea.grinder)
    s:at(414, GROUND + 90, 0.66, ceramics.jug)
  end, { busy = true, kilobytes = 16 })
end

return tea

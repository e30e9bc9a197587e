--- Still lifes: one for each category, the hero of the home page, the story of the workshop.
local bags = require("draw.bags")
local ceramics = require("draw.ceramics")
local colour = require("draw.colour")
local garden = require("draw.garden")
local kitchen = require("draw.kitchen")
local lighting = require("draw.lighting")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local stationery = require("draw.stationery")
local surface = require("draw.surface")
local tea = require("draw.tea")
local textiles = require("draw.textiles")

local scenes = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND

local function of_ceramics(s)
  s:at(240, GROUND - 40, 0.86, function()
    s:at(0, -500, 0.7, function() ceramics.branch(s, of.olive, 4) end)
    ceramics.vase(s, of.terracotta)
  end)
  s:at(560, GROUND + 10, 0.78, function() ceramics.bowl(s, of.oat) end)
  s:at(330, GROUND + 90, 0.66, function() ceramics.mug(s, of.sea) end)
end

local function of_tea(s)
  room.panes(s, 360, 40, 260, 0.45)
  s:at(330, GROUND - 10, 1, function() tea.teapot(s, of.celadon) end)
  s:at(620, GROUND - 30, 0.84, function() tea.tin(s, "#6b3f2a", "#ecdcc0") end)
  s:at(500, GROUND + 100, 0.74, function()
    ceramics.espresso(s, of.chalk) s:oval(0, -186, 92, 13, "#b98a3c")
  end)
end

local function of_kitchen(s)
  s:at(220, GROUND - 40, 0.86, function() kitchen.board(s, of.oak, 5) end, -2)
  s:at(500, GROUND + 10, 0.92, function() kitchen.casserole(s, of.rust) end)
  s:at(170, GROUND + 80, 0.62, function() kitchen.salt(s) end)
end

local function of_lighting(s)
  s:rect(0, 0, s.width, s.height, 0, "#2c2430", { opacity = 0.22 })
  s:at(560, 300, 0.72, function() lighting.pendant(s, of.sea) end)
  s:at(280, GROUND + 20, 0.96, function() lighting.mushroom(s, of.rust) end)
  s:at(600, GROUND + 80, 0.74, function() lighting.chamberstick(s, true) end)
end

local function of_textiles(s)
  s:at(480, GROUND - 20, 0.9, function() textiles.cushion(s, of.rust) end, 3)
  s:at(270, GROUND + 50, 0.86, function() textiles.napkins(s, of.forest) end)
  s:at(610, GROUND + 90, 0.8, function() textiles.ball(s, of.mustard, 120) end)
end

local function of_stationery(s)
  s:at(300, GROUND - 20, 0.92, function() stationery.notebook(s, of.indigo) end)
  s:at(590, GROUND + 60, 0.9, function() stationery.ink(s, of.rust) end)
  s:at(140, GROUND + 110, 0.7, function() stationery.fountain_pen(s, of.forest) end, 76)
end

local function of_bags(s)
  s:at(300, GROUND - 10, 0.9, function() bags.tote(s, of.indigo) end)
  s:at(590, GROUND + 60, 0.7, function() bags.willow(s, true) end)
end

local function of_garden(s)
  room.leaf_shadow(s, 780, 60, 320, 0.1)
  s:at(300, GROUND - 10, 0.74, function() garden.pot(s, garden.monstera) end)
  s:at(590, GROUND + 70, 0.74, function() garden.can(s, of.forest) end)
end

-- The window of the hero: sky, hills and a tree out of focus, frame, sill and a linen curtain.
local function window(s)
  local view = s:outline("M90 40H570V620H90Z")
  s:fill(view, s:lin(0, 40, 0, 620, { { 0, "#d3e2e8" }, { 0.5, "#f3f1e2" }, { 1, "#e7e6c8" } }))
  s:inside(view, function()
    s:group({ blur = s:soft(9) }, function()
      s:oval(460, 190, 200, 200, s:rad({ { 0, "#fffdf0" }, { 0.3, "#fff6d6", 0.8 },
        { 1, "#fff6d6", 0 } }))
      s:path("M60 470C180 400 300 440 400 410S560 400 620 380V640H60Z", "#b4c4a4")
      s:path("M60 540C200 480 330 530 440 500S580 490 620 500V640H60Z", "#8fa77f")
      s:path("M190 500V360", "none", { stroke = "#6f6a52", width = 12 })
      s:oval(190, 330, 84, 96, "#7f9a70")
      s:oval(150, 290, 52, 52, "#93ab80")
    end)
  end)
  local wood = "#f3ecdf"
  for _, bar in ipairs({ "M330 40V620", "M90 320H570" }) do
    s:line(bar, shade(wood, 0.3), 24, { cap = "butt" })
    s:line(bar, wood, 17, { cap = "butt", turn = "translate(-3 -3)" })
  end
  s:path("M90 40H570V620H90Z", "none", { stroke = shade(wood, 0.2), width = 40 })
  s:path("M90 40H570V620H90Z", "none", { stroke = wood, width = 28 })
  s:rect(40, 630, 590, 34, 4, s:lin(0, 630, 0, 664, { { 0, light(wood, 0.6) }, { 0.4, wood },
    { 1, shade(wood, 0.3) } }))
  s:rect(50, 664, 580, 26, 0, "#3a2a22", { opacity = 0.14, blur = s:soft(8) })
  s:path("M0 0H190C170 160 150 330 176 500C184 560 170 640 150 710H0Z",
    s:lin(0, 0, 190, 0, { { 0, "#f6efe0" }, { 0.3, "#fffaf0", 0.86 }, { 0.5, "#e4d9c5", 0.9 },
    { 0.7, "#fffaf0", 0.8 }, { 1, "#efe6d4", 0.75 } }))
  s:line("M40 0C50 200 30 480 46 710M96 0C110 200 80 480 96 710M150 0"
    .. "C140 200 120 400 140 640", "#8a7a64", 12, { opacity = 0.22, blur = s:soft(7) })
end

local function tabletop(s)
  local wood = "#bb8d5e"
  s:path("M0 716H1500V868H0Z", s:lin(0, 716, 0, 868, { { 0, shade(wood, 0.1) },
    { 0.3, light(wood, 0.12) }, { 1, light(wood, 0.3) } }))
  surface.grain(s, { 0, 726, 1500, 862 }, wood, 13, 5)
  s:path("M60 716H700L560 868H-180Z", "#fff3d6", { opacity = 0.34, blur = s:soft(14) })
  s:path("M0 868H1500V912H0Z", s:lin(0, 868, 0, 912, { { 0, light(wood, 0.34) }, { 0.12, wood },
    { 1, shade(wood, 0.3) } }))
  surface.grain(s, { 0, 874, 1500, 908 }, wood, 4, 9)
  s:rect(0, 912, 1500, 88, 0, s:lin(0, 912, 0, 1000, { { 0, "#6b4f3a" }, { 1, "#4a372b" } }))
  local linen = "#e9e0cd"
  s:path("M860 722H1420L1490 868H800Z", s:lin(800, 0, 1490, 0, { { 0, light(linen, 0.5) },
    { 1, shade(linen, 0.08) } }))
  local fall = s:outline("M800 868H1490C1484 910 1494 950 1486 1000H808C800 950 808 910 800 868Z")
  s:fill(fall, s:lin(0, 868, 0, 1000, { { 0, light(linen, 0.3) }, { 0.1, linen },
    { 1, shade(linen, 0.3) } }))
  s:inside(fall, function()
    surface.folds(s, { "M880 860C870 900 890 960 876 1010", "M1040 860C1060 910 1030 960 1050 1010",
      "M1230 860C1220 910 1250 960 1236 1010", "M1400 860C1420 900 1396 960 1410 1010" }, linen, 30,
      0.3)
  end)
  s:line("M822 822H1468M836 792H1454", "#b0674a", 4, { opacity = 0.5, cap = "butt" })
end

local function fruit_bowl(s)
  s:at(0, 0, 1, function() ceramics.bowl(s, of.sky) end)
  for _, fruit in ipairs({ { -120, -256, 60, "#d99a3a" }, { -20, -282, 64, "#c9543a" },
    { 92, -268, 62, "#d9ae4a" }, { 30, -226, 56, "#c9743a" } }) do
    s:oval(fruit[1], fruit[2], fruit[3], fruit[3] * 0.94, s:glow(fruit[1] - 20, fruit[2] - 24,
      fruit[3] * 1.5, { { 0, light(fruit[4], 0.5) }, { 0.45, fruit[4] },
      { 1, shade(fruit[4], 0.44) } }))
  end
  s:line("M-258-238A258 52 0 0 0 258-238", light(of.sky, 0.4), 8, { cap = "butt" })
  s:path("M-257-234A257 52 0 0 0 257-234C252-196 240-160 232-146"
    .. "C150-110-150-110-232-146C-240-160-252-196-257-234Z", solid.round(s, of.sky, 258))
end

local function hero(s)
  s:rect(0, 0, 1500, 1000, 0, s:lin(0, 0, 1500, 0, { { 0, "#efe5d3" }, { 0.5, "#e8dcc8" },
    { 1, "#cdbfab" } }))
  s:rect(0, 0, 1500, 720, 0, s:glow(420, 300, 1100, { { 0, "#fffaf0", 0.6 }, { 1, "#fffaf0", 0 } }))
  room.panes(s, 880, 50, 330, 0.62)
  room.leaf_shadow(s, 1290, 110, 330, 0.13)
  window(s)
  s:rect(0, 690, 1500, 30, 0, "#3a2a22", { opacity = 0.16, blur = s:soft(10) })
  tabletop(s)
  s:at(340, 800, 0.62, fruit_bowl)
  s:at(985, 776, 0.82, function()
    s:at(0, -500, 0.7, function() ceramics.branch(s, of.olive, 4) end, 6)
    ceramics.vase(s, of.terracotta)
  end)
  s:at(712, 816, 0.78, function() tea.teapot(s, of.celadon) end)
  s:at(1300, 796, 1, function() room.shadow(s, 110, 0.8, 0.1) lighting.books(s) end)
  s:at(1292, 686, 0.46, function() lighting.scented(s, of.charcoal) end)
  s:at(1126, 846, 0.5, function()
    ceramics.mug(s, of.oat)
    s:oval(0, -318, 141, 20, "#7a4a2a")
    s:at(0, -340, 1.1, function() surface.steam(s, 260) end)
  end)
  s:rect(0, 0, 1500, 1000, 0, s:glow(600, 460, 1150, { { 0.5, "#2b1f1e", 0 },
    { 1, "#2b1f1e", 0.2 } }))
end

local function plank(s, y)
  local wood = "#b98a5c"
  s:rect(60, y + 30, 1380, 30, 0, "#3a2a22", { opacity = 0.3, blur = s:soft(14) })
  s:rect(60, y - 16, 1380, 20, 0, s:lin(0, y - 16, 0, y + 4, { { 0, shade(wood, 0.05) },
    { 1, light(wood, 0.4) } }))
  s:rect(60, y + 4, 1380, 30, 0, s:lin(0, y + 4, 0, y + 34, { { 0, light(wood, 0.2) },
    { 1, shade(wood, 0.3) } }))
  surface.grain(s, { 62, y + 6, 1438, y + 32 }, wood, 4, y)
  for _, x in ipairs({ 200, 1300 }) do
    s:path(pen("M", x - 11, y + 34, "H", x + 11, "V", y + 92, "Q", x, y + 104, x - 11, y + 92, "Z"),
      s:lin(x - 11, 0, x + 11, 0, { { 0, shade(wood, 0.14) }, { 1, shade(wood, 0.45) } }))
  end
end

local function story(s)
  s:rect(0, 0, 1500, 1000, 0, s:lin(0, 0, 1500, 1000, { { 0, "#efe6d6" }, { 0.5, "#e0d3bf" },
    { 1, "#b9a88f" } }))
  s:rect(0, 0, 1500, 1000, 0, s:glow(260, 120, 1100, { { 0, "#fffaf0", 0.7 },
    { 1, "#fffaf0", 0 } }))
  local raw = "#cfae8e"
  local bowl, mug = s:keep(function()
    ceramics.bowl(s, raw)
  end), s:keep(function() ceramics.mug(s, raw) end)
  local vase = s:keep(function() ceramics.vase(s, raw) end)
  plank(s, 430)
  for i = 0, 4 do s:again(mug, 190 + i * 174, 426, 0, 0.5 + (i % 2) * 0.02) end
  s:at(1110, 426, 0.52, function() ceramics.mug(s, of.sea) end)
  s:again(vase, 1310, 426, 0, 0.62)
  plank(s, 800)
  for i = 0, 1 do
    s:again(bowl, 300, 796 - i * 52, 0, 0.62)
    s:again(bowl, 700 - i * 4, 796 - i * 52, 0, 0.62)
  end
  s:at(300, 692, 0.62, function() ceramics.bowl(s, of.rose) end)
  s:again(vase, 500, 796, 0, 0.52)
  s:at(960, 796, 0.5, function() kitchen.spoons(s) end)
  s:at(1250, 796, 0.66, function() tea.teapot(s, of.tenmoku) end)
  room.panes(s, 420, -40, 560, 0.34)
  room.leaf_shadow(s, 1400, 40, 460, 0.12)
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function scenes.pictures(show)
  local life = {
    { "ceramics", "ceramics", of_ceramics }, { "tea-coffee", "tea", of_tea },
      { "kitchen", "kitchen", of_kitchen },
    { "lighting", "lighting", of_lighting }, { "textiles", "textiles", of_textiles },
      { "stationery", "stationery", of_stationery },
    { "bags-baskets", "bags", of_bags }, { "plants-garden", "garden", of_garden },
  }
  for _, one in ipairs(life) do
    show("category-" .. one[1], one[3], { kind = one[2], busy = true, kilobytes = 16 })
  end
  show("hero", hero, { width = 1500, busy = true, kilobytes = 32 })
  show("story", story, { width = 1500, busy = true, kilobytes = 32 })
end

return scenes

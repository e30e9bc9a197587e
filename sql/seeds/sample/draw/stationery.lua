--- Notebooks, pens, paper and presents.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")
local textiles = require("draw.textiles")

local stationery = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND
local PAPER <const> = of.paper

--- A cloth-bound notebook standing with its pages to the right.
function stationery.notebook(s, base)
  s:oval(30, 2, 270, 26, s:rad({ { 0, "#2b1f1e", 0.6 }, { 0.6, "#2b1f1e", 0.26 },
    { 1, "#2b1f1e", 0 } }))
  s:path("M210-560L246-548V-10L210 0Z", s:lin(210, 0, 246, 0, { { 0, shade(PAPER, 0.16) },
    { 1, shade(PAPER, 0.3) } }))
  s:line("M219-556V-4M228-553V-7M237-550V-10", shade(PAPER, 0.4), 1.5, { opacity = 0.6 })
  s:path("M240-556L252-550V-8L240-2Z", shade(base, 0.4))
  local d = s:outline("M-204-566H196C208-566 214-560 214-548V-16C214-4 208 2 196 2H-204"
    .. "C-212 2-216-2-216-10V-554C-216-562-212-566-204-566Z")
  s:fill(d, s:lin(-216, -400, 214, 0, { { 0, light(base, 0.26) }, { 0.5, base },
    { 1, shade(base, 0.18) } }))
  s:fill(d, surface.weave(s, base, 3, 0.18), { opacity = 0.6 })
  s:inside(d, function()
    s:rect(-216, -570, 40, 580, 0, s:lin(-216, 0, -172, 0,
      { { 0, "#fff", 0.2 }, { 0.6, "#2b1f1e", 0.1 }, { 0.85, "#2b1f1e", 0.34 },
      { 1, "#fff", 0.14 } }))
  end)
  s:rect(-66, -420, 150, 96, 2, s:lin(-66, -420, 84, -324,
    { { 0, "#fffaf0" }, { 1, shade(PAPER, 0.08) } }))
  s:line("M-46-386H64M-46-360H30", shade(PAPER, 0.5), 3, { opacity = 0.7 })
  s:path("M120 0H134V44L127 36L120 44Z", "#b5563c")
  s:path("M144 0H156V30L150 24L144 30Z", of.mustard)
end

local function open_notebook(s)
  s:oval(10, 10, 350, 46, s:rad({ { 0, "#2b1f1e", 0.6 }, { 0.7, "#2b1f1e", 0.26 },
    { 1, "#2b1f1e", 0 } }))
  s:path("M-330-150L-290-176H290L330-150L350 14H-350Z", of.indigo)
  for _, side in ipairs({ -1, 1 }) do
    s:path(pen("M0-160C", side * 80, -196, side * 220, -190, side * 290, -176, "L", side * 330, 0,
      "C", side * 240, -18, side * 90, -22, "0 6Z"),
      s:lin(0, 0, side * 320, 0, { { 0, shade(PAPER, 0.3) }, { 0.16, PAPER },
        { 1, side < 0 and "#fffdf6" or shade(PAPER, 0.08) } }))
    local dots = {}
    for row = 0, 6 do
      for column = 1, 9 do
        local t = row / 6
        dots[#dots + 1] = pen("M", side * (30 + column * (26 + t * 4)),
          -166 + t * 150 + math.abs(column - 5) * -1.5, "h0")
      end
    end
    s:line(table.concat(dots), shade(PAPER, 0.5), 4, { opacity = 0.6 })
  end
  s:path("M-6-160C-4-80-8-30 4 6L40 66L52 48L66 60L16 2C10-40 6-100 4-160Z", "#b5563c")
end

--- A fountain pen, its nib at (0, 0), lying upwards.
function stationery.fountain_pen(s, base)
  s:path("M-20-60C-26-200-28-400-20-560H20C28-400 26-200 20-60L4 0H-4Z", "#3a2a22",
    { opacity = 0.34, blur = s:soft(9), turn = "translate(18 10)" })
  s:path("M0 0C-12-34-20-60-20-92H20C20-60 12-34 0 0Z",
    s:lin(-20, 0, 20, 0, { { 0, shade(of.brass, 0.3) }, { 0.3, "#fff3cf" }, { 0.6, of.brass },
    { 1, shade(of.brass, 0.4) } }))
  s:line("M0-4V-58", "#3a2b22", 2)
  s:oval(0, -62, 4, 4, "#3a2b22")
  s:path("M-19-88H19L24-170H-24Z", s:lin(-24, 0, 24, 0, { { 0, shade(base, 0.5) },
    { 0.3, light(base, 0.24) }, { 0.6, shade(base, 0.2) }, { 1, shade(base, 0.6) } }))
  s:path("M-26-176C-30-300-28-440-18-500C-12-516 12-516 18-500C28-440 30-300 26-176Z",
    s:lin(-29, 0, 29, 0, {
    { 0, shade(base, 0.4) }, { 0.22, light(base, 0.5) }, { 0.34, light(base, 0.1) }, { 0.62, base },
      { 1, shade(base, 0.5) } }))
  s:rect(-27, -184, 54, 13, 2, s:lin(-27, 0, 27, 0, { { 0, shade(of.brass, 0.3) },
    { 0.3, "#fff3cf" }, { 1, shade(of.brass, 0.4) } }))
end

local function pen_cap(s, base)
  s:rect(-32, -250, 64, 250, 20, "#3a2a22", { opacity = 0.34, blur = s:soft(9),
    turn = "translate(16 10)" })
  s:path("M-30 0H30V-200C30-240 14-252 0-252S-30-240-30-200Z", s:lin(-30, 0, 30, 0, {
    { 0, shade(base, 0.4) }, { 0.22, light(base, 0.5) }, { 0.34, light(base, 0.1) }, { 0.62, base },
      { 1, shade(base, 0.5) } }))
  s:rect(-31, -34, 62, 17, 2, s:lin(-30, 0, 30, 0, { { 0, shade(of.brass, 0.3) },
    { 0.3, "#fff3cf" }, { 1, shade(of.brass, 0.4) } }))
  s:line("M6-226V-84", shade(of.brass, 0.3), 15)
  s:line("M4-226V-88", of.brass, 10)
  s:line("M2-222V-92", "#fff3cf", 3)
end

-- A sheet of paper under what lies on it.
local function letter(s, lines)
  s:rect(-250, -330, 500, 660, 3, "#3a2a22", { opacity = 0.24, blur = s:soft(12),
    turn = "translate(12 14)" })
  s:rect(-250, -330, 500, 660, 3, s:lin(-250, -330, 250, 330,
    { { 0, "#fffdf6" }, { 1, shade(PAPER, 0.05) } }))
  local out = {}
  local any = sheet.chance(8)
  for row = 1, lines do
    local y = -250 + row * 54
    local x, stop = -190, (row == lines and 20 or 190)
    out[#out + 1] = pen("M", x, y)
    while x < stop do
      local w = any(10, 17)
      out[#out + 1] = pen("q", w * 0.5, any(-20, -7), w, 0, "t", w, any(-4, 4))
      x = x + w * 2
      if any(0, 1) > 0.7 then x = x + 16 out[#out + 1] = pen("M", x, y) end
    end
  end
  return table.concat(out)
end

function stationery.pencils(s)
  local colours = { "#a9533d", of.mustard, "#6f8255", "#4f7488", "#3a4a72", "#6d4258", "#b0713f",
    "#2f2e30", "#8fa7a0", "#d6a89e", "#54705a", "#c9a06a" }
  s:oval(20, 6, 330, 28, s:rad({ { 0, "#2b1f1e", 0.6 }, { 0.6, "#2b1f1e", 0.26 },
    { 1, "#2b1f1e", 0 } }))
  s:rect(-300, -560, 600, 560, 26, s:lin(-300, -560, 300, 0, { { 0, "#f4f3ef" }, { 0.5, "#b9bcbc" },
    { 1, "#7f8384" } }))
  s:rect(-280, -540, 560, 520, 14, s:lin(0, -540, 0, -20, { { 0, "#5b5a58" }, { 1, "#8b8a86" } }))
  local tip = s:keep(function()
    s:path("M-20-420L-4-492H4L20-420C14-430 6-430 0-420C-6-430-14-430-20-420Z",
      s:lin(-20, 0, 20, 0, { { 0, "#f0d4a6" }, { 1, "#c79b63" } }))
    s:path("M-5-488L0-512L5-488Z", "#3a3938")
  end)
  local light_on = s:keep(function()
    s:rect(-20, -424, 13, 396, 0, "#fff", { opacity = 0.26 })
    s:rect(7, -424, 13, 396, 0, "#2b1f1e", { opacity = 0.24 })
  end)
  for i, base in ipairs(colours) do
    local x = -253 + (i - 1) * 46
    s:rect(x - 20, -424, 40, 396, 3, base)
    s:again(tip, x, 0)
    s:again(light_on, x, 0)
    s:rect(x - 20, -60, 40, 32, 0, shade(base, 0.5), { opacity = 0.7 })
  end
  s:rect(-280, -540, 560, 40, 14, "#2b1f1e", { opacity = 0.25, blur = s:soft(8) })
end

function stationery.letter_set(s)
  s:oval(20, 6, 290, 28, s:rad({ { 0, "#2b1f1e", 0.55 }, { 0.6, "#2b1f1e", 0.24 },
    { 1, "#2b1f1e", 0 } }))
  local any = sheet.chance(6)
  local out = { pen("M-200", -580) }
  for i = 1, 20 do out[#out + 1] = pen("L", -200 + i * 20, -580 + any(-5, 5)) end
  for i = 1, 28 do out[#out + 1] = pen("L", 200 + any(-5, 5), -580 + i * 20.7) end
  out[#out + 1] = "H-200"
  for i = 27, 1, -1 do out[#out + 1] = pen("L", -200 + any(-5, 5), -580 + i * 20.7) end
  local deckle = s:outline(table.concat(out) .. "Z")
  s:fill(deckle, shade(PAPER, 0.16), { turn = "rotate(4) translate(34 -6)" })
  s:fill(deckle, "#3a2a22", { opacity = 0.2, blur = s:soft(9), turn = "translate(10 4)" })
  s:fill(deckle, s:lin(-200, -580, 200, 0, { { 0, "#fffdf6" }, { 1, shade(PAPER, 0.06) } }))
  s:at(30, 20, 1, function()
    s:rect(-240, -310, 480, 310, 6, "#3a2a22", { opacity = 0.3, blur = s:soft(11),
      turn = "translate(14 8)" })
    s:rect(-240, -310, 480, 310, 6, s:lin(-240, -310, 240, 0,
      { { 0, "#fbf5e6" }, { 1, shade(PAPER, 0.12) } }))
    s:path("M-240-304L0-500L240-304Z", "#fbf5e6")
    s:path("M-226-304L0-488L226-304Z", s:lin(0, -488, 0, -304,
      { { 0, "#8ea6be" }, { 1, "#5f7d9c" } }))
    s:line("M-120-380L-60-330M-60-430L40-330M0-480L130-340M60-436L180-330", "#b9cad8", 3,
      { opacity = 0.5 })
    s:path("M-240-306L0-110L240-306V-296L0-98L-240-296Z", "#3a2a22", { opacity = 0.14 })
    s:path("M-240-2L-30-150M240-2L30-150", "none", { stroke = shade(PAPER, 0.3), width = 2.5,
      opacity = 0.7 })
    s:path("M-240-308L0-122L240-308Z", s:lin(0, -308, 0, -122,
      { { 0, "#fffdf6" }, { 1, shade(PAPER, 0.07) } }))
    s:oval(0, -134, 33, 33, s:glow(-10, -146, 44, { { 0, "#cf7a5e" }, { 0.6, "#a9533d" },
      { 1, "#7f3a2a" } }))
    s:oval(0, -134, 21, 21, "none", { stroke = "#7f3a2a", width = 3, opacity = 0.7 })
    s:at(0, -120, 0.5, function() surface.leaf(s, 50, 24, "#a9533d") end)
  end)
end

function stationery.calendar(s)
  s:line("M-230-20L0-130L230-20", "#6b5a48", 4)
  s:rect(-240, -20, 480, 640, 0, "#3a2a22", { opacity = 0.26, blur = s:soft(14),
    turn = "translate(18 14)" })
  s:rect(-238, 0, 476, 620, 0, s:lin(-238, 0, 238, 620,
    { { 0, "#fffdf6" }, { 1, shade(PAPER, 0.06) } }))
  s:rect(-210, 40, 420, 320, 0, "#d7dfd2")
  s:oval(90, 120, 44, 44, "#e8b45c")
  s:path("M-210 300C-100 270 60 290 210 262V360H-210Z", "#5b7358")
  s:path("M-210 326C-60 306 80 330 210 306V360H-210Z", "#43594a")
  s:path("M-52 330C-40 270-44 220-46 180H-30C-28 220-24 270-12 330Z", "#3a3a34")
  s:line("M-38 240L-84 186M-36 220L14 168M-38 200L-50 140", "#3a3a34", 8)
  local any = sheet.chance(12)
  local leaf = s:keep(function() s:path("M0 0C-15-10-15-30 0-42C15-30 15-10 0 0Z", "#43594a") end)
  for _ = 1, 44 do
    local a, d = any(0, 6.28), 96 * math.sqrt(any(0, 1))
    s:again(leaf, -38 + math.cos(a) * d * 1.1, 148 + math.sin(a) * d * 0.85, any(0, 360),
      any(0.6, 1))
  end
  local days = {}
  for i = 0, 30 do
    days[#days + 1] = pen("M", -180 + ((i + 4) % 7) * 60, 424 + ((i + 4) // 7) * 36, "h13")
  end
  s:line(table.concat(days), "#4b4038", 9, { opacity = 0.8, cap = "butt" })
  s:rect(-250, -32, 500, 38, 5, s:lin(0, -32, 0, 6, { { 0, light(of.beech, 0.4) },
    { 0.4, of.beech }, { 1, shade(of.beech, 0.24) } }))
  surface.grain(s, { -248, -30, 248, 4 }, of.beech, 4, 6)
  s:oval(0, -132, 9, 9, "#6b5a48")
end

function stationery.ink(s, base)
  room.shadow(s, 170, 1, 0.12)
  local d = s:outline("M-70-330V-286C-70-262-176-270-182-216V-30C-182-6-168 8-140 10"
    .. "C-50 18 50 18 140 10C168 8 182-6 182-30V-216C176-270 70-262 70-286" .. "V-330Z")
  s:fill(d, s:lin(-182, 0, 182, 0, { { 0, "#93a2a2", 0.7 }, { 0.12, "#fff", 0.6 },
    { 0.5, "#e6ebe8", 0.4 }, { 1, "#7f8f8f", 0.7 } }))
  local fluid = s:outline("M-164-206C-80-194 80-194 164-206V-34C164-16 154-10 136-8"
    .. "C50-2-50-2-136-8C-154-10-164-16-164-34Z")
  s:fill(fluid, s:lin(-164, 0, 164, 0, { { 0, shade(base, 0.5) }, { 0.25, base },
    { 0.5, shade(base, 0.2) }, { 1, shade(base, 0.6) } }))
  s:oval(0, -206, 164, 12, light(base, 0.14))
  s:rect(-112, -172, 224, 122, 4, s:lin(-112, 0, 112, 0,
    { { 0, "#fffaf0" }, { 1, shade(PAPER, 0.14) } }))
  s:line("M-92-152H92M-92-70H92", shade(PAPER, 0.5), 2)
  s:path("M0-142C-26-112-30-104-30-94C-30-78-16-70 0-70S30-78 30-94" .. "C30-104 26-112 0-142Z",
    base, { turn = "translate(0 -8) scale(.9)" })
  s:line("M-166-220V-40", "#fff", 9, { opacity = 0.7, blur = s:soft(2) })
  s:at(0, -318, 1, function()
    solid.turn(s, { points = { { -104, 88, true }, { -98, 92 }, { -6, 92 }, { 0, 90, true } },
      base = "#2f2e30", gloss = 0.5, tilt = 0.12, depth = 1.2 }, function()
      local ridges = {}
      for i = -9, 9 do ridges[#ridges + 1] = pen("M", 92 * math.sin(i / 6.2), -104, "V", 20) end
      s:line(table.concat(ridges), "#fff", 2, { opacity = 0.1 })
    end)
    s:oval(0, -104, 88, 11, "#4d4b4c")
  end)
end

local function stroke_of_ink(s, base)
  s:path("M-200 0C-120-30 40-34 190-14C206-10 196 4 176 4C40-4-100 0-190 16"
    .. "C-212 18-216 6-200 0Z", base, { opacity = 0.85 })
  s:line("M-150-4C-60-18 60-18 150-8", light(base, 0.5), 4, { opacity = 0.4 })
end

function stationery.desk_tray(s)
  local base = of.oak
  s:oval(14, 10, 370, 40, s:rad({ { 0, "#2b1f1e", 0.6 }, { 0.7, "#2b1f1e", 0.3 },
    { 1, "#2b1f1e", 0 } }))
  local top = s:outline("M-290-190H290C304-190 312-184 316-172L346-34C348-22 342-14 330-14"
    .. "H-330C-342-14-348-22-346-34L-316-172C-312-184-304-190-290-190Z")
  s:path("M-346-30V-4C-346 8-340 14-328 14H328C340 14 346 8 346-4V-30Z", s:lin(-346, 0, 346, 0,
    { { 0, base }, { 0.4, shade(base, 0.12) }, { 1, shade(base, 0.36) } }))
  s:fill(top, s:lin(-340, -190, 340, 0, { { 0, light(base, 0.4) }, { 0.5, light(base, 0.1) },
    { 1, base } }))
  s:inside(top, function() surface.grain(s, { -350, -190, 350, -12 }, base, 13, 5) end)
  for _, d in ipairs({ "M-270-82H100C118-82 124-72 126-60L128-46C130-34 122-28 108-28H-278"
    .. "C-294-28-300-38-298-48L-292-66C-288-78-282-82-270-82Z",
    "M-250-170H-20C-8-170-4-164-4-154L-2-116C-2-106-8-102-18-102H-262"
      .. "C-274-102-278-108-276-118L-270-154C-268-164-262-170-250-170Z",
    "M60-170H250C262-170 268-164 270-154L294-48C296-36 290-28 276-28H176"
      .. "C164-28 158-34 156-46L146-100C140-120 60-100 52-120L44-150"
      .. "C42-164 48-170 60-170Z" }) do
    s:path(d, s:lin(0, -170, 0, -28, { { 0, shade(base, 0.44) }, { 0.5, shade(base, 0.2) },
      { 1, light(base, 0.05) } }))
    s:path(d, "none", { stroke = light(base, 0.5), width = 2, opacity = 0.6 })
  end
  s:at(-262, -46, 0.66, function() stationery.fountain_pen(s, of.forest) end, 84)
  s:oval(216, -90, 44, 25, s:glow(200, -104, 60, { { 0, "#d8d6d0" }, { 1, "#7f7d78" } }))
  s:line("M180-96C200-86 230-100 256-92", "#fff", 3, { opacity = 0.6 })
  for i = 0, 2 do
    s:line(pen("M", -210 + i * 62, -130, "c0-14 34-14 34 0s-26 12-26 2"), of.brass, 4)
  end
end

local function planner(s)
  s:oval(30, 4, 270, 24, s:rad({ { 0, "#2b1f1e", 0.5 }, { 1, "#2b1f1e", 0 } }))
  textiles.pages(s, function()
    s:rect(-136, -456, 130, 16, 2, "#3c5a49")
    s:oval(110, -440, 26, 26, "#e8b45c")
    local out, week = {}, {}
    for i = 0, 15 do out[i + 1] = pen("M-136", -404 + i * 23, "H136") end
    for i = 0, 15, 2 do week[#week + 1] = pen("M-136", -412 + i * 23, "h13") end
    s:line(table.concat(out), "#c9bda6", 1.6)
    s:line(table.concat(week), "#3c5a49", 9, { cap = "butt" })
    s:line("M-100-364q12-12 24 0t24 0t24-4M-100-318q10-14 22 0t22 0t22 0t20-4"
      .. "M-100-226q12-12 24 0t24 0M-100-134q12-12 24 0t24 0t24 0t24 0", "#3a4a72", 3)
  end)
end

--- A parcel in brown paper with a ribbon and a sprig.
function stationery.parcel(s)
  local base, ribbon = "#c49a6c", "#f0e6d2"
  room.shadow(s, 236, 0.9, 0.045)
  solid.box(s, 480, 330, 92, base, 3)
  surface.folds(s, { "M-236-320L-150-240M236-320L140-230" }, base, 14, 0.24)
  s:path("M-46 0V-330L-30-422H20L34-330V0Z", s:lin(-46, 0, 34, 0, { { 0, shade(ribbon, 0.12) },
    { 0.4, "#fffaf0" }, { 1, shade(ribbon, 0.2) } }))
  s:path("M-215-368H214L226-394H-200Z", ribbon, { opacity = 0.95 })
  for _, side in ipairs({ -1, 1 }) do
    s:path(pen("M0-388C", side * 50, -480, side * 160, -500, side * 170, -446, "C", side * 176,
      -400, side * 70, -380, "0-388Z"),
      s:lin(0, -490, 0, -380, { { 0, "#fffaf0" }, { 1, shade(ribbon, 0.26) } }))
    s:path(pen("M", side * 14, -394, "C", side * 60, -440, side * 120, -456, side * 136, -436, "C",
      side * 140, -414, side * 70, -398, side * 14, -394, "Z"), shade(ribbon, 0.4),
      { opacity = 0.6 })
    s:path(pen("M0-384C", side * 40, -340, side * 70, -320, side * 120, -300, "L", side * 92, -272,
      "C", side * 50, -300, side * 20, -340, "0-384Z"), shade(ribbon, 0.08))
  end
  s:at(10, -392, 1, function()
    local leaf = s:keep(function() surface.leaf(s, 66, 22, of.olive) end)
    s:line("M0 0C50-30 90-36 150-20", "#6b5344", 4)
    for i = 1, 6 do s:again(leaf, i * 24, -10 - i * 3 + i * i * 0.4, i % 2 == 0 and 40 or 124) end
    for i = 1, 3 do s:oval(i * 34 + 10, -2, 8, 8, "#a9533d") end
  end)
  s:oval(-6, -390, 26, 21, s:glow(-14, -398, 34, { { 0, "#fffaf0" }, { 1, shade(ribbon, 0.3) } }))
end

local function gift_card(s)
  s:oval(10, 6, 300, 26, s:rad({ { 0, "#2b1f1e", 0.55 }, { 0.6, "#2b1f1e", 0.24 },
    { 1, "#2b1f1e", 0 } }))
  s:at(40, -10, 1, function()
    s:rect(-250, -380, 500, 380, 6, s:lin(-250, -380, 250, 0,
      { { 0, "#cdb896" }, { 1, "#b39a74" } }))
    s:path("M-250-380L0-190L250-380Z", shade("#c2a983", 0.1), { opacity = 0.5 })
  end, 4)
  s:at(-10, 0, 1, function()
    s:rect(-260, -340, 520, 330, 18, "#3a2a22", { opacity = 0.3, blur = s:soft(11),
      turn = "translate(14 8)" })
    local d = s:outline("M-242-340H242C252-340 260-332 260-322V-28C260-18 252-10 242-10H-242"
      .. "C-252-10-260-18-260-28V-322C-260-332-252-340-242-340Z")
    s:fill(d, s:lin(-260, -340, 260, 0, { { 0, light(of.forest, 0.2) }, { 0.5, of.forest },
      { 1, shade(of.forest, 0.24) } }))
    s:inside(d, function()
      s:oval(150, -60, 180, 180, "#fff", { opacity = 0.05 })
      s:oval(150, -60, 120, 120, "#fff", { opacity = 0.05 })
      local leaf = s:keep(function() surface.leaf(s, 92, 34, "#c3a15a") end)
      s:line("M-60 0C-40-90 0-170 90-250", "#c3a15a", 5)
      for i = 0, 6 do
        s:again(leaf, -50 + i * 18 + i * i * 0.6, -40 - i * 31, i % 2 == 0 and -26 or 84,
          1 - i * 0.06)
      end
      s:again(leaf, 88, -248, 42, 0.7)
    end)
    s:rect(-226, -300, 120, 12, 3, "#e6d3a0")
    s:rect(-226, -274, 74, 6, 3, "#e6d3a0", { opacity = 0.7 })
  end, -5)
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function stationery.pictures(show)
  for _, name in ipairs({ "indigo", "rust", "moss", "sand" }) do
    show("notebook-" .. name, function(s)
      s:at(392, GROUND, 1.14, function() stationery.notebook(s, of[name]) end)
    end)
  end
  show("notebook-indigo-2", function(s)
    room.panes(s, 300, 60, 280, 0.5)
    s:at(400, GROUND - 30, 1.08, open_notebook)
    s:at(520, GROUND - 40, 0.7, function() stationery.fountain_pen(s, of.rust) end, 62)
  end)
  for _, name in ipairs({ "forest", "charcoal", "rust" }) do
    show("fountain-pen-" .. name, function(s)
      s:at(430, 560, 1.06, function()
        s:line(letter(s, 4), "#3a4a72", 3.5, { opacity = 0.8 })
      end, -8)
      s:at(250, 760, 1.12, function() stationery.fountain_pen(s, of[name]) end, 48)
      s:at(560, 880, 1.06, function() pen_cap(s, of[name]) end, 62)
    end, { hung = true })
  end
  show("pencils", function(s) s:at(400, GROUND, 1.1, stationery.pencils) end)
  show("letter-set", function(s) s:at(390, GROUND, 1.14, stationery.letter_set) end)
  show("calendar", function(s) s:at(400, 210, 1.16, stationery.calendar) end, { hung = true })
  for _, name in ipairs({ "indigo", "forest", "plum", "rust" }) do
    show("ink-" .. name, function(s)
      s:at(400, GROUND - 10, 1.28, function() stationery.ink(s, of[name]) end)
      s:at(400, GROUND + 110, 1, function() stroke_of_ink(s, of[name]) end)
    end)
  end
  show("desk-tray", function(s) s:at(400, GROUND, 1.04, stationery.desk_tray) end)
  show("planner", function(s) s:at(380, GROUND, 1.24, planner) end)
  show("gift-wrap", function(s) s:at(400, GROUND, 1.2, stationery.parcel) end)
  show("gift-card", function(s) s:at(400, GROUND - 20, 1.16, gift_card) end)
end

return stationery

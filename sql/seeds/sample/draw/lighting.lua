--- Lamps, lanterns and candles. The wall is a shade darker here, so that light can glow.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")

local lighting = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND
local WARM <const> = "#ffe3a6"

-- A soft round of warm light.
local function halo(s, x, y, r, strength)
  s:oval(x, y, r, r, s:rad({ { 0, "#fff0c9", strength }, { 0.35, WARM, strength * 0.45 },
    { 1, WARM, 0 } }))
end

-- Light falling down from a shade: a cone from half-width `a` at y1 to `b` at y2.
local function cone(s, a, y1, b, y2, strength)
  s:path(pen("M", -a, y1, "L", -b, y2, "Q0 ", y2 + b * 0.2, " ", b, y2, "L", a, y1, "Z"),
    s:lin(0, y1, 0, y2, {
    { 0, "#fff0c9", strength }, { 0.6, WARM, strength * 0.35 }, { 1, WARM, 0 } }),
      { blur = s:soft(12) })
end

function lighting.mushroom(s, base)
  room.shadow(s, 120)
  s:oval(20, 4, 330, 46, s:rad({ { 0, "#fff0c9", 0.85 }, { 0.5, WARM, 0.4 }, { 1, WARM, 0 } }))
  solid.turn(s, { points = { { -300, 46, true }, { -160, 46 }, { -90, 62 }, { -30, 112 },
    { -8, 120 }, { 0, 116, true } }, base = base, gloss = 0.4 }, function()
    s:rect(-130, -310, 260, 190, 0, s:lin(0, -300, 0, -130, { { 0, "#fff0c9", 0.85 },
      { 1, WARM, 0 } }))
  end)
  halo(s, 0, -280, 330, 0.55)
  s:oval(0, -286, 218, 34, s:rad({ { 0, "#fffbe9" }, { 0.5, "#ffe9b0" }, { 1, "#e9b767" } }))
  local cap = { { -470, 0 }, { -466, 60 }, { -430, 140 }, { -360, 206 }, { -300, 226 },
    { -288, 224, true } }
  solid.turn(s, { points = cap, base = base, gloss = 0.55, tilt = 0.05 })
  s:line("M-224-288A224 34 0 0 0 224-288", "#ffeec4", 4, { opacity = 0.9 })
end

function lighting.desk_lamp(s, base)
  local wood = of.beech
  room.shadow(s, 130)
  solid.turn(s, { points = { { -34, 116, true }, { -28, 122 }, { -8, 128 }, { 0, 126, true } },
    base = base, gloss = 0.4 })
  s:oval(0, -34, 116, 18, s:lin(-116, 0, 116, 0, { { 0, base }, { 0.3, light(base, 0.3) },
    { 1, shade(base, 0.16) } }))
  solid.tube(s, "M0-40V-96", 26, base)
  solid.tube(s, "M0-90L120-330", 22, wood)
  solid.tube(s, "M120-330L-110-560", 20, wood)
  for _, joint in ipairs({ { 0, -92, 24 }, { 120, -330, 22 }, { -110, -560, 20 } }) do
    s:oval(joint[1], joint[2], joint[3], joint[3], s:glow(joint[1] - 7, joint[2] - 8,
      joint[3] * 1.3, { { 0, "#fff3cf" }, { 0.5, of.brass }, { 1, shade(of.brass, 0.4) } }))
  end
  s:line("M16-60C90-20 180-60 330 10", "#3d3937", 6)
  s:at(-132, -552, 1, function()
    halo(s, 0, 190, 250, 0.5)
    cone(s, 120, 150, 210, 560, 0.5)
    s:oval(0, 152, 116, 26, s:rad({ { 0, "#fffdf0" }, { 0.6, "#ffe9b0" }, { 1, "#e2aa58" } }))
    local cap = { { -46, 26, true }, { -40, 34 }, { 0, 38 }, { 26, 70 }, { 90, 106 }, { 146, 124 },
      { 152, 122, true } }
    solid.turn(s, { points = cap, base = base, gloss = 0.5, tilt = 0.06 })
    s:oval(0, -46, 26, 6, shade(base, 0.3))
  end, 16)
end

function lighting.pendant(s, base)
  s:line("M0-700V-250", "#3d3937", 6, { cap = "butt" })
  halo(s, 0, 30, 380, 0.5)
  cone(s, 250, 10, 380, 520, 0.42)
  s:oval(0, 4, 262, 44, s:rad({ { 0, "#fffdf0" }, { 0.4, "#ffefc2" }, { 1, "#d9b983" } }))
  s:oval(0, 12, 54, 40, s:rad({ { 0, "#fff" }, { 0.6, "#fff3cc" }, { 1, "#ffdf93", 0 } }))
  solid.turn(s, { points = { { -276, 26, true }, { -270, 30 }, { -236, 32, true } },
    base = of.brass, gloss = 0.8, depth = 1.5 })
  local dome = { { -238, 36, true }, { -226, 70 }, { -170, 160 }, { -90, 230 }, { -20, 262 },
    { 0, 268, true } }
  solid.turn(s, { points = dome, base = base, gloss = 0.55, tilt = 0.06 })
  s:line("M-268 0A268 20 0 0 0 268 0", light(base, 0.5), 6)
end

function lighting.paper_lantern(s)
  s:line("M0-640V-290", "#3d3937", 5, { cap = "butt" })
  halo(s, 0, 0, 470, 0.6)
  local d = s:outline("M-70-290C-190-270-290-150-290 0S-190 270-70 290H70"
    .. "C190 270 290 150 290 0S190-270 70-290Z")
  s:fill(d, s:glow(-20, 30, 330, { { 0, "#fffaeb" }, { 0.5, "#fdecc4" }, { 0.85, "#f0cf96" },
    { 1, "#d9b27a" } }))
  s:inside(d, function()
    local ribs = {}
    for i = -9, 9 do
      local y = i * 31
      ribs[#ribs + 1] = pen("M-300", y + 6, "Q0 ", y - 14 + i * 3.4, " 300", y - 6)
    end
    s:line(table.concat(ribs), "#a87f4c", 2.4, { opacity = 0.5 })
    s:line(table.concat(ribs), "#fff", 5, { opacity = 0.28, turn = "translate(0 7)" })
    local any, fibres = sheet.chance(5), {}
    for i = 1, 24 do
      local x, y = any(-270, 270), any(-270, 270)
      fibres[i] = pen("M", x, y, "q", any(-20, 20), any(-20, 20), any(-34, 34), any(-30, 30))
    end
    s:line(table.concat(fibres), "#b08b58", 1.6, { opacity = 0.35 })
  end)
  s:oval(0, -290, 70, 9, "#6b5234")
  s:oval(0, 290, 70, 9, "#fff6da")
end

-- One dipped candle hanging by its wick, its top at (0, 0).
local function dipped(s, length)
  local d = s:outline(pen("M-9 0C-20 30-24 90-25 160L-27", length - 14, "C-27", length + 6, 27,
    length + 6, 27, length - 14, "L25 160C24 90 20 30 9 0Z"))
  s:fill(d, "#3a2a22", { opacity = 0.28, blur = s:soft(9), turn = "translate(20 14)" })
  s:fill(d, solid.round(s, of.wax, 27, 1.1))
  s:line(pen("M-10 30L-13", length - 40), "#fff2c4", 6, { opacity = 0.55 })
end

function lighting.beeswax(s)
  s:line("M-260-20H260", "#3a2a22", 20, { opacity = 0.22, blur = s:soft(8),
    turn = "translate(14 18)" })
  solid.tube(s, "M-270-24H270", 26, of.oak)
  local candle = s:keep(function() dipped(s, 400) end)
  for i = -1, 1 do
    local x = i * 160
    s:line(pen("M", x - 36, 74, "C", x - 34, 20, x - 20, -40, x, -42, "S", x + 34, 20, x + 36, 74),
      "#e9dcc0", 6)
    s:again(candle, x - 36, 70, 1)
    s:again(candle, x + 36, 70, -1)
  end
end

function lighting.scented(s, base)
  room.shadow(s, 122)
  halo(s, 0, -330, 260, 0.5)
  local points = { { -262, 136, true }, { -254, 138 }, { -30, 134 }, { -8, 126 }, { 0, 112, true } }
  solid.turn(s, { points = points, base = base, open = true, inner = shade(base, 0.1), gloss = 0.45,
    wall = 9, tilt = 0.16 }, function()
    surface.speckle(s, { -134, -260, 134, 10 }, 60, shade(base, 0.6), 3, 17, 0.35)
    s:path("M-80-196C-40-188 40-188 80-196V-76C40-66-40-66-80-76Z", of.paper)
    s:line("M-66-172C-30-165 30-165 66-172M-30-96C-10-94 10-94 30-96", "#8d7b64", 2.5)
  end)
  s:at(0, -100, 1, function()
    surface.leaf(s, 48, 19, "#7d7a5c")
    s:group({ turn = "rotate(-44)" }, function() surface.leaf(s, 36, 15, "#7d7a5c") end)
    s:group({ turn = "rotate(44)" }, function() surface.leaf(s, 36, 15, "#7d7a5c") end)
  end)
  s:oval(0, -256, 124, 18, s:rad({ { 0, "#fff4cf" }, { 0.5, "#f6e6c0" }, { 1, "#dcc69b" } }))
  s:at(0, -258, 1, function() surface.flame(s, 44) end)
end

local function taper(s, length)
  solid.turn(s, { points = { { -length, 20, true }, { -length + 8, 23 }, { 0, 25, true } },
    base = of.wax, gloss = 0.5 })
  s:at(0, -length + 2, 1, function() surface.flame(s, 46) end)
end

function lighting.chamberstick(s, lit)
  local brass = of.brass
  room.shadow(s, 150, 1, 0.14)
  s:line("M178-62C250-130 300-70 262-26C240-2 206-10 186-34", shade(brass, 0.34), 20)
  s:line("M178-64C250-132 300-72 262-28C240-4 206-12 186-36", brass, 13)
  s:line("M186-74C246-124 284-76 256-38", "#fff3cf", 4, { opacity = 0.8 })
  solid.turn(s, { points = { { -64, 206, true }, { -58, 208 }, { -30, 178 }, { 0, 140, true } },
    base = brass, open = true, inner = brass, gloss = 0.8, depth = 1.4, tilt = 0.15 })
  s:at(0, -44, 1, function()
    solid.turn(s, { points = { { -96, 48, true }, { -90, 50 }, { -76, 36 }, { -30, 32 },
      { 0, 56, true } }, base = brass, open = true, inner = shade(brass, 0.5), gloss = 0.9,
      depth = 1.5 })
    if lit then s:at(0, -92, 1, function() taper(s, 290) end) end
  end)
end

function lighting.garden_lantern(s, lit)
  local iron = "#55585a"
  room.shadow(s, 170, 1, 0.11)
  s:line("M-46-590C-60-690 60-690 46-590", shade(iron, 0.2), 13)
  s:line("M-44-592C-58-684 54-688 42-592", light(iron, 0.5), 3, { opacity = 0.7 })
  s:path("M-150-60H150V-440H-150Z", s:lin(0, -440, 0, -60, { { 0, "#e9e2d2", 0.55 },
    { 1, "#cfd4cf", 0.4 } }))
  if lit then halo(s, 0, -270, 300, 0.75) end
  s:at(0, -56, 1, function()
    solid.turn(s, { points = { { -150, 62, true }, { -142, 66 }, { 0, 66, true } },
      base = "#f3ead6", open = true, inner = "#f8eed6", gloss = 0.3, depth = 0.7 })
    s:at(0, -152, 1, function()
      if lit then surface.flame(s, 40) else s:line("M0 4V-16", "#3a2b22", 4) end
    end)
  end)
  s:path("M-130-80L10-430H60L-80-80Z", "#fff", { opacity = 0.22 })
  s:path("M96-80L140-190V-280L60-80Z", "#fff", { opacity = 0.16 })
  for _, x in ipairs({ -150, 0, 150 }) do
    solid.tube(s, pen("M", x, "-446V-50"), x == 0 and 9 or 20, iron, { cap = "butt" })
  end
  s:rect(-178, -56, 356, 56, 4, s:lin(-178, 0, 178, 0, { { 0, light(iron, 0.2) },
    { 0.3, light(iron, 0.34) }, { 1, shade(iron, 0.3) } }))
  s:path("M-196-436H196L76-560H-76Z", s:lin(-196, 0, 196, 0, { { 0, light(iron, 0.16) },
    { 0.36, light(iron, 0.36) }, { 1, shade(iron, 0.34) } }))
  s:rect(-204, -446, 408, 20, 5, s:lin(-204, 0, 204, 0, { { 0, light(iron, 0.3) },
    { 1, shade(iron, 0.3) } }))
  s:rect(-66, -604, 132, 50, 4, s:lin(-66, 0, 66, 0, { { 0, light(iron, 0.16) },
    { 0.3, light(iron, 0.4) }, { 1, shade(iron, 0.3) } }))
  s:line("M-44-590V-566M-14-590V-566M16-590V-566M46-590V-566", shade(iron, 0.6), 7)
end

function lighting.floor_lamp(s)
  local wood = of.oak
  s:at(0, 0, 1, function() room.shadow(s, 190, 0.6, 0.09) end)
  solid.tube(s, "M0-430L40-20", 17, shade(wood, 0.16))
  solid.tube(s, "M-8-440L-190 0", 19, wood)
  solid.tube(s, "M8-440L196 6", 19, wood)
  solid.turn(s, { points = { { -470, 22, true }, { -410, 26, true } }, base = of.brass, gloss = 0.9,
    depth = 1.5 })
  solid.tube(s, "M0-474V-520", 12, of.brass, { cap = "butt" })
  halo(s, 0, -560, 330, 0.4)
  s:path("M-180-510C-100-486 100-486 180-510L270-180H-270Z", s:lin(0, -510, 0, -180,
    { { 0, WARM, 0.5 }, { 1, WARM, 0 } }), { blur = s:soft(16) })
  local linen = "#eadcc0"
  local points = { { -760, 150, true }, { -516, 190, true } }
  solid.turn(s, { points = points, base = linen, tilt = 0.13, gloss = 0, depth = 0.8 },
    function(_, d)
    s:fill(d, surface.weave(s, linen, 3, 0.14), { opacity = 0.6 })
    s:oval(0, -610, 230, 170, s:rad({ { 0, "#fff6d8", 0.95 }, { 0.6, "#ffe7b0", 0.5 },
      { 1, "#ffe7b0", 0 } }))
  end)
  s:oval(0, -760, 150, 20, s:lin(-150, 0, 150, 0, { { 0, "#fbe3ae" }, { 0.5, "#fff7dd" },
    { 1, "#f3d497" } }))
  s:line("M-150-760A150 20 0 0 0 150-760M-190-516A190 25 0 0 0 190-516", "#c9b48a", 4)
end

local function books(s)
  local y = 0
  for i, book in ipairs({ { 250, 44, "#6d7f86" }, { 230, 36, "#b0674a" },
    { 240, 30, "#d9cbb0" } }) do
    y = y - book[2]
    s:rect(-book[1] / 2 + i * 5, y, book[1], book[2], 4, s:lin(-130, 0, 130, 0,
      { { 0, light(book[3], 0.2) }, { 1, shade(book[3], 0.2) } }))
    s:line(pen("M", -book[1] / 2 + i * 5 + 26, y, "v", book[2], "M", book[1] / 2 + i * 5 - 26, y,
      "v", book[2]), "#e9d9b4", 4, { cap = "butt", opacity = 0.8 })
  end
end
lighting.books = books

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function lighting.pictures(show)
  for _, name in ipairs({ "cream", "rust", "forest" }) do
    show("mushroom-lamp-" .. name, function(s)
      s:at(400, GROUND, 1.26, function() lighting.mushroom(s, of[name]) end)
    end)
  end
  show("mushroom-lamp-rust-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#2c2430", { opacity = 0.34 })
    s:at(520, GROUND + 40, 1, function() room.shadow(s, 120, 0.9, 0.1) books(s) end)
    s:at(300, GROUND, 1.1, function() lighting.mushroom(s, of.rust) end)
  end, { busy = true })
  for _, name in ipairs({ "mustard", "charcoal", "sky" }) do
    show("desk-lamp-" .. name, function(s)
      s:at(420, GROUND, 1.06, function() lighting.desk_lamp(s, of[name]) end)
    end)
  end
  show("desk-lamp-mustard-2", function(s)
    s:at(620, 1120, 1.56, function() lighting.desk_lamp(s, of.mustard) end)
  end)
  for _, name in ipairs({ "cream", "charcoal", "sea" }) do
    show("pendant-" .. name, function(s)
      s:at(400, 560, 1.12, function() lighting.pendant(s, of[name]) end)
    end, { hung = true })
  end
  show("pendant-charcoal-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#2c2430", { opacity = 0.3 })
    s:at(250, 380, 0.62, function() lighting.pendant(s, of.charcoal) end)
    s:at(590, 540, 0.78, function() lighting.pendant(s, of.charcoal) end)
  end, { hung = true })
  show("paper-lantern", function(s) s:at(400, 520, 1, lighting.paper_lantern) end, { hung = true })
  show("paper-lantern-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#2c2430", { opacity = 0.4 })
    local lantern = s:keep(function() lighting.paper_lantern(s) end)
    s:again(lantern, 280, 400, 0, 0.68)
    s:again(lantern, 590, 640, 0, 0.5)
  end, { hung = true })
  show("beeswax", function(s) s:at(400, 270, 1.12, lighting.beeswax) end, { hung = true })
  local cups = { library = of.charcoal, orchard = "#b9b27c", rain = "#8aa0a4" }
  for _, name in ipairs({ "library", "orchard", "rain" }) do
    show("scented-candle-" .. name, function(s)
      s:at(400, GROUND, 1.5, function() lighting.scented(s, cups[name]) end)
    end)
  end
  show("scented-candle-library-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#2c2430", { opacity = 0.34 })
    s:at(400, GROUND + 40, 1.5, function() room.shadow(s, 130, 0.9, 0.1) books(s) end)
    s:at(390, GROUND - 118, 1.1, function() lighting.scented(s, cups.library) end)
  end, { busy = true })
  show("candle-holder", function(s)
    s:at(380, GROUND, 1.3, function() lighting.chamberstick(s, true) end)
  end)
  show("candle-holder-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#2c2430", { opacity = 0.4 })
    s:at(430, GROUND + 190, 2, function() lighting.chamberstick(s, true) end)
  end)
  show("garden-lantern", function(s)
    s:at(400, GROUND, 1.04, function() lighting.garden_lantern(s, false) end)
  end)
  show("garden-lantern-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#232233", { opacity = 0.5 })
    s:at(400, GROUND, 1.04, function()
      s:oval(0, 20, 420, 70, s:rad({ { 0, WARM, 0.6 }, { 1, WARM, 0 } }))
      lighting.garden_lantern(s, true)
    end)
  end)
  show("floor-lamp", function(s) s:at(400, GROUND + 60, 1.02, lighting.floor_lamp) end)
  show("floor-lamp-2", function(s)
    s:rect(0, 0, 800, 1000, 0, "#2c2430", { opacity = 0.3 })
    s:at(400, 1490, 1.5, lighting.floor_lamp)
  end)
end

return lighting

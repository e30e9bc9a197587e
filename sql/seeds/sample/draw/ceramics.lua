--- Cups, bowls, plates and vases.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")

local ceramics = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND
local CLAY <const> = "#c9a37e"

-- Iron speckles, sparse and of two sizes, over a box.
local function speckles(s, box, seed, base)
  local dark = shade(base, 0.6)
  surface.speckle(s, box, 48, dark, 3, seed, 0.34)
  surface.speckle(s, box, 22, dark, 5, seed + 1, 0.36)
end

function ceramics.mug(s, base)
  room.shadow(s, 122, 1, 0.17)
  solid.tube(s, pen("M128-262C236-292 280-120 126-84"), 34, base)
  s:line(pen("M132-246C150-256 168-256 182-246"), light(base, 0.5), 10, { opacity = 0.5 })
  local points = { { -322, 152, true }, { -316, 154 }, { -200, 155 }, { -70, 150 }, { -16, 132 },
    { 0, 120, true } }
  solid.turn(s, { points = points, base = CLAY, open = true, rim = colour.mix(base, CLAY, 0.6),
    inner = base, tilt = 0.17, gloss = 0.42 }, function()
    solid.dip(s, base, { wide = 155, r = 150, top = -420, y = -64, wave = 6, seed = 3 })
    s:group({ opacity = 0.4 }, function()
      solid.dip(s, shade(base, 0.2), { wide = 155, top = -420, y = -268, wave = 5, seed = 5 })
    end)
    solid.dip(s, light(base, 0.05), { wide = 155, top = -420, y = -280, wave = 5, seed = 8 })
    speckles(s, { -150, -330, 150, -60 }, 11, base)
  end)
end

function ceramics.espresso(s, base)
  room.shadow(s, 80, 1, 0.17)
  local points = { { -190, 104, true }, { -184, 106 }, { -96, 104 }, { -30, 92 }, { 0, 74, true } }
  solid.turn(s, { points = points, base = CLAY, open = true, rim = base, inner = base, tilt = 0.17,
    gloss = 0.5, wall = 9 }, function()
    solid.dip(s, base, { wide = 106, r = 100, top = -260, y = -70, wave = 9, seed = 9 })
    speckles(s, { -104, -200, 104, -60 }, 21, base)
  end)
end

-- Coffee seen in a cup whose rim has radius r at height y.
local function coffee(s, y, r, tilt)
  s:oval(0, y, r, r * tilt, "#4a2c1c")
  s:oval(-2, y + 1, r * 0.92, r * tilt * 0.84,
    s:lin(-r, 0, r, 0, { { 0, "#8a5a34" }, { 0.5, "#c08a52" }, { 1, "#7a4a2a" } }))
end

function ceramics.bowl(s, base)
  room.shadow(s, 112, 1, 0.22)
  local points = { { -238, 258, true }, { -231, 260 }, { -150, 236 }, { -70, 168 }, { -28, 112 },
    { -22, 104, true }, { 0, 100, true } }
  solid.turn(s, { points = points, base = base, open = true, inner = base, tilt = 0.2, gloss = 0.4,
    wall = 8 }, function()
    speckles(s, { -250, -240, 250, -20 }, 31, base)
    solid.below(s, CLAY, -24, 106, 0.2)
    solid.ring(s, -26, 106, 0.2, shade(base, 0.5), 7, 0.35)
  end)
  speckles(s, { -170, -258, 170, -222 }, 37, base)
end

-- A plate that faces the eye, of radius r, around its centre.
function ceramics.disc(s, r, base, seed)
  s:oval(0, 0, r, r, s:lin(-r, -r, r, r, { { 0, light(base, 0.5) }, { 0.5, base },
    { 1, shade(base, 0.2) } }))
  s:oval(1, 2, r * 0.965, r * 0.965, s:lin(-r, -r, r, r, { { 0, shade(base, 0.05) },
    { 1, light(base, 0.3) } }))
  s:oval(0, 0, r * 0.78, r * 0.78, s:lin(-r * 0.7, -r * 0.7, r * 0.7, r * 0.7,
    { { 0, shade(base, 0.2) }, { 0.4, shade(base, 0.05) }, { 1, light(base, 0.55) } }))
  s:oval(3, 4, r * 0.75, r * 0.75, s:glow(-r * 0.3, -r * 0.36, r * 1.3, { { 0, light(base, 0.5) },
    { 0.6, base }, { 1, shade(base, 0.1) } }))
  local any, out = sheet.chance(seed), {}
  for i = 1, s.busy and 44 or 110 do
    local a, d = any(0, 6.283), r * 0.96 * math.sqrt(any(0, 1))
    out[i] = pen("M", math.floor(math.cos(a) * d), math.floor(math.sin(a) * d), "h0")
  end
  s:line(table.concat(out), shade(base, 0.6), 4, { opacity = 0.42 })
end

-- The same plate flat on the table, one of a stack.
function ceramics.flat_plate(s, base)
  local points = { { -34, 262, true }, { -30, 264 }, { -14, 200 }, { 0, 150, true } }
  solid.turn(s, { points = points, base = base, open = true, inner = light(base, 0.4), tilt = 0.14,
    gloss = 0, wall = 9 })
end

function ceramics.noodle_bowl(s)
  local base = "#4e3a30"
  room.shadow(s, 122, 1, 0.22)
  local points = { { -262, 268, true }, { -254, 270 }, { -160, 250 }, { -74, 188 }, { -34, 124 },
    { -26, 116, true }, { 0, 110, true } }
  solid.turn(s, { points = points, base = CLAY, open = true, inner = base, rim = "#9a6b48",
    tilt = 0.2, gloss = 0.5, wall = 8 }, function()
    solid.dip(s, base, { wide = 270, r = 196, top = -340, y = -86, wave = 15, seed = 12, tilt = 0.2,
      depth = 0.8 })
    s:group({ opacity = 0.6 }, function()
      solid.dip(s, "#8a5d40", { wide = 270, top = -340, y = -226, wave = 10, seed = 14,
        tilt = 0.2 })
    end)
    for y = -190, s.busy and -160 or -110, 20 do
      solid.ring(s, y, 246 + (y + 110) * -0.2, 0.2, "#f2dcc0", 2, 0.16)
    end
  end)
end

local function chopsticks(s)
  for _, y in ipairs({ 0, 17 }) do
    s:line(pen("M-270 ", y + 22, "L300 ", y - 30), "#2b1f1e", 11,
      { opacity = 0.2, turn = "translate(8 14)" })
    s:line(pen("M-270 ", y + 22, "L300 ", y - 30), "#7a4a30", 11)
    s:line(pen("M-270 ", y + 19, "L300 ", y - 33), "#c08f66", 3)
  end
end

local VASE <const> = {
  { -520, 44, true }, { -512, 46 }, { -490, 36 }, { -400, 31 }, { -320, 40 }, { -260, 92 },
    { -190, 136 }, { -110, 140 }, { -40, 116 }, { 0, 96, true },
}

function ceramics.vase(s, base)
  room.shadow(s, 100)
  solid.turn(s, { points = VASE, base = base, open = true, inner = shade(base, 0.2), tilt = 0.15,
    gloss = 0.2, wall = 6 }, function()
    surface.speckle(s, { -145, -330, 145, 20 }, 80, shade(base, 0.5), 3, 41, 0.25)
    for y = -248, -30, 26 do solid.ring(s, y, 138, 0.15, light(base, 0.4), 2, 0.13) end
    s:rect(-160, -264, 320, 3, 0, shade(base, 0.4), { opacity = 0.3 })
  end)
end

--- A branch with small leaves, growing up from (0, 0).
function ceramics.branch(s, base, seed)
  local any = sheet.chance(seed)
  s:line(pen("M0 0C6-90-30-150-14-240S34-330 26-400"), "#6b5344", 7)
  s:line(pen("M-14-170C30-210 70-220 92-270M-12-230C-60-262-80-300-96-330"), "#6b5344", 5)
  local leaves = {}
  for i = 1, 3 do
    leaves[i] = s:keep(function() surface.leaf(s, 58 + i * 7, 27 + i * 3, base) end)
  end
  local twigs = { { 0, -90, 60 }, { -8, -130, -62 }, { -18, -190, -58 }, { -14, -250, 66 },
    { 6, -300, -50 }, { 22, -340, 58 }, { 26, -396, 8 }, { 26, -380, -46 },
    { 40, -214, 20 }, { 66, -226, 96 }, { 92, -268, 30 }, { 84, -250, -30 }, { -52, -256, -90 },
      { -66, -276, -8 }, { -96, -328, -38 }, { -88, -312, 24 } }
  for i, twig in ipairs(twigs) do
    s:again(leaves[i % 3 + 1], twig[1], twig[2], twig[3] + any(-10, 10))
  end
end

function ceramics.moon_jar(s)
  local base = "#eeece4"
  room.shadow(s, 140, 1, 0.16)
  local points = { { -560, 112, true }, { -548, 116 }, { -530, 112 }, { -480, 190 }, { -380, 270 },
    { -274, 292 }, { -170, 268 }, { -80, 204 }, { -24, 152 }, { 0, 132, true } }
  solid.turn(s, { points = points, base = base, open = true, inner = "#d5d8d2", tilt = 0.14,
    gloss = 0.7, wall = 9 }, function()
    s:oval(70, -180, 260, 230, s:rad({ { 0, "#9fb0b4", 0.3 }, { 1, "#9fb0b4", 0 } }))
    solid.ring(s, -296, 292, 0.05, "#8f9694", 3, 0.22)
    surface.speckle(s, { -270, -520, 280, -40 }, 16, "#8d7b64", 4, 52, 0.35)
  end)
end

function ceramics.jug(s)
  local base = of.cream
  room.shadow(s, 104)
  solid.tube(s, pen("M92-258C214-300 250-110 104-72"), 28, base)
  local points = { { -330, 98, true }, { -322, 99 }, { -262, 92 }, { -190, 112 }, { -110, 136 },
    { -40, 126 }, { 0, 102, true } }
  solid.turn(s, { points = points, base = CLAY, tilt = 0.16, gloss = 0.45 }, function()
    solid.dip(s, base, { wide = 138, r = 128, top = -420, y = -50, wave = 7, seed = 6 })
    speckles(s, { -130, -300, 130, -40 }, 61, base)
  end)
  s:path(pen("M-62-330C-104-352-132-372-158-366C-152-336-122-300-96-262C-86-290-82-310-62-318Z"),
    s:lin(-158, 0, -60, 0, { { 0, light(base, 0.2) }, { 1, shade(base, 0.12) } }))
  s:path(pen("M-158-366C-110-356 96-348 98-330C98-312 20-308-30-312C-80-318-120-340-158-366Z"),
    s:lin(-158, 0, 98, 0, { { 0, shade(base, 0.1) }, { 0.4, shade(base, 0.36) },
      { 1, shade(base, 0.1) } }))
  s:line(pen("M-158-366C-110-356 96-348 98-330C98-312 20-308-30-312"
    .. "C-80-318-120-340-158-366Z"), light(base, 0.5), 5)
end

function ceramics.butter_dish(s)
  local base = of.chalk
  room.shadow(s, 250, 1, 0.1)
  s:path(pen("M-270-36H270C276-20 250 0 216 2H-216C-250 0-276-20-270-36Z"), s:lin(-270, 0, 270, 0,
    { { 0, light(base, 0.3) }, { 0.6, base }, { 1, shade(base, 0.22) } }))
  s:path(pen("M-270-36C-272-56-250-62-220-62H220C250-62 272-56 270-36" .. "C268-30-268-30-270-36Z"),
    s:lin(0, -62, 0, -30, { { 0, shade(base, 0.16) }, { 1, light(base, 0.3) } }))
  local lid = pen("M-212-46C-216-150-210-214-186-232C-150-246 150-246 186-232"
    .. "C210-214 216-150 212-46C120-38-120-38-212-46Z")
  s:path(lid, s:lin(-212, 0, 212, 0, { { 0, shade(base, 0.1) }, { 0.2, light(base, 0.6) },
    { 0.6, base }, { 1, shade(base, 0.26) } }))
  s:inside(lid, function()
    s:rect(-220, -260, 440, 70, 0, s:lin(0, -246, 0, -190, { { 0, "#fff", 0.65 },
      { 1, "#fff", 0 } }))
    s:line(pen("M-214-92C-100-84 100-84 214-92"), "#4a6a94", 7, { opacity = 0.85 })
    s:line(pen("M-214-76C-100-68 100-68 214-76"), "#4a6a94", 2.5, { opacity = 0.7 })
    speckles(s, { -210, -230, 210, -50 }, 71, base)
    s:rect(-220, -120, 440, 90, 0, s:lin(0, -120, 0, -40, { { 0, "#2b1f1e", 0 },
      { 1, "#2b1f1e", 0.14 } }))
  end)
  solid.streak(s, { { -226, 206 }, { -60, 210 } }, 0.88, 0.8, 0.7)
  s:at(0, -236, 1, function()
    solid.turn(s, { points = { { -52, 0 }, { -50, 24 }, { -34, 36 }, { -16, 22 }, { 0, 18, true } },
      base = base, gloss = 0.6 })
  end)
end

function ceramics.wall_plate(s, r, seed)
  s:oval(20, 22, r, r, "#3a2a22", { opacity = 0.26, blur = s:soft(16) })
  ceramics.disc(s, r, of.chalk, seed)
end

local function table_for_two(s)
  s:at(330, 560, 1, function() ceramics.wall_plate(s, 255, 5) end)
  s:at(330, GROUND, 1, function() room.shadow(s, 150, 0.7, 0.08) end)
  s:at(618, GROUND - 24, 0.92, ceramics.jug)
  s:at(300, GROUND + 60, 0.72, ceramics.noodle_bowl)
  s:at(580, GROUND + 112, 0.56, ceramics.butter_dish)
end

local function plate_stack(s)
  s:at(400, GROUND, 1, function()
    room.shadow(s, 170, 1, 0.14)
    local plate = s:keep(function() ceramics.flat_plate(s, of.chalk) end)
    for i = 0, 4 do s:again(plate, i % 2 * 4, -i * 34, 0, 1.24) end
  end)
  s:at(404, GROUND - 158, 0.66, function() ceramics.bowl(s, of.oat) end)
end

local function close(s, x, y, scale, body) s:at(x, y, scale, body) end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function ceramics.pictures(show)
  for _, name in ipairs({ "oat", "sea", "moss", "clay" }) do
    show("mug-" .. name, function(s)
      s:at(378, GROUND, 1.3, function() ceramics.mug(s, of[name]) end)
    end)
  end
  show("mug-oat-2", function(s)
    room.panes(s, 330, 90, 260, 0.42)
    s:at(560, GROUND - 30, 0.92, function() ceramics.mug(s, of.moss) end)
    s:at(300, GROUND + 50, 1.08, function()
      ceramics.mug(s, of.oat)
      coffee(s, -318, 141, 0.145)
      s:at(0, -340, 1, function() surface.steam(s, 260) end)
    end)
  end, { busy = true })
  show("mug-sea-2", function(s)
    close(s, 330, 1180, 2.6, function() ceramics.mug(s, of.sea) end)
  end)
  for _, name in ipairs({ "ink", "chalk" }) do
    show("espresso-" .. name, function(s)
      s:at(555, GROUND - 34, 1.5, function() ceramics.espresso(s, of[name]) end)
      s:at(270, GROUND + 22, 1.62, function()
        ceramics.espresso(s, of[name]) coffee(s, -186, 92, 0.14)
      end)
    end)
  end
  show("espresso-ink-2", function(s)
    room.panes(s, 200, 60, 280, 0.4)
    s:at(400, GROUND, 1.45, function() ceramics.espresso(s, of.ink) end)
    s:at(400, GROUND - 232, 1.45, function() ceramics.espresso(s, of.ink) end)
  end)
  for _, name in ipairs({ "oat", "sky", "rose" }) do
    show("bowl-" .. name, function(s)
      s:at(400, GROUND, 1.22, function() ceramics.bowl(s, of[name]) end)
    end)
  end
  show("bowl-oat-2", function(s)
    for i, name in ipairs({ "sky", "rose", "oat" }) do
      s:at(400 + (i % 2) * 6, GROUND + 10 - (i - 1) * 76, 1.08, function()
        ceramics.bowl(s, of[name])
      end)
    end
  end, { busy = true })
  show("plate", function(s)
    s:at(400, GROUND + 6, 1, function() room.shadow(s, 220, 0.8, 0.08) end)
    s:at(400, 520, 1, function() ceramics.wall_plate(s, 300, 3) end)
  end)
  show("plate-2", plate_stack)
  show("noodle-bowl", function(s)
    s:at(400, GROUND, 1.2, function()
      ceramics.noodle_bowl(s)
      s:at(30, -276, 0.98, chopsticks)
    end)
  end)
  show("noodle-bowl-2", function(s) close(s, 440, 1120, 2.15, ceramics.noodle_bowl) end)
  for _, name in ipairs({ "terracotta", "chalk", "ink" }) do
    show("vase-" .. name, function(s)
      s:at(400, GROUND, 1.16, function() ceramics.vase(s, of[name]) end)
    end)
  end
  show("vase-chalk-2", function(s)
    room.leaf_shadow(s, 720, 120, 300, 0.1)
    s:at(420, GROUND, 0.98, function()
      s:at(0, -500, 0.86, function() ceramics.branch(s, of.olive, 4) end)
      ceramics.vase(s, of.chalk)
    end)
  end)
  show("moon-jar", function(s) s:at(400, GROUND, 1.1, ceramics.moon_jar) end)
  show("moon-jar-2", function(s)
    room.panes(s, 250, 60, 300, 0.55)
    s:at(330, GROUND + 20, 0.8, ceramics.moon_jar)
    s:at(640, GROUND + 40, 0.62, function() ceramics.vase(s, of.ink) end)
  end)
  show("jug", function(s) s:at(392, GROUND, 1.4, ceramics.jug) end)
  show("jug-2", function(s)
    s:at(420, GROUND, 1.2, function()
      for i, turn in ipairs({ -24, 14, -4 }) do
        s:at(-20 + i * 12, -318, 0.86, function()
          ceramics.branch(s, i == 2 and of.leaf or of.olive, i)
        end, turn)
      end
      ceramics.jug(s)
    end)
  end)
  show("butter-dish", function(s) s:at(400, GROUND, 1.18, ceramics.butter_dish) end)
  show("table-for-two", table_for_two, { busy = true, kilobytes = 16 })
end

return ceramics

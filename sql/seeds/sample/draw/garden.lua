--- Plants, pots and what looks after them.
local colour = require("draw.colour")
local room = require("draw.room")
local sheet = require("draw.sheet")
local solid = require("draw.solid")
local surface = require("draw.surface")

local garden = {}
local pen, shade, light, of = sheet.pen, colour.shade, colour.light, colour.of
local GROUND <const> = room.GROUND
local SOIL <const> = "#4a362a"

-- Soil seen in a pot whose mouth has radius r at height y.
local function soil(s, y, r, tilt)
  s:oval(0, y, r, r * tilt, s:lin(-r, 0, r, 0, { { 0, shade(SOIL, 0.4) },
    { 1, light(SOIL, 0.08) } }))
  surface.speckle(s, { -r * 0.8, y - r * tilt * 0.5, r * 0.8, y + r * tilt * 0.5 }, 40,
    light(SOIL, 0.3), 5, 4, 0.5)
end

--- A terracotta pot with its saucer; `grown` draws what grows, its foot at the soil.
function garden.pot(s, grown)
  local base = of.terracotta
  room.shadow(s, 150, 1, 0.15)
  solid.turn(s, { points = { { -40, 172, true }, { -34, 174 }, { 0, 152, true } }, base = base,
    open = true, inner = shade(base, 0.1), gloss = 0.1, tilt = 0.15 })
  s:at(0, -20, 1, function()
    s:oval(4, 2, 122, 18, "#2b1f1e", { opacity = 0.4, blur = s:soft(5) })
    solid.turn(s, { points = { { -220, 158, true }, { 0, 112, true } }, base = base, gloss = 0.14,
      tilt = 0.15 }, function()
      surface.speckle(s, { -160, -210, 160, 10 }, 60, "#f1dccb", 4, 6, 0.4)
      s:oval(60, -40, 90, 60, s:rad({ { 0, "#f4e6da", 0.34 }, { 1, "#f4e6da", 0 } }))
      s:rect(-170, -222, 340, 40, 0, s:lin(0, -212, 0, -180, { { 0, "#2b1f1e", 0.36 },
        { 1, "#2b1f1e", 0 } }))
    end)
    s:at(0, -214, 1, function()
      solid.turn(s, { points = { { -70, 178, true }, { -62, 180 }, { -4, 176 }, { 0, 172, true } },
        base = base, open = true, inner = shade(base, 0.16), gloss = 0.16, tilt = 0.15, wall = 12 })
      if grown then
        soil(s, -66, 160, 0.13)
        s:at(0, -66, 1, grown)
      end
    end)
  end)
end

--- The glazed planter.
function garden.planter(s, base, grown)
  room.shadow(s, 164, 1, 0.16)
  local points = { { -310, 180, true }, { -302, 183 }, { -150, 182 }, { -30, 172 },
    { 0, 152, true } }
  solid.turn(s, { points = points, base = "#c9a37e", open = true, inner = shade(base, 0.2),
    rim = light(base, 0.1), gloss = 0.5, tilt = 0.16, wall = 10 }, function()
    solid.dip(s, base, { wide = 183, r = 176, top = -420, y = -62, wave = 12, seed = 15 })
    s:group({ opacity = 0.5 }, function()
      solid.dip(s, light(base, 0.3), { wide = 183, top = -420, y = -270, wave = 9, seed = 18 })
    end)
    surface.speckle(s, { -180, -300, 180, -60 }, 50, shade(base, 0.6), 4, 16, 0.34)
  end)
  if grown then
    soil(s, -304, 168, 0.14)
    s:at(0, -304, 1, grown)
  end
end

-- A monstera leaf from its stalk at (0, 0), pointing up, about 200 high.
local function monstera_leaf(s, base)
  local half = "M0 0C-30-20-84-26-112-74C-120-90-122-104-120-116L-66-100L-118-138"
    .. "C-116-158-106-176-92-190L-50-140L-78-206C-58-224-30-232 0-236Z"
  s:path(half, light(base, 0.12))
  s:path(half, shade(base, 0.14), { turn = "scale(-1 1)" })
  s:line("M0 0V-216", light(base, 0.4), 4, { opacity = 0.7 })
  s:line("M0-50L-84-70M0-96L-88-130M0-140L-66-180M0-50L84-70M0-96L88-130M0-140L66-180",
    light(base, 0.3), 2, { opacity = 0.5 })
  s:oval(-26, -112, 7, 12, shade(base, 0.4), { turn = "rotate(-30 -26 -112)" })
  s:oval(28, -150, 6, 10, shade(base, 0.5), { turn = "rotate(34 28 -150)" })
end

function garden.monstera(s)
  local bright, dark = s:keep(function()
    monstera_leaf(s, "#5f8a55")
  end), s:keep(function() monstera_leaf(s, "#47704c") end)
  local stems = { { -210, -210, -58, dark, 0.74 }, { 214, -230, 56, dark, 0.78 },
    { -60, -330, -12, dark, 0.8 }, { -150, -300, -40, bright, 0.86 }, { 130, -330, 30, bright,
    0.92 }, { 30, -190, 14, bright, 0.74 }, { -84, -130, -70, bright, 0.6 },
    { 110, -120, 80, bright, 0.56 } }
  for _, stem in ipairs(stems) do
    s:line(pen("M", stem[1] * 0.06, 0, "C", stem[1] * 0.1, stem[2] * 0.5, stem[1] * 0.5,
      stem[2] * 0.8, stem[1], stem[2]), "#5b7a48", 8)
    s:line(pen("M", stem[1] * 0.06 - 2, 0, "C", stem[1] * 0.1 - 2, stem[2] * 0.5, stem[1] * 0.5 - 2,
      stem[2] * 0.8, stem[1] - 2, stem[2]), "#9bb27a", 2.5)
  end
  for _, stem in ipairs(stems) do s:again(stem[4], stem[1], stem[2] + 6, stem[3], stem[5]) end
end

function garden.olive(s)
  s:line("M0 0C-14-60 18-110-4-190C-8-230-6-260-4-300", "#6e5c4b", 20)
  s:line("M-5 0C-19-60 12-110-10-190", "#a08d78", 6, { opacity = 0.7 })
  s:line("M-4-190C30-240 70-260 90-310M-6-220C-50-270-80-290-96-340M-4-290"
    .. "C0-340 10-380 4-430", "#6e5c4b", 9)
  local any, sprigs = sheet.chance(31), {}
  for i, base in ipairs({ "#8c9a72", "#6f8060", "#a9b492" }) do
    local leaf = s:keep(function()
      s:path("M0 0C-9-14-9-42 0-60C9-42 9-14 0 0Z", base)
      s:line("M0-4V-54", light(base, 0.4), 1.4, { opacity = 0.7 })
    end)
    sprigs[i] = s:keep(function()
      s:line("M0 10L0-50", "#6e5c4b", 2.5)
      for k = 0, 5 do
        s:again(leaf, 0, -k * 10, (k % 2 == 0 and -1 or 1) * (58 - k * 9 + any(-9, 9)))
      end
    end)
  end
  for i = 1, 34 do
    local a, d = any(0, 6.283), math.sqrt(any(0.02, 1))
    local x, y = math.cos(a) * d * 150, -362 + math.sin(a) * d * 124
    s:again(sprigs[i % 3 + 1], math.floor(x), math.floor(y),
      math.floor(math.deg(math.atan(x, -(y + 300))) + any(-36, 36)))
  end
  for _, o in ipairs({ { -70, -320 }, { 40, -290 }, { 110, -380 }, { -20, -430 },
    { -120, -390 } }) do
    s:oval(o[1], o[2], 9, 13, "#4d4a4f")
  end
end

-- One sword of a snake plant, growing up from (0, 0).
local function sword(s, height, width, lean)
  local w = width / 2
  local d = s:outline(pen("M", -w * 0.5, 0, "C", -w * 1.3 + lean * 0.3, -height * 0.4,
    -w + lean * 0.8, -height * 0.8, lean, -height, "C", w + lean * 0.7, -height * 0.76,
    w * 1.3 + lean * 0.2, -height * 0.36, w * 0.5, 0, "Z"))
  s:fill(d, s:lin(-w, 0, w, 0, { { 0, "#4a6a4a" }, { 0.4, "#6d8c62" }, { 1, "#37523c" } }))
  s:inside(d, function()
    local bands = {}
    for y = 20, height, 21 do
      bands[#bands + 1] = pen("M", -w * 1.4 + lean * y / height, -y, "q", w * 0.7, -9, w * 1.2, 3,
        "t", w * 1.5, -6)
    end
    s:line(table.concat(bands), "#b7c79d", 5, { opacity = 0.5, cap = "butt" })
  end)
  s:fill(d, "none", { stroke = "#d6cf8c", width = 4, opacity = 0.9 })
end

function garden.snake(s)
  local left, right = s:keep(function()
    sword(s, 400, 68, -44)
  end), s:keep(function() sword(s, 400, 68, 40) end)
  for _, blade in ipairs({ { -66, left, 0.84, -5 }, { 70, right, 0.88, 5 }, { -18, left, 1.18, 4 },
    { 40, right, 1.05, -1 }, { -46, left, 0.64, 2 }, { 8, right, 0.76, -5 },
    { 74, right, 0.54, 6 } }) do
    s:again(blade[2], blade[1], 6, blade[4], blade[3])
  end
end

-- Rosemary: stiff stems with short needles.
function garden.herb(s)
  local sprig = s:keep(function()
    s:line("M0 0C-6-80 6-160 0-250", "#6b6a48", 6)
    local left, right = {}, {}
    for y = 20, 245, s.busy and 15 or 11 do
      left[#left + 1] = pen("M0", -y, "l-28-", 16)
      right[#right + 1] = pen("M0", -y - 5, "l28-", 16)
    end
    s:line(table.concat(left), "#7d9a6a", 6)
    s:line(table.concat(right), "#587650", 6)
  end)
  for _, at in ipairs({ { -60, -34, 0.8 }, { 60, 32, 0.86 }, { -28, -14, 1.06 }, { 34, 12, 1 },
    { 0, 2, 1.2 }, { -80, -52, 0.6 }, { 86, 50, 0.62 } }) do
    s:again(sprig, at[1] * 0.7, 0, at[2], at[3])
  end
end

function garden.can(s, base)
  room.shadow(s, 150, 1, 0.14)
  solid.tube(s, "M-110-50C-220-70-250-250-330-396", 26, base, { shine = 0.6 })
  s:path("M-314-394L-352-380L-372-420L-326-438Z", s:lin(-372, 0, -314, 0,
    { { 0, "#fff3cf" }, { 0.4, of.brass }, { 1, shade(of.brass, 0.4) } }))
  s:oval(-349, -429, 27, 9, s:lin(-372, 0, -326, 0, { { 0, light(of.brass, 0.3) },
    { 1, shade(of.brass, 0.2) } }), { turn = "rotate(-22 -349 -429)" })
  solid.tube(s, "M-70-262C-60-440 200-450 232-280C246-190 210-120 140-76", 24, base,
    { shine = 0.6 })
  local points = { { -270, 116, true }, { -262, 120 }, { -140, 138 }, { -10, 156 },
    { 0, 154, true } }
  solid.turn(s, { points = points, base = base, open = true, inner = base, tilt = 0.16, gloss = 0.5,
    wall = 7 }, function()
    for _, y in ipairs({ -236, -36 }) do
      solid.ring(s, y, 150, 0.15, shade(base, 0.5), 3, 0.4)
      solid.ring(s, y + 5, 150, 0.15, light(base, 0.5), 3, 0.3)
    end
  end)
  s:path("M-116-270A116 18.6 0 0 1 20-288L30-262A90 14 0 0 1-104-262Z",
    s:lin(-116, 0, 30, 0, { { 0, light(base, 0.3) }, { 1, shade(base, 0.1) } }))
end

function garden.seeds(s)
  local base = "#efe4cc"
  s:oval(14, 4, 220, 22, s:rad({ { 0, "#2b1f1e", 0.55 }, { 0.6, "#2b1f1e", 0.24 },
    { 1, "#2b1f1e", 0 } }))
  local d = s:outline("M-190-540H190V-6C190-2 188 0 184 0H-184C-188 0-190-2-190-6Z")
  s:fill(d, "#3a2a22", { opacity = 0.24, blur = s:soft(10), turn = "translate(14 4)" })
  s:fill(d, s:lin(-190, -500, 190, 0, { { 0, light(base, 0.5) }, { 0.5, base },
    { 1, shade(base, 0.14) } }))
  s:path("M-190-540H190V-500C60-476-60-476-190-500Z", s:lin(0, -540, 0, -480,
    { { 0, light(base, 0.3) }, { 1, shade(base, 0.16) } }))
  s:rect(-160, -446, 320, 300, 2, "#cfdccb")
  s:inside("M-160-446H160V-146H-160Z", function()
    s:path("M-160-210C-60-236 60-190 160-226V-146H-160Z", "#7d9560")
    local any = sheet.chance(8)
    local petals = { "#b5472f", "#4a66a0", "#f4efe2", "#d9a13a", "#b5472f", "#4a66a0", "#8d6a9a",
      "#f4efe2", "#b5472f" }
    local petal = {}
    for _, base_petal in ipairs(petals) do
      petal[base_petal] = petal[base_petal] or s:keep(function()
        local lobes = {}
        for a = 0, 5 do
          local x, y = 32 * math.sin(a * 1.0472), -32 * math.cos(a * 1.0472)
          lobes[a + 1] = pen("M0 0C", x * 0.4 + y * 0.5, y * 0.4 - x * 0.5, x * 1.2 + y * 0.3,
            y * 1.2 - x * 0.3, x, y, "S", x * 0.4 - y * 0.5, y * 0.4 + x * 0.5, "0 0")
        end
        s:path(table.concat(lobes), base_petal)
        s:oval(0, 0, 9, 9, "#3f3326")
      end)
    end
    for i, name in ipairs(petals) do
      local x, h = -136 + (i - 1) * 34, any(120, 220)
      s:line(pen("M", x + any(-8, 8), -146, "Q", x - 8, -180, x, -146 - h), "#55734a", 4)
      s:again(petal[name], x, -146 - h, any(0, 60), any(0.8, 1.25))
    end
  end)
  s:rect(-90, -114, 180, 12, 3, "#55734a")
  s:rect(-60, -88, 120, 6, 3, "#8d8a68")
  s:rect(-40, -68, 80, 6, 3, "#8d8a68", { opacity = 0.7 })
end

local function grip(s)
  local wood = "#d0a672"
  local handle = s:outline("M-18 0C-30 60-32 150-26 214C-24 236 24 236 26 214C32 150 30 60 18 0Z")
  s:fill(handle, solid.round(s, wood, 30, 1.1))
  s:inside(handle, function() surface.grain(s, { -30, 0, 30, 230 }, wood, 6, 5, true) end)
  s:rect(-19, -8, 38, 26, 3, s:lin(-19, 0, 19, 0, { { 0, "#8d6d34" }, { 0.3, "#fff3cf" },
    { 1, "#8d6d34" } }))
  s:line("M-6 218C-34 262 34 262 6 218", "#6b4630", 6)
end

local function trowel(s)
  local steel = "#8f9596"
  s:path("M-9-110L-8 0H8L9-110Z", solid.round(s, steel, 9, 1.4))
  s:path("M0-350C-60-300-66-220-58-150C-54-112-30-104 0-104Z",
    s:lin(-60, 0, 0, 0, { { 0, light(steel, 0.3) }, { 1, shade(steel, 0.24) } }))
  s:path("M0-350C60-300 66-220 58-150C54-112 30-104 0-104Z",
    s:lin(0, 0, 60, 0, { { 0, light(steel, 0.6) }, { 1, shade(steel, 0.14) } }))
  grip(s)
end

local function fork(s)
  local steel = "#8f9596"
  s:path("M-9-130L-8 0H8L9-130Z", solid.round(s, steel, 9, 1.4))
  for _, x in ipairs({ -44, 0, 44 }) do
    solid.tube(s, pen("M0-112C", x * 1.2, -130, x, -170, x, -200, "L", x * 0.94, -336), 13, steel,
      { shine = 0.8 })
  end
  grip(s)
end

-- Trowel and fork hanging by their loops, heads down.
function garden.tools(s)
  s:rect(-230, -28, 460, 50, 6, s:lin(0, -28, 0, 22, { { 0, light(of.oak, 0.36) }, { 0.4, of.oak },
    { 1, shade(of.oak, 0.24) } }))
  surface.grain(s, { -226, -26, 226, 20 }, of.oak, 5, 8)
  for i, tool in ipairs({ trowel, fork }) do
    local x = i == 1 and -110 or 110
    s:group({ opacity = 0.2, blur = s:soft(9),
      turn = ("translate(%d 250) rotate(180)"):format(x + 24) }, function()
      s:path("M0-350C-60-300-66-220-58-150C-30-100-20 0-26 214H26"
        .. "C20 0 30-100 58-150C66-220 60-300 0-350Z", "#3a2a22")
    end)
    s:at(x, 250, 1, tool, 180)
    solid.tube(s, pen("M", x, "-6V4"), 22, of.oak)
  end
end

function garden.mister(s)
  local brass = of.brass
  room.shadow(s, 128, 1, 0.16)
  solid.tube(s, "M0-404C-60-410-96-420-130-420", 18, brass, { shine = 0.9 })
  s:oval(-140, -420, 13, 19, s:glow(-146, -426, 24, { { 0, "#fff3cf" }, { 0.5, brass },
    { 1, shade(brass, 0.5) } }))
  solid.tube(s, "M0-404C70-420 130-400 150-330", 20, brass, { shine = 0.9 })
  solid.tube(s, "M0-400V-490", 16, brass, { cap = "butt", shine = 0.9 })
  s:at(0, -480, 1, function()
    solid.turn(s, { points = { { -34, 0 }, { -30, 30 }, { -16, 36 }, { 0, 28, true } },
      base = brass, gloss = 0.9, depth = 1.5 })
  end)
  local points = { { -420, 32, true }, { -400, 36 }, { -340, 40 }, { -290, 66 }, { -200, 120 },
    { -110, 140 }, { -30, 130 }, { -10, 118 }, { 0, 120, true } }
  solid.turn(s, { points = points, base = brass, gloss = 0.9, depth = 1.5 }, function()
    solid.ring(s, -344, 42, 0.15, shade(brass, 0.6), 4, 0.7)
    solid.ring(s, -20, 130, 0.15, shade(brass, 0.6), 3, 0.5)
    s:rect(52, -320, 20, 300, 0, s:lin(52, 0, 72, 0, { { 0, "#fff", 0 }, { 0.5, "#fff", 0.34 },
      { 1, "#fff", 0 } }))
  end)
end

local function window_garden(s)
  room.panes(s, 300, 40, 280, 0.5)
  s:at(240, GROUND - 20, 0.76, function() garden.pot(s, garden.herb) end)
  s:at(540, GROUND - 10, 0.84, garden.seeds, 4)
  s:at(400, GROUND + 80, 0.72, garden.mister)
end

---@param show fun(name: string, body: fun(s: merx.Sheet), options?: table)
function garden.pictures(show)
  show("terracotta-pot", function(s) s:at(400, GROUND, 1.36, function() garden.pot(s) end) end)
  show("terracotta-pot-2", function(s)
    room.leaf_shadow(s, 760, 90, 300, 0.1)
    s:at(400, GROUND, 1.14, function() garden.pot(s, garden.herb) end)
  end)
  for _, name in ipairs({ "sea", "chalk", "mustard" }) do
    show("planter-" .. name, function(s)
      s:at(400, GROUND, 1.16, function()
        garden.planter(s, of[name], function() s:at(0, 0, 0.62, garden.snake) end)
      end)
    end)
  end
  for _, name in ipairs({ "forest", "cream", "rust" }) do
    show("watering-can-" .. name, function(s)
      s:at(446, GROUND, 1.16, function() garden.can(s, of[name]) end)
    end)
  end
  show("watering-can-forest-2", function(s)
    room.panes(s, 60, 50, 260, 0.45)
    s:at(540, GROUND - 30, 0.86, function() garden.can(s, of.forest) end)
    s:at(220, GROUND + 50, 0.72, function() garden.pot(s, garden.herb) end)
  end, { busy = true })
  show("monstera", function(s)
    s:at(400, GROUND + 40, 0.92, function() garden.pot(s, garden.monstera) end)
  end)
  show("monstera-2", function(s)
    s:at(360, 1240, 1.6, function() garden.pot(s, garden.monstera) end)
  end)
  show("olive-tree", function(s)
    s:at(400, GROUND + 70, 0.9, function() garden.pot(s, garden.olive) end)
  end, { busy = true })
  show("olive-tree-2", function(s)
    s:at(400, 1420, 1.7, function() garden.pot(s, garden.olive) end)
  end, { busy = true })
  show("snake-plant", function(s)
    s:at(400, GROUND + 30, 1, function() garden.pot(s, garden.snake) end)
  end)
  show("snake-plant-2", function(s)
    room.panes(s, 420, 40, 260, 0.45)
    s:at(360, GROUND + 20, 0.92, function() garden.planter(s, of.chalk, garden.snake) end)
  end)
  show("seeds", function(s) s:at(400, GROUND, 1.16, garden.seeds) end)
  show("trowel", function(s) s:at(400, 200, 1.04, garden.tools) end, { hung = true })
  show("trowel-2", function(s)
    s:at(400, GROUND - 30, 1.1, function()
      garden.pot(s, function()
        s:inside("M-300-700H300V10C100 24-100 24-300 10Z", function()
          s:at(36, -96, 1, trowel, 166)
        end)
      end)
    end)
    s:at(500, GROUND + 120, 0.86, fork, -82)
  end)
  show("mister", function(s) s:at(400, GROUND, 1.3, garden.mister) end)
  show("window-garden", window_garden, { busy = true, kilobytes = 16 })
end

return garden

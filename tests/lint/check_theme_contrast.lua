-- Every pair of colours that meets on a page differs enough: 4.5 for text, 3 for the edges of controls, in both schemes.
-- Read from tokens.css, from oklch over sRGB to the relative luminance of WCAG.
local source = require("source")

local PATH <const> = "themes/default/assets/css/tokens.css"

local GROUNDS <const> = { "paper", "raised", "sunken" }
local TEXTS <const> = { "ink", "muted", "accent", "sale", "success", "warning", "info" }
local EDGES <const> = { "control", "accent", "sale" }
local FIXED <const> = { { "on-accent", "accent", 4.5 }, { "on-accent", "accent-strong", 4.5 }, { "on-sale", "sale", 4.5 }, { "control", "backdrop", 3 } }

-- "oklch(45% 0.11 160)" -> linear sRGB, as Björn Ottosson's matrices have it.
local function linear_rgb(lightness, chroma, hue)
  local a, b = chroma * math.cos(math.rad(hue)), chroma * math.sin(math.rad(hue))
  local l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ^ 3
  local m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ^ 3
  local s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ^ 3
  local function clamp(value) return math.max(0, math.min(1, value)) end
  return clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s), clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    clamp(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
end

local function luminance(colour)
  local lightness, chroma, hue = colour:match("oklch%(([%d.]+)%% ([%d.]+) ([%d.]+)")
  if not lightness then error(PATH .. ": cannot read the colour " .. colour) end
  local red, green, blue = linear_rgb(tonumber(lightness) / 100, tonumber(chroma), tonumber(hue))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
end

local function contrast(one, other)
  local light, dark = math.max(one, other), math.min(one, other)
  return (light + 0.05) / (dark + 0.05)
end

local colours, lines = { light = {}, dark = {} }, {}
source.each_line(source.read(PATH), function(line, number)
  local name, light, dark = line:match("^%s*%-%-color%-([%l-]+): light%-dark%((oklch%b()), (oklch%b())%);")
  if name then
    colours.light[name], colours.dark[name], lines[name] = luminance(light), luminance(dark), number
  end
end)

local looked_at = 0

local function check(front, ground, least)
  for _, scheme in ipairs({ "light", "dark" }) do
    local one, other = colours[scheme][front], colours[scheme][ground]
    if not one or not other then
      source.fault(PATH, 1, ("--color-%s or --color-%s is missing, or is not light-dark(oklch(…), oklch(…))"):format(front, ground))
    else
      looked_at = looked_at + 1
      local found = contrast(one, other)
      if found < least then
        source.fault(PATH, lines[front], ("%s on %s has a contrast of %.2f in the %s scheme, at least %.1f"):format(front, ground, found, scheme, least))
      end
    end
  end
end

-- The arithmetic itself: white on black is 21, and #767676, this grey, on white is 4.54.
assert(math.abs(contrast(luminance("oklch(100% 0 0)"), luminance("oklch(0% 0 0)")) - 21) < 0.01)
assert(math.abs(contrast(luminance("oklch(100% 0 0)"), luminance("oklch(56.58% 0 0)")) - 4.54) < 0.02)

for _, ground in ipairs(GROUNDS) do
  for _, front in ipairs(TEXTS) do check(front, ground, 4.5) end
  for _, front in ipairs(EDGES) do check(front, ground, 3) end
end
for _, pair in ipairs(FIXED) do check(pair[1], pair[2], pair[3]) end
source.finish(looked_at)

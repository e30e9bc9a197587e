--- Colours as "#rrggbb". Mixing happens in OKLab, so that a shade of a warm
--- glaze stays warm and halfway between two colours looks halfway.
local colour = {}

local DARK <const> = "#2b1f1e" -- shadows lean to brown, as in a room with wood in it
local LIGHT <const> = "#fffaf0" -- and light is daylight through a curtain

--- The names that pictures and the catalogue share.
colour.of = {
  oat = "#e3d7c3", sea = "#4f8089", moss = "#75804f", clay = "#bd7a58", ink = "#343a45",
  chalk = "#ece6da", sky = "#9dbac6", rose = "#d6a89e", terracotta = "#c0704a", sand = "#d3bf9f",
  rust = "#ad5538", forest = "#3c5a49", cream = "#efe4cd", natural = "#dfd2b8", indigo = "#3a4a72",
  charcoal = "#4a4a4d", mustard = "#cc9c42", plum = "#6d4258", tan = "#b57d4c",
  celadon = "#a3b79c", tenmoku = "#38291f", brass = "#c29a50", steel = "#b9bcbc", iron = "#3b3a3b",
  oak = "#c99f6b", walnut = "#77503a", beech = "#d9b184", leaf = "#5e7d4b", olive = "#8a966f",
  paper = "#f7f1e5", wax = "#dfae4e", leather = "#8a5a3a", granite = "#8b8884", black = "#2f2e30",
}

local function to_linear(c)
  if c <= 0.04045 then return c / 12.92 end
  return ((c + 0.055) / 1.055) ^ 2.4
end

local function to_byte(c)
  c = math.max(0, math.min(1, c))
  c = c <= 0.0031308 and 12.92 * c or 1.055 * c ^ (1 / 2.4) - 0.055
  return math.floor(c * 255 + 0.5)
end

local function to_lab(hex)
  local rgb = assert(tonumber(hex:match("^#(%x%x%x%x%x%x)$"), 16),
    "not a colour: " .. tostring(hex))
  local r = to_linear((rgb >> 16) / 255)
  local g = to_linear((rgb >> 8 & 255) / 255)
  local b = to_linear((rgb & 255) / 255)
  local l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ^ (1 / 3)
  local m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ^ (1 / 3)
  local s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ^ (1 / 3)
  return 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
end

local function from_lab(lightness, a, b)
  local l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ^ 3
  local m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ^ 3
  local s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ^ 3
  return ("#%02x%02x%02x"):format(
    to_byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    to_byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    to_byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
  )
end

--- Mixes two colours; `t` 0 is the first, 1 the second.
---@param one string
---@param other string
---@param t number
---@return string
function colour.mix(one, other, t)
  local l1, a1, b1 = to_lab(one)
  local l2, a2, b2 = to_lab(other)
  return from_lab(l1 + (l2 - l1) * t, a1 + (a2 - a1) * t, b1 + (b2 - b1) * t)
end

--- Moves a colour into the shade.
---@param hex string
---@param t number 0 to 1
---@return string
function colour.shade(hex, t) return colour.mix(hex, DARK, t) end

--- Moves a colour into the light.
---@param hex string
---@param t number 0 to 1
---@return string
function colour.light(hex, t) return colour.mix(hex, LIGHT, t) end

return colour

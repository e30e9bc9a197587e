--- A sheet of SVG: collects definitions and marks, gives back the text.
--- Things are drawn around their own foot (0, 0), y growing downwards, and put
--- in place by `at`; so a thing can stand alone or in a still life.
local sheet = {}
sheet.__index = sheet

---@class merx.Sheet
---@field width integer
---@field height integer

---@param n number
---@return string
local function short(n)
  if math.abs(n) >= 30 then return ("%d"):format(math.floor(n + 0.5)) end
  if math.abs(n) < 10 then
    local text = ("%.2f"):format(n):gsub("0+$", ""):gsub("%.$", "")
    return (text:gsub("^(%-?)0%.", "%1."):gsub("^%-0$", "0"))
  end
  local text = ("%.1f"):format(n):gsub("%.0$", "")
  return text
end

-- Coordinates of paths: whole pixels, tenths near zero.
local function coarse(n)
  if math.abs(n) >= 10 then return ("%d"):format(math.floor(n + 0.5)) end
  return short(math.floor(n * 10 + 0.5) / 10)
end

--- Joins letters and numbers to path data: pen("M", 1, 2, "L", 3, 4).
---@param ... string|number
---@return string
function sheet.pen(...)
  local out, last_number = {}, false
  for i = 1, select("#", ...) do
    local token = select(i, ...)
    if type(token) == "number" then
      local text = coarse(token)
      if last_number and text:sub(1, 1) ~= "-" then out[#out + 1] = " " end
      out[#out + 1], last_number = text, true
    else
      if last_number and token:find("^%d") then token = " " .. token end
      out[#out + 1], last_number = token, token:find("%d$") ~= nil
    end
  end
  return table.concat(out)
end

--- A small random source of its own: the same seed draws the same picture everywhere.
---@param seed integer
---@return fun(low: number, high: number): number
function sheet.chance(seed)
  local state = (seed * 2654435761 + 12345) & 0xffffffff
  return function(low, high)
    state = (state * 1664525 + 1013904223) & 0xffffffff
    return low + (high - low) * ((state >> 8) / 0xffffff)
  end
end

---@param width integer
---@param height integer
---@return merx.Sheet
function sheet.new(width, height)
  return setmetatable({ width = width, height = height, defs = {}, known = {}, shared = {},
    marks = {} }, sheet)
end

--- Adds a definition once and gives its id. `text` has "%s" where the id belongs.
function sheet:define(text)
  local id = self.known[text]
  if not id then
    id = ("d%x"):format(#self.defs)
    self.known[text] = id
    self.defs[#self.defs + 1] = text:format(id)
  end
  return id
end

local function stop_list(stops)
  local out = {}
  for i, stop in ipairs(stops) do
    local clear = stop[3] and (' stop-opacity="%s"'):format(short(stop[3])) or ""
    local offset = stop[1] ~= 0 and (' offset="%s"'):format(short(stop[1])) or ""
    out[i] = ('<stop%s stop-color="%s"%s/>'):format(offset, stop[2], clear)
  end
  return table.concat(out)
end

-- Gradients often share their stops and differ in place only; the stops are then
-- written once, and the others refer to them.
local function gradient(self, name, place, stops)
  local list = stop_list(stops)
  local shared = self.shared[name .. list]
  if shared then
    return ("url(#%s)"):format(self:define(('<%s id="%%s" href="#%s"%s/>'):format(name, shared,
      place)))
  end
  local base = self:define(('<%s id="%%s" gradientUnits="userSpaceOnUse"/>'):format(name))
  local id = self:define(('<%s id="%%s" href="#%s"%s>%s</%s>'):format(name, base, place, list,
    name))
  self.shared[name .. list] = id
  return ("url(#%s)"):format(id)
end

--- A linear gradient in the coordinates of the thing; stops are { offset, colour, opacity? }.
function sheet:lin(x1, y1, x2, y2, stops)
  return gradient(self, "linearGradient", (' x1="%s" y1="%s" x2="%s" y2="%s"'):format(
    short(x1), short(y1), short(x2), short(y2)), stops)
end

--- A radial gradient in a unit box, for soft ellipses.
function sheet:rad(stops)
  return ("url(#%s)"):format(self:define('<radialGradient id="%s">' .. stop_list(stops)
    .. "</radialGradient>"))
end

--- A radial gradient in the coordinates of the thing, its light at (cx, cy).
function sheet:glow(cx, cy, r, stops)
  return gradient(self, "radialGradient", (' cx="%s" cy="%s" r="%s"'):format(short(cx), short(cy),
    short(r)), stops)
end

--- A repeating pattern; `body` is SVG, `turn` an optional transform.
function sheet:pattern(width, height, body, turn)
  turn = turn and (' patternTransform="%s"'):format(turn) or ""
  return ("url(#%s)"):format(self:define(
    ('<pattern id="%%s" width="%s" height="%s" patternUnits="userSpaceOnUse"%s>%s</pattern>')
      :format(short(width), short(height), turn, body)
  ))
end

local ATTRIBUTES <const> = {
  { "stroke", "stroke" }, { "width", "stroke-width" }, { "opacity", "opacity" },
  { "cap", "stroke-linecap" }, { "join", "stroke-linejoin" }, { "dash", "stroke-dasharray" },
  { "blur", "filter" }, { "turn", "transform" }, { "clip", "clip-path" },
}

local function attributes(options)
  local out = {}
  for _, pair in ipairs(ATTRIBUTES) do
    local value = options[pair[1]]
    if value then
      out[#out + 1] = (' %s="%s"'):format(pair[2],
        type(value) == "number" and short(value) or value)
    end
  end
  return table.concat(out)
end

function sheet:add(text) self.marks[#self.marks + 1] = text end

function sheet:path(d, fill, options)
  fill = fill and fill ~= "none" and (' fill="%s"'):format(fill) or ""
  self:add(('<path d="%s"%s%s/>'):format(d, fill, attributes(options or {})))
end

--- A line without filling: round caps (the sheet's own) unless told.
function sheet:line(d, stroke, width, options)
  options = options or {}
  options.stroke, options.width = stroke, width
  self:path(d, "none", options)
end

function sheet:oval(cx, cy, rx, ry, fill, options)
  local x = cx ~= 0 and (' cx="%s"'):format(short(cx)) or ""
  local y = cy ~= 0 and (' cy="%s"'):format(short(cy)) or ""
  self:add(('<ellipse%s%s rx="%s" ry="%s" fill="%s"%s/>'):format(
    x, y, short(rx), short(ry), fill, attributes(options or {})))
end

function sheet:rect(x, y, width, height, radius, fill, options)
  local place = (x ~= 0 and (' x="%s"'):format(short(x)) or "")
    .. (y ~= 0 and (' y="%s"'):format(short(y)) or "")
  local round = radius > 0 and (' rx="%s"'):format(short(radius)) or ""
  self:add(('<rect%s width="%s" height="%s"%s fill="%s"%s/>'):format(
    place, short(width), short(height), round, fill, attributes(options or {})))
end

--- Draws what `body` draws inside a group.
function sheet:group(options, body)
  self:add("<g" .. attributes(options) .. ">")
  body(self)
  self:add("</g>")
end

--- Puts a thing with its foot at (x, y), scaled and turned by degrees.
function sheet:at(x, y, scale, body, degrees)
  local turn = ("translate(%s %s)"):format(short(x), short(y))
  if degrees and degrees ~= 0 then turn = turn .. (" rotate(%s)"):format(short(degrees)) end
  if scale ~= 1 then turn = turn .. (" scale(%s)"):format(short(scale)) end
  self:group({ turn = turn }, body)
end

--- Draws only inside the outline: path data, or an id made by `outline`.
function sheet:inside(d, body)
  local shape = d:find("^d%x+$") and ('<use href="#%s"/>'):format(d) or ('<path d="%s"/>'):format(d)
  local id = self:define('<clipPath id="%s">' .. shape .. "</clipPath>")
  self:group({ clip = ("url(#%s)"):format(id) }, body)
end

--- Draws `body` once into the definitions; `again` shows it as often as wanted.
---@return string id
function sheet:keep(body)
  local marks = self.marks
  self.marks = {}
  body(self)
  local text = table.concat(self.marks)
  self.marks = marks
  return self:define('<g id="%s">' .. text:gsub("%%", "%%%%") .. "</g>")
end

--- Shows what `keep` kept at (x, y), turned and scaled.
function sheet:again(id, x, y, degrees, scale)
  local turn = ("translate(%s %s)"):format(short(x), short(y))
  if degrees and degrees ~= 0 then turn = turn .. (" rotate(%s)"):format(short(degrees)) end
  if scale and scale ~= 1 then turn = turn .. (" scale(%s)"):format(short(scale)) end
  self:add(('<use href="#%s" transform="%s"/>'):format(id, turn))
end

--- An outline that is filled and clipped to: written once.
---@return string id
function sheet:outline(d) return self:define(('<path id="%%s" d="%s"/>'):format(d)) end

--- Fills an outline made by `outline`; without `fill` only its stroke is drawn.
function sheet:fill(id, fill, options)
  fill = fill and fill ~= "none" and (' fill="%s"'):format(fill) or ""
  self:add(('<use href="#%s"%s%s/>'):format(id, fill, attributes(options or {})))
end

--- A blur of `size` for the option `blur`.
function sheet:soft(size)
  return ("url(#%s)"):format(self:define(
    ('<filter id="%%s" x="-40%%%%" y="-40%%%%" width="180%%%%" height="180%%%%">'
      .. '<feGaussianBlur stdDeviation="%s"/></filter>')
      :format(short(size))
  ))
end

---@return string
function sheet:text()
  return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d"'
    .. ' fill="none" stroke-linecap="round"><defs>%s</defs>%s</svg>\n')
    :format(self.width, self.height, self.width, self.height, table.concat(self.defs),
      table.concat(self.marks))
end

return sheet

--- The merchant's pins: pairs of names, the first asked before the second. A name is a plugin, which means all of its
--- handlers, or one handler.
local pins = {}

---@alias merx.Pin { [1]: string, [2]: string }

local function is_of(name, id)
  return name == id or name:sub(1, #id + 1) == id .. "/"
end

--- Whether a pin is about a plugin or one of its handlers, or about the handler of that name.
---@param pin merx.Pin
---@param name string
---@return boolean
function pins.is_about(pin, name)
  return is_of(pin[1], name) or is_of(pin[2], name)
end

--- Those that are about a name.
---@param list merx.Pin[]
---@param name string
---@return merx.Pin[] about
---@return merx.Pin[] others
function pins.split(list, name)
  local about, others = {}, {}
  for _, pin in ipairs(list) do
    local out = pins.is_about(pin, name) and about or others
    out[#out + 1] = pin
  end
  return about, others
end

--- All but one pair.
---@param list merx.Pin[]
---@param first string
---@param second string
---@return merx.Pin[] rest
---@return boolean was_there
function pins.without(list, first, second)
  local rest = {}
  for _, pin in ipairs(list) do
    if pin[1] ~= first or pin[2] ~= second then rest[#rest + 1] = pin end
  end
  return rest, #rest < #list
end

--- A pin as people say it.
---@param pin merx.Pin
---@return string
function pins.words(pin)
  return pin[1] .. " before " .. pin[2]
end

return pins

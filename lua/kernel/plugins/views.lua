--- The views that plugins may be granted to read. Rooms of the domain declare theirs.
local views = {}

---@type table<string, { doc: string, is_personal: boolean }>
local known = {}

---@param name string of the view
---@param doc string
---@param options? { is_personal?: boolean } is_personal: it tells about people
function views.define(name, doc, options)
  assert(not known[name], "the view " .. name .. " is declared twice")
  known[name] = { doc = doc, is_personal = options ~= nil and options.is_personal == true }
end

---@return table<string, { doc: string, is_personal: boolean }>
function views.list()
  return known
end

return views

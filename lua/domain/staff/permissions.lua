--- What people of the shop may do. Pure: a role is a list of names, "*" is all of them.
local permissions = {}

--- Every permission that a route may ask for.
permissions.ALL = {
  "audit.view", "orders.change", "orders.view", "overview.view", "products.view", "settings.change", "settings.view", "staff.change",
  "stock.change",
}

local known = {}
for _, name in ipairs(permissions.ALL) do known[name] = true end

---@param name string
---@return boolean
function permissions.is_known(name)
  return known[name] == true or name == "self"
end

--- Whether a list of permissions holds one. What concerns nobody but oneself ("self") needs none.
---@param list string[]
---@param name string
---@return boolean
function permissions.allow(list, name)
  if name == "self" then return true end
  for _, held in ipairs(list) do
    if held == name or held == "*" then return true end
  end
  return false
end

return permissions

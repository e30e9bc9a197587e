--- What a browser says of itself, in the few words that people know it by.
local browser = {}

-- The first that is found counts: most browsers also call themselves by the names of others.
local NAMES <const> = { { "Edg/", "Edge" }, { "OPR/", "Opera" }, { "Firefox/", "Firefox" }, { "Chrome/", "Chrome" }, { "Safari/", "Safari" } }
local SYSTEMS <const> = {
  { "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Android", "Android" }, { "Windows", "Windows" }, { "Mac OS X", "macOS" }, { "Linux", "Linux" },
}

local function first(agent, list)
  for _, entry in ipairs(list) do
    if agent:find(entry[1], 1, true) then return entry[2] end
  end
end

--- "Firefox, Windows"; the beginning of what it says when nobody knows it.
---@param agent string
---@return string
function browser.name(agent)
  local name, system = first(agent, NAMES), first(agent, SYSTEMS)
  if name and system then return name .. ", " .. system end
  return name or system or agent:sub(1, 60)
end

return browser

--- What the merchant agreed to for each plugin: capabilities, and whether somebody vouches for its files. It stands in
--- the row of its generation, so that it changes in the same commit as what it is about.
local lockfile = {}

local function http_key(entry)
  local methods = table.move(entry.methods or {}, 1, #(entry.methods or {}), 1, {})
  table.sort(methods)
  return ("%s%s%s"):format(entry.host or "the host of its setting " .. tostring(entry.setting),
    #methods > 0 and " by " .. table.concat(methods, ", ") or "", entry.plain and ", without encryption" or "")
end

local function as_is(value)
  return value
end

--- How each capability is asked for, and what a merchant reads.
local LISTS <const> = {
  { name = "http", text = "send requests to %s", key = http_key },
  { name = "accounts", text = "keep accounts of the kind %s", key = as_is },
  { name = "read", text = "read the view %s", key = as_is },
  { name = "commands", text = "run the command %s", key = as_is },
  { name = "services", text = "call the service %s", key = as_is },
}
local FLAGS <const> = {
  { name = "secrets", text = "keep secrets" },
  { name = "tables", text = "keep tables of its own in the database" },
  { name = "mail", text = "send mail" },
}

local function list_growth(out, spec, granted, wanted)
  local had = {}
  for _, value in ipairs(granted or {}) do had[spec.key(value)] = true end
  for _, value in ipairs(wanted or {}) do
    local key = spec.key(value)
    if not had[key] then out[#out + 1] = spec.text:format(key) end
  end
end

--- What is asked for beyond what was granted, as sentences without a subject.
---@param granted merx.Capabilities
---@param wanted merx.Capabilities
---@return string[]
function lockfile.growth(granted, wanted)
  local out = {}
  for _, spec in ipairs(LISTS) do list_growth(out, spec, granted[spec.name], wanted[spec.name]) end
  for _, spec in ipairs(FLAGS) do
    if wanted[spec.name] and not granted[spec.name] then out[#out + 1] = spec.text end
  end
  if (wanted.storage or 0) > (granted.storage or 0) then out[#out + 1] = ("keep %d bytes of files of its own"):format(wanted.storage) end
  for name in pairs(wanted) do -- what a later engine adds is not granted by silence
    if not lockfile.is_known(name) then out[#out + 1] = "use " .. name end
  end
  return out
end

--- Whether a capability is compared here.
---@param name string
---@return boolean
function lockfile.is_known(name)
  if name == "storage" then return true end
  for _, group in ipairs({ LISTS, FLAGS }) do
    for _, spec in ipairs(group) do
      if spec.name == name then return true end
    end
  end
  return false
end

--- What a plugin may do, as sentences without a subject.
---@param capabilities merx.Capabilities
---@return string[]
function lockfile.describe(capabilities)
  return lockfile.growth({}, capabilities)
end

return lockfile

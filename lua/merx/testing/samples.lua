--- Values for settings that have no default, so that a plugin can be asked before anybody has set it up.
local samples = {}

local BY_TYPE <const> = {
  string = "sample", text = "sample", url = "https://example.com/sample", email = "sample@example.com", color = "#336699", country = "DE",
  currency = "EUR", tag = "sale", secret = "a secret of the tests", decimal = "1", boolean = true,
}

local NUMBERS <const> = { integer = true, percent = true, money = true, duration = true }

local function sample_of(declared)
  if NUMBERS[declared.type] then return declared.min or 1 end
  if declared.type == "enum" then return declared.values[1] end
  if declared.type == "decimal" and declared.digits and declared.digits > 0 then return "1." .. ("0"):rep(declared.digits) end
  return BY_TYPE[declared.type]
end

--- Values for the declarations that have no default.
---@param declarations table<string, table>
---@return table<string, any>
function samples.of(declarations)
  local values = {}
  for name, declared in pairs(declarations) do
    if declared.default == nil then values[name] = sample_of(declared) end
  end
  return values
end

return samples

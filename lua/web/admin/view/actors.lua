--- Who did something, in words.
local page = require("web.admin.page")
local report = require("domain.report")

local actors = {}

---@param self table page
---@param actor string as the journal keeps it
---@return string
function actors.name(self, actor)
  local person = report.find_actor(actor)
  if person then return person.name ~= "" and person.name or person.email end
  local kind = actor:match("^%a+") or "none"
  return page.text_or(self, "actors." .. kind, actor)
end

return actors

--- How often somebody may guess. Each key has one number, the moment when all its tries are forgotten:
--- a try moves it `every` ms on, and one that would move it more than `burst` tries ahead has to wait.
--- Pure; rows are kept by commands.lua.
local attempts = {}

local SECOND <const>, MINUTE <const> = 1000, 60 * 1000

--- An owner who mistyped is stopped by `pair` alone; a stranger who tries their account from elsewhere
--- does not shut them out before `account` is full.
---@type table<string, { burst: integer, every: integer }>
attempts.RULES = {
  ["sign_in.pair"] = { burst = 5, every = MINUTE }, -- an account from one address
  ["sign_in.account"] = { burst = 30, every = 2 * MINUTE }, -- an account from anywhere
  ["sign_in.address"] = { burst = 20, every = 30 * SECOND },
  ["sign_in.all"] = { burst = 200, every = SECOND // 2 },
}

--- Counts one more try.
---@param rule { burst: integer, every: integer }
---@param free_at integer? as kept
---@param now integer
---@return integer? free_at to be kept; nil: refused
---@return integer wait ms until the next try, when refused
function attempts.count(rule, free_at, now)
  local from = math.max(free_at or now, now)
  local next_free = from + rule.every
  local ahead = next_free - now - rule.burst * rule.every
  if ahead > 0 then return nil, ahead end
  return next_free, 0
end

--- What stands for an address: a /64 of IPv6 is one household, an IPv4 address is one.
---@param address string
---@return string
function attempts.block(address)
  local mapped = address:match("^::ffff:(%d+%.%d+%.%d+%.%d+)$")
  if mapped then return mapped end
  if not address:find(":", 1, true) then return address end
  local head, tail = address:match("^(.-)::(.*)$")
  local groups = {}
  for group in (head or address):gmatch("%x+") do groups[#groups + 1] = group end
  if head then
    local behind = select(2, tail:gsub("%x+", ""))
    for _ = 1, 8 - #groups - behind do groups[#groups + 1] = "0" end
  end
  return table.concat(groups, ":", 1, math.min(4, #groups)) .. "::/64"
end

return attempts

--- The cache of fragments that servers have, for tests: in memory, with the stamps of this thread. Load
--- it before anything else, since the kernel takes the functions of native.cache when it is loaded.
local clock = require("native.clock")
local native = require("native.cache")

local kept = { hits = 0, entries = {} }

local top -- the innermost scope

local function note(scope, tags, until_ms)
  if not scope then return end
  for tag, label in pairs(tags) do scope.tags[tag] = scope.tags[tag] or label end
  scope.until_ms = math.min(scope.until_ms, until_ms)
end

function native.read(tag)
  note(top, { [tag] = native.label(tag) }, math.maxinteger)
end

native["until"] = function(ms) note(top, {}, ms) end

function native.open()
  top = { outer = top, tags = {}, until_ms = math.maxinteger }
end

function native.close(key, bytes)
  local scope = assert(top, "no scope is open")
  top = scope.outer
  note(top, scope.tags, scope.until_ms)
  if key then
    kept.entries[key] = { bytes = type(bytes) == "string" and bytes or bytes:string(), tags = scope.tags, until_ms = scope.until_ms }
  end
end

local function holds(entry)
  if clock.now() >= entry.until_ms then return false end
  for tag, label in pairs(entry.tags) do
    if not native.holds(tag, label) then return false end
  end
  return true
end

function native.finish()
  local scope = assert(top, "no scope is open")
  native.close()
  return scope
end

function native.renew(scope, now)
  if now >= scope.until_ms or not holds(scope) then return false end
  note(top, scope.tags, scope.until_ms)
  return true
end

function native.get(key, out)
  local entry = kept.entries[key]
  if not entry or not holds(entry) then return nil end
  kept.hits = kept.hits + 1
  note(top, entry.tags, entry.until_ms)
  if not out then return entry.bytes end
  out:put(entry.bytes)
  return out
end

--- Forgets everything.
function kept.clear()
  kept.hits, kept.entries = 0, {}
end

return kept

--- Draws the pictures of the sample catalogue into drawings/.
--- Run with Lua 5.4 from anywhere: lua5.4 draw.lua [name…]; the same source
--- gives the same files, byte for byte.
local home = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = home .. "/?.lua;" .. package.path

local pictures = require("draw.pictures")

---@param name string
local function draw(name)
  local text, limit = pictures.draw(name)
  if #text > limit then
    io.stderr:write(("%s: %d bytes, more than %d\n"):format(name, #text, limit))
  end
  local path = ("%s/drawings/%s.svg"):format(home, name)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local names = #arg > 0 and arg or pictures.names()
for _, name in ipairs(names) do draw(name) end
print(("%d drawings"):format(#names))

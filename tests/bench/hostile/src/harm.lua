local M = {}

-- Until it is stopped.
function M.loop()
  while true do
    pcall(function()
      while true do end
    end)
  end
end

local function eat()
  local text = "x"
  while true do text = text .. text end
end

local function throw()
  error(("x"):rep(100000))
end

local HARM = { M.loop, eat, throw }
local asked = 0

-- Loops, eats memory and throws in turns.
function M.always()
  asked = asked + 1
  return HARM[asked % #HARM + 1]()
end

-- Loops at each third call: never half of its calls fail, so it does not come to rest for that.
function M.sly()
  asked = asked + 1
  if asked % 3 == 0 then M.loop() end
  return { text = "fine" }
end

return M

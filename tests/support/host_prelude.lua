--- A prelude for tests of plugins: what they call reaches the host as "ask".
local host = require("native.host")

return {
  ask = function(...) return host.call("ask", ...) end,
}

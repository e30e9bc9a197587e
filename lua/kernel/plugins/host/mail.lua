--- The host call for mail: from the shop's address, by the merchant's server.
local host = require("kernel.plugins.host")
local mail = require("kernel.mail")

host.define("mail.send", {
  kinds = { effect = true }, capability = "mail",
  needs = function(plugin)
    if not plugin.granted.mail then return '"capabilities": { "mail": true }' end
  end,
  call = function(_, _, given)
    return mail.send(type(given) == "table" and given or {})
  end,
})

return true

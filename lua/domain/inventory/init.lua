--- Stock and other scarce things; see accounts.lua for the one primitive that serves all.
local accounts = require("domain.inventory.accounts")
require("domain.inventory.commands")
require("domain.inventory.plugin_accounts")

return accounts

--- Brings the database up to date.
local args = require("cli.args")
local db = require("native.db")
local thread = require("native.thread")

local migrate = { usage = [[
usage: merx migrate

Applies what is new in sql/migrations, each file in a transaction of its own, after a
copy of the database was made. Stopped at any moment, running it again finishes.
merx serve does the same at its start unless it is told --migrate=false.

examples:
  merx migrate --data=/srv/shop
]] }

local NAME <const> = "merx migrate"

---@param given string[]
---@return integer exit_code
function migrate.run(given)
  local options, code = args.parse(given, { name = NAME, usage = migrate.usage })
  if not options then return code end
  local conn = db.main()
  if not conn then return args.no_shop(NAME) end
  if thread.remote then return args.fail(NAME, { code = "conflict", message = "a server holds this shop; stop it first" }) end
  local report, err = db.migrate(conn, thread.share .. "/sql/migrations")
  if not report then return args.fail(NAME, err) end
  for _, name in ipairs(report.applied) do io.write("applied ", name, "\n") end
  if #report.applied == 0 then io.write("the database is up to date\n") end
  return 0
end

return migrate

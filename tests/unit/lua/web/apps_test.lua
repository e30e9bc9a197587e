local shop = require("support.shop")
local conn = shop.open()
local json = require("kernel.json")
local plugin_folder = require("support.plugin_folder")
local test = require("support.test")
local visitor = require("support.visitor")
require("domain.draft.contracts")
require("web")

local SOURCE <const> = [[
local M = {}
function M.balance(input, cfg)
  local points = shop.db.value("SELECT sum(points) FROM p_acme_points_earned WHERE who = :who", { who = input.params.who })
  if not points then return nil end
  if input.query.format == "json" then return { json = { who = input.params.who, points = points } } end
  return { title = "Points of " .. input.params.who, markdown = "**" .. points .. "** points <script>alert(1)</script>", robots = "noindex" }
end
function M.earn(args)
  local done, err = shop.db.run("INSERT INTO p_acme_points_earned (who, points) VALUES (:who, :points)", { who = args.who, points = tonumber(args.points) })
  if not done then return nil, { code = "incomplete", message = "say who" } end
  return { who = args.who }
end
function M.earned(input)
  if input.result.err then return { status = 422, text = input.result.err.message } end
  return { redirect = "/apps/acme.points/balance/" .. input.result.ok.who }
end
function M.away() return { redirect = "//evil.example/" } end
function M.throws() error("no") end
function M.loops() while true do end end
return M]]

local function open()
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("acme.points", {
      capabilities = { tables = true },
      contributes = {
        commands = { { id = "earn", handler = "web:earn" } },
        routes = {
          { id = "balance", path = "/apps/acme.points/balance/:who", handler = "web:balance" },
          { id = "earn", path = "/apps/acme.points/earn", method = "POST", handler = "web:earned", command = "earn" },
          { id = "away", path = "/apps/acme.points/away", handler = "web:away" },
          { id = "throws", path = "/apps/acme.points/throws", handler = "web:throws" },
          { id = "loops", path = "/apps/acme.points/loops", handler = "web:loops" },
        },
      },
    }, { command = 1, route = 1 }),
    files = { ["src/web.lua"] = SOURCE },
  } }, { bundled = true })
  conn:exec("DROP TABLE IF EXISTS p_acme_points_earned")
  assert(conn:exec("CREATE TABLE p_acme_points_earned (who TEXT NOT NULL, points INTEGER)"))
end

local function case(name, fn)
  test.case(name, function()
    open()
    fn(visitor.new())
  end)
end

case("a form of a plugin changes its table, and its page shows it within the theme", function(self)
  local reply = self:post("/apps/acme.points/earn", { who = "ada", points = "5" })
  test.equal({ reply.status, reply.headers.Location }, { 303, "/apps/acme.points/balance/ada" })
  reply = self:get("/apps/acme.points/balance/ada")
  test.equal(reply.status, 200)
  test.truthy(reply.body:find("<strong>5</strong> points", 1, true), reply.body)
  test.truthy(not reply.body:find("<script>alert", 1, true))
  reply = self:get("/apps/acme.points/balance/ada?format=json")
  test.equal(json.decode(reply.body), { who = "ada", points = 5 })
end)

case("what a plugin does not know is not found, and so is an address that it did not declare", function(self)
  test.equal(self:get("/apps/acme.points/balance/nobody").status, 404)
  test.equal(self:get("/apps/acme.points/other").status, 404)
  test.equal(self:get("/apps/acme.other").status, 404)
  test.equal(self:get("/apps/acme.points/earn").status, 405)
end)

case("a refused command is told to the handler", function(self)
  local reply = self:post("/apps/acme.points/earn", { who = "ada", points = "many" })
  test.equal(reply.status, 303)
  reply = self:post("/apps/acme.points/earn", {})
  test.equal({ reply.status, reply.body }, { 422, "say who" })
end)

case("a handler that fails, loops or leads away is a page of ours", function(self)
  for _, path in ipairs({ "away", "throws", "loops" }) do
    local reply = self:get("/apps/acme.points/" .. path)
    test.equal({ path, reply.status }, { path, 500 })
    test.truthy(reply.body:find("<!doctype html>", 1, true))
  end
end)

local shop = require("support.shop")
local conn = shop.open()
local command = require("kernel.command")
local plugin_folder = require("support.plugin_folder")
local test = require("support.test")
local visitor = require("support.visitor")
local market = require("support.market")
require("web")

local SOURCE <const> = [[
local M = {}
function M.badges(input)
  local list = {}
  for i, item in ipairs(input.items) do
    local mark = shop.db.value("SELECT mark FROM p_acme_marks_marks WHERE product_id = :id", { id = item.id })
    if mark then list[#list + 1] = { id = item.id, badges = { mark, { "percent", n = 10 } }, ext = { note = "kept", stolen = "not declared" }, title = "Hacked" } end
  end
  return list
end
function M.mark(args) shop.db.run("INSERT INTO p_acme_marks_marks (product_id, mark) VALUES (:id, :mark)", { id = args.id, mark = args.mark }) return {} end
function M.throws() error("no") end
return M]]

local function open(more)
  local patches = { { id = "marks", view = "product_card", handler = "marks:badges", input = { "items[].id" }, writes = { "badges", "ext.acme.marks.note" } } }
  patches[2] = more
  plugin_folder.load({ {
    manifest = plugin_folder.manifest("acme.marks", {
      capabilities = { tables = true },
      contributes = { view_patches = patches, commands = { { id = "mark", handler = "marks:mark" } } },
    }, { command = 1, view_patch = 1 }),
    files = { ["src/marks.lua"] = SOURCE, ["locales/en.json"] = [[{ "new": "Just in", "percent": "{n} % off" }]] },
  } }, { bundled = true })
  conn:exec("DROP TABLE IF EXISTS p_acme_marks_marks")
  assert(conn:exec("CREATE TABLE p_acme_marks_marks (product_id INTEGER PRIMARY KEY, mark TEXT NOT NULL)"))
end

local _, product_id = market.product({ title = "Marked mug" })

test.case("a plugin adds badges and fields of its own to cards, in the visitor's language, and nothing else", function()
  open()
  local self = visitor.new()
  test.truthy(not self:get("/collections/all").body:find("Just in", 1, true))
  assert(command.run("acme.marks.mark", { id = product_id, mark = "new" }))
  local body = self:get("/collections/all").body
  test.truthy(body:find("<span class=\"badge\">Just in</span> <span class=\"badge\">10 % off</span>", 1, true), body)
  test.truthy(not body:find("Hacked", 1, true))
end)

test.case("one that fails is left out, the others and the page stay", function()
  open({ id = "throws", view = "product_card", handler = "marks:throws", writes = { "badges" } })
  assert(command.run("acme.marks.mark", { id = product_id, mark = "new" }))
  local reply = visitor.new():get("/collections/all")
  test.equal(reply.status, 200)
  test.truthy(reply.body:find("Just in", 1, true))
end)

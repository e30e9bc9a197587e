--- The contracts of the extension points of pages. They are declared in every thread, also in those that show none: all must
--- read a manifest the same way.
local contracts = require("kernel.contracts")
local schema = require("kernel.schema")

contracts.define({
  point = "section", place = "sections", kind = "view", on_error = "omit",
  doc = "Says what a section of a page shows: settings and ids of products, which the page makes cards of.",
  given = { settings = "map: what the theme says for this section", locale = "string" },
  answer = "a table for the section's template; `products` = { sort, limit, is_on_sale } becomes cards",
})

-- An address below the plugin's own, as "/apps/acme.points/balance/:code".
local function check_path(entry, found)
  local own = "/apps/" .. found.id
  if entry.path ~= own and entry.path:sub(1, #own + 1) ~= own .. "/" then
    return ("routes.%s.path: it must be %s or lie below it"):format(entry.id, own)
  end
end

local function check_command(entry, found)
  if entry.method ~= "POST" then
    return entry.command and ("routes.%s: only a POST changes something, so only it has a command"):format(entry.id)
  end
  for _, command in ipairs(found.contributes.commands or {}) do
    if command.id == entry.command then return nil end
  end
  return entry.command and ("routes.%s: there is no entry %s among the plugin's commands"):format(entry.id, entry.command)
end

contracts.define({
  point = "route", place = "routes", kind = "view", on_error = "omit",
  doc = "Answers at an address of the plugin's own, below /apps/PLUGIN.",
  given = {
    method = "string", path = "string", params = "map: what stands in the address, by name", query = "map", form = "map?: fields of a POST",
    result = "map?: { ok } or { err } of the command", locale = "string", currency = "string", channel = "string: handle",
    now = "integer: UTC milliseconds",
  },
  answer = "one of { json }, { text }, { redirect }, { title, markdown }, { title, html }; with status and robots",
  fields = {
    path = schema.text({
      required = true, max = 200, pattern = "^/apps/[%w._/:*-]+$", message = "plugin.path",
      doc = "the address, as /apps/acme.points/balance/:code",
    }),
    method = schema.enum({ "GET", "POST", default = "GET", doc = "a POST may change something, by its command" }),
    who = schema.enum({ "anyone", default = "anyone", doc = "who may come; people of the shop are known in the back office only" }),
    csrf = schema.enum({ "origin", "none", default = "origin", doc = "origin: forms of the shop's own pages only; none: also other servers" }),
    command = schema.text({ max = 50, doc = "the entry among `commands` that a POST runs first, with the form's fields" }),
    body = schema.integer({ min = 1, max = 1 << 20, doc = "most bytes of a request's body" }),
  },
  check = function(entry, found) return check_path(entry, found) or check_command(entry, found) end,
})

-- What a handler may add to, by what is shown: the field that lists them, and what it sees of each.
local VIEWS <const> = {
  product_card = {
    ["items[].id"] = "integer: id of the product", ["items[].variant_id"] = "integer: the variant that a click adds",
    ["items[].handle"] = "string", ["items[].title"] = "string", ["items[].vendor"] = "string?", ["items[].kind"] = "string",
    ["items[].price"] = "integer: minor units", ["items[].list_price"] = "integer: minor units", ["items[].available"] = "boolean",
  },
}

contracts.define({
  point = "view_patch", place = "view_patches", kind = "view", on_error = "omit",
  doc = "Adds to what a page shows, at the paths that it declares.", input = VIEWS.product_card,
  given = { view = "string", locale = "string" },
  answer = "a list of { id, badges = { \"key of a message\" }, ext = { name = value } }",
  fields = {
    view = schema.enum({ "product_card", required = true, doc = "what is shown" }),
    writes = schema.list(schema.text({ required = true, max = 100, pattern = "^[%l][%w_.-]*$" }), {
      min = 1, max = 20, required = true, doc = "what it adds: badges, or ext.PLUGIN.NAME for the theme",
    }),
  },
  check = function(entry, found)
    for _, path in ipairs(entry.writes) do
      if path ~= "badges" and path:sub(1, #found.id + 5) ~= "ext." .. found.id .. "." then
        return ("view_patches.%s.writes: %s is neither badges nor below ext.%s"):format(entry.id, path, found.id)
      end
    end
  end,
})

return contracts

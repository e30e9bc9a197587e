--- Search.
local card = require("web.view.card")
local listings = require("domain.listings")
local page = require("web.page")
local router = require("kernel.router")
local search = require("domain.search")
local text = require("kernel.text")

local PAGE_SIZE <const> = 24
local LAST_PAGE <const> = 80 -- nobody reads further, and ranking is bounded

router.get("/search", { who = "anyone", csrf = "none", cache = "page" }, function(ctx)
  local self = page.open(ctx)
  local terms = text.nfkc(ctx.req:arg("q") or ""):gsub("%c", " "):match("^%s*(.-)%s*$")
  terms = text.sub(terms, 1, 120)
  local number = math.tointeger(tonumber(ctx.req:arg("page") or "1")) or 1
  number = math.max(1, math.min(number, LAST_PAGE))
  local view = { terms = terms, performed = terms ~= "", products = {}, filters = {}, active_filters = {}, sort_options = {} }
  if view.performed then
    ctx.event = { name = "search", details = { terms = terms } }
    local ids, count = search.find(ctx, terms, { limit = PAGE_SIZE, offset = (number - 1) * PAGE_SIZE })
    if #ids == 0 and number > 1 then -- beyond the last page stands the first
      number = 1
      ids, count = search.find(ctx, terms, { limit = PAGE_SIZE, offset = 0 })
    end
    view.products = card.list(self, listings.cards(ctx, ids))
    view.results_count = count
    view.count_text = page.text(self, "collection.count", { count = count })
    view.sort_options = { { value = "relevance", name = page.text(self, "collection.sort_relevance") } }
    local base = ctx.root .. "/search?q=" .. text.url_encode(terms)
    view.clear_url = ctx.root .. "/search"
    view.paginate = {
      previous = number > 1 and { url = base } or nil,
      next = count > number * PAGE_SIZE and { url = base .. "&page=" .. number + 1 } or nil,
    }
  end
  page.send(self, {
    template = "search", cache = "page", robots = "noindex",
    title = view.performed and page.text(self, "search.results_for", { terms = terms }) or page.text(self, "search.title"),
    drops = { search = view },
  })
end)

return true

--- Parts of pages that are printed once and kept until something they were made of is touched. Nobody
--- declares what a part depends on: while it is rendered for the first time, it is noted which globals
--- it reads. A part that reads what only its page knows (a product, a form) is never kept; one that
--- reads what differs by address or by the count of the cart is kept once for each.
local buf = require("kernel.buf")
local cache = require("kernel.cache")
local globals = require("web.view.globals")
local template = require("kernel.template")

local fragments = {}

local pack = string.pack -- parts of keys carry their length: no value can look like two

-- What the globals that a part reads differ by, as functions of the page.
local DIFFERENCES <const> = {
  path = function(page) return page.ctx.req.path end,
  cart = function(page) return page.cart_count() end,
  template = function(page) return page.template end,
}

---@class merx.FragmentRule what one part was seen to read on the pages of one template
---@field differs_by string[] keys of DIFFERENCES
---@field names string[] globals; a page that brings one of them itself prints the part itself
---@field is_own boolean it reads what only the page knows

local rules = setmetatable({}, { __mode = "k" }) ---@type table<merx.Theme, table<string, merx.FragmentRule>>

-- All that every part depends on.
local function base_key(page)
  local key = page.fragment_key
  if not key then
    local ctx = page.ctx
    key = pack("s1s1s1s1s1s1s1s4s4", page.theme.stamp, ctx.channel.id, ctx.locale, ctx.currency, ctx.price_group,
      ctx.country or "", ctx.scheme, ctx.base_url, ctx.root)
    page.fragment_key = key
  end
  return key
end

-- The key of a part on this page; nil when the page has to print it itself.
local function key_of(page, name, rule)
  for _, global in ipairs(rule.names) do
    if page.own[global] ~= nil then return nil end
  end
  local key = base_key(page) .. name
  for _, difference in ipairs(rule.differs_by) do key = key .. pack("s4", DIFFERENCES[difference](page)) end
  return key
end

local function add(list, value)
  for _, known in ipairs(list) do
    if known == value then return end
  end
  list[#list + 1] = value
end

-- Globals that tell what is read of them. They are made anew: what an earlier part of the page had made
-- was read for that part, and would not be noted again.
local function watched(page, rule)
  local fresh = globals.of(page)
  return setmetatable({}, { __index = function(_, name)
    if page.own[name] ~= nil or globals.is_own(name) then
      rule.is_own = true
      return page.globals[name]
    end
    add(rule.names, name)
    local difference = globals.difference(name)
    if difference then add(rule.differs_by, difference) end
    return fresh[name]
  end })
end

--- Prints a part of a page.
---@param page table
---@param name string all that it depends on besides globals: its place, its arguments
---@param place string what the same name reads on pages of the same template
---@param out userdata native.buf
---@param render fun(out: userdata, globals: table): boolean prints it; false: something failed, do not keep it
function fragments.print(page, name, place, out, render)
  local of_theme = rules[page.theme]
  if not of_theme then
    of_theme = {}
    rules[page.theme] = of_theme
  end
  local rule = of_theme[place]
  if rule then
    local key = not rule.is_own and key_of(page, name, rule)
    if not key then
      render(out, page.globals)
      return
    end
    if cache.fetch(out, key) then return end
  else
    rule = { differs_by = {}, names = {}, is_own = false }
    of_theme[place] = rule
  end
  cache.render(out, function(part)
    cache.read("channels") -- what the request was found to ask for
    local is_whole = render(part, watched(page, rule))
    return is_whole and not rule.is_own and key_of(page, name, rule) or nil
  end)
end

-- What a table among the arguments stands for, as fragments.name() says; nil for any other table.
local names = setmetatable({}, { __mode = "k" })

--- Names a view for the arguments of kept snippets: it is the same wherever it has the same name, until
--- one of `tags` is touched.
---@generic T: table
---@param view T
---@param name string
---@param tags string[]
---@return T view
function fragments.name(view, name, tags)
  names[view] = { name = name, tags = tags }
  return view
end

-- What snippets print of a view that is itself kept: the first argument is the view, up to three plain
-- ones follow. The bytes live as long as the view.
local printed = setmetatable({}, { __mode = "k" })

local NIL <const> = {}
local MOST_PRINTED <const> = 6 -- of one view

--- Says that a view is the same for all pages of a theme in a language and storefront for as long as it
--- exists, so that what is printed of it may stay with it.
---@generic T: table
---@param view T
---@return T view
function fragments.hold(view)
  printed[view] = { count = 0 }
  return view
end

--- Prints a snippet that was rendered before with the same arguments.
---@param out userdata
---@param _ merx.RenderState
---@param name string
---@param view any
---@return boolean
function fragments.reuse(out, _, name, view, a, b, c)
  local found = view ~= nil and printed[view]
  found = found and found[name]
  if not found then return false end
  if a == nil then a = NIL end
  found = found[a]
  if not found then return false end
  if b == nil then b = NIL end
  found = found[b]
  if not found then return false end
  if c == nil then c = NIL end
  found = found[c]
  if not found then return false end
  template.put(out, found)
  return true
end

local function inside(tree, key)
  local found = tree[key]
  if not found then
    found = {}
    tree[key] = found
  end
  return found
end

local function keep_printed(bytes, name, view, a, b, c)
  local store = printed[view]
  if store.count >= MOST_PRINTED then
    store = { count = 0 }
    printed[view] = store
  end
  store.count = store.count + 1
  local tree = inside(inside(inside(store, name), a == nil and NIL or a), b == nil and NIL or b)
  tree[c == nil and NIL or c] = bytes
end

-- Whether what was read is the same for all pages that can have the view.
local function is_fixed(rule)
  for _, global in ipairs(rule.names) do
    if not globals.is_fixed(global) then return false end
  end
  return not rule.is_own
end

-- Renders with other globals behind the arguments. False when something in it failed.
local function render_with(state, out, snippet, scope, own)
  local before = #state.errors
  local inner, vars = template.with_globals(state, scope, own)
  snippet:run(out, inner, vars)
  state.score, state.assigned = inner.score, inner.assigned
  return #state.errors == before
end

local function render_view(state, out, snippet, scope, name, ...)
  local rule = { differs_by = {}, names = {}, is_own = false }
  local part = buf.new()
  local is_whole = render_with(state, part, snippet, scope, watched(state.registers, rule))
  local bytes = part:string()
  out:put(bytes)
  if is_whole and is_fixed(rule) then keep_printed(bytes, name, ...) end
end

-- The arguments of a snippet as text, and the tags that its views hold with; nil when one has no name.
local function describe(scope)
  local parts, tags = {}, {}
  for name, value in next, scope do
    local known = type(value) == "table" and names[value]
    if type(value) == "table" and not known then return nil end
    parts[#parts + 1] = pack("s1s1s4", name, known and "view" or math.type(value) or type(value), known and known.name or tostring(value))
    if known then tags[#tags + 1] = known.tags end
  end
  table.sort(parts)
  return table.concat(parts), tags
end

--- Renders a snippet that theme.json lists under "kept", or takes it from the cache when all of its
--- arguments are plain values or named views.
---@param state merx.RenderState
---@param out userdata
---@param snippet merx.Template
---@param scope table its arguments
---@param ... any the same in their order
function fragments.keep(state, out, snippet, scope, ...)
  local page, view = state.registers, (...)
  local base = snippet.name:match("[^/]*$")
  if view ~= nil and printed[view] and select("#", ...) <= 4 then
    render_view(state, out, snippet, scope, base, ...)
    return
  end
  local arguments, tags = describe(scope)
  if not arguments then
    snippet:run(out, state, scope)
    return
  end
  fragments.print(page, pack("s1", base) .. arguments, base .. "@" .. page.template, out, function(part, own)
    for _, list in ipairs(tags) do
      for _, tag in ipairs(list) do cache.read(tag) end
    end
    return render_with(state, part, snippet, scope, own)
  end)
end

return fragments

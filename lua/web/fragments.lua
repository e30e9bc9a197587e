--- Parts of pages that are printed once and kept until something they were made of is touched. Nobody
--- declares what a part depends on: while it is rendered for the first time, it is noted which globals
--- it reads. One that reads what differs by address or by the count of the cart is kept once for each;
--- one that reads what only its page knows is kept when that is something that has a store (a product),
--- and never otherwise (a form that came back).
---
--- A snippet that theme.json lists as "apart" differs on every page, and is left out of the parts that
--- hold it: they are kept with a gap, which each page fills.
local buf = require("kernel.buf")
local cache = require("kernel.cache")
local crypto = require("kernel.crypto")
local globals = require("web.view.globals")
local stores = require("web.stores")
local template = require("kernel.template")

local fragments = {}

local pack = string.pack -- parts of keys carry their length: no value can look like two

-- What the globals that a part reads differ by, as functions of the page.
local DIFFERENCES <const> = {
  path = function(page) return page.ctx.req.path end,
  menu = function(page) return globals.place_in_menus(page.ctx) end,
  cart = function(page) return page.cart_count() end,
  template = function(page) return page.template end,
}

---@class merx.FragmentShadow a global that some pages bring themselves: their parts differ by what is read of it
---@field name string
---@field fields string[]
---@field is_whole boolean more than fields is read

---@class merx.FragmentRule what one part was seen to read on the pages of one template
---@field differs_by string[] keys of DIFFERENCES
---@field names string[] globals that it reads
---@field shadowed merx.FragmentShadow[] those of them that a page may bring itself
---@field own string[] what it reads of what only its page knows
---@field is_of_address boolean it differs by path
---@field has_gaps boolean
---@field is_whole boolean false: it cannot be kept with its gaps, because the snippet's text is changed

local function new_rule()
  return { differs_by = {}, names = {}, shadowed = {}, own = {}, is_of_address = false, has_gaps = false, is_whole = true }
end

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

-- What a part read of a global that this page brings itself; nil when that is no plain value.
local function key_of_shadow(own, shadow)
  if shadow.is_whole or type(own) ~= "table" then return nil end
  local key = ""
  for _, field in ipairs(shadow.fields) do
    local value = own[field]
    if type(value) == "table" then return nil end
    key = key .. pack("s1s1s4", field, math.type(value) or type(value), tostring(value))
  end
  return key
end

-- The key of a part on this page; nil when the page has to print it itself.
local function key_of(page, name, rule)
  if not rule.is_whole then return nil end
  local shadowed, differs_by = rule.shadowed, rule.differs_by
  local key = base_key(page) .. name
  for i = 1, #shadowed do
    local own = page.own[shadowed[i].name]
    local part = own == nil and "" or key_of_shadow(own, shadowed[i])
    if not part then return nil end
    key = key .. part
  end
  for i = 1, #differs_by do key = key .. pack("s4", DIFFERENCES[differs_by[i]](page)) end
  return key
end

local function add(list, value)
  for _, known in ipairs(list) do
    if known == value then return end
  end
  list[#list + 1] = value
end

local function differ(rule, difference)
  add(rule.differs_by, difference)
  if difference == "path" then rule.is_of_address = true end
end

-- A table that tells which of its fields are read.
local function telling(value, tell)
  return setmetatable({}, {
    __index = function(_, field)
      tell(field)
      return value[field]
    end,
    __record = function()
      tell("") -- all of them
      local of_drop = getmetatable(value) and getmetatable(value).__record
      return of_drop and of_drop(value) or value
    end,
  })
end

-- Notes that a part reads a global of its page alone, or only a field of it that has a store of its own.
local function add_own(rule, name, field)
  local own = rule.own
  for i = #own, 1, -1 do
    if own[i] == name then return end
    if not field and own[i]:sub(1, #name + 1) == name .. "." then table.remove(own, i) end
  end
  add(own, field and name .. "." .. field or name)
end

local function watched_own(page, rule, name)
  local value, parts = page.globals[name], page.parts[name]
  for _, known in ipairs(rule.own) do
    if known == name then return value end -- all of it is read: nothing more to learn
  end
  if parts and type(value) == "table" then
    return telling(value, function(field) add_own(rule, name, parts[field] and field) end)
  end
  add_own(rule, name)
  return value
end

local function shadow_of(rule, name)
  for _, shadow in ipairs(rule.shadowed) do
    if shadow.name == name then return shadow end
  end
  local shadow = { name = name, fields = {}, is_whole = false }
  add(rule.shadowed, shadow)
  return shadow
end

-- Notes what a part reads of a global that pages may bring themselves.
local function watched_shadow(rule, name, value)
  local shadow = shadow_of(rule, name)
  if type(value) ~= "table" then
    shadow.is_whole = true
    return value
  end
  return telling(value, function(field)
    if field == "" then
      shadow.is_whole = true
    else
      add(shadow.fields, field)
    end
  end)
end

-- Globals that tell what is read of them. They are made anew: what an earlier part of the page had made
-- was read for that part, and would not be noted again.
local function watched(page, rule)
  local fresh = globals.of(page)
  return setmetatable({}, { __index = function(self, name)
    if globals.is_own(name) then
      local value = watched_own(page, rule, name)
      rawset(self, name, value)
      return value
    end
    add(rule.names, name)
    if page.own[name] ~= nil then return watched_shadow(rule, name, page.globals[name]) end
    local difference, alike = globals.difference(name), globals.alike(name)
    if globals.may_be_own(name) then
      differ(rule, difference)
      return watched_shadow(rule, name, fresh[name])
    end
    if not alike then
      if difference then differ(rule, difference) end
      return fresh[name]
    end
    return telling(fresh[name], function(field)
      if not alike[field] then differ(rule, difference) end
    end)
  end })
end

-- ------------------------------------------------------------------------------------------ gaps

-- Nothing that anybody can write looks like it.
local GAP <const> = "\0" .. crypto.token() .. ":"

-- In the render that goes on, when there is one. Returns whether nothing failed.
local function run_apart(page, snippet, out, own)
  local state = page.state
  if not state then return false end
  local scope = setmetatable({}, state.scope_meta)
  if own then state, scope = template.with_globals(state, scope, own) end
  return (pcall(snippet.run, snippet, out, state, scope))
end

-- `own` are other globals than those of the page.
local function render_apart(page, name, own)
  cache.read("channels") -- what the request was found to ask for
  local out, snippet = buf.new(), assert(page.theme.env:find("snippet", name))
  if not run_apart(page, snippet, out, own) then snippet:render(out:reset(), page.render_context({}, own)) end -- with care
  local text = out:string()
  out:free()
  return text
end

-- Whether what was read is the same for everybody at an address.
local function is_of_address_alone(rule)
  for _, difference in ipairs(rule.differs_by) do
    if difference ~= "path" and difference ~= "menu" then return false end
  end
  return #rule.own == 0 and #rule.shadowed == 0
end

local function find_apart(page, name, store)
  local key = base_key(page) .. name .. "\0" .. page.ctx.req.path -- a form that came back has another address
  local text = stores.get(store, key, page.ctx.now)
  if text then return text end
  local rule = new_rule()
  local deps, made = cache.note(render_apart, page, name, watched(page, rule))
  if is_of_address_alone(rule) then stores.put(store, key, deps, made) end
  return made
end

-- What a snippet that stands apart prints on this page: the same wherever it stands.
local function text_apart(page, name)
  local text = page.apart[name]
  if text then return text end
  local store = page.address_store
  if store == nil then store = stores.of_addresses end
  text = store and find_apart(page, name, store) or render_apart(page, name)
  page.apart[name] = text
  return text
end

local function put_apart(page, out, name)
  local making = page.making
  if making then
    making.gaps = making.gaps + 1
    out:put(GAP, name, "\0")
  else
    out:put(text_apart(page, name))
  end
end

-- Text and names of snippets by turns; nil when a gap was not printed as it is.
local function split(text, gaps)
  local pieces, at = {}, 1
  for _ = 1, gaps do
    local from, to = text:find(GAP, at, true)
    local stop = from and text:find("\0", to + 1, true)
    if not stop then return nil end
    pieces[#pieces + 1], pieces[#pieces + 2] = text:sub(at, from - 1), text:sub(to + 1, stop - 1)
    at = stop + 1
  end
  pieces[#pieces + 1] = text:sub(at)
  return not pieces[#pieces]:find(GAP, 1, true) and pieces or nil
end

local function put_pieces(page, out, pieces)
  for i = 1, #pieces do
    if i % 2 == 1 then
      out:put(pieces[i])
    else
      put_apart(page, out, pieces[i])
    end
  end
end

-- ---------------------------------------------------------------------------------------- making

-- Renders a part with watched globals into `part`. Returns its key, or nil when it cannot be kept, and
-- its pieces when there are gaps in it.
local function make(page, name, rule, part, render, ...)
  local outer, making = page.making, { gaps = 0 }
  page.making = making
  local ok, is_fine = pcall(render, part, watched(page, rule), ...)
  page.making = outer
  if not ok then error(is_fine, 0) end
  local pieces = making.gaps > 0 and split(part:string(), making.gaps) or nil
  if making.gaps > 0 then
    rule.has_gaps = true
    if not pieces then rule.is_whole = false end
  end
  cache.read("channels") -- what the request was found to ask for
  return is_fine and key_of(page, name, rule) or nil, pieces
end

-- Prints what make() left. A part whose gaps were lost is printed again, for this page alone.
local function put_made(page, out, rule, part, pieces, render, ...)
  if pieces then
    put_pieces(page, out, pieces)
  elseif rule.is_whole then
    template.put(out, part)
  else
    render(out, page.globals, ...)
  end
end

-- Parts that everybody may get, without gaps: in the cache that all workers share.
local function print_shared(page, rule, name, out, render, ...)
  local part, pieces = buf.new(), nil
  cache.render(function(...)
    local key
    key, pieces = make(page, name, rule, part, render, ...)
    if pieces or #rule.own > 0 then key = nil end
    return key, part
  end, ...)
  put_made(page, out, rule, part, pieces, render, ...)
  part:free()
end

-- Keeps what a part printed in `store`, as long as all holds that was read on the way.
local function print_into(store, page, rule, name, key, out, render, ...)
  local part, pieces, after = buf.new(), nil, nil
  local deps = cache.note(function(...)
    after, pieces = make(page, name, rule, part, render, ...)
  end, ...)
  put_made(page, out, rule, part, pieces, render, ...)
  -- What was read for the first time may ask for another key, or another store.
  local same_store, same_key
  if after then same_store, same_key = stores.find(page, rule.own, after, rule.is_of_address) end
  if same_store == store and same_key == key then stores.put(store, key, deps, pieces or part:string()) end
  part:free()
end

local function put_kept(page, out, kept)
  if type(kept) == "string" then
    out:put(kept)
  else
    put_pieces(page, out, kept)
  end
end

--- Prints a part of a page.
---@param page table
---@param rules table<string, merx.FragmentRule> of the part, by template; empty at first
---@param name string all that it depends on besides globals: its place, its arguments
---@param out userdata native.buf
---@param render fun(out: userdata, globals: table, ...): boolean prints it; false: something failed, do not keep it
---@param ... any for `render`
function fragments.print(page, rules, name, out, render, ...)
  local rule = rules[page.template]
  if not rule then
    rule = new_rule()
    rules[page.template] = rule
    print_shared(page, rule, name, out, render, ...)
    return
  end
  local key = key_of(page, name, rule)
  if key and not rule.has_gaps and #rule.own == 0 then
    if not cache.fetch(out, key) then print_shared(page, rule, name, out, render, ...) end
    return
  end
  local store
  if key then store, key = stores.find(page, rule.own, key, rule.is_of_address) end
  if not store then
    render(out, page.globals, ...)
    return
  end
  local kept = stores.get(store, key, page.ctx.now)
  if kept then
    put_kept(page, out, kept)
  else
    print_into(store, page, rule, name, key, out, render, ...)
  end
end

local function inside(tree, key)
  local found = tree[key]
  if not found then
    found = {}
    tree[key] = found
  end
  return found
end

-- ------------------------------------------------------------------------------ snippets and views

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

--- Prints a snippet that was rendered before with the same arguments, or that stands apart.
---@param out userdata
---@param state merx.RenderState
---@param name string
---@param view any
---@return boolean
function fragments.reuse(out, state, name, view, a, b, c)
  if view == nil then
    local page = state.registers
    if not page.theme.apart[name] then return false end
    put_apart(page, out, name)
    return true
  end
  local found = printed[view]
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
  return #rule.own == 0
end

-- Renders with other globals behind the arguments. False when something in it failed.
local function render_with(out, own, state, snippet, scope)
  local before = #state.errors
  local inner, vars = template.with_globals(state, scope, own)
  snippet:run(out, inner, vars)
  state.score, state.assigned = inner.score, inner.assigned
  return #state.errors == before
end

local function render_view(state, out, snippet, scope, name, ...)
  local rule = new_rule()
  local part = buf.new()
  local is_fine = render_with(part, watched(state.registers, rule), state, snippet, scope)
  local bytes = part:string()
  part:free()
  out:put(bytes)
  if is_fine and is_fixed(rule) then keep_printed(bytes, name, ...) end
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

local function render_named(part, own, tags, ...)
  for _, list in ipairs(tags) do
    for _, tag in ipairs(list) do cache.read(tag) end
  end
  return render_with(part, own, ...)
end

local snippet_rules = setmetatable({}, { __mode = "k" }) -- theme -> snippet -> template -> rule

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
  local arguments, tags = nil, nil
  if not page.theme.apart[base] then arguments, tags = describe(scope) end
  if not arguments then
    snippet:run(out, state, scope)
    return
  end
  local rules = inside(inside(snippet_rules, page.theme), base)
  fragments.print(page, rules, pack("s1", base) .. arguments, out, render_named, tags, state, snippet, scope)
end

return fragments

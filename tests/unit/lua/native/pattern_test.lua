-- The sandbox has a pattern matcher of its own; Lua's is what it must agree with.
local native = require("native.plugin")
local test = require("support.test")

local plugin = assert(native.open({
  id = "acme.pattern",
  modules = { m = [[
    local M = {}
    function M.find(s, p, init) return { pcall(string.find, s, p, init) } end
    function M.match(s, p, init) return { pcall(string.match, s, p, init) } end
    function M.gsub(s, p, r, n) return { pcall(string.gsub, s, p, r, n) } end
    function M.gmatch(s, p)
      local out = {}
      local ok, err = pcall(function()
        for a, b in string.gmatch(s, p) do out[#out + 1] = { a, b } end
      end)
      return { ok, ok and out or err }
    end
    return M]] },
}))

local BUDGET <const> = { instructions = 1 << 40, ms = 10000 }

local ours = setmetatable({}, { __index = function(_, name)
  return function(...) return select(2, assert(plugin:call("pure", "m:" .. name, BUDGET, ...))) end
end })

local lua = {
  find = function(s, p, init) return { pcall(string.find, s, p, init) } end,
  match = function(s, p, init) return { pcall(string.match, s, p, init) } end,
  gsub = function(s, p, r, n) return { pcall(string.gsub, s, p, r, n) } end,
  gmatch = function(s, p)
    local out = {}
    local ok, err = pcall(function()
      for a, b in string.gmatch(s, p) do out[#out + 1] = { a, b } end
    end)
    return { ok, ok and out or err }
  end,
}

local MISTAKES <const> = { "malformed pattern", "unfinished capture", "invalid pattern capture", "invalid capture index", "missing '['" }

local function is_mistake(message)
  for _, mistake in ipairs(MISTAKES) do
    if message:find(mistake, 1, true) then return true end
  end
  return false
end

-- Both refuse, or both give the same. Only ours finds every mistake in a pattern before it matches.
local function agree(name, ...)
  local got, expected = ours[name](...), lua[name](...)
  local what = name .. " " .. table.concat({ ... }, " | ")
  if not got[1] and expected[1] and is_mistake(got[2]) then return end
  test.equal(got[1], expected[1], what .. ": " .. tostring(expected[2]))
  if expected[1] then test.equal(got, expected, what) end
end

local subjects = {
  "", "a", "aa", "hello world", "  trim me  ", "key = value", "2024-01-31", "(nested (parens) here)", "[x]]", "a.b.c", "%d+", "THE (quick) fox",
  "x\0y", "é中", "aaab", "abcabc", "a-b_c", "\n\t ", "foo123bar", "'quoted' \"text\"", "^start", "end$",
}

local patterns = {
  "", "a", ".", "a*", "a+", "a-", "a?", "^a", "a$", "^$", "^%s*(.-)%s*$", "%w+", "(%w+)", "(%w+)%s*=%s*(%w+)", "(%d+)-(%d+)-(%d+)", "%b()",
  "%b[]", "%f[%w]%w+",
  "%f[%a]", "%f[\0]", "[abc]", "[^abc]", "[a-c]+", "[%a_][%w_]*", "[%]]", "[]]", "[^]]", "[a%-c]", "[a-]", "[-a]", "()", "a()", "()a()",
  "(a)(b)", "((a)b)", "(a*(.)%w(%s*))",
  "(.)%1", "(['\"])(.-)%1", "%.", "%%", "%d", "%D", "%S+", "%u", "%L", "%p", "%c", "%x+", "%g+", "%A", ".-b", ".*b", "(.-)(.*)", "a?b?c?",
  "[%s%p]+", "x\0y", "\0",
  "^", "$", "^^", "$$", "a^", "^a*$", "(^a)", "(a$)", "%$", "%^", "*", "+a", "?", "-", "a**", "a+*",
  "%", "[", "[a", "[%", "[]", "[^]", "(", ")", "(()", "a)", "%1", "(a)%2", "(a%1)", "%b", "%bx", "%f", "%fa", "%0", "[a-%w]", "[%w-z]",
  "[z-a]", "(a)(", "((((((((((a))))))))))",
}

for _, name in ipairs({ "find", "match", "gmatch" }) do
  test.case("string." .. name .. " agrees with Lua's", function()
    for _, subject in ipairs(subjects) do
      for _, pattern in ipairs(patterns) do agree(name, subject, pattern) end
    end
  end)
end

test.case("string.gsub agrees with Lua's", function()
  local replacements = { "", "x", "<%0>", "%1", "%2", "%%", "%", "%x" }
  for _, subject in ipairs(subjects) do
    for _, pattern in ipairs(patterns) do
      for _, replacement in ipairs(replacements) do agree("gsub", subject, pattern, replacement) end
      agree("gsub", subject, pattern, "x", 1)
      agree("gsub", subject, pattern, "x", 0)
      agree("gsub", subject, pattern, "x", -1)
    end
  end
end)

test.case("a malformed pattern is refused whatever the text", function()
  for _, pattern in ipairs({ "%", "a%", "[", "[a", "[%", "[]", "[^]", "(", "a(", ")", "a)", "(()", "%1", "(a)%2", "(a%1)", "%b", "%bx", "%f", "%fa", "%0" }) do
    test.equal(ours.match("", pattern)[1], false, pattern)
  end
end)

test.case("start positions agree with Lua's", function()
  for init = -8, 8 do
    agree("find", "abcabc", "b", init)
    agree("find", "abcabc", "b.", init)
    agree("find", "abcabc", "", init)
    agree("match", "abcabc", "()c", init)
  end
end)

test.case("gsub with functions and tables", function()
  local ok, result = plugin:call("pure", "m:find", BUDGET, "x", "x")
  test.truthy(ok and result[1])
  local other <close> = assert(native.open({ id = "acme.gsub", modules = { m = [[
    return { f = function()
      return {
        ("abc"):gsub("%w", { a = "1", b = true and "2" }), ("abc"):gsub("%w", function(c) if c ~= "b" then return c:upper() end end),
        ("k=v"):gsub("(%w)=(%w)", function(k, v) return v .. k end), ("abc"):gsub("", "-"), (pcall(string.gsub, "a", "a", function() return {} end)),
        (pcall(string.gsub, "a", "a", true)),
      }
    end }]] } }))
  test.equal(select(2, other:call("pure", "m:f", nil)), { "12c", "AbC", "vk", "-a-b-c-", false, false })
end)

local PIECES <const> = {
  "a", "b", ".", "%w", "%s", "[ab]", "[^a]", "(a)", "(.-)", "()", "*", "+", "-", "?", "$", "^", "%1", "%b()", "%f[a]", "(", ")", " ", "x",
}

test.property("made-up patterns agree with Lua's", function(any)
  local subject = table.concat(any.list(any.one_of({ "a", "b", " ", "(", ")", "x", "ab" }), 0, 12))
  local pattern = table.concat(any.list(any.one_of(PIECES), 0, 6))
  agree("find", subject, pattern)
  agree("match", subject, pattern)
  agree("gmatch", subject, pattern)
  agree("gsub", subject, pattern, "<%0>")
end, 3000)

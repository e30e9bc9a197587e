-- Themes keep their promises: every text in every language and none unused, small files that say what they are, styles
-- without physical directions, ids or force, colours only in tokens.css.
local source = require("source")

local THEME <const> = "themes/default"
local MOST_LINES <const> = 120
local PLURALS <const> = { zero = true, one = true, two = true, few = true, many = true, other = true }

local looked_at = 0

-- --- texts --------------------------------------------------------------------------------------

-- Just enough of JSON for files of texts: objects and strings. Answers key -> true and the plural forms of each.
local function read_texts(path)
  local text, at = source.read(path), 1
  local keys = {}
  local function token(pattern)
    local start, stop, found = text:find("^%s*" .. pattern, at)
    if start then at = stop + 1 end
    return start and (found or true)
  end
  local function value(prefix)
    if token("{") then
      local is_plural = text:find('^%s*"other"%s*:%s*"', at) or text:find('^%s*"one"%s*:%s*"', at)
      repeat
        local name = assert(token('"([^"]*)"'), path .. ": a name is missing near byte " .. at)
        assert(token(":"), path .. ": a colon is missing near byte " .. at)
        if is_plural and PLURALS[name] then
          value(prefix)
        else
          value(prefix == "" and name or prefix .. "." .. name)
        end
      until not token(",")
      assert(token("}"), path .. ": a brace is not closed near byte " .. at)
    else
      local start, stop = text:find('^%s*"', at)
      assert(start, path .. ": a text is missing near byte " .. at)
      at = stop + 1
      while text:sub(at, at) ~= '"' do at = at + (text:sub(at, at) == "\\" and 2 or 1) end
      local _, line = text:sub(1, at):gsub("\n", "")
      keys[prefix] = keys[prefix] or { line = line + 1, places = {} }
      for name in text:sub(stop + 1, at - 1):gmatch("{{%s*([%w_]+)%s*}}") do keys[prefix].places[name] = true end
      at = at + 1
    end
  end
  value("")
  return keys
end

-- Code may put a key together from parts, as in page.text(self, "errors." .. status): then the file must also name what
-- comes after the part that stands there, but for numbers.
local function used_keys()
  local whole, beginnings = {}, {}
  for _, path in ipairs(source.files(THEME .. "/*.liquid", "lua/web/*.lua", "plugins/merx.storefront/*.lua")) do
    local text = source.read(path)
    looked_at = looked_at + 1
    for quoted, rest in text:gmatch("[\"']([%l_]+%.[%w_.]*)[\"'](%s*%.?%.?)") do
      if rest:find("%.%.") then
        beginnings[#beginnings + 1] = { key = quoted, text = text }
      else
        whole[quoted] = whole[quoted] or path
      end
    end
  end
  return whole, beginnings
end

local function is_used(key, whole, beginnings)
  if whole[key] then return true end
  for _, beginning in ipairs(beginnings) do
    if key:sub(1, #beginning.key) == beginning.key then
      local next_part = key:sub(#beginning.key + 1):match("^[^.]*")
      if next_part:find("^%d+$") or beginning.text:find('["\']' .. next_part .. '["\']') then return true end
    end
  end
  return false
end

local function check_texts()
  local files = source.files(THEME .. "/locales/*.json")
  local english = read_texts(THEME .. "/locales/en.json")
  local whole, beginnings = used_keys()
  for key, found in pairs(english) do
    if not is_used(key, whole, beginnings) then
      source.fault(THEME .. "/locales/en.json", found.line, key .. " is used nowhere: take it out")
    end
  end
  for _, path in ipairs(source.files(THEME .. "/*.liquid")) do
    for key in source.read(path):gmatch("'([%l_]+%.[%w_.]+)'%s*|%s*t%f[%W]") do
      if not english[key] then source.fault(path, 1, key .. " is in no locale: add it to " .. THEME .. "/locales") end
    end
  end
  for _, path in ipairs(files) do
    local other = read_texts(path)
    looked_at = looked_at + 1
    for key, found in pairs(english) do
      if not other[key] then
        source.fault(path, 1, key .. " is missing here and stands in en.json")
      else
        for place in pairs(other[key].places) do
          if not found.places[place] then source.fault(path, other[key].line, key .. " prints {{ " .. place .. " }}, en.json does not") end
        end
      end
    end
    for key, found in pairs(other) do
      if not english[key] then source.fault(path, found.line, key .. " is not in en.json") end
    end
  end
end

-- --- templates ----------------------------------------------------------------------------------

local function check_template(path)
  local text = source.read(path)
  if not text:find("^{%%%-? comment %-?%%}\n  %u") then
    source.fault(path, 1, "begins with no comment: say what it shows, its parameters, its slots")
  end
  source.each_line(text, function(line, number)
    if line:find("%f[%w]style=") then source.fault(path, number, "styles inline: the content security policy refuses that") end
    if line:find("%son%l+=") then source.fault(path, number, "handles an event inline: the content security policy refuses that") end
    if line:find("|%s*raw%f[%W]") then source.fault(path, number, "prints unescaped text") end
    if line:find('href="#"') then source.fault(path, number, "a link that leads nowhere: use a button") end
  end)
  for name in text:gmatch("{%%%-?%s*render%s+'([%w-]+)'") do
    local file = io.open(THEME .. "/snippets/" .. name .. ".liquid")
    if file then file:close() else source.fault(path, 1, "renders " .. name .. ", which does not exist") end
  end
end

local function check_unused_snippets()
  local used = {}
  for _, path in ipairs(source.files(THEME .. "/*.liquid")) do
    for name in source.read(path):gmatch("render%s+'([%w-]+)'") do used[name] = true end
  end
  for _, path in ipairs(source.files(THEME .. "/snippets/*.liquid")) do
    if not used[path:match("([%w-]+)%.liquid$")] then source.fault(path, 1, "is rendered nowhere") end
  end
end

-- --- styles -------------------------------------------------------------------------------------

local PHYSICAL <const> = {
  "margin%-left", "margin%-right", "margin%-top", "margin%-bottom", "padding%-left", "padding%-right", "padding%-top", "padding%-bottom",
  "border%-left", "border%-right", "border%-top", "border%-bottom", "%f[%w-]left%s*:", "%f[%w-]right%s*:", "%f[%w-]top%s*:",
  "%f[%w-]bottom%s*:", "%f[%w-]width%s*:", "%f[%w-]height%s*:", "min%-width%s*:%s*[^)]*;", "max%-width%s*:%s*[^)]*;",
  "text%-align%s*:%s*left", "text%-align%s*:%s*right", "float%s*:",
}

local function check_style(path)
  local text = source.read(path):gsub("/%*.-%*/", function(comment) return (comment:gsub("[^\n]", " ")) end)
  local is_tokens = path:find("tokens%.css$") or path:find("print%.css$")
  source.each_line(text, function(line, number)
    local declarations = line:gsub("@media[^{]*", ""):gsub("@supports[^{]*", "")
    for _, pattern in ipairs(PHYSICAL) do
      if declarations:find(pattern) then
        source.fault(path, number, "a physical direction (" .. declarations:match(pattern) .. "): use the logical one")
      end
    end
    if line:find("!important", 1, true) then source.fault(path, number, "forces: use a layer") end
    if line:find("^[^{]*#[%a][%w_-]*[^;]*{") then source.fault(path, number, "selects by id: use a class") end
    if not is_tokens and (declarations:find("oklch%(") or declarations:find(":%s*#%x%x%x") or declarations:find("rgba?%(")) then
      source.fault(path, number, "a raw colour: give it a name in tokens.css")
    end
    for name in declarations:gmatch("transition%s*:%s*([^;]*)") do
      if name ~= "none" then
        local before = text:sub(1, select(2, text:find(line, 1, true)))
        if not before:match("prefers%-reduced%-motion: no%-preference[^@]*$") then
          source.fault(path, number, "moves for everybody: only inside prefers-reduced-motion: no-preference")
        end
      end
    end
  end)
end

-- --- all of it ----------------------------------------------------------------------------------

local function check_length(path)
  local _, lines = source.read(path):gsub("\n", "")
  if lines > MOST_LINES then source.fault(path, MOST_LINES, ("has %d lines, at most %d: split it"):format(lines, MOST_LINES)) end
end

check_texts()
check_unused_snippets()
for _, path in ipairs(source.files(THEME .. "/*.liquid", THEME .. "/*.css", THEME .. "/*.js")) do
  looked_at = looked_at + 1
  check_length(path)
  if path:find("%.liquid$") then check_template(path) end
  if path:find("%.css$") then check_style(path) end
end
source.finish(looked_at)

-- lua/ and plugins/: a room requires only what the tables of docs/architecture.md let it require, and rules take
-- time and chance as arguments.
local source = require("source")

-- Who may require whom, by the first part of a module's name.
local may = {
  cli = { boot = true, cli = true, domain = true, kernel = true, merx = true, native = true, web = true },
  domain = { domain = true, kernel = true },
  kernel = { kernel = true, native = true },
  merx = { boot = true, domain = true, kernel = true, merx = true, native = true, support = true, web = true },
  web = { domain = true, kernel = true, web = true },
}

-- A domain room requires only rooms of a smaller number, or itself.
local height = {
  channel = 1, money = 1,
  activity = 2, audit = 2, catalog = 2, content = 2, customer = 2, draft = 2, inventory = 2, media = 2, search = 2, staff = 2,
  delivery = 3, listings = 3, pricing = 3, promotion = 3, tax = 3,
  payment = 4, quote = 4,
  cart = 5, order = 5,
  checkout = 6, report = 6, transfer = 6,
  fsck = 7,
}

local function check_domain(path, number, module)
  local room = path:match("^lua/domain/([%w_]+)")
  local other = module:match("^domain%.([%w_]+)")
  if not height[room] then
    source.fault(path, number, ("domain room %s is not in docs/architecture.md"):format(room))
  elseif not height[other] then
    source.fault(path, number, ("domain room %s is not in docs/architecture.md"):format(other))
  elseif other ~= room and height[other] >= height[room] then
    source.fault(path, number, ("domain.%s may not use domain.%s: use an event"):format(room, other))
  end
end

local function check_require(path, number, layer, module)
  local other = module:match("^[%w_]+")
  if not may[layer][other] then
    source.fault(path, number, ("lua/%s may not use %s"):format(layer, module))
  elseif layer == "domain" and other == "domain" then
    check_domain(path, number, module)
  end
end

-- Modules that the line requires, also in the form pcall(require, "…").
local function each_module(line, visit)
  for module in line:gmatch("%f[%w_]require%s*[%(,]?%s*[\"']([%w_%.%-]+)[\"']") do
    visit(module)
  end
end

local impure = { "os%.time", "os%.date", "os%.clock", "math%.random", "io%.%a+" }

local function check_pure(path, number, line)
  local code = line:gsub("%-%-.*", "")
  for _, pattern in ipairs(impure) do
    local call = code:match("%f[%w_.]" .. pattern .. "%f[^%w_]")
    if call then
      source.fault(path, number, ("domain may not call %s: take it as an argument"):format(call))
    end
  end
end

local files = source.files("lua/*.lua", "plugins/*.lua")
for _, path in ipairs(files) do
  local layer = path:match("^lua/([%w_]+)/")
  local is_plugin = path:match("^plugins/[^/]+/src/") or path:match("^plugins/[^/]+/lib/")
  source.each_line(source.read(path), function(line, number)
    if not line:match("^%s*%-%-") and (may[layer] or is_plugin) then
      each_module(line, function(module)
        if not is_plugin then
          check_require(path, number, layer, module)
        elseif may[module:match("^[%w_]+")] or module:match("^native%.") then
          source.fault(path, number, ("a plugin may not use %s, only its own modules and its API"):format(module))
        end
      end)
    end
    if layer == "domain" then
      check_pure(path, number, line)
    end
  end)
end
source.finish(#files)

-- The stubs in lua/types/native say what the modules have: no more, no less.
local fs = require("native.fs")
local test = require("support.test")
local thread = require("native.thread")

local FOLDER <const> = thread.share .. "/lua/types/native"

--- Values of each type with methods, made as a test makes them.
local samples = {
  ArchiveWriter = function() return assert(require("native.archive").create(test.folder() .. "/a.merx")) end,
  Buf = function() return require("native.buf").new() end,
  Connection = function() return assert(require("native.db").open({ mode = "memory" })) end,
  CsvReader = function() return assert(require("native.text").csv("a,b")) end,
  PluginState = function() return assert(require("native.plugin").open({ id = "acme.stub" })) end,
  Statement = function() return assert(require("native.db").open({ mode = "memory" })):prepare("SELECT 1") end,
}

-- Names that the stub declares as functions of `owner`.
local function declared(source, owner)
  local names = {}
  for name in source:gmatch("\nfunction " .. owner .. "[.:]([%w_]+)%(") do names[#names + 1] = name end
  for name in source:gmatch("\n" .. owner .. '%["([%w_]+)"%] = function') do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function functions_of(module)
  local names = {}
  for name, value in pairs(module) do
    if type(value) == "function" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

test.case("every native module has a stub with its functions", function()
  local count = 0
  for _, file in ipairs(assert(fs.list(FOLDER))) do
    local room = file:match("^(.*)%.lua$")
    if room ~= "error" then
      local source = assert(fs.read(FOLDER .. "/" .. file))
      local owner = source:match("\nlocal (%l[%w_]*) = {}")
      test.equal(declared(source, owner), functions_of(require("native." .. room)), room)
      count = count + 1
    end
  end
  test.truthy(count >= 19)
end)

test.case("every method in a stub exists", function()
  for _, file in ipairs(assert(fs.list(FOLDER))) do
    local source = assert(fs.read(FOLDER .. "/" .. file))
    for owner in source:gmatch("\nlocal (%u[%w_]*) = {}") do
      local make = samples[owner]
      if make then
        local value = make()
        for _, name in ipairs(declared(source, owner)) do
          test.equal(type(value[name]), "function", owner .. ":" .. name)
        end
      else
        test.equal(owner, "Request", "a sample for " .. owner .. " is missing in this test")
      end
    end
  end
end)

test.case("every binding has a stub", function()
  for _, file in ipairs(assert(fs.list(thread.share .. "/core/script"))) do
    local room = file:match("^bind_(%w+)%.c$")
    if room then test.truthy(fs.exists(FOLDER .. "/" .. room .. ".lua"), room) end
  end
end)

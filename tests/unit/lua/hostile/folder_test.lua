--- A plugin's folder as an attacker lays it out: links that lead out of it, bytecode, things that are no files.
local fs = require("native.fs")
local native = require("native.plugin")
local plugins = require("kernel.plugins")
local test = require("support.test")

local SECRET <const> = "return { f = function() return 'the secret of another plugin' end }"

local function folder_with(commands)
  local folder = test.folder()
  for _, path in ipairs({ "/acme.a", "/acme.a/src", "/acme.b", "/acme.b/src" }) do assert(fs.mkdir(folder .. path)) end
  assert(fs.write(folder .. "/acme.b/src/secret.lua", SECRET))
  assert(fs.write(folder .. "/password", "hunter2 is the password"))
  for _, command in ipairs(commands) do assert(os.execute("cd '" .. folder .. "/acme.a' && " .. command)) end
  return folder
end

local function ask(folder, handler, kind)
  local plugin <close> = assert(native.open({ id = "acme.a", root = folder .. "/acme.a", prelude = {} }))
  return plugin:call(kind or "view", handler, nil)
end

local function is_refused(ok, err, says)
  test.equal(ok, nil)
  test.contains(err.message, says)
  test.truthy(not (err.message .. err.trace):find("hunter2", 1, true), "the file's content is shown")
  test.truthy(not (err.message .. err.trace):find("/merx-test", 1, true), "the place on the disk is shown")
end

local links = {
  ["to a file of the system"] = "ln -s ../../password src/m.lua",
  ["to another plugin's module"] = "ln -s ../../acme.b/src/secret.lua src/m.lua",
  ["of the folder src to another plugin's"] = "rmdir src && ln -s ../acme.b/src src && touch src/m.lua",
  ["of the folder lib to another plugin's"] = "ln -s ../acme.b/src lib && cp lib/secret.lua lib/m.lua",
  ["to a link"] = "ln -s ../password hop && ln -s ../hop src/m.lua",
}

test.group("a link is not followed", function()
  for name, command in pairs(links) do
    test.case(name, function()
      local ok, err = ask(folder_with({ command }), "m:f")
      is_refused(ok, err, "a link that leads out of the plugin")
    end)
  end

  test.case("by require, not even behind pcall", function()
    local folder = folder_with({ "ln -s ../../password src/other.lua" })
    assert(fs.write(folder .. "/acme.a/src/m.lua", "return { f = function() local ok, text = pcall(require, 'other') return text end }"))
    local ok, text = ask(folder, "m:f")
    test.equal(ok, true)
    test.contains(text, "a link that leads out of the plugin")
    test.truthy(not text:find("hunter2", 1, true))
  end)
end)

test.case("a link within the plugin is fine, and so is a folder that is reached by one", function()
  local folder = folder_with({ "ln -s m.lua src/n.lua", "cd .. && mv acme.a real && ln -s real acme.a" })
  assert(fs.write(folder .. "/acme.a/src/m.lua", "return { f = function() return 1 end }"))
  test.equal({ ask(folder, "n:f") }, { true, 1 })
end)

test.case("bytecode is refused, also behind a first line for the shell", function()
  for _, head in ipairs({ "", "#!/usr/bin/lua\n" }) do
    local folder = folder_with({})
    assert(fs.write(folder .. "/acme.a/src/m.lua", head .. string.dump(function() return { f = function() end } end)))
    local ok, err = ask(folder, "m:f")
    is_refused(ok, err, "attempt to load a binary chunk")
  end
end)

test.case("what is no file is no module", function()
  local folder = folder_with({ "mkfifo src/pipe.lua", "mkdir src/folder.lua", "ln -s /dev/zero src/zero.lua" })
  for _, name in ipairs({ "pipe", "folder", "zero" }) do
    local ok, err = ask(folder, name .. ":f")
    test.equal({ ok, err.code }, { nil, "missing" })
  end
end)

test.case("a source that nests without end is a mistake in the source", function()
  local folder = folder_with({})
  for _, source in ipairs({ ("("):rep(100000), ("{"):rep(100000), ("function() return "):rep(100000), ("a."):rep(100000), "local x = " .. ("not "):rep(100000) .. "1",
    ("do "):rep(100000), "return " .. ("-"):rep(100000) .. "1", "local " .. ("a,"):rep(300) .. "a", "goto " .. ("x"):rep(100000) }) do
    assert(fs.write(folder .. "/acme.a/src/m.lua", source))
    local ok, err = ask(folder, "m:f")
    test.equal({ ok, err.code }, { nil, "error" })
    test.truthy(#err.message <= 500)
  end
end)

test.case("a source that is as large as may be is stopped by its memory", function()
  local folder = folder_with({})
  assert(fs.write(folder .. "/acme.a/src/m.lua", ("x=1 "):rep(1 << 20)))
  local ok, err = ask(folder, "m:f")
  test.equal(ok, nil)
  test.truthy(err.code == "memory" or err.code == "error" or err.code == "budget", err.code)
end)

test.case("a body that loops is stopped each time, and named", function()
  local folder = folder_with({})
  assert(fs.write(folder .. "/acme.a/src/m.lua", "while true do end"))
  for _, kind in ipairs({ "pure", "view", "command", "effect" }) do
    local started = os.clock()
    local ok, err = ask(folder, "m:f", kind)
    test.equal({ ok, err.code }, { nil, "budget" })
    test.truthy(os.clock() - started < 20) -- a net: without a stop it never ends
  end
end)

test.group("a folder that was unpacked by hand and leads out of itself is not loaded", function()
  local MANIFEST <const> = '{ "manifest": 1, "id": "acme.a", "version": "1.0.0", "name": "A", "license": "MIT", "engine": ">=0.1 <1", "api": {}, "contributes": {} }'

  local function problem_of(commands)
    local folder = folder_with(commands)
    if not fs.exists(folder .. "/acme.a/plugin.json") then assert(fs.write(folder .. "/acme.a/plugin.json", MANIFEST)) end
    plugins.load({ { id = "acme.a", root = folder .. "/acme.a", bundled = false } })
    return plugins.find("acme.a").problem
  end

  local ways = {
    ["by a template"] = { "mkdir sections && ln -s ../../password sections/x.liquid", "sections/x.liquid" },
    ["by its words"] = { "mkdir locales && ln -s ../../password locales/en.json", "locales/en.json" },
    ["by a folder"] = { "ln -s ../acme.b/src assets", "assets" },
    ["by its manifest"] = { "ln -s ../password plugin.json", "plugin.json" },
    ["by a link to nothing"] = { "ln -s ../nothing x", "x" },
    ["to the folder beside it whose name begins alike"] = { "mkdir ../acme.a2 && touch ../acme.a2/f && ln -s ../acme.a2/f x", "x" },
  }
  for name, way in pairs(ways) do
    test.case(name, function() test.equal(problem_of({ way[1] }), way[2] .. " leads out of its folder: put the file itself there") end)
  end

  test.case("links within it, and files without end, are told apart", function()
    test.equal(problem_of({ "touch one && ln -s one two && cd .. && mv acme.a real && ln -s real acme.a" }), nil)
    test.equal(problem_of({ "mkfifo pipe" }), "pipe is neither a file nor a folder: remove it")
    test.contains(problem_of({ "ln -s . loop" }), "leads out of its folder")
    test.contains(problem_of({ "mkdir a && ln -s ../a a/loop" }), "folders deeper than")
  end)
end)

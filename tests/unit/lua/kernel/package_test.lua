-- Packages: what a folder becomes, and every way to make a bad one. None is taken, and each refusal says why.
local shop = require("support.shop")
shop.open()
shop.plugins()
local fs = require("native.fs")
local lockfile = require("kernel.plugins.lockfile")
local package = require("kernel.plugins.package")
local packages = require("support.packages")
local test = require("support.test")

local function inspect(bytes)
  return package.inspect(packages.write(test.folder(), bytes))
end

local function refused(bytes, why)
  local found, err = inspect(bytes)
  if found then test.fail("it was taken") end
  test.equal(err.code, "package.invalid")
  if not err.message:find(why, 1, true) then test.fail(("%q does not say %q"):format(err.message, why)) end
end

-- A good package with one more file, or with some other first file.
local function with(entry)
  local files = packages.files()
  table.insert(files, entry)
  table.sort(files, function(a, b) return a[1]:gsub("/", "\1") < b[1]:gsub("/", "\1") end)
  return packages.archive(files)
end

local function with_lie(lies)
  local files = packages.files()
  files[3][3] = lies
  return packages.archive(files)
end

local good = packages.archive(packages.files())

test.group("a folder", function()
  test.case("becomes the same bytes whatever its times and modes are", function()
    local one, two, out = test.folder() .. "/a", test.folder() .. "/b", test.folder()
    packages.lay(one, packages.files())
    packages.lay(two, packages.files())
    assert(fs.write(two .. "/src/rules.lua", assert(fs.read(one .. "/src/rules.lua")), 493))
    local first = assert(package.pack(one, out .. "/1.tar"))
    local second = assert(package.pack(two, out .. "/2.tar"))
    test.equal(first.digest, second.digest)
    test.equal({ first.id, first.version, #first.members }, { "acme.less", "1.0.0", 3 })
    test.equal(assert(fs.read(out .. "/1.tar")), good)
  end)

  test.case("leaves out what begins with a dot, and says so", function()
    local folder = test.folder()
    packages.lay(folder, packages.files())
    assert(fs.write(folder .. "/.luarc.json", "{}"))
    local made, left_out = package.pack(folder, test.folder() .. "/a.tar")
    test.equal({ #made.members, left_out }, { 3, { ".luarc.json" } })
  end)

  test.case("with something else in it is refused by name, and leaves no file", function()
    local folder, out = test.folder(), test.folder()
    packages.lay(folder, packages.files())
    assert(fs.write(folder .. "/notes.txt", "x"))
    local made, err = package.pack(folder, out .. "/a.tar")
    test.equal({ made, err.code }, { nil, "package.invalid" })
    test.truthy(err.message:find("notes.txt", 1, true))
    test.equal(fs.list(out), {})
  end)

  test.case("whose inner names no package may have leaves no file", function()
    local folder, out = test.folder(), test.folder()
    packages.lay(folder, packages.files())
    assert(fs.write(folder .. "/src/.hidden.lua", "return 1"))
    local made, err = package.pack(folder, out .. "/a.tar")
    test.equal(made, nil)
    test.truthy(err.message:find("begin with a dot", 1, true), err.message)
    test.equal(fs.list(out), {})
  end)
end)

test.case("a good package is taken", function()
  local found = assert(inspect(good))
  test.equal({ found.id, found.version, #found.members, found.size }, { "acme.less", "1.0.0", 3, #good })
end)

--- What is wrong, the bytes, and what the refusal says.
local ATTACKS <const> = {
  { "it is empty", "", "cut off" },
  { "it is not an archive", ("x"):rep(2048), "no ustar archive" },
  { "it is cut off in a file", good:sub(1, -1537), "cut off" },
  { "it is cut off in its end", good:sub(1, -2), "cut off" },
  { "something stands behind its end", good .. ("\0"):rep(512), "end of the archive" },
  { "a payload stands behind its end", good .. "#!/bin/sh", "end of the archive" },
  { "a byte of a header changed", good:sub(1, 60) .. "x" .. good:sub(62), "damaged" },
  { "the padding of a file holds something", good:sub(1, 1000) .. "x" .. good:sub(1002), "damaged right behind" },
  { "a name leaves the folder", with({ "src/../../../etc/cron.d/x", "x" }), "unsafe name" },
  { "a name is absolute", with({ "/etc/passwd", "x" }), "unsafe name" },
  { "a name has a dot part", with({ "src/./x.lua", "return 1" }), "unsafe name" },
  { "a name has an empty part", with({ "src//x.lua", "return 1" }), "unsafe name" },
  { "a name has a backslash", with({ "src\\x.lua", "return 1" }), "unsafe name" },
  { "a name has a control character", with({ "src/a\027[2J.lua", "return 1" }), "unsafe name" },
  { "the prefix leaves the folder", with({ "x", "x", { prefix = "../.." } }), "unsafe name" },
  { "a name has something behind its NUL", with({ "src/a.lua\0.png", "return 1" }), "its name is not written" },
  { "a symbolic link", with({ "src/a", "", { type = "2", link = "/etc/passwd" } }), "a link" },
  { "a hard link", with({ "src/a", "", { type = "1", link = "plugin.json" } }), "a link" },
  { "a character device", with({ "src/a", "", { type = "3" } }), "a device" },
  { "a block device", with({ "src/a", "", { type = "4" } }), "a device" },
  { "a pipe", with({ "src/a", "", { type = "6" } }), "a device" },
  { "a folder entry", with({ "src/a/", "", { type = "5" } }), "a folder of its own" },
  { "a pax header", with({ "a", "20 path=../../evil\n", { type = "x" } }), "extension of tar" },
  { "a global pax header", with({ "a", "20 path=../../evil\n", { type = "g" } }), "extension of tar" },
  { "a GNU long name", with({ "a", ("x"):rep(300), { type = "L" } }), "extension of tar" },
  { "a GNU long link", with({ "a", ("x"):rep(300), { type = "K" } }), "extension of tar" },
  { "a sparse file", with({ "src/a", "", { type = "S" } }), "extension of tar" },
  { "an old contiguous file", with({ "src/a", "", { type = "7" } }), "neither file nor folder" },
  { "a file that runs as its owner", with_lie({ mode = "0004755\0" }), "mode is not 0644" },
  { "a file that everybody may write", with_lie({ mode = "0000666\0" }), "mode is not 0644" },
  { "a file of somebody", with_lie({ uid = "0001750\0" }), "has an owner" },
  { "a file of a named owner", with_lie({ owner = "root" }), "something in it" },
  { "a file with a time", with_lie({ mtime = "14716567000\0" }), "has a time" },
  { "a file of another tar", with_lie({ magic = "ustar  \0" }), "something in it" },
  { "a file as the first tar wrote it", with_lie({ magic = ("\0"):rep(8) }), "no ustar archive" },
  { "a wrong checksum", with_lie({ sum = "000001\0 " }), "damaged" },
  { "a size in binary", with_lie({ size = "\128" .. ("\0"):rep(10) .. "\10" }), "size is not written" },
  { "a size without end", with_lie({ size = "\255" .. ("\255"):rep(11) }), "damaged" },
  { "a file that says it is huge", with_lie({ size = "77777777777\0" }), "larger than 8388608" },
  { "too large a file", with({ "assets/a.bin", ("x"):rep(8 * 1024 * 1024 + 1) }), "larger than 8388608" },
  { "one name twice", with({ "plugin.json", packages.manifest({ id = "evil.twin" }) }), "twice" },
  { "one name in two cases", with({ "PLUGIN.JSON", "{}" }), "twice" },
  { "one folder in two cases", with({ "Src/x.lua", "return 1" }), "folders of a package" },
  { "inner folders in two cases", packages.archive({
    { "plugin.json", packages.manifest() }, { "src/A/x.lua", "return 1" }, { "src/a/y.lua", "return 1" } }), "same name" },
  { "names that differ in an accent", packages.archive({
    { "plugin.json", packages.manifest() }, { "src/e.lua", "return 1" }, { "src/é.lua", "return 1" } }), "same name" },
  { "a name in two pieces of Unicode", with({ "src/e\u{301}.lua", "return 1" }), "two spellings" },
  { "a name that is not UTF-8", with({ "src/\xff.lua", "return 1" }), "not UTF-8" },
  { "a file that is a folder, too", packages.archive({
    { "plugin.json", packages.manifest() }, { "src/a", "x" }, { "src/a/b", "x" } }), "same name" },
  { "a hidden file", with({ "src/.bashrc", "x" }), "begin with a dot" },
  { "a name that some systems cut", with({ "src/a.lua.", "x" }), "end with a dot" },
  { "a second stream of a file", with({ "src/a.lua:x", "x" }), "may not hold" },
  { "a folder that no plugin has", with({ "bin/run", "x" }), "folders of a package" },
  { "a file at the top that no plugin has", with({ "setup.sh", "x" }), "at the top" },
  { "folders without end", with({ "src/" .. ("a/"):rep(8) .. "b.lua", "x" }), "folders deep" },
  { "files in another order", packages.archive({ packages.files()[2], packages.files()[1], packages.files()[3] }), "wrong place" },
  { "no manifest", packages.archive({ { "src/a.lua", "return 1" } }), "no plugin.json" },
  { "a manifest that is no JSON", packages.archive({ { "plugin.json", "{" } }), "not JSON" },
  { "a manifest with an unknown key", packages.archive({ { "plugin.json", packages.manifest({ hooks = {} }) } }), "plugin.json" },
  { "an engine of the future", packages.archive({ { "plugin.json", packages.manifest({ engine = ">=99" }) } }), "engine >=99" },
  { "an id that leaves the folder", packages.archive({ { "plugin.json", packages.manifest({ id = "../acme" }) } }), "plugin.json" },
  { "a version that leaves the folder", packages.archive({ { "plugin.json", packages.manifest({ version = "../../1" }) } }), "plugin.json" },
}

test.group("a package is refused:", function()
  for _, attack in ipairs(ATTACKS) do
    test.case(attack[1], function() refused(attack[2], attack[3]) end)
  end

  test.case("more files than a plugin has", function()
    local files = packages.files()
    for i = 1, package.LIMITS.files do files[#files + 1] = { ("tests/%05d"):format(i), "" } end
    refused(packages.archive(files), "more than 2000 files")
  end)

  test.case("a folder in its place", function()
    local found, err = package.inspect(test.folder())
    test.equal(found, nil)
    test.truthy(err.message:find("is no file", 1, true))
  end)

  test.case("there is none", function()
    local _, err = package.inspect(test.folder() .. "/none.tar")
    test.equal(err.code, "package.missing")
  end)
end)

test.case("no byte of a package can change without its digest", function()
  local digest = assert(inspect(good)).digest
  for at = 1, #good, 37 do
    local found = inspect(good:sub(1, at - 1) .. string.char(good:byte(at) ~ 1) .. good:sub(at + 1))
    if found and found.digest == digest then test.fail("byte " .. at) end
  end
end)

test.group("source", function()
  local function problem(name, bytes)
    local folder = test.folder()
    packages.lay(folder, { { name, bytes } })
    local ok, err = package.check_source(folder, { { name = name } })
    return ok or err.message
  end

  test.case("that is bytecode is refused", function()
    test.truthy(problem("src/a.lua", string.dump(load("return 1"))):find("bytecode", 1, true))
  end)

  test.case("that is no Lua is refused, with its line", function()
    test.truthy(problem("src/a.lua", "return {\n  = }"):find("src/a.lua:2", 1, true))
  end)

  test.case("is not run", function()
    test.equal(problem("src/a.lua", "error('it ran')"), true)
  end)
end)

test.group("what was granted", function()
  test.case("is told from what is asked for", function()
    local granted = { http = { { host = "a.example", methods = { "POST", "GET" } } }, mail = true, storage = 10 }
    test.equal(lockfile.growth(granted, { http = { { host = "a.example", methods = { "GET", "POST" } } }, storage = 10 }), {})
    test.equal(lockfile.growth(granted, { http = { { host = "b.example" } }, mail = true, secrets = true, storage = 11 }),
      { "send requests to b.example", "keep secrets", "keep 11 bytes of files of its own" })
  end)

  test.case("to one host is not granted without encryption, nor with other methods", function()
    local granted = { http = { { host = "a.example", methods = { "GET" } } } }
    test.equal(#lockfile.growth(granted, { http = { { host = "a.example", methods = { "GET" }, plain = true } } }), 1)
    test.equal(#lockfile.growth(granted, { http = { { host = "a.example" } } }), 1)
    test.equal(#lockfile.growth(granted, { http = { { setting = "a.example", methods = { "GET" } } } }), 1)
  end)

  test.case("holds nothing that a later engine invents", function()
    test.equal(lockfile.growth({}, { telepathy = true }), { "use telepathy" })
  end)

  test.case("names every capability that a manifest may ask for", function()
    local manifest = require("kernel.plugins.manifest")
    for name in pairs(manifest.shape().fields.capabilities.fields) do
      test.truthy(lockfile.is_known(name), name)
    end
  end)
end)

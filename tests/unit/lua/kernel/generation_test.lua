-- Installing, upgrading, going back: what is taken, what is refused, and what stays when it stops half-way.
local shop = require("support.shop")
shop.open()
shop.plugins()
require("domain.audit")
local clock = require("native.clock")
local command = require("kernel.command")
local db = require("kernel.db")
local failure = require("kernel.failure")
local fs = require("native.fs")
local generation = require("kernel.plugins.generation")
local installer = require("kernel.plugins.installer")
local packages = require("support.packages")
local plugins = require("kernel.plugins")
local staging = require("kernel.plugins.staging")
local test = require("support.test")
local thread = require("native.thread")

local LATER <const> = 4000000000000 -- when all that lies on the disk is old

local keys = packages.keys()

local function trust(publisher, given, also)
  return command.run("publisher.trust", {
    publisher = publisher, key_id = given.id, public_key = given.public:match("([^\n]+)\n$"), also = also,
  })
end

-- An empty shop that trusts one key for acme.
local function open()
  shop.open() -- before anything that lies on the disk: nothing of it looks abandoned
  thread.data = test.folder()
  assert(trust("acme", keys))
end

local function pack(changes, signer)
  local path = packages.write(test.folder(), packages.archive(packages.files(changes)))
  if signer ~= false then packages.sign(path, signer or keys) end
  return path
end

local function carry(plan, err)
  if not plan then return nil, err end
  return installer.carry_out(plan, "cli")
end

local function install(path, options)
  return carry(installer.plan_package(path, options or {}))
end

local function upgrade(path, options)
  options = options or {}
  options.upgrade = true
  return install(path, options)
end

local function refused(result, err, why)
  if result then test.fail("it was taken") end
  test.truthy(failure.is_error(err))
  if not err.message:find(why, 1, true) then test.fail(("%q does not say %q"):format(err.message, why)) end
end

local function rollback(to)
  return command.run("generation.rollback", { seen = generation.seen(), to = to })
end

local function versions()
  local out = {}
  local now = generation.current()
  for _, entry in ipairs(now and now.plugins or {}) do out[#out + 1] = entry.id .. " " .. entry.version end
  return out
end

local function strays()
  local folder = thread.data .. "/plugins/.staging"
  return fs.exists(folder) and fs.list(folder) or {}
end

test.group("a shop as it was delivered", function()
  test.case("has no generation, and nothing to go back to", function()
    open()
    test.equal(generation.current(), nil)
    refused(select(1, rollback()), select(2, rollback()), "nothing to go back to")
  end)

  test.case("can be gone back to", function()
    open()
    assert(install(pack()))
    local done = assert(rollback())
    test.equal({ versions(), done.generation }, { {}, 1 })
  end)
end)

test.group("installing", function()
  test.case("puts the files in their place, and the plugin in force", function()
    open()
    local done = assert(install(pack()))
    local now = generation.current()
    test.equal({ now.id, #now.plugins, strays() }, { done.generation, 1, {} })
    local entry = now.plugins[1]
    test.equal({ entry.id, entry.version, entry.unsigned, entry.key }, { "acme.less", "1.0.0", false, keys.id })
    test.equal(entry.root, ("%s/plugins/acme.less/1.0.0-%s"):format(thread.data, entry.digest:sub(1, 12)))
    test.truthy(fs.exists(entry.root .. "/src/rules.lua"))
  end)

  test.case("is what a thread loads", function()
    open()
    assert(install(pack()))
    plugins.load(generation.sources)
    local found = plugins.find("acme.less")
    test.equal({ found.enabled, found.problem, found.root }, { true, nil, generation.find("acme.less").root })
  end)

  test.case("is written in the journal", function()
    open()
    assert(install(pack()))
    local rows = db.many("audit_of_entity", { entity = "plugin", entity_id = "acme.less", before = 1000, limit = 10 })
    test.equal({ #rows, rows[1].action }, { 1, "plugin.install" })
  end)

  test.case("a second time is a conflict", function()
    open()
    assert(install(pack()))
    local plan, err = installer.plan_package(pack(), {})
    test.equal({ plan, err.code, strays() }, { nil, "plugin.conflict", {} })
  end)

  test.case("while somebody else changed the plugins is a conflict, and changes nothing", function()
    open()
    local plan = assert(installer.plan_package(pack(), {}))
    assert(install(pack({ id = "acme.other" })))
    local done, err = installer.carry_out(plan, "cli")
    test.equal({ done, err.code, versions() }, { nil, "generation.conflict", { "acme.other 1.0.0" } })
  end)

  test.case("tries every handler before", function()
    open()
    local files = packages.files()
    files[3][2] = "return { other = function() end }"
    local path = packages.write(test.folder(), packages.archive(files))
    packages.sign(path, keys)
    local plan = assert(installer.plan_package(path, {}))
    local tried, err = installer.rehearse(plan)
    refused(tried, err, "rules:price does not load")
    installer.drop(plan)
    test.equal(strays(), {})
  end)

  test.case("tries every migration before", function()
    open()
    local changes = { capabilities = { tables = true } }
    local files = packages.files(changes)
    table.insert(files, 2, { "migrations/0001_begin.sql", "CREATE TABLE orders (id INTEGER PRIMARY KEY) STRICT;" })
    local path = packages.write(test.folder(), packages.archive(files))
    packages.sign(path, keys)
    local plan = assert(installer.plan_package(path, { grant = true }))
    local tried, err = installer.rehearse(plan)
    refused(tried, err, "its migrations fail")
    installer.drop(plan)
  end)

  test.case("needs what the plugin needs", function()
    open()
    local plan, err = installer.plan_package(pack({ requires = { ["acme.base"] = ">=1.0.0" } }), {})
    refused(plan, err, "acme.base")
    test.equal(strays(), {})
  end)
end)

--- Packages that are well made and still must not be taken.
test.group("a package is refused:", function()
  local function attack(name, why, body)
    test.case(name, function()
      open()
      local result, err = body()
      refused(result, err, why)
      test.equal(strays(), {})
    end)
  end

  attack("nobody signed it", "is not signed", function() return install(pack(nil, false)) end)
  attack("its key is not trusted", "not trusted for acme", function() return install(pack(nil, packages.keys())) end)
  attack("its key is not trusted, unsigned or not", "not trusted for acme", function()
    return install(pack(nil, packages.keys()), { unsigned = true })
  end)
  attack("its key is another publisher's", "not trusted for acme", function()
    local other = packages.keys()
    assert(trust("rival", other))
    return install(pack(nil, other))
  end)
  attack("it was altered after signing", "does not fit", function()
    local path = pack()
    local bytes = assert(fs.read(path)):gsub("config%.off", "config.on ")
    assert(fs.write(path, bytes))
    return install(path)
  end)
  attack("it was altered, unsigned or not", "does not fit", function()
    local path = pack()
    assert(fs.write(path, (assert(fs.read(path)):gsub("config%.off", "config.on "))))
    return install(path, { unsigned = true })
  end)
  attack("its trusted comment was altered", "trusted comment", function()
    local path = pack()
    assert(fs.write(path .. ".minisig", (assert(fs.read(path .. ".minisig")):gsub("a package", "b package"))))
    return install(path)
  end)
  attack("its signature belongs to another package", "does not fit", function()
    local path, other = pack(), pack({ id = "acme.other" })
    assert(fs.write(path .. ".minisig", assert(fs.read(other .. ".minisig"))))
    return install(path)
  end)
  attack("its signature is no signature", "no signature", function()
    local path = pack()
    assert(fs.write(path .. ".minisig", "trust me"))
    return install(path)
  end)
  attack("somebody made a key with the trusted id", "does not fit", function()
    local fake, text = packages.keys(), require("native.text")
    local path = pack(nil, fake)
    local lines = {}
    for line in assert(fs.read(path .. ".minisig")):gmatch("[^\n]+") do lines[#lines + 1] = line end
    local bytes = assert(text.unbase64(lines[2]))
    local public = assert(text.unbase64(keys.public:match("([^\n]+)\n$")))
    lines[2] = text.base64(bytes:sub(1, 2) .. public:sub(3, 10) .. bytes:sub(11))
    assert(fs.write(path .. ".minisig", table.concat(lines, "\n") .. "\n"))
    return install(path)
  end)
  attack("its key is trusted no more", "not trusted for acme", function()
    assert(command.run("publisher.distrust", { publisher = "acme", key_id = keys.id }))
    return install(pack())
  end)
  attack("it calls itself a part of Merx", "come with the program", function()
    return install(pack({ id = "merx.cod" }, false), { unsigned = true })
  end)
  attack("it uses the name of Merx", "come with the program", function()
    return install(pack({ id = "merx.extra" }, false), { unsigned = true })
  end)
  attack("it asks for more than was agreed to", "to send requests to evil.example", function()
    return install(pack({ capabilities = { http = { { host = "evil.example" } } } }))
  end)
  attack("its upgrade asks for more than was granted", "to send mail", function()
    assert(install(pack()))
    return upgrade(pack({ version = "1.1.0", capabilities = { mail = true } }))
  end)
  attack("its upgrade drops the encryption", "without encryption", function()
    assert(install(pack({ capabilities = { http = { { host = "a.example" } } } }), { grant = true }))
    return upgrade(pack({ version = "1.1.0", capabilities = { http = { { host = "a.example", plain = true } } } }))
  end)
  attack("its upgrade is older", "is older than", function()
    assert(install(pack({ version = "1.2.0" })))
    return upgrade(pack({ version = "1.1.9" }))
  end)
  attack("its upgrade is the same version with another content", "another content", function()
    assert(install(pack()))
    return upgrade(pack({ name = "Otherwise" }))
  end)
  attack("a version comes back with another content", "a version never changes", function()
    assert(install(pack()))
    assert(carry(installer.plan_removal("acme.less")))
    return install(pack({ name = "Otherwise" }))
  end)
  attack("its upgrade is signed no more", "is signed, this package is not", function()
    assert(install(pack()))
    return upgrade(pack({ version = "1.1.0" }, false), { unsigned = true })
  end)
  attack("its upgrade is signed by a new key", "not trusted for acme", function()
    assert(install(pack()))
    return upgrade(pack({ version = "1.1.0" }, packages.keys()))
  end)
  attack("it holds bytecode", "bytecode", function()
    local files = packages.files()
    files[3][2] = string.dump(load("return {}"))
    local path = packages.write(test.folder(), packages.archive(files))
    packages.sign(path, keys)
    return install(path)
  end)
  attack("an upgrade of what is not installed", "is not installed", function() return upgrade(pack()) end)
end)

test.case("a refused package is in the journal", function()
  open()
  install(pack(nil, packages.keys()))
  local rows = db.many("audit_of_entity", { entity = "plugin", entity_id = "acme.less", before = 1000, limit = 1 })
  test.equal({ rows[1].action, rows[1].actor }, { "plugin.refused", "cli" })
  test.truthy(rows[1].payload:find("not trusted", 1, true))
  install(packages.write(test.folder(), "no archive"))
  rows = db.many("audit_of_entity", { entity = "plugin", entity_id = "unknown", before = 1000, limit = 1 })
  test.truthy(rows[1].payload:find("cut off", 1, true))
end)

test.group("the writer itself refuses", function()
  local function switch(entry)
    entry.version, entry.digest, entry.granted = "1.0.0", ("a"):rep(64), {}
    return command.run("generation.switch", { action = "install", seen = generation.seen(), plugins = { entry } })
  end

  test.case("a plugin that nobody signed and nobody called unsigned", function()
    open()
    local done, err = switch({ id = "acme.less" })
    refused(done, err, "neither signed")
  end)

  test.case("a plugin under a key that is not trusted for it", function()
    open()
    local done, err = switch({ id = "rival.less", key = keys.id })
    refused(done, err, "is not trusted for rival.less")
  end)
end)

test.group("a publisher", function()
  test.case("gets a second key only on purpose", function()
    open()
    local done, err = trust("acme", packages.keys())
    refused(done, err, "--also")
    assert(trust("acme", packages.keys(), true))
    test.equal(#generation.keys_of("acme"), 2)
  end)

  test.case("never gets another key of the same id", function()
    open()
    local other = packages.keys()
    other.id = keys.id
    local done, err = trust("acme", other, true)
    refused(done, err, "to be mistaken")
  end)
end)

test.group("what is unsigned", function()
  test.case("is taken by an explicit word, and stays unsigned for ever", function()
    open()
    assert(install(pack(nil, false), { unsigned = true }))
    assert(upgrade(pack({ version = "1.1.0" }, false), { unsigned = true }))
    assert(carry(installer.plan_state("acme.less", false, {})))
    test.equal({ generation.find("acme.less").unsigned, generation.find("acme.less").key }, { true, nil })
  end)

  test.case("and was unpacked by hand is enabled by an explicit word", function()
    open()
    assert(install(pack({ id = "acme.other" })))
    packages.lay(thread.data .. "/plugins/acme.less", packages.files())
    local plan, err = installer.plan_state("acme.less", true, {})
    refused(plan, err, "nobody vouches")
    assert(carry(installer.plan_state("acme.less", true, { unsigned = true })))
    local entry = generation.find("acme.less")
    test.equal({ entry.unsigned, entry.digest, entry.root }, { true, "", thread.data .. "/plugins/acme.less" })
  end)
end)

test.group("what was unpacked by hand before the first generation", function()
  test.case("is in force, stays so, and is there again when one goes back", function()
    open()
    packages.lay(thread.data .. "/plugins/acme.less", packages.files())
    local function state()
      plugins.load(generation.sources)
      return plugins.find("acme.less") and plugins.find("acme.less").enabled
    end
    test.equal(state(), true)
    assert(install(pack({ id = "acme.other" })))
    test.equal({ versions(), state() }, { { "acme.less 1.0.0", "acme.other 1.0.0" }, true })
    assert(rollback())
    test.equal({ versions(), state(), generation.find("acme.less").unsigned }, { { "acme.less 1.0.0" }, true, true })
  end)

  test.case("and cannot be read is named as before, and hinders nothing", function()
    open()
    assert(fs.mkdir(thread.data .. "/plugins/acme.deep/acme.deep"))
    plugins.load(generation.sources)
    test.truthy(plugins.find("acme.deep").problem:find("no plugin.json", 1, true))
    assert(install(pack()))
    test.equal(versions(), { "acme.less 1.0.0" })
  end)
end)

test.group("an upgrade", function()
  test.case("grants what was agreed to, and keeps it with the generation", function()
    open()
    assert(install(pack()))
    assert(upgrade(pack({ version = "1.1.0", capabilities = { mail = true } }), { grant = true }))
    test.equal(generation.find("acme.less").granted.mail, true)
    assert(rollback())
    test.equal({ generation.find("acme.less").granted.mail, versions() }, { nil, { "acme.less 1.0.0" } })
  end)

  test.case("that asks for less needs no word", function()
    open()
    assert(install(pack({ capabilities = { mail = true } }), { grant = true }))
    assert(upgrade(pack({ version = "1.1.0" })))
    test.equal(generation.find("acme.less").granted.mail, nil)
  end)

  test.case("of a plugin that is off leaves it off", function()
    open()
    assert(install(pack()))
    assert(carry(installer.plan_state("acme.less", false, {})))
    assert(upgrade(pack({ version = "1.1.0" })))
    test.equal(generation.find("acme.less").enabled, false)
  end)
end)

test.group("disabling", function()
  test.case("of a bundled plugin is a row, enabling takes it away", function()
    open()
    assert(carry(installer.plan_state("merx.cod", false, {})))
    plugins.load(generation.sources)
    test.equal(plugins.find("merx.cod").enabled, false)
    assert(carry(installer.plan_state("merx.cod", true, {})))
    test.equal(generation.current().plugins, {})
  end)

  test.case("of what another plugin needs is refused by name", function()
    open()
    assert(install(pack({ id = "acme.base" })))
    assert(install(pack({ requires = { ["acme.base"] = ">=1.0.0" } })))
    local plan, err = installer.plan_state("acme.base", false, {})
    refused(plan, err, "then acme.less could not be had any more")
    plan, err = installer.plan_removal("acme.base")
    refused(plan, err, "then acme.less could not be had any more")
  end)
end)

test.group("going back", function()
  test.case("goes one step each time", function()
    open()
    for i = 0, 2 do
      assert((i == 0 and install or upgrade)(pack({ version = ("1.%d.0"):format(i) })))
    end
    assert(rollback())
    test.equal(versions(), { "acme.less 1.1.0" })
    assert(rollback())
    test.equal(versions(), { "acme.less 1.0.0" })
    assert(rollback())
    test.equal(versions(), {})
  end)

  test.case("reaches five generations, and their files stay", function()
    open()
    for i = 0, 7 do
      assert((i == 0 and install or upgrade)(pack({ version = ("1.%d.0"):format(i) })))
    end
    test.equal(#generation.recent(), 5)
    clock.set_fake(LATER)
    staging.sweep()
    local kept = #assert(fs.list(thread.data .. "/plugins/acme.less"))
    test.equal(kept, 5)
    local done, err = rollback(1)
    refused(done, err, "there is no generation 1")
    for _, row in ipairs(generation.recent()) do
      test.truthy(fs.exists(row.plugins[1].root .. "/plugin.json"))
    end
  end)

  test.case("from an old state of affairs is a conflict", function()
    open()
    assert(install(pack()))
    local done, err = command.run("generation.rollback", { seen = generation.seen() - 1 })
    test.equal({ done, err.code }, { nil, "generation.conflict" })
  end)
end)

test.group("forgetting a plugin", function()
  local function exec(sql)
    assert(require("native.db").main():exec(sql))
  end

  local function count(name)
    return #db.many("plugin_tables", { from = name, to = name .. "~" })
  end

  test.case("takes its tables, settings and versions, and nobody else's", function()
    open()
    assert(install(pack()))
    exec("CREATE TABLE p_acme_less_notes (id INTEGER PRIMARY KEY) STRICT")
    exec("CREATE TABLE p_acme_less_zwords (note_id INTEGER REFERENCES p_acme_less_notes (id)) STRICT")
    exec("INSERT INTO p_acme_less_notes (id) VALUES (1)")
    exec("INSERT INTO p_acme_less_zwords (note_id) VALUES (1)")
    exec("CREATE TABLE P_ACME_less_Loud (id INTEGER PRIMARY KEY) STRICT")
    exec("CREATE TABLE p_acme_lessons_notes (id INTEGER PRIMARY KEY) STRICT")
    assert(install(pack({ id = "acme.less-is" }))) -- nobody takes its tables for those of acme.less
    exec("CREATE TABLE p_acme_2_less_is_more (id INTEGER PRIMARY KEY) STRICT")
    for _, key in ipairs({ "plugin.acme.less/less.off", "plugin.acme.less.token", "plugin.acme.lessons/a.b" }) do
      assert(db.run("settings_set", { key = key, value = "1", at = 1 }))
    end
    local done, err = command.run("generation.forget", { id = "acme.less" })
    refused(done, err, "is installed")
    assert(carry(installer.plan_removal("acme.less")))
    local gone = assert(command.run("generation.forget", { id = "acme.less" }))
    test.equal({ gone.tables, gone.settings, count("p_acme_less_"), count("p_acme_lessons_"), count("p_acme_2_less_is_") }, { 3, 2, 0, 1, 1 })
    assert(install(pack({ name = "Otherwise" }))) -- the version is free again
  end)

  test.case("that comes with Merx is refused", function()
    open()
    local done, err = command.run("generation.forget", { id = "merx.cod" })
    refused(done, err, "is installed")
  end)
end)

test.group("the secrets of a plugin", function()
  local function set(key, value)
    assert(db.run("settings_set", { key = key, value = require("native.json").encode(value), at = 1 }))
  end

  local function keys_there()
    local names = {}
    for _, row in ipairs(db.many("settings_all")) do
      if row.key:find("^plugin%.") then names[#names + 1] = row.key end
    end
    table.sort(names)
    return names
  end

  local function fill()
    open()
    assert(install(pack()))
    for _, id in ipairs({ "acme.less", "acme.lessons", "acme.less-is" }) do
      set(("plugin.%s.key"):format(id), require("kernel.plugins.secrets").seal("plugin." .. id .. ".key", "open sesame"))
      set(("plugin.%s/less.key"):format(id), "sealed:x")
      set(("plugin.%s/less.off"):format(id), "5")
    end
    return keys_there()
  end

  test.case("are wiped with it, its other settings and everybody else's stay", function()
    test.equal(#fill(), 9)
    local done = assert(carry(installer.plan_removal("acme.less")))
    test.equal(done.wiped, 2)
    test.equal(keys_there(), { "plugin.acme.less-is.key", "plugin.acme.less-is/less.key", "plugin.acme.less-is/less.off", "plugin.acme.less/less.off",
      "plugin.acme.lessons.key", "plugin.acme.lessons/less.key", "plugin.acme.lessons/less.off" })
    assert(rollback())
    test.equal(#keys_there(), 7)
  end)

  test.case("stay while it is switched off, upgraded or taken back", function()
    local before = fill()
    assert(carry(installer.plan_state("acme.less", false, {})))
    assert(carry(installer.plan_state("acme.less", true, {})))
    assert(upgrade(pack({ version = "1.1.0" })))
    assert(rollback(1))
    test.equal(keys_there(), before)
  end)
end)

test.group("what was left by an attempt that stopped", function()
  test.case("aside is swept", function()
    open()
    local plan = assert(installer.plan_package(pack(), {}))
    staging.sweep()
    test.equal({ #strays(), plan.id }, { 1, "acme.less" })
    clock.set_fake(LATER)
    staging.sweep()
    test.equal(strays(), {})
  end)

  test.case("before anything was in its place is no plugin", function()
    open()
    assert(fs.mkdir(thread.data .. "/plugins/acme.less"))
    plugins.load(generation.sources)
    test.equal(plugins.find("acme.less"), nil)
    assert(install(pack()))
    test.equal(versions(), { "acme.less 1.0.0" })
  end)

  test.case("in its place is used when it is whole", function()
    open()
    local path = pack()
    local plan = assert(installer.plan_package(path, {}))
    assert(staging.place(plan.staged))
    staging.drop(plan.staged)
    test.equal(generation.current(), nil)
    assert(install(path))
    test.equal(versions(), { "acme.less 1.0.0" })
  end)

  test.case("in its place is replaced when somebody changed it", function()
    open()
    local path = pack()
    local plan = assert(installer.plan_package(path, {}))
    local root = assert(staging.place(plan.staged))
    staging.drop(plan.staged)
    assert(fs.write(root .. "/src/rules.lua", "return { price = os.exit }"))
    assert(install(path))
    test.truthy(assert(fs.read(root .. "/src/rules.lua")):find("set_unit", 1, true))
  end)
end)

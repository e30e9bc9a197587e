local checks = require("cli.doctor.machine")
local test = require("support.test")

local GIB <const> = 1024 * 1024 * 1024

-- A machine on which all is well, with some facts changed.
local function machine(changes)
  local m = {
    facts = {
      kernel = "6.1.0", files_soft = 1024, files_hard = 65536, backlog = 4096, cpus = 2, memory_bytes = 4 * GIB, memory_limit = -1,
      is_clock_known = true, is_clock_kept = true, clock_error_us = 900, encoding = "UTF-8", file_system = "ext4",
      disk_bytes = 100 * GIB, disk_free_bytes = 50 * GIB, disk_free_files = 1000000, is_read_only = false,
    },
    options = { connections = "8192", listen = "127.0.0.1:8080", base_url = "https://shop.example", trusted_proxies = "loopback", allow_old_deps = "false" },
    data = "/srv/shop", database_bytes = GIB, sync = { median = 900, longest = 4000 }, now = 1798761600000,
    access = {
      ["."] = { mode = 448, is_own = true }, ["shop.db"] = { mode = 384, is_own = true }, ["merx.key"] = { mode = 384, is_own = true },
    },
  }
  for name, value in pairs(changes or {}) do
    if type(value) == "table" and type(m[name]) == "table" then
      for inner, part in pairs(value) do m[name][inner] = part ~= "none" and part or nil end
    else
      m[name] = value
    end
  end
  return m
end

test.case("a machine on which all is well is told so, check by check", function()
  for _, name in ipairs(checks.names) do
    local state, text, advice = checks[name](machine())
    test.equal(state, "ok", name)
    assert(#text > 0)
    test.equal(advice, nil, name)
  end
end)

local CASES <const> = {
  { "folder", "error", { access = { ["."] = "none" } } },
  { "folder", "error", { access = { ["."] = { mode = 448, is_own = false } } } },
  { "folder", "warn", { access = { ["."] = { mode = 493, is_own = true } } } },
  { "files", "warn", { access = { ["shop.db"] = { mode = 420, is_own = true } } } },
  { "files", "error", { access = { ["activity.db"] = { mode = 384, is_own = false } } } },
  { "key", "error", { access = { ["merx.key"] = "none" } } },
  { "key", "error", { access = { ["merx.key"] = { mode = 416, is_own = true } } } },
  { "key", "error", { options = { problem = "the key file /srv/shop/merx.key is damaged" } } },
  { "file_system", "error", { facts = { file_system = "nfs" } } },
  { "file_system", "warn", { facts = { file_system = "tmpfs" } } },
  { "file_system", "error", { facts = { is_read_only = true } } },
  { "disk", "error", { facts = { disk_free_bytes = 50 * 1024 * 1024 } } },
  { "disk", "error", { facts = { disk_free_files = 12 } } },
  { "disk", "warn", { facts = { disk_free_bytes = 2 * GIB } } },
  { "disk", "warn", { facts = { disk_free_bytes = 4 * GIB } } },
  { "sync", "error", { sync = { problem = "cannot make a file in /srv/shop: Permission denied" } } },
  { "sync", "warn", { sync = { median = 45000 } } },
  { "sync", "warn", { sync = { median = 3 } } },
  { "open_files", "warn", { facts = { files_hard = 4096 } } },
  { "backlog", "warn", { facts = { backlog = 128 } } },
  { "kernel", "warn", { facts = { kernel = "4.19.0-16-amd64" } } },
  { "memory", "warn", { facts = { memory_limit = 256 * 1024 * 1024 } } },
  { "clock", "error", { now = 1 } },
  { "clock", "warn", { facts = { is_clock_kept = false } } },
  { "locale", "warn", { facts = { encoding = "ANSI_X3.4-1968" } } },
  { "address", "warn", { options = { listen = "0.0.0.0:80" } } },
  { "address", "warn", { options = { listen = "127.0.0.1:8080, [::]:8080" } } },
  { "address", "warn", { options = { base_url = "" } } },
  { "address", "warn", { options = { base_url = "http://shop.example" } } },
  { "address", "warn", { options = { trusted_proxies = "" } } },
  { "dependencies", "warn", { options = { allow_old_deps = "true" } } },
}

test.case("what is wrong is named, with what to do", function()
  for i, case in ipairs(CASES) do
    local state, text, advice = checks[case[1]](machine(case[3]))
    test.equal(state, case[2], i .. " " .. case[1])
    assert(#text > 0 and advice and #advice > 0, case[1])
  end
end)

test.case("a memory file system may be as fast as it is", function()
  test.equal((checks.sync(machine({ facts = { file_system = "tmpfs" }, sync = { median = 2 } }))), "ok")
end)

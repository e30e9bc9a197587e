--- Checks of what stands below the shop. Each takes what was found out and says ok, warn or error, in words, and what
--- to do: no check looks at anything itself.
local checks = {}

---@class merx.DoctorFindings
---@field facts native.MachineFacts
---@field options table<string, string> of the program
---@field data string folder
---@field access table<string, { mode: integer, is_own: boolean }> by name in the folder, "." is the folder
---@field database_bytes integer
---@field sync? { median: integer, longest: integer, problem?: string } microseconds
---@field now integer

local MIB <const> = 1024 * 1024
local GIB <const> = 1024 * MIB

local function size(bytes)
  if bytes >= GIB then return ("%.1f GiB"):format(bytes / GIB) end
  return ("%d MiB"):format(bytes // MIB)
end

local function milliseconds(us)
  return us < 1000 and ("%.2f ms"):format(us / 1000) or ("%.1f ms"):format(us / 1000)
end

local OTHERS <const> = 63 -- permission bits of group and everybody: 0077

--- Only the shop's own user may read what is in the folder.
---@param m merx.DoctorFindings
function checks.folder(m)
  local folder = m.access["."]
  if not folder then return "error", "there is no folder " .. m.data, "name the right one with --data, or begin a shop with merx serve" end
  if not folder.is_own then
    return "error", m.data .. " belongs to another user", "run merx as the user of the shop, or give that user the folder: chown -R USER " .. m.data
  end
  if folder.mode & OTHERS ~= 0 then
    return "warn", ("others may look into %s (mode %04o)"):format(m.data, folder.mode), "chmod 700 " .. m.data
  end
  return "ok", m.data .. " is nobody else's"
end

---@param m merx.DoctorFindings
function checks.files(m)
  for _, name in ipairs({ "shop.db", "activity.db" }) do
    local access = m.access[name]
    if access and not access.is_own then
      return "error", name .. " belongs to another user", "chown the file to the user of the shop, and look for who wrote it"
    end
    if access and access.mode & OTHERS ~= 0 then
      return "warn", ("others may read %s (mode %04o)"):format(name, access.mode), ("chmod 600 %s/%s"):format(m.data, name)
    end
  end
  return "ok", "the databases are nobody else's"
end

---@param m merx.DoctorFindings
function checks.key(m)
  local key = m.access["merx.key"]
  if not key then
    return "error", "merx.key is missing", "put the copy back before the next start, or secrets must be entered again"
  end
  if key.mode & OTHERS ~= 0 then
    return "error", ("others may read merx.key (mode %04o)"):format(key.mode), ("chmod 600 %s/merx.key"):format(m.data)
  end
  local problem = m.options.problem -- why the folder could not be opened
  if problem and problem:find("/merx.key ", 1, true) then return "error", problem, "put back the copy that you keep elsewhere" end
  return "ok", "merx.key is there and secret; keep a copy of it elsewhere"
end

local NETWORK <const> = { nfs = true, smb = true, cifs = true, ceph = true }
local FLEETING <const> = { tmpfs = "memory", ramfs = "memory", overlay = "a container's layer" }

---@param m merx.DoctorFindings
function checks.file_system(m)
  local kind = m.facts.file_system
  if m.facts.is_read_only then return "error", "the disk is mounted read-only", "look into the kernel's log (dmesg), mend the disk, mount it again" end
  if NETWORK[kind] then return "error", kind .. " is a network file system", "a database gets damaged there: move the folder to a local disk" end
  if FLEETING[kind] then
    return "warn", ("%s: the shop lies in %s and is gone with it"):format(kind, FLEETING[kind]), "move the folder to a disk, or to a volume of the container"
  end
  if kind == "fuse" then return "warn", "fuse may be a network file system", "make sure that it is a local disk" end
  return "ok", kind
end

---@param m merx.DoctorFindings
function checks.disk(m)
  local free, all = m.facts.disk_free_bytes, m.facts.disk_bytes
  local text = ("%s of %s are free"):format(size(free), size(all))
  if free < 100 * MIB then return "error", text, "make room: without it nothing can be sold" end
  if m.facts.disk_free_files >= 0 and m.facts.disk_free_files < 1000 then
    return "error", m.facts.disk_free_files .. " more files fit on the disk", "remove small files: inodes have run out"
  end
  local needed = 2 * m.database_bytes + 256 * MIB
  if free < needed then
    return "warn", text, "a backup and an upgrade each copy the database: keep " .. size(needed) .. " free"
  end
  if free < all // 20 then return "warn", text, "less than a twentieth is free: make room before it is full" end
  return "ok", text
end

---@param m merx.DoctorFindings
function checks.sync(m)
  local sync = m.sync
  if not sync then return "warn", "not measured: the folder cannot be written", "run merx doctor as the user of the shop" end
  if sync.problem then return "error", sync.problem, "nothing can be saved here: mend the disk or the permissions" end
  local text = ("a write is on disk after %s (median), %s at most"):format(milliseconds(sync.median), milliseconds(sync.longest))
  if sync.median > 30000 then
    return "warn", text, "each commit waits for this: a disk with a write cache that survives a power cut is a hundred times faster"
  end
  if sync.median < 15 and not FLEETING[m.facts.file_system] then
    return "warn", text, "no disk is that fast: a cache below may lie, and a power cut may lose orders. Look at the settings of the host"
  end
  return "ok", text
end

---@param m merx.DoctorFindings
function checks.open_files(m)
  local connections = math.tointeger(tonumber(m.options.connections or "")) or 8192
  local needed, hard = connections + 512, m.facts.files_hard
  if hard >= 0 and hard < needed then
    return "warn", ("at most %d files may be open, %d connections need %d"):format(hard, connections, needed),
      ("LimitNOFILE=%d in the unit, or lower the option connections"):format(math.max(65536, needed))
  end
  return "ok", ("%d files may be open, %d connections need %d"):format(hard, connections, needed)
end

---@param m merx.DoctorFindings
function checks.backlog(m)
  local backlog = m.facts.backlog
  if backlog >= 0 and backlog < 1024 then
    return "warn", ("the kernel queues at most %d connections"):format(backlog), "sysctl net.core.somaxconn=4096: a rush is refused otherwise"
  end
  return "ok", backlog < 0 and "the kernel does not tell its queue" or ("the kernel queues up to %d connections"):format(backlog)
end

---@param m merx.DoctorFindings
function checks.kernel(m)
  local major, minor = m.facts.kernel:match("^(%d+)%.(%d+)")
  major, minor = tonumber(major) or 0, tonumber(minor) or 0
  if major < 5 or major == 5 and minor < 10 then
    return "warn", "Linux " .. m.facts.kernel, "Merx is tested on 5.10 and newer: upgrade the system"
  end
  return "ok", "Linux " .. m.facts.kernel
end

---@param m merx.DoctorFindings
function checks.memory(m)
  local limit = m.facts.memory_limit
  local have = limit >= 0 and math.min(limit, m.facts.memory_bytes) or m.facts.memory_bytes
  local text = ("%s of memory, %d processors"):format(size(have), m.facts.cpus)
  if have < 512 * MIB then return "warn", text, "give it 512 MiB, or lower cache_bytes and workers" end
  return "ok", text
end

local YEAR_2026 <const> = 1767225600000

---@param m merx.DoctorFindings
function checks.clock(m)
  if m.now < YEAR_2026 then return "error", "the clock stands before 2026", "set the system's clock: prices, holds and tokens go by it" end
  if not m.facts.is_clock_known then return "ok", "the clock is plausible; who keeps it cannot be seen from here" end
  if not m.facts.is_clock_kept then
    return "warn", "nobody keeps the clock right", "enable systemd-timesyncd or chrony (in a container: on the host)"
  end
  return "ok", ("the clock is kept, within %s"):format(milliseconds(math.max(0, m.facts.clock_error_us)))
end

---@param m merx.DoctorFindings
function checks.locale(m)
  if m.facts.encoding ~= "UTF-8" then
    return "warn", "the environment writes " .. m.facts.encoding, "LANG=C.UTF-8: names of files and texts on a terminal are UTF-8"
  end
  return "ok", "the environment writes UTF-8"
end

local function is_public(listen)
  for address in (listen or ""):gmatch("[^,%s]+") do
    local is_near = address:find("^unix:") or address:find("^127%.") or address:find("^localhost") or address:find("^%[::1%]")
    if not is_near then return true end
  end
  return false
end

---@param m merx.DoctorFindings
function checks.address(m)
  local base_url, listen = m.options.base_url or "", m.options.listen or ""
  if is_public(listen) then
    return "warn", listen .. " can be reached without TLS", "listen on 127.0.0.1 and put a proxy that speaks TLS in front: docs/guides/running.md"
  end
  if base_url == "" then
    return "warn", "base_url is not set", "set it to the shop's address, as https://shop.example: mails and search engines need it"
  end
  if not base_url:find("^https://") then return "warn", base_url .. " is not https", "browsers keep the shop's cookies safe only over https" end
  if (m.options.trusted_proxies or "") == "" then
    return "warn", "no proxy is trusted", "set trusted_proxies = loopback (or the proxy's address): otherwise every visitor has the proxy's address"
  end
  return "ok", base_url .. ", behind " .. m.options.trusted_proxies
end

---@param m merx.DoctorFindings
function checks.dependencies(m)
  if m.options.allow_old_deps == "true" then
    return "warn", "libraries with known faults are permitted", "install newer ones (script/deps) and leave out --allow-old-deps"
  end
  return "ok", "no library with known faults is permitted"
end

--- In this order.
checks.names = {
  "folder", "files", "key", "file_system", "disk", "sync", "open_files", "backlog", "kernel", "memory", "clock", "locale", "address", "dependencies",
}

return checks

-- core/: a room includes only what the table of docs/architecture.md lets it include.
local source = require("source")

local middle = { "client", "crypto", "http", "loop", "storage", "text" }

local below = {
  platform = {},
  script = { "platform", table.unpack(middle) },
  server = { "platform", "script", table.unpack(middle) },
}
for _, room in ipairs(middle) do
  below[room] = { "platform" }
end

-- Headers of libraries, by how their names begin, and the rooms that may see them.
local libraries = {
  { "brotli/", "http" },
  { "curl/", "client" },
  { "lauxlib.h", "script" },
  { "libstemmer.h", "text" },
  { "libxml/", "text" },
  { "llhttp.h", "http" },
  { "lua.h", "script" },
  { "lualib.h", "script" },
  { "md4c", "text" },
  { "openssl/", "crypto" },
  { "pthread.h", "platform", "loop", "script", "server", "storage", "client" },
  { "sodium", "crypto" },
  { "sqlite3.h", "storage" },
  { "utf8proc.h", "storage", "text" },
  { "uv.h", "loop" },
  { "zlib.h", "http" },
}

local function contains(list, wanted)
  for _, entry in ipairs(list) do
    if entry == wanted then
      return true
    end
  end
  return false
end

local function check_own(path, number, room, header)
  local other = header:match("^([%w_]+)/")
  if not other then
    source.fault(path, number, ('"%s" must name its room, as "platform/%s"'):format(header, header))
  elseif not below[other] then
    source.fault(path, number, ("core/%s is no room of docs/architecture.md"):format(other))
  elseif other ~= room and not contains(below[room], other) then
    source.fault(path, number, ("core/%s may not use core/%s"):format(room, other))
  end
end

local function check_library(path, number, room, header)
  for _, library in ipairs(libraries) do
    if header:sub(1, #library[1]) == library[1] and not contains(library, room) then
      source.fault(path, number, ("<%s> belongs to core/%s"):format(header, library[2]))
    end
  end
end

local files = source.files("core/*.c", "core/*.h")
for _, path in ipairs(files) do
  local room = path:match("^core/([^/]+)/")
  if not below[room] then
    source.fault(path, 1, "this folder is no room of docs/architecture.md")
  else
    source.each_line(source.read(path), function(line, number)
      local own = line:match('^%s*#%s*include%s+"([^"]+)"')
      local library = line:match("^%s*#%s*include%s+<([^>]+)>")
      if own then
        check_own(path, number, room, own)
      elseif library then
        check_library(path, number, room, library)
      end
    end)
  end
end
source.finish(#files)

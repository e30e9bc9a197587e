-- Text that ships names no developer's machine and no package registry.
local source = require("source")

local patterns = {
  { "%f[%w_/.$}]/w[o]rk/", "a machine path" },
  { "/tmp/m[e]rx/", "a machine path" },
  { "%f[%w_/.$}]/r[o]ot/%w", "a machine path" },
  { "%f[%w_/.$}]/h[o]me/%l", "a machine path" },
  { "deb%.debian%.org", "a package registry" },
  { "registry%.npmjs", "a package registry" },
}

local files = source.files(".")
for _, path in ipairs(files) do
  local text = source.read(path)
  if not text:find("\0", 1, true) then
    source.each_line(text, function(line, number)
      for _, pattern in ipairs(patterns) do
        if line:find(pattern[1]) then
          source.fault(path, number, ("names %s: %s"):format(pattern[2], line:match(pattern[1] .. "%S*")))
        end
      end
    end)
  end
end
source.finish(#files)

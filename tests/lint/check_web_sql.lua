-- lua/web holds no SQL: it asks the domain.
local source = require("source")

local patterns = {
  "SELECT%s.-%sFROM%s", "INSERT%s+INTO%s", "INSERT%s+OR%s", "UPDATE%s+[%w_]+%s+SET%s", "DELETE%s+FROM%s", "%sORDER%s+BY%s",
}

local files = source.files("lua/*.lua")
for _, path in ipairs(files) do
  if path:match("^lua/web/") then
    source.each_line(source.read(path), function(line, number)
      local code = line:gsub("%-%-.*", "") .. " "
      for _, pattern in ipairs(patterns) do
        if code:find(pattern) then
          source.fault(path, number, "SQL in lua/web: name a query in sql/queries and ask the domain")
          break
        end
      end
      if code:find("[\"']kernel%.db[\"']") then
        source.fault(path, number, "lua/web may not use kernel.db: ask the domain")
      end
    end)
  end
end
source.finish(#files)

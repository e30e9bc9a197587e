-- Our C calls no function that cannot know how much it writes, or hides that it failed.
local source = require("source")

local forbidden = {
  alloca = "the arena", asctime = "mx_http's dates", atof = "strtod", atoi = "strtol", atol = "strtol", atoll = "strtoll",
  ctime = "mx_http's dates", gets = "fgets", gmtime = "gmtime_r", localtime = "localtime_r", mktemp = "mkstemp",
  setjmp = "a result", longjmp = "a result", rand = "mx_random", scanf = "a parser", sprintf = "snprintf",
  sscanf = "a parser", stpcpy = "memcpy", strcat = "mx_buf", strcpy = "memcpy", strdup = "mx_alloc", strncat = "mx_buf",
  strncpy = "memcpy", strtok = "mx_slice", strtok_r = "mx_slice", system = "posix_spawn", tmpnam = "mkstemp",
  vsprintf = "vsnprintf",
}

local files = source.files("core/*.c", "core/*.h", "tests/*.c", "tests/*.h")
for _, path in ipairs(files) do
  source.each_line(source.c_code(source.read(path)), function(line, number)
    for name in line:gmatch("%f[%w_]([%a_][%w_]*)%s*%(") do
      if forbidden[name] and not line:find("[.>]%s*" .. name .. "%s*%(") then
        source.fault(path, number, ("%s() is not for us: use %s"):format(name, forbidden[name]))
      end
    end
  end)
end
source.finish(#files)

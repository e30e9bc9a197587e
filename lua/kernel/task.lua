--- Tasks and waiting, for the rooms above the kernel, which do not see the native modules themselves.
return require("native.task")

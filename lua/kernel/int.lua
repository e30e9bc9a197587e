--- Integers with 128 bits inside, for the rooms above the kernel, which do not see the native modules.
return require("native.int")

--- Tables that are as large as they will be from the beginning, for the rooms above the kernel.
return require("native.table")

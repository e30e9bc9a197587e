--- Files of the program and its themes, for the rooms above the kernel.
return require("native.fs")

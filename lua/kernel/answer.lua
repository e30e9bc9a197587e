--- What handlers answer, checked and read, for the rooms above the kernel.
return require("native.answer")

--- Plain data as bytes, for the rooms above the kernel: what one thread of this process makes and another opens.
return require("native.value")

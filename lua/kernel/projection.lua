--- What handlers see of a draft, for the rooms above the kernel, which do not see the native modules.
return require("native.projection")

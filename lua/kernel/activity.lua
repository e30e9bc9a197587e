--- What visitors did, for the rooms above the kernel: noted by workers, taken in the jobs thread.
return require("native.activity")

--- Which thread this is and where its folders lie, for the rooms above the kernel.
return require("native.thread")

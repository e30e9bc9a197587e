--- Digests, tokens and seals for the rooms above the kernel, which do not see the native modules.
return require("native.crypto")

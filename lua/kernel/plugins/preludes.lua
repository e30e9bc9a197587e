--- What plugins find beside the language: files below lua/ that run first in each state, and become globals of their names.
return { "kernel/sandbox/money.lua", "kernel/sandbox/std.lua", "kernel/sandbox/shop.lua" }

--- The four kinds of handlers: where each runs, what it may do, and what one call may cost.
local MIB <const> = 1024 * 1024

---@class merx.HandlerKind
---@field runs string where
---@field may string what it may do
---@field budget native.Budget of one call
---@field context? string third argument of its handlers, after input and settings
---@field per_line? integer instructions more for each line of the input

---@type table<string, merx.HandlerKind>
return {
  pure = {
    runs = "in any worker", may = "nothing but answer from its input and settings: no clock, no chance, no I/O, no waiting",
    budget = { instructions = 20000, memory = 2 * MIB }, per_line = 2000,
  },
  view = {
    runs = "in a worker, while a page is made", may = "read its own tables and the published views that it was granted",
    budget = { ms = 20, memory = 8 * MIB },
  },
  command = {
    runs = "in the writer, inside the transaction", may = "read and write its own tables, emit facts; nothing waits",
    context = "{ now: integer, actor: string }",
    budget = { instructions = 100000, ms = 50, memory = 8 * MIB },
  },
  effect = {
    runs = "in the jobs thread, after the commit", may = "send requests and mail, run commands, read; whatever waits holds up nobody else",
    budget = { ms = 100, memory = 32 * MIB },
  },
}

// The door for what never waits: pure, view and command code. Adds the trace, pushes and pops the
// budget, balances the stack.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/error.h"

typedef struct lua_State lua_State;

// Limits of one call; a zero is none. A nested call is charged to its callers too.
struct mx_budget {
    int64_t instructions; // counted: the verdict is the same everywhere
    unsigned ms;          // watched: wall time
    size_t memory;        // growth of the state in bytes
    bool exact; // for traces: each instruction is counted, which is slow; the verdict is the same
};

// [-(nargs + 1), +nresults | 0] Calls the function below its `nargs` arguments. `nresults` may be
// LUA_MULTRET. On failure nothing is left on the stack, the trace is in the log and the first line
// of it in `err`. MX_E_LIMIT: over budget. `budget` may be NULL: the caller's goes on.
int mx_script_call(
    lua_State *L, int nargs, int nresults, const struct mx_budget *budget, struct mx_error *err);

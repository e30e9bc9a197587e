// Deadlines of connections: thousands of them, set at every request, almost never reached. They are
// coarse (up to MX_DEADLINE_TICK_MS late) and cost two stores to move further away.
#pragma once

#include "loop/loop.h"

enum { MX_DEADLINE_TICK_MS = 64 };

// Lives in the owner's memory, zeroed before its first use. The fields are this room's.
struct mx_deadline {
    struct mx_deadline *next; // NULL: not set
    struct mx_deadline *prev;
    uint64_t due;   // when `fn` may be called, in ms of the loop
    uint64_t visit; // tick at which the wheel looks at it; never later than `due` needs
    void (*fn)(void *ctx);
    void *ctx; // borrowed
};

// Calls `fn(ctx)` once, `ms` from now or a tick later. A deadline that is set already moves.
void mx_deadline_set(
    mx_loop *loop, struct mx_deadline *deadline, uint64_t ms, void (*fn)(void *ctx), void *ctx);

// Forgets it. Fine when it is not set or has passed.
void mx_deadline_clear(mx_loop *loop, struct mx_deadline *deadline);

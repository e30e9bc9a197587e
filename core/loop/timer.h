// One exact timer: for sleeping tasks, schedules, back-off. For connections see deadline.h.
#pragma once

#include "loop/loop.h"

typedef struct mx_timer mx_timer;
typedef void (*mx_timer_fn)(void *ctx);

// Calls `fn(ctx)` once, `ms` milliseconds from now; then again every `every_ms`, unless that is 0.
// The result is owned: give it to mx_timer_stop(), whether or not it has fired.
mx_timer *mx_timer_start(mx_loop *loop, uint64_t ms, uint64_t every_ms, mx_timer_fn fn, void *ctx);

// Lets `timer` fire `ms` from now instead.
void mx_timer_move(mx_timer *timer, uint64_t ms);

// Stops the timer and frees it once the loop lets go. `timer` may be NULL.
void mx_timer_stop(mx_timer *timer);

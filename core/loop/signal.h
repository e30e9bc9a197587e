// Signals of the process as events of one loop.
#pragma once

#include "loop/loop.h"

typedef struct mx_signal mx_signal;
typedef void (*mx_signal_fn)(void *ctx, int number);

// Calls `fn(ctx, number)` each time the signal arrives. `*out` is owned: give it to
// mx_signal_stop().
int mx_signal_start(
    mx_loop *loop, int number, mx_signal_fn fn, void *ctx, mx_signal **out, struct mx_error *err);

// `signal` may be NULL.
void mx_signal_stop(mx_signal *signal);

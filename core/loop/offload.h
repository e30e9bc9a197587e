// Work that would block a loop, done on a thread of the pool.
#pragma once

#include "loop/loop.h"

// Runs `run(ctx)` on a pool thread, then `done(ctx)` on the loop. `ctx` is borrowed until `done`.
void mx_offload_start(mx_loop *loop, void (*run)(void *ctx), void (*done)(void *ctx), void *ctx);

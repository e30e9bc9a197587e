// A descriptor that somebody else reads and writes (a library with sockets of its own).
#pragma once

#include <stdbool.h>

#include "loop/loop.h"

typedef struct mx_poll mx_poll;
typedef void (*mx_poll_fn)(void *ctx, bool readable, bool writable);

// Watches `fd`, borrowed until mx_poll_stop(). Nothing is reported before mx_poll_set().
// `*out` is owned: give it to mx_poll_stop().
int mx_poll_start(
    mx_loop *loop, int fd, mx_poll_fn fn, void *ctx, mx_poll **out, struct mx_error *err);

// Chooses what is reported from now on, each time it is so. An error of the descriptor counts as
// both.
int mx_poll_set(mx_poll *poll, bool readable, bool writable, struct mx_error *err);

// After the return `fd` may be closed. `poll` may be NULL.
void mx_poll_stop(mx_poll *poll);

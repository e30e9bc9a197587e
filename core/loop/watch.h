// A descriptor that somebody else reads and writes (a library with sockets of its own).
#pragma once

#include <stdbool.h>

#include "loop/loop.h"

typedef struct mx_watch mx_watch;
typedef void (*mx_watch_fn)(void *ctx, bool readable, bool writable);

// Watches `fd`, borrowed until mx_watch_stop(). Nothing is reported before mx_watch_set().
// `*out` is owned: give it to mx_watch_stop().
int mx_watch_start(
    mx_loop *loop, int fd, mx_watch_fn fn, void *ctx, mx_watch **out, struct mx_error *err);

// Chooses what is reported from now on, each time it is so. An error of the descriptor counts as both.
int mx_watch_set(mx_watch *watch, bool readable, bool writable, struct mx_error *err);

// After the return `fd` may be closed. `watch` may be NULL.
void mx_watch_stop(mx_watch *watch);

// One thread's event loop. Everything in this room but mx_mailbox_post() is called on its thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/error.h"

typedef struct mx_loop mx_loop;

// `*out` is owned: give it to mx_loop_destroy().
int mx_loop_create(mx_loop **out, struct mx_error *err);

// Lets pending close callbacks run, then frees `loop`, which may be NULL. It is a mistake to leave
// a timer, stream, listener, signal or mailbox open: the process aborts and names them.
void mx_loop_destroy(mx_loop *loop);

// Runs until mx_loop_stop(), or until nothing is left that could happen.
void mx_loop_run(mx_loop *loop);

// Runs what is ready now, waiting for at most one event when `wait`. True while something is left.
bool mx_loop_turn(mx_loop *loop, bool wait);

// Makes mx_loop_run() return after the current turn.
void mx_loop_stop(mx_loop *loop);

// Milliseconds of a clock that only goes forward, as it was when this turn began.
uint64_t mx_loop_now(const mx_loop *loop);

// What the files of this room share.
#pragma once

#include <uv.h>

#include "loop/deadline.h"
#include "loop/loop.h"

#ifdef MX_SMALL_BUFFERS
enum { MX_LOOP_READ_SIZE = 1 }; // every edge of every parser is met
#else
enum { MX_LOOP_READ_SIZE = 65536 };
#endif

enum { MX_WHEEL_SLOTS = 256 }; // a power of two; one turn of the wheel is 16 s

// Hashed timing wheel: a deadline hangs in the slot of the tick at which it is looked at next.
struct mx_wheel {
    struct mx_deadline slots[MX_WHEEL_SLOTS]; // heads of rings
    uint64_t tick;                            // the last one that was handled
    size_t count;
    uv_timer_t timer; // runs while count > 0
};

struct mx_loop {
    uv_loop_t uv;
    struct mx_wheel wheel;
    // Where bytes arrive: every stream hands them on before the next one reads.
    char read_buffer[MX_LOOP_READ_SIZE];
};

// In deadline.c.
void mx_wheel_init(mx_loop *loop);
void mx_wheel_deinit(mx_loop *loop);

// Records what libuv said.
int mx_fail_uv(struct mx_error *err, int status, const char *what);

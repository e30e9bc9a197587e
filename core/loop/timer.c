// uv timers, one handle each: they are few, the many are deadlines.
#include "loop/timer.h"

#include "loop/internal.h"
#include "platform/alloc.h"

struct mx_timer {
    uv_timer_t handle; // handle.data points back at this struct
    uint64_t every_ms;
    mx_timer_fn fn;
    void *ctx; // borrowed: must outlive the timer
};

static void on_timer_closed(uv_handle_t *handle) {
    mx_free(handle->data);
}

static void on_timer_fired(uv_timer_t *handle) {
    mx_timer *timer = handle->data;
    timer->fn(timer->ctx);
}

mx_timer *mx_timer_start(mx_loop *loop, uint64_t ms, uint64_t every_ms, mx_timer_fn fn, void *ctx) {
    mx_timer *timer = mx_alloc(sizeof(*timer));
    timer->every_ms = every_ms;
    timer->fn = fn;
    timer->ctx = ctx;
    uv_timer_init(&loop->uv, &timer->handle);
    timer->handle.data = timer;
    uv_timer_start(&timer->handle, on_timer_fired, ms, every_ms);
    return timer;
}

void mx_timer_move(mx_timer *timer, uint64_t ms) {
    uv_timer_start(&timer->handle, on_timer_fired, ms, timer->every_ms);
}

void mx_timer_stop(mx_timer *timer) {
    if (timer) {
        uv_close((uv_handle_t *)&timer->handle, on_timer_closed);
    }
}

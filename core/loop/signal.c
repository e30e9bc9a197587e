// libuv writes a signal into a pipe, so `fn` runs as ordinary code of the loop.
#include "loop/signal.h"

#include "loop/internal.h"
#include "platform/alloc.h"

struct mx_signal {
    uv_signal_t handle; // handle.data points back at this struct
    mx_signal_fn fn;
    void *ctx; // borrowed
};

static void on_signal_closed(uv_handle_t *handle) {
    mx_free(handle->data);
}

static void on_signal_arrived(uv_signal_t *handle, int number) {
    mx_signal *signal = handle->data;
    signal->fn(signal->ctx, number);
}

int mx_signal_start(
    mx_loop *loop, int number, mx_signal_fn fn, void *ctx, mx_signal **out, struct mx_error *err) {
    mx_signal *signal = mx_alloc(sizeof(*signal));
    signal->fn = fn;
    signal->ctx = ctx;
    uv_signal_init(&loop->uv, &signal->handle); // fails only when the loop was made without a pipe
    signal->handle.data = signal;
    int status = uv_signal_start(&signal->handle, on_signal_arrived, number);
    if (status < 0) {
        mx_signal_stop(signal);
        return mx_fail_uv(err, status, "cannot listen to a signal");
    }
    *out = signal;
    return MX_OK;
}

void mx_signal_stop(mx_signal *signal) {
    if (signal) {
        uv_close((uv_handle_t *)&signal->handle, on_signal_closed);
    }
}

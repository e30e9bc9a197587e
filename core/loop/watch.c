// uv_poll: libuv asks the kernel, the owner of the descriptor does the rest.
#include "loop/watch.h"

#include "loop/internal.h"
#include "platform/alloc.h"

struct mx_watch {
    uv_poll_t handle; // handle.data points back at this struct
    mx_watch_fn fn;
    void *ctx; // borrowed
};

static void on_watch_closed(uv_handle_t *handle) {
    mx_free(handle->data);
}

static void on_watch_ready(uv_poll_t *handle, int status, int events) {
    mx_watch *watch = handle->data;
    bool failed = status < 0;
    watch->fn(watch->ctx, failed || (events & UV_READABLE), failed || (events & UV_WRITABLE));
}

int mx_watch_start(
    mx_loop *loop, int fd, mx_watch_fn fn, void *ctx, mx_watch **out, struct mx_error *err) {
    mx_watch *watch = mx_alloc(sizeof(*watch));
    watch->fn = fn;
    watch->ctx = ctx;
    int status = uv_poll_init(&loop->uv, &watch->handle, fd);
    if (status < 0) {
        mx_free(watch);
        return mx_fail_uv(err, status, "cannot watch a descriptor");
    }
    watch->handle.data = watch;
    *out = watch;
    return MX_OK;
}

int mx_watch_set(mx_watch *watch, bool readable, bool writable, struct mx_error *err) {
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    int status = events ? uv_poll_start(&watch->handle, events, on_watch_ready)
                        : uv_poll_stop(&watch->handle);
    return status < 0 ? mx_fail_uv(err, status, "cannot watch a descriptor") : MX_OK;
}

void mx_watch_stop(mx_watch *watch) {
    if (watch) {
        uv_poll_stop(&watch->handle);
        uv_close((uv_handle_t *)&watch->handle, on_watch_closed);
    }
}

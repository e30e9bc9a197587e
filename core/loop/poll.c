// uv_poll: libuv asks the kernel, the owner of the descriptor does the rest.
#include "loop/poll.h"

#include "loop/internal.h"
#include "platform/alloc.h"

struct mx_poll {
    uv_poll_t handle; // handle.data points back at this struct
    mx_poll_fn fn;
    void *ctx; // borrowed
};

static void on_poll_closed(uv_handle_t *handle) {
    mx_free(handle->data);
}

static void on_poll_ready(uv_poll_t *handle, int status, int events) {
    mx_poll *poll = handle->data;
    bool failed = status < 0;
    poll->fn(poll->ctx, failed || (events & UV_READABLE), failed || (events & UV_WRITABLE));
}

int mx_poll_start(
    mx_loop *loop, int fd, mx_poll_fn fn, void *ctx, mx_poll **out, struct mx_error *err) {
    mx_poll *poll = mx_alloc(sizeof(*poll));
    poll->fn = fn;
    poll->ctx = ctx;
    int status = uv_poll_init(&loop->uv, &poll->handle, fd);
    if (status < 0) {
        mx_free(poll);
        return mx_fail_uv(err, status, "cannot watch a descriptor");
    }
    poll->handle.data = poll;
    *out = poll;
    return MX_OK;
}

int mx_poll_set(mx_poll *poll, bool readable, bool writable, struct mx_error *err) {
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    int status =
        events ? uv_poll_start(&poll->handle, events, on_poll_ready) : uv_poll_stop(&poll->handle);
    return status < 0 ? mx_fail_uv(err, status, "cannot watch a descriptor") : MX_OK;
}

void mx_poll_stop(mx_poll *poll) {
    if (poll) {
        uv_poll_stop(&poll->handle);
        uv_close((uv_handle_t *)&poll->handle, on_poll_closed);
    }
}

// The loop itself, and the check that nobody left a handle in it.
#include "loop/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "loop/internal.h"
#include "platform/alloc.h"

int mx_fail_uv(struct mx_error *err, int status, const char *what) {
    return mx_fail(err, MX_E_SYSTEM, "%s: %s", what, uv_strerror(status));
}

// libuv aborts in places when it gets no memory: with our allocator the process ends as it does
// everywhere else, with a word and its own exit status.
static void *allocate_many(size_t count, size_t size) {
    assert(size == 0 || count <= SIZE_MAX / size);
    return mx_alloc(count * size); // zeroed
}

static void use_our_memory(void) {
    int status = uv_replace_allocator(mx_alloc, mx_realloc, allocate_many, mx_free);
    assert(status == 0 && "all four are given");
    (void)status;
}

int mx_loop_create(mx_loop **out, struct mx_error *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_our_memory);
    mx_loop *loop = mx_alloc(sizeof(*loop));
    int status = uv_loop_init(&loop->uv);
    if (status < 0) {
        mx_free(loop);
        return mx_fail_uv(err, status, "cannot make an event loop");
    }
    loop->uv.data = loop;
    mx_wheel_init(loop);
    *out = loop;
    return MX_OK;
}

void mx_loop_destroy(mx_loop *loop) {
    if (!loop) {
        return;
    }
    mx_wheel_deinit(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT); // close callbacks
    uv_run(&loop->uv, UV_RUN_NOWAIT); // of handles that were closed in them
    if (uv_loop_close(&loop->uv) == UV_EBUSY) {
        uv_print_all_handles(&loop->uv, stderr);
        assert(!"a handle was left open in the loop");
    }
    mx_free(loop);
}

void mx_loop_run(mx_loop *loop) {
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

bool mx_loop_turn(mx_loop *loop, bool wait) {
    return uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0;
}

void mx_loop_stop(mx_loop *loop) {
    uv_stop(&loop->uv);
}

uint64_t mx_loop_now(const mx_loop *loop) {
    return uv_now(&loop->uv);
}

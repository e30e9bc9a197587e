// uv_queue_work with a plain pair of functions.
#include "loop/offload.h"

#include <assert.h>

#include "loop/internal.h"
#include "platform/alloc.h"

struct offload {
    uv_work_t request; // request.data points back at this struct
    void (*run)(void *ctx);
    void (*done)(void *ctx);
    void *ctx; // borrowed
};

static void on_work_begun(uv_work_t *request) {
    struct offload *offload = request->data;
    offload->run(offload->ctx);
}

static void on_work_done(uv_work_t *request, int status) {
    (void)status; // nothing is ever cancelled
    struct offload *offload = request->data;
    offload->done(offload->ctx);
    mx_free(offload);
}

void mx_offload_start(mx_loop *loop, void (*run)(void *ctx), void (*done)(void *ctx), void *ctx) {
    struct offload *offload = mx_alloc(sizeof(*offload));
    *offload = (struct offload){.run = run, .done = done, .ctx = ctx};
    offload->request.data = offload;
    int status = uv_queue_work(&loop->uv, &offload->request, on_work_begun, on_work_done);
    assert(status == 0 && "it fails only without a function");
    (void)status;
}

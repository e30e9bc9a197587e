// The moment when a thread says whether it could begin.
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "platform/error.h"

struct mx_start {
    pthread_mutex_t lock;
    pthread_cond_t said;
    bool is_over;
    int code;
    struct mx_error err;
};

// Starts `*thread`, which runs `run(ctx)` and must call mx_start_say() once. The caller goes on.
int mx_start_thread(struct mx_start *start, pthread_t *thread, void *(*run)(void *ctx), void *ctx,
    struct mx_error *err);

// What `top` and `perf` call the calling thread; at most 15 bytes count.
void mx_start_name(const char *name);

// On the new thread: it has begun, or (negative) could not.
void mx_start_say(struct mx_start *start, int code, const struct mx_error *err);

// Waits for that. After a failure the thread has been joined.
int mx_start_wait(struct mx_start *start, pthread_t thread, struct mx_error *err);

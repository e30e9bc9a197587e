// A script over a temporary share folder whose lua/boot.lua the test writes, with services that
// keep what was asked for until the test answers.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "platform/log.h"
#include "script/host.h"

struct script_fixture {
    char share[64];
    mx_script *script;
    mx_watchdog *watchdog;
    struct mx_services services;
    mx_task *waiting[16]; // in the order they asked
    size_t waiting_count;
    uint64_t last_ms;   // of the last timer
    mx_buf last_args;   // of the last command
    char last_name[64]; // of the last command
    struct mx_work *last_work;
    bool refuses;
    uint64_t seq;
    mx_buf cached;
    struct mx_cache_deps cached_deps; // tags copied
    uint64_t cached_tags[16];
    int done;                     // how many tasks have ended
    struct mx_task_result result; // of the last
};

static inline int fixture_wait(struct script_fixture *f, mx_task *task, struct mx_error *err) {
    if (f->refuses) {
        return mx_fail(err, MX_E_BUSY, "the queue is full");
    }
    assert_true(f->waiting_count < 16);
    f->waiting[f->waiting_count++] = task;
    return MX_OK;
}

static inline int fixture_submit(
    void *ctx, mx_task *task, const struct mx_command *command, struct mx_error *err) {
    struct script_fixture *f = ctx;
    mx_buf_clear(&f->last_args);
    mx_buf_append_slice(&f->last_args, command->args);
    snprintf(f->last_name, sizeof(f->last_name), "%.*s", (int)command->name.len, command->name.ptr);
    return fixture_wait(f, task, err);
}

static inline int fixture_timer(void *ctx, mx_task *task, uint64_t ms, struct mx_error *err) {
    ((struct script_fixture *)ctx)->last_ms = ms;
    return fixture_wait(ctx, task, err);
}

static inline int fixture_offload(
    void *ctx, mx_task *task, struct mx_work *work, struct mx_error *err) {
    int rc = fixture_wait(ctx, task, err);
    if (rc == MX_OK) {
        ((struct script_fixture *)ctx)->last_work = work;
    }
    return rc;
}

static inline uint64_t fixture_seq(void *ctx) {
    return ((struct script_fixture *)ctx)->seq;
}

static inline void fixture_put(
    void *ctx, struct mx_slice key, struct mx_slice bytes, const struct mx_cache_deps *deps) {
    struct script_fixture *f = ctx;
    (void)key;
    mx_buf_clear(&f->cached);
    mx_buf_append_slice(&f->cached, bytes);
    f->cached_deps = *deps;
    f->cached_deps.tags = f->cached_tags;
    memcpy(f->cached_tags, deps->tags, deps->count * sizeof(*deps->tags));
}

static inline bool fixture_get(
    void *ctx, struct mx_slice key, mx_buf *out, struct mx_cache_deps *deps) {
    struct script_fixture *f = ctx;
    (void)key;
    if (f->cached.len == 0) {
        return false;
    }
    mx_buf_append_slice(out, mx_buf_slice(&f->cached));
    *deps = f->cached_deps;
    return true;
}

static inline void fixture_done(void *ctx, const struct mx_task_result *result) {
    struct script_fixture *f = ctx;
    f->done++;
    f->result = *result;
}

static inline void fixture_write(struct script_fixture *f, const char *name, const char *text) {
    char path[128];
    struct mx_error err;
    snprintf(path, sizeof(path), "%s/%s", f->share, name);
    if (mx_file_write(path, mx_slice_of(text), 0600, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

// Makes the folder and the services; the test may change them before fixture_boot().
static inline struct script_fixture *fixture_create(void) {
    struct script_fixture *f = mx_alloc(sizeof(*f));
    char path[128];
    struct mx_error err;
    snprintf(f->share, sizeof(f->share), "/tmp/merx-script-XXXXXX");
    assert_non_null(mkdtemp(f->share));
    snprintf(path, sizeof(path), "%s/lua", f->share);
    assert_int_equal(mx_dir_make(path, 0700, &err), MX_OK);
    f->services = (struct mx_services){
        .ctx = f,
        .submit_command = fixture_submit,
        .start_timer = fixture_timer,
        .offload = fixture_offload,
        .cache_seq = fixture_seq,
        .cache_put = fixture_put,
        .cache_get = fixture_get,
    };
    mx_log_configure(MX_LOG_ERROR, MX_LOG_HUMAN);
    return f;
}

static inline int fixture_start(
    struct script_fixture *f, struct mx_script_options options, struct mx_error *err) {
    options.share = f->share;
    options.services = &f->services;
    options.watchdog = f->watchdog;
    int rc = mx_script_create(&options, &f->script, err);
    return rc < 0 ? rc : mx_script_boot(f->script, err);
}

// Boots `boot` as a worker, which must work.
static inline void fixture_boot(struct script_fixture *f, const char *boot) {
    struct mx_script_options options = {.role = MX_ROLE_WORKER};
    struct mx_error err;
    fixture_write(f, "lua/boot.lua", boot);
    if (fixture_start(f, options, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static inline void fixture_destroy(struct script_fixture *f) {
    struct mx_error err;
    mx_script_destroy(f->script);
    mx_watchdog_stop(f->watchdog);
    if (f->last_work) {
        f->last_work->destroy(f->last_work);
    }
    mx_buf_deinit(&f->last_args);
    mx_buf_deinit(&f->cached);
    mx_file_remove(f->share, &err);
    mx_free(f);
}

// Starts `tick` as a task; it may end at once.
static inline mx_task *fixture_tick(struct script_fixture *f, int64_t now) {
    struct mx_arg arg = {.kind = MX_ARG_INTEGER, .integer = now};
    return mx_task_start(f->script, MX_ENTRY_TICK, &arg, fixture_done, f);
}

// Answers the task that waits longest.
static inline void fixture_answer(struct script_fixture *f, const struct mx_arg *answer) {
    assert_true(f->waiting_count > 0);
    mx_task *task = f->waiting[0];
    f->waiting_count--;
    memmove(f->waiting, f->waiting + 1, f->waiting_count * sizeof(f->waiting[0]));
    mx_task_resume(task, answer);
}

// The door for what may wait: a task is one Lua coroutine, run slice by slice. While it waits the
// thread does other things; the answer to what it waits for starts the next slice.
#pragma once

#include "script/services.h"

typedef struct mx_script mx_script;

// Which function of boot.lua a task runs.
enum mx_entry {
    MX_ENTRY_REQUEST, // one MX_ARG_EXCHANGE
    MX_ENTRY_ERROR,   // one MX_ARG_EXCHANGE, its integer the status: error(status, req)
    MX_ENTRY_TICK,    // one MX_ARG_INTEGER: now in ms; its result is the ms until the next tick.
                      // Before the end once more with MX_ARG_NIL: keep what would be lost
};

struct mx_task_result {
    int code; // MX_OK, or what `err` says: the trace is in the log already
    struct mx_error err;
    int64_t integer; // first result when it is an integer, else 0
};

// Called once, on the thread of the script, when the task has ended by itself.
typedef void (*mx_task_fn)(void *ctx, const struct mx_task_result *result);

// Starts a task and runs its first slice. Returns it while it waits; it is borrowed until `fn` is
// called or it is cancelled. Returns NULL when it has ended already: `fn` was called. `fn` may be
// NULL.
mx_task *mx_task_start(
    mx_script *script, enum mx_entry entry, const struct mx_arg *arg, mx_task_fn fn, void *ctx);

// Answers what `task` waits for and runs its next slice. For a cancelled task it only ends the
// wait.
void mx_task_resume(mx_task *task, const struct mx_arg *answer);

// Drops `task`, which must be waiting: `fn` will not be called, no Lua code of it runs again, its
// request becomes unusable. The outstanding answer must still be given to mx_task_resume().
// `task` may be NULL.
void mx_task_cancel(mx_task *task);

// The pinned plugin generation of the task, 0 when Lua has not set one.
uint64_t mx_task_generation(const mx_task *task);

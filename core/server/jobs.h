// The thread that does what can wait: deliveries, mail, schedules. Its Lua says when it wants to be
// woken next.
#pragma once

#include "server/lane.h"
#include "server/start.h"

typedef struct mx_jobs mx_jobs;

// Starts the thread and waits until its Lua has booted. `shared` is borrowed. `*out` is owned: give
// it to mx_jobs_stop().
int mx_jobs_start(struct mx_shared *shared, mx_tally *tally, mx_jobs **out, struct mx_error *err);

// Main thread: a tick runs soon.
void mx_jobs_wake(mx_jobs *jobs);

// Main thread: has Lua take up what changed.
void mx_jobs_reload(mx_jobs *jobs, enum mx_change change);

// Lets the running tick end and has a last one keep what would be lost (for `drain_ms` at most),
// then ends the thread. May be NULL.
void mx_jobs_stop(mx_jobs *jobs);

// One tick at a time: a wake-up that comes while one runs starts the next right after it. Wake-ups
// come with every commit, so ticks keep a distance.
#include "server/jobs.h"

#include <assert.h>
#include <stdatomic.h>

#include "platform/alloc.h"
#include "platform/log.h"

enum {
    DISTANCE_MS = 10,         // between two ticks that commits have asked for
    LONGEST_SLEEP_MS = 60000, // whatever Lua says: clocks jump
    AFTER_FAILURE_MS = 5000,
    HOUSEKEEPING_MS = 1000,
};

struct mx_jobs {
    struct mx_lane lane; // first
    struct mx_letter wake;
    _Atomic bool is_woken; // the letter is under way
    struct mx_letter reload;
    _Atomic int change; // enum mx_change: what the letter under way is about
    struct mx_letter stop;
    struct mx_start start;
    mx_timer *timer; // of the next tick
    mx_timer *housekeeping;
    mx_timer *patience;
    mx_task *task; // the tick that waits
    bool is_ticking;
    bool is_asked; // once more after the one that runs
    bool is_stopping;
    bool is_last; // the tick at the end has begun
};

static void sleep_for(mx_jobs *jobs, int64_t ms) {
    uint64_t bounded = ms < 0 ? 0 : ms > LONGEST_SLEEP_MS ? LONGEST_SLEEP_MS : (uint64_t)ms;
    mx_timer_move(jobs->timer, bounded);
}

// Once more before the end: the last tick keeps what would be lost.
static void stop_when_idle(mx_jobs *jobs) {
    if (!jobs->is_stopping || jobs->is_ticking) {
        return;
    }
    if (jobs->is_last) {
        mx_loop_stop(jobs->lane.loop);
    } else {
        sleep_for(jobs, 0);
    }
}

static void on_tick_ended(void *ctx, const struct mx_task_result *result) {
    mx_jobs *jobs = ctx;
    jobs->task = NULL;
    jobs->is_ticking = false;
    int64_t pause = result->code == MX_OK          ? result->integer
                    : result->code == MX_E_MISSING ? LONGEST_SLEEP_MS // boot.lua has no tick
                                                   : AFTER_FAILURE_MS;
    if (jobs->is_asked && pause > DISTANCE_MS) {
        pause = DISTANCE_MS;
    }
    jobs->is_asked = false;
    sleep_for(jobs, pause);
    stop_when_idle(jobs);
}

static void on_tick_due(void *ctx) {
    mx_jobs *jobs = ctx;
    if (jobs->is_ticking || jobs->is_last) {
        return;
    }
    jobs->is_ticking = true;
    jobs->is_last = jobs->is_stopping;
    struct mx_arg now = {.kind = MX_ARG_INTEGER, .integer = mx_now_ms(jobs->lane.shared->world)};
    struct mx_arg last = {.kind = MX_ARG_NIL};
    jobs->task = mx_task_start(
        jobs->lane.script, MX_ENTRY_TICK, jobs->is_last ? &last : &now, on_tick_ended, jobs);
}

// --- letters ----------------------------------------------------------------------------------

static void on_wake_read(struct mx_letter *letter) {
    mx_jobs *jobs = (mx_jobs *)((char *)letter - offsetof(mx_jobs, wake));
    atomic_store(&jobs->is_woken, false);
    if (jobs->is_ticking) {
        jobs->is_asked = true;
    } else if (!jobs->is_stopping) {
        sleep_for(jobs, DISTANCE_MS);
    }
}

static void on_reload_read(struct mx_letter *letter) {
    mx_jobs *jobs = (mx_jobs *)((char *)letter - offsetof(mx_jobs, reload));
    enum mx_change change = (enum mx_change)atomic_exchange(&jobs->change, MX_CHANGE_NONE);
    bool is_idle = !jobs->is_ticking && !jobs->is_stopping;
    if (change == MX_CHANGE_PLUGINS && is_idle) { // a tick begins with those in force
        sleep_for(jobs, DISTANCE_MS);             // whoever waits for a page goes first
        return;
    }
    mx_lane_reload(&jobs->lane, change);
    sleep_for(jobs, 0);
}

static void on_patience_over(void *ctx) {
    mx_jobs *jobs = ctx;
    mx_task_cancel(jobs->task);
    jobs->task = NULL;
    jobs->is_ticking = false;
    jobs->is_last = true; // no time for another one
    stop_when_idle(jobs);
}

static void on_stop_read(struct mx_letter *letter) {
    mx_jobs *jobs = (mx_jobs *)((char *)letter - offsetof(mx_jobs, stop));
    uint64_t ms = mx_shared_settings(jobs->lane.shared)->drain_ms;
    jobs->is_stopping = true;
    jobs->patience = mx_timer_start(jobs->lane.loop, ms, 0, on_patience_over, jobs);
    stop_when_idle(jobs);
}

// --- the thread -------------------------------------------------------------------------------

static void on_housekeeping(void *ctx) {
    mx_jobs *jobs = ctx;
    mx_lane_tally(&jobs->lane);
}

static void *run(void *ctx) {
    mx_jobs *jobs = ctx;
    struct mx_error err;
    mx_start_name("merx-jobs");
    int rc = mx_lane_open(&jobs->lane, NULL, &err);
    if (rc < 0) {
        mx_lane_close(&jobs->lane);
        mx_start_say(&jobs->start, rc, &err);
        return NULL;
    }
    jobs->timer = mx_timer_start(jobs->lane.loop, DISTANCE_MS, 0, on_tick_due, jobs);
    jobs->housekeeping =
        mx_timer_start(jobs->lane.loop, HOUSEKEEPING_MS, HOUSEKEEPING_MS, on_housekeeping, jobs);
    mx_start_say(&jobs->start, MX_OK, NULL);
    while (!jobs->is_stopping || jobs->is_ticking) {
        mx_loop_run(jobs->lane.loop);
    }
    mx_timer_stop(jobs->timer);
    mx_timer_stop(jobs->housekeeping);
    mx_timer_stop(jobs->patience);
    mx_lane_settle(&jobs->lane);
    mx_lane_close(&jobs->lane);
    return NULL;
}

int mx_jobs_start(struct mx_shared *shared, mx_tally *tally, mx_jobs **out, struct mx_error *err) {
    mx_jobs *jobs = mx_alloc(sizeof(*jobs));
    jobs->lane.shared = shared;
    jobs->lane.role = MX_ROLE_JOBS;
    jobs->lane.tally = tally;
    memcpy(jobs->lane.name, "jobs", sizeof("jobs"));
    jobs->wake.fn = on_wake_read;
    jobs->reload.fn = on_reload_read;
    jobs->stop.fn = on_stop_read;
    int rc = mx_start_thread(&jobs->start, &jobs->lane.thread, run, jobs, err);
    if (rc == MX_OK) {
        rc = mx_start_wait(&jobs->start, jobs->lane.thread, err);
    }
    if (rc < 0) {
        mx_free(jobs);
        return rc;
    }
    *out = jobs;
    return MX_OK;
}

void mx_jobs_wake(mx_jobs *jobs) {
    if (!atomic_exchange(&jobs->is_woken, true)) {
        mx_mailbox_post(jobs->lane.mailbox, &jobs->wake);
    }
}

void mx_jobs_reload(mx_jobs *jobs, enum mx_change change) {
    if (mx_change_note(&jobs->change, change)) {
        mx_mailbox_post(jobs->lane.mailbox, &jobs->reload);
    }
}

void mx_jobs_stop(mx_jobs *jobs) {
    if (!jobs) {
        return;
    }
    mx_mailbox_post(jobs->lane.mailbox, &jobs->stop);
    pthread_join(jobs->lane.thread, NULL);
    mx_free(jobs);
}

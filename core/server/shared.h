// What the threads of one server share: made before them, gone after them. Nothing here changes
// while they run but what is atomic or guards itself.
#pragma once

#include <stdatomic.h>

#include "crypto/keyring.h"
#include "script/chunks.h"
#include "script/watchdog.h"
#include "server/cache.h"
#include "server/clock.h"
#include "server/metrics.h"
#include "server/settings.h"
#include "server/stamps.h"

typedef struct mx_activity mx_activity;           // server/activity.h
typedef struct mx_commands mx_commands;           // server/writer.h
typedef struct mx_plugin_counts mx_plugin_counts; // server/plugin_counts.h

// What every thread is told to take up; the greater is more.
enum mx_change {
    MX_CHANGE_NONE,
    MX_CHANGE_PLUGINS, // another generation of them is in force
    MX_CHANGE_ALL,     // files, settings, plugins: what SIGHUP does
};

enum mx_phase { MX_PHASE_STARTING, MX_PHASE_READY, MX_PHASE_DRAINING };

struct mx_shared {
    mx_options *options;                    // as at the start
    _Atomic(struct mx_settings *) settings; // as they are now: mx_shared_settings()
    const char *share;                      // folder, borrowed from the options
    const char *data;
    char *database; // data/shop.db
    char *uploads;  // where files of forms wait, data/tmp
    mx_clock *clock;
    const struct mx_world *world; // of the clock
    mx_keyring *keyring;
    mx_watchdog *watchdog;
    mx_chunks *chunks;
    mx_stamps *stamps;
    mx_cache *cache;
    mx_metrics *metrics;
    mx_activity *activity;
    mx_plugin_counts *plugin_counts;
    mx_commands *commands;
    void (*wake_jobs)(void *ctx); // from any thread: a tick runs soon
    void *wake_ctx;
    void (*reload)(void *ctx, enum mx_change change); // from any thread, with wake_ctx
    _Atomic int phase;                                // enum mx_phase
    _Atomic int connections;
    _Atomic uint64_t pages; // part of every page key: counted up by a reload
};

// Options in force, borrowed until the server ends.
static inline const struct mx_settings *mx_shared_settings(const struct mx_shared *shared) {
    return atomic_load_explicit(&shared->settings, memory_order_acquire);
}

// Notes a change for a thread that takes up what was noted last with atomic_exchange(). Whether it
// is still to be told.
static inline bool mx_change_note(_Atomic int *noted, enum mx_change change) {
    int before = atomic_load(noted);
    while (before < (int)change && !atomic_compare_exchange_weak(noted, &before, change)) {
    }
    return before == MX_CHANGE_NONE;
}

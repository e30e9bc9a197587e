// One thread with a loop and a Lua state: what a worker and the jobs thread have in common. It
// gives Lua the services of script/services.h: commands, timers, the pool, the cache.
#pragma once

#include <pthread.h>

#include "loop/mailbox.h"
#include "loop/timer.h"
#include "script/host.h"
#include "script/outgoing.h"
#include "server/shared.h"

struct mx_sleeper;

// Names of cookies and parameters that decide about shared pages; owned by the lane.
struct mx_page_rules {
    struct mx_slice *query;
    size_t query_count;
    struct mx_slice *private_cookies;
    size_t private_count;
    struct mx_slice *key_cookies;
    size_t key_count;
    bool is_configured; // nothing is shared before Lua said what may be
};

struct mx_lane {
    struct mx_shared *shared; // borrowed
    enum mx_role role;
    unsigned index;
    char name[24];
    pthread_t thread;
    mx_loop *loop;
    mx_mailbox *mailbox; // from any thread, until mx_lane_close()
    mx_db *db;
    mx_outgoing *outgoing; // of the jobs thread: the way out to other servers
    mx_script *script;
    mx_tally *tally;
    struct mx_services services;
    struct mx_page_rules rules;
    struct mx_cache_entry *fragment; // the last one that Lua found; its dependencies are lent
    struct mx_sleeper *sleepers;
    size_t waits; // answers of the writer and the pool that will come
};

// Opens the loop, the reading connection and the Lua state of `lane`, whose first five members are
// set and `tally` too, and boots. `ops` may be NULL: this lane serves no requests. Call it on the
// lane's thread. On failure mx_lane_close() is still due.
int mx_lane_open(struct mx_lane *lane, const struct mx_exchange_ops *ops, struct mx_error *err);

// Runs the loop until every answer that is on its way has come.
void mx_lane_settle(struct mx_lane *lane);

// Closes everything, on the lane's thread. Fine when it was opened in part.
void mx_lane_close(struct mx_lane *lane);

// Tells Lua that settings changed, and logs what it says against it.
void mx_lane_reload(struct mx_lane *lane, enum mx_change change);

// Publishes the numbers of the Lua state.
void mx_lane_tally(struct mx_lane *lane);

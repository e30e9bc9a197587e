// What the server gives to Lua, as a table of functions, and the Lua-free shapes that cross the
// border in both directions. Whoever implements this needs no lua.h.
#pragma once

#include <stdatomic.h>

#include "client/client.h"
#include "platform/buf.h"
#include "platform/error.h"

typedef struct mx_task mx_task;
typedef struct mx_exchange mx_exchange;

struct mx_pair {
    struct mx_slice name;
    struct mx_slice value;
};

// --- one value handed to Lua ------------------------------------------------------------------

enum mx_arg_kind {
    MX_ARG_NIL,
    MX_ARG_BOOLEAN,  // integer != 0
    MX_ARG_INTEGER,  // integer
    MX_ARG_BYTES,    // bytes, as a Lua string
    MX_ARG_VALUE,    // bytes, as written by mx_value_encode() (value.h)
    MX_ARG_FAILURE,  // error, as the two values nil, { code, message }
    MX_ARG_EXCHANGE, // exchange, as the request userdata (request.h); an integer that is not 0 goes
                     // first
    MX_ARG_REPLY,    // reply, as { status, headers, body, elapsed_ms }
};

// Everything in it is borrowed for the call it is passed to.
struct mx_arg {
    enum mx_arg_kind kind;
    int64_t integer;
    struct mx_slice bytes;
    const struct mx_error *error;
    mx_exchange *exchange;
    const struct mx_client_reply *reply;
};

// --- commands ---------------------------------------------------------------------------------

// A command on its way to the writer. All bytes are borrowed for the call.
struct mx_command {
    struct mx_slice name;
    struct mx_slice args;   // one encoded value
    struct mx_slice key;    // idempotency key, empty: none
    struct mx_slice actor;  // who asks, empty: nobody in particular
    uint64_t generation;    // plugin generation that the asking task is pinned to
    int64_t now_ms;         // the writer sets it once for each command: tx.now
    unsigned char seed[32]; // the writer draws it once for each command: tx.uuid(), tx.token()
};

// --- what a cached thing depends on -------------------------------------------------------------

// Collected while a task runs; `tags` are mx_slice_hash() of the tag text, each once, unsorted.
struct mx_cache_deps {
    uint64_t *tags; // borrowed
    size_t count;
    int64_t until_ms; // earliest time boundary, INT64_MAX: none
    uint64_t seq;     // sequence loaded before the first read: valid while every stamp <= seq
};

// Which requests may be answered from the page cache. Lists of names, borrowed for the call.
struct mx_cache_rules {
    const struct mx_slice *query; // parameters that are part of the key; others bypass the cache
    size_t query_count;
    const struct mx_slice *private_cookies; // a request that carries one is never shared
    size_t private_count;
    const struct mx_slice *key_cookies; // cookies whose value is part of the key
    size_t key_count;
};

// --- work for the pool --------------------------------------------------------------------------

// `run` is called once on a pool thread: it sees neither Lua nor the task, and leaves its result
// in `out`. `destroy` is called afterwards (or when it never ran) on the thread that gave it away.
struct mx_work {
    int (*run)(struct mx_work *work, mx_buf *out, struct mx_error *err);
    void (*destroy)(struct mx_work *work);
};

// --- what visitors did --------------------------------------------------------------------------

// One thing that happened. `note` is a number that Lua gives a meaning; 0: a sample of a request.
struct mx_activity_record {
    uint64_t note;
    struct mx_slice visitor; // empty: only counted
    struct mx_slice page;    // path, or of a sample its route
    struct mx_slice body;    // whatever Lua wants back
    int64_t at_ms;
    int status;  // of a sample
    uint64_t us; // of a sample
};

struct mx_activity_count {
    uint64_t note;
    uint64_t times;
};

struct mx_activity_book {
    const struct mx_activity_count *counts;
    size_t count;
    const struct mx_activity_record *rows;
    size_t row_count;
};

// --- what plugins did ---------------------------------------------------------------------------

enum { MX_PLUGIN_COUNTS_MAX = 256 };

// Of one plugin in one generation, over all threads, since the server began.
struct mx_plugin_count {
    char id[64];
    uint64_t generation;
    uint64_t calls;
    uint64_t errors;
    uint64_t ns;     // that its code ran
    uint64_t memory; // bytes of its states now
};

// What one plugin did in one thread. Only that thread writes the numbers, whoever asks reads them:
// so each is a relaxed atomic, and an addition costs what it costs without.
struct mx_plugin_tally {
    const char *id; // borrowed
    uint64_t generation;
    _Atomic uint64_t calls;
    _Atomic uint64_t ns;
    _Atomic uint64_t memory;
    struct mx_plugin_tally *next;  // both belong to whom it was shown
    struct mx_plugin_tally **link; // what points at this one, NULL: nobody was shown it
};

// --- the table ----------------------------------------------------------------------------------

// Every function runs on the thread of the script that was given the table, with `ctx` first.
// A member may be NULL where a role has no such thing: Lua then gets a clear error.
//
// The waiting ones (submit_command, start_timer, offload) return MX_OK and answer later, exactly
// once, with mx_task_resume() (task.h), never inside the call; also when the task was cancelled
// meanwhile. A negative result means: refused, no answer will come.
struct mx_services {
    void *ctx; // borrowed, outlives the script

    // Worker and jobs: the answer is an MX_ARG_VALUE { ok = … } or { err = … }, or MX_ARG_FAILURE.
    int (*submit_command)(
        void *ctx, mx_task *task, const struct mx_command *command, struct mx_error *err);
    // Tools: the same, but waits; leaves the encoded { ok = … } or { err = … } in `out`.
    int (*run_command)(
        void *ctx, const struct mx_command *command, mx_buf *out, struct mx_error *err);
    // Answer: MX_ARG_NIL.
    int (*start_timer)(void *ctx, mx_task *task, uint64_t ms, struct mx_error *err);
    // Takes `work` if it returns MX_OK. Answer: MX_ARG_BYTES or MX_ARG_FAILURE.
    int (*offload)(void *ctx, mx_task *task, struct mx_work *work, struct mx_error *err);

    // The last sequence published. Called at the start of every run slice, so it must be cheap.
    uint64_t (*cache_seq)(void *ctx);
    // Readers: whether nothing that has the tag (its hash) was touched after `seq`. NULL elsewhere.
    bool (*cache_holds)(void *ctx, uint64_t tag, uint64_t seq);
    // Finds a valid entry: appends its bytes to `out`, points `deps` at its dependencies (borrowed
    // until the next cache call) and returns true.
    bool (*cache_get)(void *ctx, struct mx_slice key, mx_buf *out, struct mx_cache_deps *deps);
    // Stores a copy.
    void (*cache_put)(
        void *ctx, struct mx_slice key, struct mx_slice bytes, const struct mx_cache_deps *deps);
    // Writer: notes what the running command touched; published after its COMMIT.
    void (*cache_touch)(void *ctx, struct mx_slice tag);
    int (*cache_configure)(void *ctx, const struct mx_cache_rules *rules, struct mx_error *err);

    // Workers: notes what a visitor did; `at_ms` is set below. Never waits, and may drop it.
    void (*record_activity)(void *ctx, const struct mx_activity_record *record);
    // Jobs: the next book of it, borrowed until the next call; false: nothing is left.
    bool (*take_activity)(void *ctx, struct mx_activity_book *out);

    // Wakes the jobs thread: `tick` runs soon.
    void (*wake_jobs)(void *ctx);
    // Writer: the server takes up changed plugins and settings once the running batch is over.
    void (*reload)(void *ctx);
    // Writer: the same for another generation of plugins, and nothing else.
    void (*renew)(void *ctx);

    // A plugin's state is there, and stays until it is hidden: what it did is kept then, what it
    // holds is not.
    void (*show_plugin)(void *ctx, struct mx_plugin_tally *tally);
    void (*hide_plugin)(void *ctx, struct mx_plugin_tally *tally);
    // A call of a plugin failed, or answered what was of no use.
    void (*note_failure)(void *ctx, struct mx_slice id, uint64_t generation);
    // What all plugins did.
    size_t (*plugin_counts)(void *ctx, struct mx_plugin_count *out, size_t max);
    // Tools: what the running server answers to `verb`; MX_E_MISSING when none runs.
    int (*ask_server)(void *ctx, struct mx_slice verb, mx_buf *out, struct mx_error *err);

    // The way out to other servers (native.client), borrowed; tasks wait for it. NULL in roles that
    // send nothing; tools and tests make one of their own.
    mx_client *client;

    // How requests are read and answered (request.h); NULL in roles that serve none.
    const struct mx_exchange_ops *exchange_ops;
};

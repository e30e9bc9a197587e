// What belongs to one lua_State and to the thread that runs it. Inside core/script only.
//
// A thread has one trusted state and one state for each plugin. Whatever runs on the thread is a
// stack of runs: each knows its state, its limits and its caller, and what an inner run uses is
// charged to the outer ones.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <lua.h>

#include "platform/buf.h"
#include "platform/slabs.h"
#include "script/call.h"
#include "script/host.h"
#include "script/outgoing.h"

enum {
    MX_COUNT_STEP = 1000,          // instructions between two looks of the counting hook
    MX_SCRATCH_KEPT = 1024 * 1024, // a larger scratch buffer is given back after use
};

// One lua_State. Its main thread and all coroutines find it by mx_state_of().
struct mx_state {
    lua_State *L;
    mx_script *script; // NULL for a state on its own (tests, fuzzers)
    struct mx_slabs slabs;
    size_t used; // bytes now
    size_t peak;
    size_t limit;   // bytes at most, now
    bool is_exact;  // what is refused once in a run stays refused
    mx_buf scratch; // for a binding that raises nothing while it uses it; see mx_scratch_take()
    struct mx_plugin *plugin; // plugin.h; NULL for the trusted state
};

// Why a run must end.
enum mx_over { MX_OVER_NOT, MX_OVER_COUNT, MX_OVER_TIME, MX_OVER_MEMORY };

struct mx_run {
    struct mx_run *outer;
    lua_State *L;
    struct mx_state *state;
    uint64_t began_ns;      // of a plugin's run, or of one that is timed
    uint64_t took_ns;       // of a plugin's run that was left
    uint64_t inner_ns;      // that other plugins ran inside of it
    uint64_t deadline_ns;   // the earliest of its own and its callers', 0: none
    struct mx_run *counter; // the nearest outer run that counts: what this one counts is its too
    bool is_counted;
    int64_t given; // instructions, when counted
    int64_t left;
    int step;           // between two looks of the counting hook
    uint64_t uncounted; // steps of C loops since the clock was last asked, when not counted
    enum mx_over over;  // stays so until the run is left
    size_t outer_limit; // what state->limit was
    uint64_t outer_db_deadline;
    lua_Hook outer_hook; // what was installed on L before
    int outer_mask;
    int outer_count;
};

// A thread as the monitor sees it. Only the owner writes all but `signalled`.
struct mx_watch {
    struct mx_watch *next;
    pthread_t thread;
    _Atomic(uint64_t) ticket;      // changes with every run entered or left
    _Atomic(uint64_t) deadline_ns; // of the innermost run, 0: none
    _Atomic(uint64_t) signalled;   // the ticket that the monitor found late
    _Atomic(lua_State *) running;  // of the innermost run
};

struct mx_coroutine {
    lua_State *L;
    int ref; // in the registry, so that it is not collected
};

enum mx_task_state { MX_TASK_READY, MX_TASK_RUNNING, MX_TASK_WAITING, MX_TASK_CANCELLED };

struct mx_task {
    mx_script *script;
    mx_task *next; // in script->tasks
    mx_task *previous;
    mx_task *next_spawned;
    enum mx_task_state state;
    struct mx_coroutine co;
    int nargs; // on the coroutine's stack for its first slice
    uint64_t id;
    uint64_t generation;            // of plugins, 0: not pinned
    uint64_t slice_seq;             // of the cache, when the running slice began
    struct mx_scope *scope;         // innermost (scope.h)
    struct mx_request_box *request; // borrowed from Lua, NULL: none
    mx_task_fn fn;
    void *ctx;
};

enum { MX_POOL_MAX = 256 };

// What a state remembers of its own touches; two tags in one slot only cost a reload.
enum { MX_TOUCH_SLOTS = 1024 };

struct mx_script {
    struct mx_state state;
    struct mx_script_options options; // strings copied
    const struct mx_world *world;
    struct mx_services services;
    struct mx_watch watch;
    struct mx_run *run; // innermost, NULL: no Lua runs
    mx_task *task;      // whose slice runs, NULL: none
    mx_task *tasks;     // all that are alive
    mx_task *spawned;   // to be started when the running slice ends, oldest first
    mx_task **spawned_end;
    struct mx_scope *scope;           // innermost outside tasks
    uint64_t outside_seq;             // of the cache, when what runs outside of tasks began
    uint64_t touches[MX_TOUCH_SLOTS]; // how often a tag of the slot was touched by this state
    uint64_t doubts;                  // how often touched things may have been rolled back
    uint64_t last_task_id;
    struct mx_coroutine pool[MX_POOL_MAX];
    int pool_count;
    int boot_ref;                   // table of entry functions, LUA_NOREF before boot
    int entry_refs[3];              // by enum mx_entry
    unsigned char question_key[16]; // of digests of what handlers are asked
    int64_t last_spent;             // instructions of the counted run that was left last
    int64_t fake_now_ms;            // native.clock.set_fake, INT64_MIN: none
    bool is_remote;                 // tool: a server holds the data folder
    bool is_on_desk;                // of merx dev: failures of plugins tell their locals
    mx_loop *loop; // tools and tests: made with the first request to another server
    mx_outgoing *outgoing;
    struct mx_script_stats stats;
};

// As mx_script_call(), but a failure leaves its trace on the stack, [-(nargs + 1), +nresults | +1],
// is not logged, and `*over` tells whether a limit ended it. Returns Lua's status.
int mx_call_try(
    lua_State *L, int nargs, int nresults, const struct mx_budget *budget, enum mx_over *over);

// The state of `L`, whichever of its coroutines that is.
static inline struct mx_state *mx_state_of(lua_State *L) {
    return *(struct mx_state **)lua_getextraspace(L);
}

static inline mx_script *mx_script_of(lua_State *L) {
    return mx_state_of(L)->script;
}

// Opens the lua_State of `state`, which is zeroed but for `script`, `limit` and `plugin`, and must
// stay where it is. Without libraries.
int mx_state_open(struct mx_state *state, struct mx_error *err);

// Closes it. May be called on a zeroed one.
void mx_state_close(struct mx_state *state);

// Loads text (never bytecode) as a chunk: [-0, +1], a function or a message. Returns Lua's status.
int mx_state_load(lua_State *L, struct mx_slice source, const char *name);

// The empty scratch buffer of the state. Valid until the next call that may take it again; whoever
// takes it calls nothing else that takes it before being done.
mx_buf *mx_scratch_take(lua_State *L);
// [-0, +1] Pushes the scratch buffer's content as a string.
void mx_scratch_push(lua_State *L);

// Enters and leaves a run on the stack of `L`'s thread. `run` is the caller's. Neither raises.
void mx_run_enter(struct mx_run *run, lua_State *L, const struct mx_budget *budget);
void mx_run_leave(struct mx_run *run);

// Charges the innermost run for what a C function is about to do; raises when that is over its
// budget, or over its time when it does not count.
void mx_run_charge(lua_State *L, uint64_t steps);

// For C loops that were charged before they began: raises when the run is late. Looks at the clock
// once in a while, as `turn` counts them.
void mx_run_look(lua_State *L, uint64_t turn);

// Raises if the running run is over its budget. For every boundary where a script could go on.
void mx_run_check(lua_State *L);

// What the state took since it used `before` bytes is not charged to the running run: it stays.
void mx_run_excuse_memory(lua_State *L, size_t before);

// Marks the running run as over for lack of memory and raises.
void mx_run_end_memory(lua_State *L);

// Adds the thread's watch to the monitor and takes it away.
void mx_watchdog_join(mx_watchdog *watchdog, struct mx_watch *watch);
void mx_watchdog_leave(mx_watchdog *watchdog, struct mx_watch *watch);

// Publishes what runs now on this thread: `L` until `deadline_ns` (0: no limit).
void mx_watch_set(struct mx_watch *watch, lua_State *L, uint64_t deadline_ns);

// CLOCK_MONOTONIC, never faked.
uint64_t mx_watch_now(void);

// The hook that ends whatever it is called in.
void mx_run_stop_hook(lua_State *L, lua_Debug *ar);

// [-0, +count] Pushes what `arg` stands for and returns how many values that is. May raise.
int mx_arg_push(lua_State *L, const struct mx_arg *arg);

// For bindings that wait. The task that `L` runs; raises when it runs none or may not yield.
mx_task *mx_task_check(lua_State *L);
// NULL instead of raising: the caller then does the work at once.
mx_task *mx_task_find(lua_State *L);
// Ends the slice, after what was asked for has been accepted: `return mx_task_wait(L, …)`. The
// continuation finds the answer by mx_task_answer().
int mx_task_wait(lua_State *L, lua_KContext ctx, lua_KFunction then);
// [-1, +0] In a continuation: the answer, borrowed until the continuation ends.
const struct mx_arg *mx_task_answer(lua_State *L);
// [-(nargs + 1), +0] Queues a task for the function and its arguments on top of the stack. May
// raise.
mx_task *mx_task_spawn(lua_State *L, int nargs);
// Frees all tasks without running them, at the end of the script.
void mx_task_drop_all(mx_script *script);

// Closes the script's own way out, if it has one.
void mx_script_close_outgoing(mx_script *script);

// Opens libraries, require and the native modules on the trusted state. May raise.
int mx_library_open(lua_State *L);
// [-0, +1 | 0] Loads the file `path` as a chunk named after its place below `root`.
int mx_library_load(lua_State *L, const char *path, const char *name, struct mx_error *err);
// Letters, digits, "_", "-" and single dots between.
bool mx_library_is_module_name(struct mx_slice name);
// [-0, +1] Calls require(name) on the trusted state. May raise.
void mx_library_require(lua_State *L, const char *name);

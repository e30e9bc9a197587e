// One plugin in one thread: a lua_State of its own, with an environment for pure code and one for
// the rest. Inside core/script only.
//
// Names of the two Lua sides here: T is the trusted state that asks, P the plugin's. An error never
// crosses from one to the other: each side is entered by a protected call of its own, and values
// are copied by whoever receives them.
#pragma once

#include "script/projection.h"
#include "script/seal.h"
#include "script/state.h"

enum mx_plugin_kind { MX_KIND_PURE, MX_KIND_VIEW, MX_KIND_COMMAND, MX_KIND_EFFECT };

enum { MX_ENV_PURE, MX_ENV_OPEN, MX_ENV_COUNT };

static inline int mx_plugin_env(enum mx_plugin_kind kind) {
    return kind == MX_KIND_PURE ? MX_ENV_PURE : MX_ENV_OPEN;
}

extern const char *const mx_plugin_kinds[]; // names, NULL at the end

enum { MX_GIVEN_KEPT = 12 }; // of each

// What pure handlers were given last, and P still has.
struct mx_plugin_given {
    uint64_t inputs[MX_GIVEN_KEPT];      // serials of shapes
    const void *settings[MX_GIVEN_KEPT]; // tables of T, which the plugin's user value holds
    int last_input;
    int last_settings;
};

// Lives in the userdata that T holds.
struct mx_plugin {
    struct mx_state state;    // L is NULL once closed
    char *id;                 // owned
    char *root;               // owned; folder, "" for a plugin in memory only
    int host_ref;             // in T: what serves its host calls
    lua_State *caller;        // the coroutine of T that is asking right now
    enum mx_plugin_kind kind; // of the innermost call
    int depth;                // calls inside calls
    int loading;              // modules are being loaded, not handlers called
    struct mx_seal seal;      // of pure code
    struct mx_plugin_given given;
    size_t collect_at; // bytes at which pure code is collected after
    mx_buf loaded;     // names of handlers, see load() in bind_plugin.c
    int effects;       // that run or wait
    struct mx_plugin_tally tally;
    uint64_t failures;
    int64_t spent; // instructions of the last pure call
};

// A range of values on a Lua stack.
struct mx_values {
    lua_State *L;
    int first;
    int count;
};

// What one call needs on its way into P. Lives on the C stack of the caller.
struct mx_plugin_call {
    struct mx_plugin *plugin;
    enum mx_plugin_kind kind;
    struct mx_slice handler; // "module:function"
    const mx_shape *shape;   // has packed the input; NULL: all arguments are copied
    struct mx_values args;   // behind a packed input: the settings
    int kept_settings;       // they were copied into P, and where
    bool is_missing;         // there is no such handler
};

// Opens P: no code of the plugin runs. `preludes` are paths below SHARE/lua on
// T's stack; `modules` is the index of a table of sources there, 0: none.
int mx_plugin_open(
    struct mx_plugin *plugin, const struct mx_values *preludes, int modules, struct mx_error *err);

// Closes P. Fine to repeat.
void mx_plugin_close(struct mx_plugin *plugin);

// Whoever counts for all threads sees what the plugin does from now on, as one of that generation,
// until it is closed.
void mx_plugin_show(struct mx_plugin *plugin, uint64_t generation);

// One call more.
void mx_plugin_count_call(struct mx_plugin *plugin);

// Adds to the time that its code took, and takes down what its state holds now.
void mx_plugin_bill(struct mx_plugin *plugin, uint64_t ns);

// In P, protected: what handlers of that kind stand in is there from now on.
void mx_plugin_need_environment(lua_State *P, enum mx_plugin_kind kind);

// In P, protected. [-0, +1] Pushes the handler's function, loading its module when it is the first
// time. Raises, with `is_missing` set when there is none.
void mx_plugin_push_handler(lua_State *P, struct mx_plugin_call *call);

// In P, protected. [-0, +2] Pushes the input that was packed, and the settings.
void mx_plugin_push_given(lua_State *P, struct mx_plugin_call *call);

// After a call that failed: an input that was filled in part goes, which may have taken all memory
// that there is.
void mx_plugin_drop_torn(struct mx_plugin *plugin, const mx_shape *shape);

// In T, the plugin at 1: which settings P has from now on.
void mx_plugin_note_settings(lua_State *T, struct mx_plugin_call *call);

// [-0, +count] Copies values onto the stack of `to`, or raises there.
int mx_values_copy(lua_State *to, const struct mx_values *values);

// In T. [-0, +2] nil and { code, message, trace } from a text with Lua's trace behind it.
int mx_plugin_push_failure(lua_State *T, const char *code, const char *text);

// [P: as it is] The failure whose trace is on top of P, told to T.
int mx_plugin_push_failure_of(lua_State *T, lua_State *P, const char *code);
// The failure of pure code that left `name` for its next call.
int mx_plugin_push_changed(lua_State *T, const char *name);

// "error", "budget" or "memory".
const char *mx_plugin_code_of(enum mx_over over);
// In T. [-0, +n] true and copies of what lies above `base` in P, or the failure.
int mx_plugin_push_results(lua_State *T, lua_State *P, int base);

// In T. Calls a handler that may wait; the plugin is at 1. Returns how many results it left.
int mx_plugin_call_effect(
    lua_State *T, struct mx_plugin_call *call, const struct mx_budget *budget);
// [-0, +0] What T must know of effects.
void mx_plugin_open_effects(lua_State *T);

// native.host in P: [-0, +1] pushes the table with `call`.
void mx_plugin_push_host(lua_State *P);

// One thread's Lua: a trusted state with native.* modules, its limits and its entry functions.
// Everything here is called on the thread that created the script.
#pragma once

#include "crypto/keyring.h"
#include "platform/world.h"
#include "script/chunks.h"
#include "script/services.h"
#include "script/task.h"
#include "script/watchdog.h"
#include "storage/db.h"

enum mx_role { MX_ROLE_WORKER, MX_ROLE_WRITER, MX_ROLE_JOBS, MX_ROLE_TOOL, MX_ROLE_TEST };

// All pointers are borrowed and outlive the script, but strings are copied.
struct mx_script_options {
    enum mx_role role;
    unsigned index;                     // number of the worker, else 0
    const char *share;                  // folder that holds lua/, sql/, themes/
    const char *data;                   // data folder, NULL in tests without one
    const char *version;                // of Merx
    const struct mx_world *world;       // NULL: the real one
    mx_db *db;                          // native.db.main(), NULL: none
    const mx_keyring *keyring;          // NULL: none, so nothing can be sealed or signed
    const struct mx_services *services; // NULL: none
    mx_watchdog *watchdog;              // NULL: no time limits
    mx_chunks *chunks;                  // NULL: nothing compiled is shared
    const struct mx_pair *options;      // native.thread.options
    size_t option_count;
    size_t memory_limit; // bytes of the trusted state, 0: 256 MiB
    unsigned slice_ms;   // longest run slice of a task, 0: 2,000
    unsigned command_ms; // longest command, 0: 250
};

// A script with its native modules and nothing loaded. `*out` is owned: give it to
// mx_script_destroy().
int mx_script_create(
    const struct mx_script_options *options, mx_script **out, struct mx_error *err);

// Drops all tasks without running them and closes the states. `script` may be NULL.
void mx_script_destroy(mx_script *script);

// Runs SHARE/lua/boot.lua and keeps the functions it returns.
int mx_script_boot(mx_script *script, struct mx_error *err);

// Writer: runs boot.lua's `command` for at most `command_ms`. MX_OK: `out` holds the encoded
// { ok = … } (`*is_ok`: release the savepoint) or { err = { code, message, … } } (roll it back).
// Negative: it raised; `out` holds an { err = … } for the caller that names the error code only.
int mx_script_command(mx_script *script, const struct mx_command *command, mx_buf *out, bool *is_ok,
    struct mx_error *err);

// Tells Lua that files, settings or plugins changed.
int mx_script_reload(mx_script *script, struct mx_error *err);

// Tells Lua that another generation of plugins may be in force.
int mx_script_renew(mx_script *script, struct mx_error *err);

// Appends what `metrics` of boot.lua returns (text lines) to `out`; nothing without one.
int mx_script_metrics(mx_script *script, mx_buf *out, struct mx_error *err);

// Tools: runs SHARE/lua/cli/<name>.lua, a module with run(args), and gives its exit code.
// MX_E_MISSING when there is no such tool.
int mx_script_tool(mx_script *script, const char *name, int argc, char *const *argv, int *exit_code,
    struct mx_error *err);

// Appends an encoded { err = { code, message } }: how the server answers a command itself.
void mx_script_encode_failure(mx_buf *out, const struct mx_error *err);

struct mx_script_stats {
    size_t memory_used;
    size_t memory_peak;
    size_t tasks;      // now
    uint64_t slices;   // ever
    uint64_t failures; // tasks and calls that ended in an error
};
void mx_script_stats_get(const mx_script *script, struct mx_script_stats *out);

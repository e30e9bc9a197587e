// One thread's trusted Lua: created, booted, asked, destroyed.
#include "script/host.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "script/bindings.h"
#include "script/call.h"
#include "script/scope.h"
#include "script/state.h"
#include "script/value.h"

enum {
    DEFAULT_MEMORY = 256 * 1024 * 1024,
    DEFAULT_SLICE_MS = 2000,
    DEFAULT_COMMAND_MS = 250,
    BOOT_MS = 30000,
    PATH_LEN_MAX = 1024,
};

// --- options ----------------------------------------------------------------------------------

static struct mx_slice copy_slice(struct mx_slice slice) {
    char *copy = mx_alloc(slice.len + 1);
    if (slice.len > 0) {
        memcpy(copy, slice.ptr, slice.len);
    }
    return (struct mx_slice){copy, slice.len};
}

static const char *copy_text(const char *text) {
    return text ? mx_strdup(text) : NULL;
}

static void copy_options(mx_script *script, const struct mx_script_options *given) {
    struct mx_script_options *own = &script->options;
    *own = *given;
    own->share = copy_text(given->share);
    own->data = copy_text(given->data);
    own->version = copy_text(given->version ? given->version : "0");
    own->memory_limit = given->memory_limit ? given->memory_limit : DEFAULT_MEMORY;
    own->slice_ms = given->slice_ms ? given->slice_ms : DEFAULT_SLICE_MS;
    own->command_ms = given->command_ms ? given->command_ms : DEFAULT_COMMAND_MS;
    struct mx_pair *pairs = mx_alloc((given->option_count + 1) * sizeof(*pairs));
    for (size_t i = 0; i < given->option_count; i++) {
        pairs[i].name = copy_slice(given->options[i].name);
        pairs[i].value = copy_slice(given->options[i].value);
        script->is_on_desk |= mx_slice_equal(pairs[i].name, MX_SLICE("dev")) &&
                              mx_slice_equal(pairs[i].value, MX_SLICE("true"));
    }
    own->options = pairs;
    if (given->services) {
        script->services = *given->services;
    }
    script->world = given->world ? given->world : mx_world_real();
    script->is_remote = given->role == MX_ROLE_TOOL && script->services.run_command != NULL;
}

static void free_options(struct mx_script_options *own) {
    for (size_t i = 0; i < own->option_count; i++) {
        mx_free((char *)own->options[i].name.ptr);
        mx_free((char *)own->options[i].value.ptr);
    }
    mx_free((struct mx_pair *)own->options);
    mx_free((char *)own->share);
    mx_free((char *)own->data);
    mx_free((char *)own->version);
}

// --- life -------------------------------------------------------------------------------------

int mx_script_create(
    const struct mx_script_options *options, mx_script **out, struct mx_error *err) {
    mx_script *script = mx_alloc(sizeof(*script));
    copy_options(script, options);
    script->boot_ref = LUA_NOREF;
    script->entry_refs[MX_ENTRY_REQUEST] = LUA_NOREF;
    script->entry_refs[MX_ENTRY_ERROR] = LUA_NOREF;
    script->entry_refs[MX_ENTRY_TICK] = LUA_NOREF;
    script->spawned_end = &script->spawned;
    mx_random(script->world, script->question_key, sizeof(script->question_key));
    script->fake_now_ms = INT64_MIN;
    script->state.script = script;
    script->state.limit = script->options.memory_limit;
    if (script->options.watchdog) {
        mx_watchdog_join(script->options.watchdog, &script->watch);
    }
    int rc = mx_state_open(&script->state, err);
    if (rc < 0) {
        goto out;
    }
    lua_pushcfunction(script->state.L, mx_library_open);
    rc = mx_script_call(script->state.L, 0, 0, NULL, err);
    if (rc < 0) {
        goto out;
    }
    *out = script;
    script = NULL; // handed over
out:
    mx_script_destroy(script);
    return rc;
}

void mx_script_destroy(mx_script *script) {
    if (!script) {
        return;
    }
    mx_task_drop_all(script);
    mx_scope_close_all(&script->scope);
    if (script->options.db) {
        mx_db_slice_end(script->options.db);
    }
    mx_state_close(&script->state);
    mx_script_close_outgoing(script);
    if (script->options.watchdog) {
        mx_watchdog_leave(script->options.watchdog, &script->watch);
    }
    free_options(&script->options);
    mx_free(script);
}

// --- boot -------------------------------------------------------------------------------------

static int ref_function(lua_State *L, const char *name) {
    int type = lua_getfield(L, -1, name); // boot fn
    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        return LUA_NOREF;
    }
    if (type != LUA_TFUNCTION) {
        return luaL_error(L, "boot.lua: '%s' must be a function", name);
    }
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

// [1] path
static int l_boot(lua_State *L) {
    mx_script *script = mx_script_of(L);
    struct mx_error err;
    if (mx_library_load(L, lua_touserdata(L, 1), "@lua/boot.lua", &err) < 0) { // path fn
        return luaL_error(L, "%s", err.text);
    }
    lua_call(L, 0, 1); // path boot
    if (!lua_istable(L, -1)) {
        return luaL_error(L, "boot.lua must return a table of entry functions");
    }
    script->entry_refs[MX_ENTRY_REQUEST] = ref_function(L, "request");
    script->entry_refs[MX_ENTRY_ERROR] = ref_function(L, "error");
    script->entry_refs[MX_ENTRY_TICK] = ref_function(L, "tick");
    script->boot_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

// What runs outside of tasks is a slice of its own: what it keeps is labelled with the state from
// before its reads, and its read transaction ends with it. One that stayed open would hold the next
// task back in the past.
static int call_as_slice(
    mx_script *script, int nargs, const struct mx_budget *budget, struct mx_error *err) {
    const struct mx_services *services = &script->services;
    script->outside_seq = services->cache_seq ? services->cache_seq(services->ctx) : 0;
    int rc = mx_script_call(script->state.L, nargs, 0, budget, err);
    if (script->options.db) {
        mx_db_slice_end(script->options.db);
    }
    return rc;
}

int mx_script_boot(mx_script *script, struct mx_error *err) {
    static const struct mx_budget budget = {.ms = BOOT_MS};
    lua_State *L = script->state.L;
    char path[PATH_LEN_MAX];
    int len = snprintf(path, sizeof(path), "%s/lua/boot.lua", script->options.share);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return mx_fail(err, MX_E_INVALID, "the path of the share folder is too long");
    }
    lua_pushcfunction(L, l_boot);
    lua_pushlightuserdata(L, path);
    int rc = call_as_slice(script, 1, &budget, err);
    if (rc == MX_OK) {
        lua_gc(L, LUA_GCCOLLECT);
    }
    return rc;
}

// --- entries that never wait --------------------------------------------------------------------

// [-0, +1] Pushes the entry function `name`, or nil.
static int push_entry(lua_State *L, const char *name) {
    mx_script *script = mx_script_of(L);
    if (script->boot_ref == LUA_NOREF) {
        lua_pushnil(L);
        return LUA_TNIL;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->boot_ref); // boot
    int type = lua_getfield(L, -1, name);                // boot fn
    lua_remove(L, -2);                                   // fn
    return type;
}

struct command_run {
    const struct mx_command *command;
    mx_buf *out;
    bool is_ok;
};

static void set_slice(lua_State *L, const char *name, struct mx_slice value) {
    if (value.len > 0) {
        mx_slice_push(L, value);
        lua_setfield(L, -2, name);
    }
}

static void push_meta(lua_State *L, const struct mx_command *command) {
    lua_createtable(L, 0, 5);
    set_slice(L, "key", command->key);
    set_slice(L, "actor", command->actor);
    set_slice(L, "seed", (struct mx_slice){(const char *)command->seed, sizeof(command->seed)});
    lua_pushinteger(L, command->now_ms);
    lua_setfield(L, -2, "now");
    lua_pushinteger(L, (lua_Integer)command->generation);
    lua_setfield(L, -2, "generation");
}

// [-1, +1] Wraps the value on top as { name = value }.
static void wrap(lua_State *L, const char *name) {
    lua_createtable(L, 0, 1);  // value {}
    lua_insert(L, -2);         // {} value
    lua_setfield(L, -2, name); // {}
}

// [1] struct command_run: calls the entry and encodes what it returns.
static int l_command(lua_State *L) {
    struct command_run *run = lua_touserdata(L, 1);
    struct mx_error err;
    if (push_entry(L, "command") != LUA_TFUNCTION) { // run fn
        return luaL_error(L, "boot.lua gives no function 'command'");
    }
    mx_slice_push(L, run->command->name);                   // run fn name
    if (mx_value_decode(L, run->command->args, &err) < 0) { // run fn name args
        return luaL_error(L, "arguments: %s", err.text);
    }
    push_meta(L, run->command); // run fn name args meta
    lua_call(L, 3, 2);          // run result err
    run->is_ok = !lua_isnil(L, -2);
    if (run->is_ok) {
        lua_pop(L, 1); // run result
    } else if (!lua_istable(L, -1)) {
        return luaL_error(L, "a command must return a result, or nil and an error");
    }
    wrap(L, run->is_ok ? "ok" : "err");
    if (mx_value_encode(L, -1, run->out, NULL, &err) < 0) {
        return luaL_error(L, "the command's result: %s", err.text);
    }
    return 0;
}

int mx_script_command(mx_script *script, const struct mx_command *command, mx_buf *out, bool *is_ok,
    struct mx_error *err) {
    lua_State *L = script->state.L;
    struct command_run run = {command, out, false};
    struct mx_budget budget = {.ms = script->options.command_ms};
    size_t len = out->len;
    lua_pushcfunction(L, l_command);
    lua_pushlightuserdata(L, &run);
    int rc = mx_script_call(L, 1, 0, &budget, err);
    if (rc < 0) { // what it raised is in the log; the caller only learns that it failed
        struct mx_error told;
        mx_fail(&told, (enum mx_code)rc, "the command %.*s failed: see the log",
            (int)(command->name.len < 80 ? command->name.len : 80), command->name.ptr);
        out->len = len;
        mx_script_encode_failure(out, &told);
    }
    *is_ok = rc == MX_OK && run.is_ok;
    if (!*is_ok) { // what it touched, and what was loaded meanwhile, is rolled back
        script->doubts++;
    }
    return rc;
}

// [1] name of an entry that takes and gives nothing
static int l_tell(lua_State *L) {
    if (push_entry(L, lua_touserdata(L, 1)) == LUA_TFUNCTION) {
        lua_call(L, 0, 0);
    }
    return 0;
}

static int tell(mx_script *script, const char *entry, struct mx_error *err) {
    static const struct mx_budget budget = {.ms = BOOT_MS};
    lua_pushcfunction(script->state.L, l_tell);
    lua_pushlightuserdata(script->state.L, (void *)(uintptr_t)entry);
    return call_as_slice(script, 1, &budget, err);
}

int mx_script_reload(mx_script *script, struct mx_error *err) {
    return tell(script, "reload", err);
}

int mx_script_renew(mx_script *script, struct mx_error *err) {
    return tell(script, "renew", err);
}

// [1] mx_buf that takes the text
static int l_metrics(lua_State *L) {
    mx_buf *out = lua_touserdata(L, 1);
    if (push_entry(L, "metrics") == LUA_TFUNCTION) {
        lua_call(L, 0, 1);
        size_t len;
        const char *text = luaL_checklstring(L, -1, &len);
        mx_buf_append(out, text, len);
    }
    return 0;
}

int mx_script_metrics(mx_script *script, mx_buf *out, struct mx_error *err) {
    static const struct mx_budget budget = {.ms = 250};
    lua_pushcfunction(script->state.L, l_metrics);
    lua_pushlightuserdata(script->state.L, out);
    return call_as_slice(script, 1, &budget, err);
}

// --- tools --------------------------------------------------------------------------------------

struct tool_run {
    const char *name;
    int argc;
    char *const *argv;
    int exit_code;
};

// [1] struct tool_run
static int l_tool(lua_State *L) {
    struct tool_run *run = lua_touserdata(L, 1);
    const char *share = mx_script_of(L)->options.share;
    const char *shown = lua_pushfstring(L, "@lua/cli/%s.lua", run->name); // run shown
    const char *path = lua_pushfstring(L, "%s/%s", share, shown + 1);     // run shown path
    struct mx_error err;
    if (mx_library_load(L, path, shown, &err) < 0) { // … fn
        return luaL_error(L, "%s", err.text);
    }
    lua_call(L, 0, 1);                                                        // … tool
    if (!lua_istable(L, -1) || lua_getfield(L, -1, "run") != LUA_TFUNCTION) { // … tool fn
        return luaL_error(L, "%s must return a module with a function 'run'", shown + 1);
    }
    lua_createtable(L, run->argc, 0); // … tool fn args
    for (int i = 0; i < run->argc; i++) {
        lua_pushstring(L, run->argv[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_call(L, 1, 1); // … tool code
    run->exit_code = lua_isinteger(L, -1) ? (int)lua_tointeger(L, -1) : !lua_isnil(L, -1);
    return 0;
}

static bool is_tool_name(const char *name) {
    return name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

int mx_script_tool(mx_script *script, const char *name, int argc, char *const *argv, int *exit_code,
    struct mx_error *err) {
    struct tool_run run = {name, argc, argv, 0};
    char path[PATH_LEN_MAX];
    struct mx_file_info info;
    lua_State *L = script->state.L;
    int len = snprintf(path, sizeof(path), "%s/lua/cli/%s.lua", script->options.share, name);
    if (!is_tool_name(name) || len < 0 || (size_t)len >= sizeof(path) ||
        mx_file_stat(path, &info, err) < 0) {
        return mx_fail(err, MX_E_MISSING, "there is no command '%s': see merx --help", name);
    }
    lua_pushcfunction(L, l_tool);
    lua_pushlightuserdata(L, &run);
    int rc = mx_script_call(L, 1, 0, NULL, err);
    *exit_code = rc < 0 ? 1 : run.exit_code;
    return rc;
}

// --- tells --------------------------------------------------------------------------------------

void mx_script_stats_get(const mx_script *script, struct mx_script_stats *out) {
    *out = script->stats;
    out->memory_used = script->state.used;
    out->memory_peak = script->state.peak;
}

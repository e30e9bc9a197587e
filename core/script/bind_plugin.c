// Plugins as trusted Lua sees them: the module `native.plugin`. Values are copied from state to
// state; a plugin that fails, loops or eats memory fails that one call.
#include "script/bindings.h"

#include <stdio.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/plugin.h"
#include "script/value.h"

#define PLUGIN_TYPE "native.plugin"

enum {
    MIB = 1024 * 1024,
    DEFAULT_MEMORY = 16 * MIB,
    LOAD_INSTRUCTIONS = 2 * 1000 * 1000, // for the body of a module, once
    LOAD_MS = 500,
    DEPTH_MAX = 8,              // plugins that call plugins
    COLLECT_SLACK = 256 * 1024, // garbage that pure code may leave
    PRELUDES_MAX = 32,
};

// Limits by kind, where the caller names none. Pure code is judged by instructions; the time is a
// net below, for what cannot be counted, like building one huge string again and again.
static const struct mx_budget default_budgets[] = {
    [MX_KIND_PURE] = {.instructions = 20000, .ms = 250, .memory = 2 * MIB},
    [MX_KIND_VIEW] = {.ms = 20, .memory = 8 * MIB},
    [MX_KIND_COMMAND] = {.instructions = 100000, .ms = 50, .memory = 8 * MIB},
    [MX_KIND_EFFECT] = {.ms = 100, .memory = 32 * MIB},
};

static struct mx_plugin *check_plugin(lua_State *T) {
    struct mx_plugin *plugin = luaL_checkudata(T, 1, PLUGIN_TYPE);
    luaL_argcheck(T, plugin->state.L != NULL, 1, "the plugin is closed");
    return plugin;
}

// --- budgets ------------------------------------------------------------------------------------

static struct mx_budget read_budget(lua_State *T, int index, enum mx_plugin_kind kind) {
    struct mx_budget budget = default_budgets[kind];
    if (lua_isnoneornil(T, index)) {
        return budget;
    }
    luaL_checktype(T, index, LUA_TTABLE);
    budget.instructions = mx_field_int(T, index, "instructions", budget.instructions);
    budget.ms = (unsigned)mx_field_int(T, index, "ms", budget.ms);
    budget.memory = (size_t)mx_field_int(T, index, "memory", (int64_t)budget.memory);
    lua_getfield(T, index, "exact");
    budget.exact = lua_toboolean(T, -1);
    lua_pop(T, 1);
    return budget;
}

// --- calls that do not wait
// -----------------------------------------------------------------------

// In P. [1] struct mx_plugin_call: loads the handler's module, if that was not done.
static int l_load(lua_State *P) {
    struct mx_plugin_call *call = lua_touserdata(P, 1);
    mx_plugin_need_environment(P, call->kind);
    mx_plugin_push_handler(P, call);
    return 0;
}

// In P. [-0, +2] Input and settings. What is kept of them is not the handler's.
static int push_given(lua_State *P, struct mx_plugin_call *call) {
    size_t before = call->plugin->state.used;
    mx_plugin_push_given(P, call);
    mx_run_excuse_memory(P, before);
    return 2;
}

// In P. [1] struct mx_plugin_call: hands the arguments over and calls the handler.
static int l_enter(lua_State *P) {
    struct mx_plugin_call *call = lua_touserdata(P, 1);
    lua_settop(P, 0);
    mx_plugin_push_handler(P, call); // fn
    int count = call->shape ? push_given(P, call) : mx_values_copy(P, &call->args);
    lua_call(P, count, LUA_MULTRET);
    return lua_gettop(P);
}

// Runs `fn` in P on behalf of T. Returns Lua's status; results or a trace are on P's stack.
static int run(lua_State *T, struct mx_plugin_call *call, lua_CFunction fn, int nresults,
    const struct mx_budget *budget, enum mx_over *over) {
    struct mx_plugin *plugin = call->plugin;
    lua_State *outer_caller = plugin->caller;
    enum mx_plugin_kind outer_kind = plugin->kind;
    int top = lua_gettop(T);
    plugin->caller = T;
    plugin->kind = call->kind;
    plugin->depth++;
    lua_pushcfunction(plugin->state.L, fn);
    lua_pushlightuserdata(plugin->state.L, call);
    int status = mx_call_try(plugin->state.L, 1, nresults, budget, over);
    plugin->spent = mx_script_of(T)->last_spent;
    plugin->depth--;
    plugin->kind = outer_kind;
    plugin->caller = outer_caller;
    lua_settop(T, top); // a nested host call that was cut short may have left values
    return status;
}

// Names of handlers that were loaded, each behind the number of its environment and closed by a
// NUL.
static bool is_loaded(const struct mx_plugin_call *call) {
    struct mx_slice rest = mx_buf_slice(&call->plugin->loaded);
    while (rest.len > 0) {
        struct mx_slice name = mx_slice_cut(&rest, '\0');
        if (name.ptr[0] == (char)mx_plugin_env(call->kind) + 1 &&
            mx_slice_equal((struct mx_slice){name.ptr + 1, name.len - 1}, call->handler)) {
            return true;
        }
    }
    return false;
}

static void note_loaded(const struct mx_plugin_call *call) {
    mx_buf *loaded = &call->plugin->loaded;
    mx_buf_append_char(loaded, (char)(mx_plugin_env(call->kind) + 1));
    mx_buf_append_slice(loaded, call->handler);
    mx_buf_append_char(loaded, '\0');
}

// Loading is not charged to the first call: its verdict must be that of every other.
static int load(lua_State *T, struct mx_plugin_call *call) {
    static const struct mx_budget budget = {
        .instructions = LOAD_INSTRUCTIONS, .ms = LOAD_MS, .memory = DEFAULT_MEMORY};
    enum mx_over over;
    if (is_loaded(call)) {
        return 0;
    }
    call->plugin->loading++;
    int status = run(T, call, l_load, 0, &budget, &over);
    call->plugin->loading--;
    mx_seal_restore(&call->plugin->seal);
    if (status == LUA_OK) {
        note_loaded(call);
        return 0;
    }
    return mx_plugin_push_failure_of(
        T, call->plugin->state.L, call->is_missing ? "missing" : mx_plugin_code_of(over));
}

// Pure code runs without the collector, so that nothing depends on when it runs.
static void begin_pure(struct mx_plugin *plugin) {
    if (plugin->depth == 0) {
        lua_gc(plugin->state.L, LUA_GCSTOP);
        plugin->state.is_exact = true;
    }
}

// Clearing up after itself is a plugin's time, too.
static void collect(struct mx_plugin *plugin) {
    struct mx_run *outer = plugin->state.script->run;
    uint64_t began = mx_watch_now();
    lua_gc(plugin->state.L, LUA_GCCOLLECT);
    uint64_t took = mx_watch_now() - began;
    mx_plugin_bill(plugin, took);
    if (outer) {
        outer->inner_ns += took;
    }
}

static void end_pure(struct mx_plugin *plugin) {
    if (plugin->depth > 0) {
        return;
    }
    plugin->state.is_exact = false;
    lua_gc(plugin->state.L, LUA_GCRESTART);
    if (plugin->state.used > plugin->collect_at) {
        collect(plugin);
        plugin->collect_at = plugin->state.used + plugin->state.used / 2 + COLLECT_SLACK;
    }
}

static int call_now(lua_State *T, struct mx_plugin_call *call, const struct mx_budget *budget) {
    struct mx_plugin *plugin = call->plugin;
    lua_State *P = plugin->state.L;
    bool is_pure = call->kind == MX_KIND_PURE;
    enum mx_over over;
    int base = lua_gettop(P);
    if (is_pure) {
        begin_pure(plugin);
    }
    int status = run(T, call, l_enter, LUA_MULTRET, budget, &over);
    const char *changed = is_pure ? mx_seal_restore(&plugin->seal) : NULL;
    mx_plugin_note_settings(T, call);
    int count = status != LUA_OK ? mx_plugin_push_failure_of(T, P, mx_plugin_code_of(over))
                : changed        ? mx_plugin_push_changed(T, changed)
                                 : mx_plugin_push_results(T, P, base);
    lua_settop(P, base);
    if (status != LUA_OK && call->shape) {
        mx_plugin_drop_torn(plugin, call->shape);
    }
    if (is_pure) {
        end_pure(plugin);
    }
    return count;
}

// --- the type
// -------------------------------------------------------------------------------------

static enum mx_plugin_kind check_kind(lua_State *T, int index) {
    return (enum mx_plugin_kind)luaL_checkoption(T, index, NULL, mx_plugin_kinds);
}

static struct mx_plugin_call check_call(lua_State *T) {
    struct mx_plugin_call call = {.plugin = check_plugin(T), .kind = check_kind(T, 2)};
    call.handler = mx_slice_check(T, 3);
    return call;
}

// What is on the stack of T from `first` on.
static struct mx_values values_from(lua_State *T, int first) {
    int top = lua_gettop(T);
    return (struct mx_values){T, first, top < first ? 0 : top - first + 1};
}

// [-0, +n] The budget is at `limits`.
static int start(lua_State *T, struct mx_plugin_call *call, int limits) {
    struct mx_plugin *plugin = call->plugin;
    struct mx_budget budget = read_budget(T, limits, call->kind);
    if (plugin->depth >= DEPTH_MAX) {
        return luaL_error(T, "plugins call each other more than %d deep", DEPTH_MAX);
    }
    mx_plugin_count_call(plugin);
    int count = load(T, call);
    if (count == 0) {
        count = call->kind == MX_KIND_EFFECT ? mx_plugin_call_effect(T, call, &budget)
                                             : call_now(T, call, &budget);
    } else {
        lua_pop(plugin->state.L, 1); // the trace
    }
    plugin->failures += call->kind != MX_KIND_EFFECT && lua_isnil(T, -count);
    return count;
}

// state:call(kind, "module:function", budget, …) -> true, results… | nil, { code, message, trace }
static int l_call(lua_State *T) {
    struct mx_plugin_call call = check_call(T);
    call.args = values_from(T, 5);
    return start(T, &call, 4);
}

// state:ask("module:function", budget, shape, settings): calls pure code with the input that the
// shape took last. The handler can add nothing to it, and only read its settings; a table of
// settings that was given before must not have changed.
static int l_ask(lua_State *T) {
    struct mx_plugin_call call = {.plugin = check_plugin(T), .kind = MX_KIND_PURE};
    call.handler = mx_slice_check(T, 2);
    call.shape = mx_shape_check(T, 4);
    luaL_checktype(T, 5, LUA_TTABLE);
    call.args = (struct mx_values){T, 5, 1};
    return start(T, &call, 3);
}

// state:load(kind, "module:function") -> true | nil, err: whether the handler is there and loads
static int l_load_handler(lua_State *T) {
    struct mx_plugin *plugin = check_plugin(T);
    struct mx_plugin_call call = {.plugin = plugin, .kind = check_kind(T, 2)};
    call.handler = mx_slice_check(T, 3);
    int count = load(T, &call);
    if (count > 0) {
        lua_pop(plugin->state.L, 1);
        return count;
    }
    lua_pushboolean(T, 1);
    return 1;
}

// state:is_busy() -> whether something in it runs or waits
static int l_is_busy(lua_State *T) {
    const struct mx_plugin *plugin = check_plugin(T);
    lua_pushboolean(T, plugin->depth > 0 || plugin->effects > 0);
    return 1;
}

// state:stats() -> { memory, peak, calls, failures, spent, ns }
static int l_stats(lua_State *T) {
    const struct mx_plugin *plugin = check_plugin(T);
    lua_createtable(T, 0, 6);
    lua_pushinteger(T, (lua_Integer)plugin->state.used);
    lua_setfield(T, -2, "memory");
    lua_pushinteger(T, (lua_Integer)plugin->state.peak);
    lua_setfield(T, -2, "peak");
    lua_pushinteger(T, (lua_Integer)plugin->tally.calls);
    lua_setfield(T, -2, "calls");
    lua_pushinteger(T, (lua_Integer)plugin->tally.ns);
    lua_setfield(T, -2, "ns");
    lua_pushinteger(T, (lua_Integer)plugin->failures);
    lua_setfield(T, -2, "failures");
    lua_pushinteger(T, (lua_Integer)plugin->spent);
    lua_setfield(T, -2, "spent");
    return 1;
}

static int l_close(lua_State *T) { // also __gc and __close: safe to repeat
    struct mx_plugin *plugin = luaL_checkudata(T, 1, PLUGIN_TYPE);
    if (plugin->depth > 0) {
        return luaL_error(T, "the plugin is running");
    }
    mx_plugin_close(plugin);
    luaL_unref(T, LUA_REGISTRYINDEX, plugin->host_ref);
    plugin->host_ref = LUA_NOREF;
    return 0;
}

// [-0, +n] The strings of the list in field `prelude`.
static struct mx_values push_preludes(lua_State *T) {
    struct mx_values preludes = {T, 0, 0};
    if (lua_getfield(T, 1, "prelude") == LUA_TNIL) {
        return preludes;
    }
    luaL_checktype(T, -1, LUA_TTABLE);
    int list = lua_gettop(T);
    preludes.count = (int)lua_rawlen(T, list);
    preludes.first = list + 1;
    luaL_argcheck(T, preludes.count <= PRELUDES_MAX, 1, "'prelude' is too long");
    luaL_checkstack(T, PRELUDES_MAX + 8, NULL);
    for (int i = 1; i <= preludes.count; i++) {
        luaL_argcheck(
            T, lua_rawgeti(T, list, i) == LUA_TSTRING, 1, "'prelude' must be a list of paths");
    }
    return preludes;
}

// [-0, +1]
static struct mx_plugin *push_plugin(lua_State *T) {
    struct mx_plugin *plugin = lua_newuserdatauv(T, sizeof(*plugin), 1);
    memset(plugin, 0, sizeof(*plugin));
    plugin->host_ref = LUA_NOREF;
    luaL_setmetatable(T, PLUGIN_TYPE);
    return plugin;
}

// open{id=, root=, prelude={…}, modules={…}, memory=, generation=, host=function(kind, name, …)} ->
// state. With a generation it is counted with those of all threads.
static int l_open(lua_State *T) {
    luaL_checktype(T, 1, LUA_TTABLE);
    lua_settop(T, 1);
    struct mx_slice id = mx_field_slice(T, 1, "id", MX_SLICE("plugin"));
    struct mx_slice root = mx_field_slice(T, 1, "root", MX_SLICE(""));
    int64_t memory = mx_field_int(T, 1, "memory", DEFAULT_MEMORY);
    int64_t generation = mx_field_int(T, 1, "generation", -1);
    struct mx_plugin *plugin = push_plugin(T); // options plugin
    int modules = lua_getfield(T, 1, "modules") == LUA_TTABLE ? 3 : 0;
    if (lua_getfield(T, 1, "host") == LUA_TFUNCTION) { // options plugin modules host
        plugin->host_ref = luaL_ref(T, LUA_REGISTRYINDEX);
    } else {
        lua_pop(T, 1);
    }
    struct mx_values preludes = push_preludes(T);
    plugin->id = mx_strdup(id.ptr);
    plugin->root = mx_strdup(root.ptr);
    plugin->state.script = mx_script_of(T);
    plugin->state.plugin = plugin;
    plugin->state.limit = (size_t)memory;
    plugin->collect_at = COLLECT_SLACK;
    struct mx_error err;
    if (mx_plugin_open(plugin, &preludes, modules, &err) < 0) {
        return mx_failure_push(T, &err);
    }
    if (generation >= 0) {
        mx_plugin_show(plugin, (uint64_t)generation);
    }
    lua_settop(T, 2);
    return 1;
}

static const luaL_Reg plugin_methods[] = {
    {"ask", l_ask},
    {"call", l_call},
    {"close", l_close},
    {"is_busy", l_is_busy},
    {"load", l_load_handler},
    {"stats", l_stats},
    {NULL, NULL},
};

static const luaL_Reg plugin_meta[] = {
    {"__close", l_close},
    {"__gc", l_close},
    {NULL, NULL},
};

static const luaL_Reg plugin_module[] = {
    {"open", l_open},
    {NULL, NULL},
};

int mx_luaopen_plugin(lua_State *T) {
    luaL_newmetatable(T, PLUGIN_TYPE); // meta
    luaL_setfuncs(T, plugin_meta, 0);
    luaL_newlib(T, plugin_methods); // meta methods
    lua_setfield(T, -2, "__index");
    mx_plugin_open_effects(T);
    lua_pop(T, 1);
    luaL_newlib(T, plugin_module);
    return 1;
}

// From P back to the host: `host.call(name, …)`, which the prelude wraps into the API that plugin
// authors see. In an effect it yields, so that the host may wait; elsewhere it is a nested call.
#include "script/plugin.h"

#include <lauxlib.h>

#include "platform/log.h"

enum { CALL_COST = 50 }; // steps

// In T. [1] struct mx_values: arguments in P. Asks the host's function.
static int l_ask_host(lua_State *T) {
    const struct mx_values *args = lua_touserdata(T, 1);
    const struct mx_plugin *plugin = mx_state_of(args->L)->plugin;
    lua_settop(T, 0);
    lua_rawgeti(T, LUA_REGISTRYINDEX, plugin->host_ref); // fn
    lua_pushstring(T, mx_plugin_kinds[plugin->kind]);    // fn kind
    int count = mx_values_copy(T, args);                 // fn kind args
    lua_call(T, count + 1, LUA_MULTRET);
    return lua_gettop(T);
}

// A nested call into T while T itself waits inside its call of P.
static int call_nested(lua_State *P, lua_State *T) {
    struct mx_values args = {P, 1, lua_gettop(P)};
    int base = lua_gettop(T);
    enum mx_over over;
    if (!lua_checkstack(T, 8)) {
        return luaL_error(P, "the host has no stack left");
    }
    lua_pushcfunction(T, l_ask_host);
    lua_pushlightuserdata(T, &args);
    if (mx_call_try(T, 1, LUA_MULTRET, NULL, &over) != LUA_OK) { // T: trace
        const char *trace = lua_type(T, -1) == LUA_TSTRING ? lua_tostring(T, -1) : "no memory";
        mx_log_error("a host call of the plugin %s failed: %s", mx_state_of(P)->plugin->id, trace);
        lua_settop(T, base);
        mx_run_check(P);
        return luaL_error(P, "the host call '%s' failed", lua_tostring(P, 1));
    }
    // If this raises, whoever called P on behalf of T clears T's stack.
    struct mx_values results = {T, base + 1, lua_gettop(T) - base};
    int count = mx_values_copy(P, &results);
    lua_settop(T, base);
    mx_run_check(P);
    return count;
}

// In an effect: the answer is a light userdata struct mx_values of T.
static int after_yield(lua_State *P, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    const struct mx_values *results = lua_touserdata(P, -1);
    lua_pop(P, 1);
    return mx_values_copy(P, results);
}

// host.call(name, …) -> what the host returns
static int l_call(lua_State *P) {
    const struct mx_plugin *plugin = mx_state_of(P)->plugin;
    luaL_checktype(P, 1, LUA_TSTRING);
    mx_run_check(P);
    mx_run_charge(P, CALL_COST);
    if (plugin->host_ref == LUA_NOREF) {
        return luaL_error(P, "this plugin may not call the host");
    }
    if (lua_isyieldable(P)) {
        return lua_yieldk(P, lua_gettop(P), 0, after_yield);
    }
    return call_nested(P, plugin->caller);
}

// host.kind() -> "pure", "view", "command" or "effect"
static int l_kind(lua_State *P) {
    lua_pushstring(P, mx_plugin_kinds[mx_state_of(P)->plugin->kind]);
    return 1;
}

static const luaL_Reg host_module[] = {
    {"call", l_call},
    {"kind", l_kind},
    {NULL, NULL},
};

void mx_plugin_push_host(lua_State *P) {
    luaL_newlib(P, host_module);
}

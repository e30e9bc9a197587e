#include "script/call.h"

#include <assert.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/log.h"
#include "script/locals.h"
#include "script/state.h"

// Plugins' error values are not asked for their text: that would run more of their code.
static int add_trace(lua_State *L) {
    const char *text;
    if (mx_state_of(L)->plugin && lua_type(L, 1) != LUA_TSTRING) {
        text = lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1)); // err text
    } else {
        text = luaL_tolstring(L, 1, NULL); // err text
    }
    luaL_traceback(L, L, text, 1); // err text trace
    const struct mx_state *state = mx_state_of(L);
    if (state->plugin && state->script && state->script->is_on_desk) {
        mx_locals_push(L); // err text trace locals
        lua_concat(L, 2);  // err text trace
    }
    return 1;
}

int mx_call_try(
    lua_State *L, int nargs, int nresults, const struct mx_budget *budget, enum mx_over *over) {
    int function = lua_gettop(L) - nargs; // ... fn args
    assert(function >= 1);
    *over = MX_OVER_NOT;
    if (!lua_checkstack(L, 1)) {
        lua_settop(L, function - 1);
        lua_pushnil(L); // instead of a trace: there may be no memory for one
        return LUA_ERRMEM;
    }
    lua_pushcfunction(L, add_trace); // ... fn args handler
    lua_insert(L, function);         // ... handler fn args

    struct mx_run run;
    mx_run_enter(&run, L, budget);
    int status = lua_pcall(L, nargs, nresults, function); // ... handler results | trace
    mx_run_leave(&run);
    lua_remove(L, function); // ... results | trace
    *over = status == LUA_ERRMEM && !run.over ? MX_OVER_MEMORY : run.over;
    return status;
}

int mx_script_call(
    lua_State *L, int nargs, int nresults, const struct mx_budget *budget, struct mx_error *err) {
    enum mx_over over;
    if (mx_call_try(L, nargs, nresults, budget, &over) == LUA_OK) {
        return MX_OK;
    }
    // never luaL_tolstring here: it may raise
    const char *trace = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "not enough memory";
    mx_script_of(L)->stats.failures++;
    mx_log_error("%s", trace);
    mx_fail(err, over ? MX_E_LIMIT : MX_E_SYSTEM, "%.*s", (int)strcspn(trace, "\n"), trace);
    lua_pop(L, 1); // ...
    return err->code;
}

#include "script/call.h"

#include <assert.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/log.h"
#include "script/state.h"

// Plugins' error values are not asked for their text: that would run more of their code.
static int add_trace(lua_State *L) {
    const char *text;
    if (mx_state_of(L)->is_plugin && lua_type(L, 1) != LUA_TSTRING) {
        text = lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1)); // err text
    } else {
        text = luaL_tolstring(L, 1, NULL); // err text
    }
    luaL_traceback(L, L, text, 1); // err text trace
    return 1;
}

// Fills `err` from Lua's status and the message on top, which stays.
static int fail_from_lua(
    lua_State *L, int status, const struct mx_frame *frame, struct mx_error *err) {
    // never luaL_tolstring here: it may raise
    const char *trace = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "no message";
    mx_script *script = frame->state->script;
    script->stats.failures++;
    mx_log_error("%s", trace);
    enum mx_code code = frame->is_over || status == LUA_ERRMEM ? MX_E_LIMIT : MX_E_SYSTEM;
    return mx_fail(err, code, "%.*s", (int)strcspn(trace, "\n"), trace);
}

int mx_script_call(
    lua_State *L, int nargs, int nresults, const struct mx_budget *budget, struct mx_error *err) {
    int function = lua_gettop(L) - nargs; // ... fn args
    assert(function >= 1);
    if (!lua_checkstack(L, 1)) {
        lua_settop(L, function - 1);
        return mx_fail(err, MX_E_LIMIT, "the Lua stack is full");
    }
    lua_pushcfunction(L, add_trace); // ... fn args handler
    lua_insert(L, function);         // ... handler fn args

    struct mx_frame frame;
    mx_frame_enter(&frame, L, budget);
    int status = lua_pcall(L, nargs, nresults, function); // ... handler results | trace
    mx_frame_leave(&frame);
    lua_remove(L, function); // ... results | trace
    if (status == LUA_OK) {
        return MX_OK;
    }
    fail_from_lua(L, status, &frame, err);
    lua_settop(L, function - 1); // ...
    return err->code;
}

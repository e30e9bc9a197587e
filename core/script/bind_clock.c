// Lua's view of the clock: the module `native.clock`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/state.h"

// now() -> milliseconds since 1970, UTC
static int l_now(lua_State *L) {
    const mx_script *script = mx_script_of(L);
    bool is_fake = script->fake_now_ms != INT64_MIN;
    lua_pushinteger(L, is_fake ? script->fake_now_ms : mx_now_ms(script->world));
    return 1;
}

// mono() -> nanoseconds, for durations
static int l_mono(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)mx_mono_ns(mx_script_of(L)->world));
    return 1;
}

// set_fake(ms or nil): makes now() stand still; tests and tools only
static int l_set_fake(lua_State *L) {
    mx_script *script = mx_script_of(L);
    enum mx_role role = script->options.role;
    if (role != MX_ROLE_TEST && role != MX_ROLE_TOOL) {
        return luaL_error(L, "the clock can be set in tests and tools only");
    }
    script->fake_now_ms = luaL_optinteger(L, 1, INT64_MIN);
    return 0;
}

static const luaL_Reg clock_module[] = {
    {"mono", l_mono},
    {"now", l_now},
    {"set_fake", l_set_fake},
    {NULL, NULL},
};

int mx_luaopen_clock(lua_State *L) {
    luaL_newlib(L, clock_module);
    return 1;
}

// Plain data as bytes and back, as it travels between threads: the module `native.value`. For what
// one thread makes and another opens later; only for bytes that never left this process.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/state.h"
#include "script/value.h"

// encode(value) -> string; raises for what cannot travel
static int l_encode(lua_State *L) {
    struct mx_error err;
    luaL_checkany(L, 1);
    mx_buf *out = mx_scratch_take(L);
    if (mx_value_encode(L, 1, out, NULL, &err) < 0) {
        return luaL_error(L, "%s", err.text);
    }
    mx_scratch_push(L);
    return 1;
}

// decode(bytes) -> value; raises for other bytes than those of encode()
static int l_decode(lua_State *L) {
    struct mx_error err;
    if (mx_value_decode(L, mx_slice_check(L, 1), &err) < 0) {
        return luaL_error(L, "%s", err.text);
    }
    return 1;
}

static const luaL_Reg value_module[] = {
    {"decode", l_decode},
    {"encode", l_encode},
    {NULL, NULL},
};

int mx_luaopen_value(lua_State *L) {
    luaL_newlib(L, value_module);
    return 1;
}

// What handlers see of a draft, as bytes and back: the module `native.projection`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/projection.h"

// compile(paths) -> shape; raises for what is no path
static int l_compile(lua_State *L) {
    mx_shape_create(L, 1);
    return 1;
}

// pack(shape, source) -> bytes
static int l_pack(lua_State *L) {
    mx_slice_push(L, mx_shape_pack(L, 1, 2));
    return 1;
}

// unpack(shape, bytes) -> table; raises for other bytes than those of pack()
static int l_unpack(lua_State *L) {
    struct mx_error err;
    if (mx_shape_unpack(mx_shape_check(L, 1), L, mx_slice_check(L, 2), &err) < 0) {
        return luaL_error(L, "%s", err.text);
    }
    return 1;
}

static const luaL_Reg projection_module[] = {
    {"compile", l_compile},
    {"pack", l_pack},
    {"unpack", l_unpack},
    {NULL, NULL},
};

int mx_luaopen_projection(lua_State *L) {
    luaL_newlib(L, projection_module);
    return 1;
}

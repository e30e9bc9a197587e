// What handlers see of a draft, as bytes and back: the module `native.projection`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "crypto/digest.h"
#include "script/projection.h"
#include "script/state.h"

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

// take(shape, source) -> digest, size: packs for state:ask() of native.plugin. Equal projections
// have equal digests, other ones others; the size is that of the bytes
static int l_take(lua_State *L) {
    unsigned char digest[MX_SIPHASH_SIZE];
    struct mx_slice packed = mx_shape_pack(L, 1, 2);
    mx_siphash(mx_script_of(L)->question_key, packed, digest);
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    lua_pushinteger(L, (lua_Integer)packed.len);
    return 2;
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
    {"take", l_take},
    {"unpack", l_unpack},
    {NULL, NULL},
};

int mx_luaopen_projection(lua_State *L) {
    luaL_newlib(L, projection_module);
    return 1;
}

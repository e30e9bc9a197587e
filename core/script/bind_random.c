// Lua's view of chance: the module `native.random`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/state.h"

enum { BYTES_MAX = 65536 };

// bytes(n) -> n unpredictable bytes
static int l_bytes(lua_State *L) {
    lua_Integer size = luaL_checkinteger(L, 1);
    luaL_argcheck(L, size >= 0 && size <= BYTES_MAX, 1, "must be 0 to 65536");
    luaL_Buffer buffer;
    char *bytes = luaL_buffinitsize(L, &buffer, (size_t)size);
    mx_random(mx_script_of(L)->world, bytes, (size_t)size);
    luaL_pushresultsize(&buffer, (size_t)size);
    return 1;
}

static const luaL_Reg random_module[] = {
    {"bytes", l_bytes},
    {NULL, NULL},
};

int mx_luaopen_random(lua_State *L) {
    luaL_newlib(L, random_module);
    return 1;
}

// What Lua cannot say about tables: how large they will be. The module `native.table`.
#include "script/bindings.h"

#include <lauxlib.h>

enum { FIELDS_MAX = 4096 };

// copy(source, fields) -> a table with the entries of `source`, and room for `fields` in all
static int l_copy(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer fields = luaL_checkinteger(L, 2);
    luaL_argcheck(L, fields >= 0 && fields <= FIELDS_MAX, 2, "must be 0 to 4096");
    lua_settop(L, 1);
    lua_createtable(L, 0, (int)fields); // source copy
    lua_pushnil(L);
    while (lua_next(L, 1)) {  // source copy key value
        lua_pushvalue(L, -2); // source copy key value key
        lua_insert(L, -2);    // source copy key key value
        lua_rawset(L, 2);     // source copy key
    }
    return 1;
}

static const luaL_Reg table_module[] = {
    {"copy", l_copy},
    {NULL, NULL},
};

int mx_luaopen_table(lua_State *L) {
    luaL_newlib(L, table_module);
    return 1;
}

// What Lua cannot say about tables: how large they will be. The module `native.table`.
#include "script/bindings.h"

#include <lauxlib.h>

enum { FIELDS_MAX = 4096, ITEMS_MAX = 1 << 20 };

// copy(source, fields) -> a table with the entries of `source` and room for `fields` in all, and
// how many entries that is now
static int l_copy(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer fields = luaL_checkinteger(L, 2);
    luaL_argcheck(L, fields >= 0 && fields <= FIELDS_MAX, 2, "must be 0 to 4096");
    lua_settop(L, 1);
    lua_createtable(L, 0, (int)fields); // source copy
    lua_Integer count = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) { // source copy key value
        count++;
        lua_pushvalue(L, -2); // source copy key value key
        lua_insert(L, -2);    // source copy key key value
        lua_rawset(L, 2);     // source copy key
    }
    lua_pushinteger(L, count);
    return 2;
}

// list(items) -> a table with room for so many elements
static int l_list(lua_State *L) {
    lua_Integer items = luaL_checkinteger(L, 1);
    luaL_argcheck(L, items >= 0 && items <= ITEMS_MAX, 1, "must be 0 to 1048576");
    lua_createtable(L, (int)items, 0);
    return 1;
}

static const luaL_Reg table_module[] = {
    {"copy", l_copy},
    {"list", l_list},
    {NULL, NULL},
};

int mx_luaopen_table(lua_State *L) {
    luaL_newlib(L, table_module);
    return 1;
}

// What the prelude's `std` asks of lists so often that it is worth doing in C.
#include "script/sandbox.h"

#include <lauxlib.h>

#include "script/seal.h"
#include "script/state.h"

// has(list, value) -> boolean; a list that is not there has nothing
static int l_has(lua_State *P) {
    if (lua_isnoneornil(P, 1)) {
        lua_pushboolean(P, 0);
        return 1;
    }
    luaL_checktype(P, 1, LUA_TTABLE);
    lua_settop(P, 2);
    if (lua_rawgeti(P, 1, 1) == LUA_TNIL && mx_seal_push_shadow(P, 1)) { // a sealed one is empty
        lua_replace(P, 1);
    }
    lua_settop(P, 2);
    bool found = false;
    lua_Integer i = 1;
    for (; !found && lua_rawgeti(P, 1, i) != LUA_TNIL; i++) { // list value entry
        found = lua_rawequal(P, 2, 3);
        lua_settop(P, 2);
    }
    mx_run_charge(P, (uint64_t)i);
    lua_pushboolean(P, found);
    return 1;
}

void mx_sandbox_push_list(lua_State *P) {
    lua_createtable(P, 0, 1);
    lua_pushcfunction(P, l_has);
    lua_setfield(P, -2, "has");
}

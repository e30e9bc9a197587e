// Lua's view of script/json: the module `native.json`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/json.h"
#include "script/state.h"

// encode(v [, {pretty=bool}]) -> string | nil, err
static int l_encode(lua_State *L) {
    luaL_checkany(L, 1);
    bool is_pretty = lua_istable(L, 2) && mx_field_bool(L, 2, "pretty", false);
    struct mx_error err;
    if (mx_json_encode(L, 1, mx_scratch_take(L), is_pretty, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    mx_scratch_push(L);
    return 1;
}

// decode(s [, max_depth]) -> v | nil, err{offset}
static int l_decode(lua_State *L) {
    struct mx_slice text = mx_slice_check(L, 1);
    lua_Integer depth = luaL_optinteger(L, 2, MX_JSON_DEPTH);
    luaL_argcheck(L, depth >= 0, 2, "must not be negative");
    unsigned max_depth = depth < MX_JSON_DEPTH_MAX ? (unsigned)depth : MX_JSON_DEPTH_MAX;
    struct mx_error err;
    size_t offset;
    if (mx_json_decode(L, text, max_depth, &offset, &err) < 0) {
        mx_failure_push(L, &err); // nil err
        lua_pushinteger(L, (lua_Integer)offset);
        lua_setfield(L, -2, "offset");
        return 2;
    }
    return 1;
}

// array([t]) -> t, marked so that it is an array also when empty
static int l_array(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    mx_json_push_array_mark(L);
    lua_setmetatable(L, 1);
    return 1;
}

// is_array(v) -> whether it carries the mark
static int l_is_array(lua_State *L) {
    bool is_array = false;
    if (lua_type(L, 1) == LUA_TTABLE && lua_getmetatable(L, 1)) {
        luaL_getmetatable(L, MX_JSON_ARRAY_TYPE);
        is_array = lua_rawequal(L, -1, -2);
    }
    lua_pushboolean(L, is_array);
    return 1;
}

static const luaL_Reg json_module[] = {
    {"array", l_array},
    {"decode", l_decode},
    {"encode", l_encode},
    {"is_array", l_is_array},
    {NULL, NULL},
};

int mx_luaopen_json(lua_State *L) {
    mx_json_push_array_mark(L);
    lua_pop(L, 1);
    luaL_newlib(L, json_module); // module
    lua_pushlightuserdata(L, mx_json_null());
    lua_setfield(L, -2, "null");
    return 1;
}

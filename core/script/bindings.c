#include "script/bindings.h"

#include <lauxlib.h>

int mx_failure_push(lua_State *L, const struct mx_error *err) {
    lua_pushnil(L);                             // nil
    lua_createtable(L, 0, 2);                   // nil {}
    lua_pushstring(L, mx_code_name(err->code)); // nil {} code
    lua_setfield(L, -2, "code");                // nil {}
    lua_pushstring(L, err->text);               // nil {} text
    lua_setfield(L, -2, "message");             // nil {}
    return 2;
}

void mx_slice_push(lua_State *L, struct mx_slice slice) {
    lua_pushlstring(L, slice.len ? slice.ptr : "", slice.len);
}

struct mx_slice mx_slice_check(lua_State *L, int index) {
    struct mx_slice slice;
    luaL_checktype(L, index, LUA_TSTRING);
    slice.ptr = lua_tolstring(L, index, &slice.len);
    return slice;
}

struct mx_slice mx_slice_opt(lua_State *L, int index) {
    return lua_isnoneornil(L, index) ? (struct mx_slice){"", 0} : mx_slice_check(L, index);
}

// [-0, +1] Pushes the field and returns whether it is there; raises when it is not a `type`.
static bool push_field(lua_State *L, int index, const char *name, int type) {
    int found = lua_getfield(L, index, name);
    if (found != LUA_TNIL && found != type) {
        luaL_error(
            L, "'%s' must be a %s, not a %s", name, lua_typename(L, type), lua_typename(L, found));
    }
    return found != LUA_TNIL;
}

struct mx_slice mx_field_slice(
    lua_State *L, int index, const char *name, struct mx_slice otherwise) {
    if (push_field(L, index, name, LUA_TSTRING)) {
        otherwise.ptr = lua_tolstring(L, -1, &otherwise.len);
    }
    lua_pop(L, 1);
    return otherwise;
}

int64_t mx_field_int(lua_State *L, int index, const char *name, int64_t otherwise) {
    if (push_field(L, index, name, LUA_TNUMBER)) {
        int is_int;
        otherwise = lua_tointegerx(L, -1, &is_int);
        if (!is_int) {
            luaL_error(L, "'%s' must be an integer", name);
        }
    }
    lua_pop(L, 1);
    return otherwise;
}

bool mx_field_bool(lua_State *L, int index, const char *name, bool otherwise) {
    if (push_field(L, index, name, LUA_TBOOLEAN)) {
        otherwise = lua_toboolean(L, -1);
    }
    lua_pop(L, 1);
    return otherwise;
}

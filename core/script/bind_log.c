// Lua's view of platform/log: the module `native.log`.
#include "script/bindings.h"

#include <lauxlib.h>

#include "platform/log.h"
#include "script/json.h"
#include "script/state.h"

enum { FIELDS_MAX = 16 };

// Adds the pair on top of the stack, whose value is replaced by its text.
static void read_field(lua_State *L, struct mx_log_field *field) {
    struct mx_error err;
    field->name = lua_tostring(L, -2);
    field->is_json = lua_type(L, -1) != LUA_TSTRING;
    if (field->is_json) {
        if (mx_json_encode(L, -1, mx_scratch_take(L), false, &err) < 0) {
            luaL_tolstring(L, -1, NULL); // a function, a userdata: its name must do
            field->is_json = false;
        } else {
            mx_scratch_push(L);
        }
    } else {
        lua_pushvalue(L, -1);
    }
    field->value.ptr = lua_tolstring(L, -1, &field->value.len); // … key value text
}

// write(level, message [, fields])
static int l_write(lua_State *L) {
    struct mx_slice name = mx_slice_check(L, 1);
    struct mx_slice message = mx_slice_check(L, 2);
    lua_settop(L, 3);
    enum mx_log_level level;
    luaL_argcheck(L, mx_log_level_parse(name, &level), 1, "no such level");
    if (!mx_log_enabled(level)) {
        return 0;
    }
    struct mx_log_field fields[FIELDS_MAX];
    size_t count = 0;
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        luaL_checkstack(L, FIELDS_MAX * 2 + 8, NULL);
        lua_pushnil(L);
        while (count < FIELDS_MAX && lua_next(L, 3)) { // … key value
            if (lua_type(L, -2) == LUA_TSTRING) {
                read_field(L, &fields[count++]); // … key value text
                lua_insert(L, -3);               // … text key value
            }
            lua_pop(L, 1); // … key
        }
    }
    mx_log_event(level, message, fields, count);
    return 0;
}

// enabled(level) -> whether such events are written
static int l_enabled(lua_State *L) {
    enum mx_log_level level;
    luaL_argcheck(L, mx_log_level_parse(mx_slice_check(L, 1), &level), 1, "no such level");
    lua_pushboolean(L, mx_log_enabled(level));
    return 1;
}

static const luaL_Reg log_module[] = {
    {"enabled", l_enabled},
    {"write", l_write},
    {NULL, NULL},
};

int mx_luaopen_log(lua_State *L) {
    luaL_newlib(L, log_module);
    return 1;
}

// Where this Lua runs: the module `native.thread`, plain values.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/state.h"

static void set_text(lua_State *L, const char *name, const char *value) {
    if (value) {
        lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
}

int mx_luaopen_thread(lua_State *L) {
    static const char *const roles[] = {"worker", "writer", "jobs", "tool", "test"};
    const mx_script *script = mx_script_of(L);
    const struct mx_script_options *options = &script->options;
    lua_createtable(L, 0, 8); // module
    set_text(L, "role", roles[options->role]);
    set_text(L, "share", options->share);
    set_text(L, "data", options->data);
    set_text(L, "version", options->version);
    lua_pushinteger(L, options->index);
    lua_setfield(L, -2, "index");
    lua_pushboolean(L, script->is_remote); // a tool whose commands go to a running server
    lua_setfield(L, -2, "remote");
    lua_createtable(L, 0, (int)options->option_count); // module options
    for (size_t i = 0; i < options->option_count; i++) {
        mx_slice_push(L, options->options[i].name);
        mx_slice_push(L, options->options[i].value);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "options");
    return 1;
}

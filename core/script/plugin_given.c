// What a pure handler is given: its input, closed against more, and its settings, sealed. They stay
// in P from call to call; a few of each, as a plugin has a few handlers and a reload makes new
// shapes for them.
#include "script/plugin.h"

#include <lauxlib.h>

#include "script/value.h"

// Key in P's registry of a list: kept inputs, and behind them settings. In T the plugin's user
// value is the list of the settings that were copied, so that none of them goes while it is known.
static const char given_key;

// [-0, +1]
static void push_list(lua_State *P) {
    if (lua_rawgetp(P, LUA_REGISTRYINDEX, &given_key) == LUA_TTABLE) {
        return;
    }
    lua_pop(P, 1);
    lua_createtable(P, 2 * MX_GIVEN_KEPT, 0);
    for (int i = 1; i <= 2 * MX_GIVEN_KEPT; i++) {
        lua_pushboolean(P, 0);
        lua_rawseti(P, -2, i);
    }
    lua_pushvalue(P, -1);
    lua_rawsetp(P, LUA_REGISTRYINDEX, &given_key);
}

// The oldest goes.
static int next_place(int *last) {
    *last = (*last + 1) % MX_GIVEN_KEPT;
    return *last;
}

static int find_input(const struct mx_plugin_given *given, uint64_t serial) {
    for (int i = 0; i < MX_GIVEN_KEPT; i++) {
        if (given->inputs[i] == serial) {
            return i;
        }
    }
    return -1;
}

// [-0, +0] What is kept there goes before anything new is made; its tables at once, as it waits for
// its finalizer.
static void drop(lua_State *P, struct mx_plugin_given *given, int list, int place) {
    given->inputs[place] = 0;
    if (lua_rawgeti(P, list, place + 1) == LUA_TUSERDATA) {
        lua_pushnil(P);
        lua_setiuservalue(P, -2, 1);
    }
    lua_pop(P, 1);
    lua_pushboolean(P, 0);
    lua_rawseti(P, list, place + 1);
}

// [list: -0, +1] What keeps the input of that shape.
static void push_kept(lua_State *P, struct mx_plugin_given *given, const mx_shape *shape) {
    int list = lua_gettop(P);
    int place = find_input(given, mx_shape_serial(shape));
    if (place >= 0) {
        lua_rawgeti(P, list, place + 1);
        if (mx_kept_fits(P, list + 1, shape)) {
            return;
        }
        lua_pop(P, 1);
    } else {
        place = next_place(&given->last_input);
    }
    drop(P, given, list, place);
    mx_kept_create(P, shape);
    lua_pushvalue(P, -1);
    lua_rawseti(P, list, place + 1);
    given->inputs[place] = mx_shape_serial(shape);
}

static int find_settings(const struct mx_plugin_given *given, const void *settings) {
    for (int i = 0; i < MX_GIVEN_KEPT; i++) {
        if (given->settings[i] == settings) {
            return i;
        }
    }
    return -1;
}

// [list: -0, +1]
static void push_settings(lua_State *P, struct mx_plugin_call *call) {
    struct mx_plugin_given *given = &call->plugin->given;
    int list = lua_gettop(P);
    const void *settings = lua_topointer(call->args.L, call->args.first);
    int place = find_settings(given, settings);
    if (place >= 0) {
        lua_rawgeti(P, list, MX_GIVEN_KEPT + place + 1);
        return;
    }
    struct mx_values one = {call->args.L, call->args.first, 1};
    mx_values_copy(P, &one);
    mx_seal_given(P);
    place = next_place(&given->last_settings);
    lua_pushvalue(P, -1);
    lua_rawseti(P, list, MX_GIVEN_KEPT + place + 1);
    given->settings[place] = NULL; // until T holds them
    call->kept_settings = place + 1;
}

void mx_plugin_push_given(lua_State *P, struct mx_plugin_call *call) {
    struct mx_error err;
    push_list(P); // list
    int list = lua_gettop(P);
    push_kept(P, &call->plugin->given, call->shape); // list kept
    if (mx_kept_fill(P, list + 1, call->shape, mx_shape_packed(call->shape), &err) < 0) {
        luaL_error(P, "%s", err.text);
    } // list kept input
    lua_pushvalue(P, list);
    push_settings(P, call); // list kept input list settings
    lua_replace(P, list + 1);
    lua_pop(P, 1);        // list settings input
    lua_replace(P, list); // input settings
}

void mx_plugin_drop_torn(struct mx_plugin *plugin, const mx_shape *shape) {
    lua_State *P = plugin->state.L;
    int place = find_input(&plugin->given, mx_shape_serial(shape));
    if (place < 0 || !lua_checkstack(P, 5)) {
        return;
    }
    int list = lua_gettop(P) + 1;
    push_list(P);
    lua_rawgeti(P, list, place + 1);
    if (!mx_kept_fits(P, list + 1, shape)) {
        drop(P, &plugin->given, list, place);
        lua_gc(P, LUA_GCCOLLECT);
    }
    lua_settop(P, list - 1);
}

void mx_plugin_note_settings(lua_State *T, struct mx_plugin_call *call) {
    if (call->kept_settings == 0) {
        return;
    }
    if (lua_getiuservalue(T, 1, 1) == LUA_TNIL) {
        lua_pop(T, 1);
        lua_createtable(T, MX_GIVEN_KEPT, 0);
        lua_pushvalue(T, -1);
        lua_setiuservalue(T, 1, 1);
    }
    lua_pushvalue(T, call->args.first);
    lua_rawseti(T, -2, call->kept_settings);
    lua_pop(T, 1);
    call->plugin->given.settings[call->kept_settings - 1] = lua_topointer(T, call->args.first);
}

// What comes out of a call: results, or why there are none, as that may be shown.
#include "script/plugin.h"

#include <stdio.h>

#include <lauxlib.h>

#include "script/value.h"

enum { MESSAGE_MAX = 500, TRACE_MAX = 4000 };

// Where the trace in it begins that Lua added; the plugin's own words may look like one.
static const char *find_trace(const char *text) {
    static const char head[] = "\nstack traceback:";
    const char *found = NULL;
    for (const char *at = strstr(text, head); at; at = strstr(at + 1, head)) {
        found = at;
    }
    return found;
}

// [-0, +1] Words of the plugin for logs and pages: not for ever, and nothing that moves a cursor
// or looks like a line of somebody else's.
static void push_words(lua_State *T, const char *text, size_t len, size_t most, bool has_lines) {
    luaL_Buffer out;
    char *at = luaL_buffinitsize(T, &out, most);
    size_t used = len < most ? len : most;
    while (used > 0 && used < len && ((unsigned char)text[used] & 0xc0) == 0x80) {
        used--; // a character is cut off as a whole
    }
    for (size_t i = 0; i < used; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_fine = (c >= ' ' && c != 127) || (has_lines && (c == '\n' || c == '\t'));
        at[i] = is_fine ? (char)c : ' ';
    }
    luaL_pushresultsize(&out, used);
}

int mx_plugin_push_failure(lua_State *T, const char *code, const char *text) {
    const char *trace = find_trace(text);
    lua_pushnil(T);
    lua_createtable(T, 0, 3); // nil err
    lua_pushstring(T, code);
    lua_setfield(T, -2, "code");
    push_words(T, text, trace ? (size_t)(trace - text) : strlen(text), MESSAGE_MAX, false);
    lua_setfield(T, -2, "message");
    push_words(T, trace ? trace + 1 : "", trace ? strlen(trace + 1) : 0, TRACE_MAX, true);
    lua_setfield(T, -2, "trace");
    return 2;
}

int mx_plugin_push_failure_of(lua_State *T, lua_State *P, const char *code) {
    bool is_text = lua_type(P, -1) == LUA_TSTRING;
    return mx_plugin_push_failure(T, code, is_text ? lua_tostring(P, -1) : "not enough memory");
}

int mx_plugin_push_changed(lua_State *T, const char *name) {
    char text[250];
    snprintf(text, sizeof(text),
        "the handler keeps %.100s from call to call: pure code must answer the same whatever was "
        "asked before",
        name[0] ? name : "an iterator");
    return mx_plugin_push_failure(T, "error", text);
}

const char *mx_plugin_code_of(enum mx_over over) {
    if (over == MX_OVER_NOT) {
        return "error";
    }
    return over == MX_OVER_MEMORY ? "memory" : "budget";
}

int mx_plugin_push_results(lua_State *T, lua_State *P, int base) {
    struct mx_error err;
    int count = lua_gettop(P) - base;
    luaL_checkstack(T, count + 6, "too many results");
    lua_pushboolean(T, 1);
    for (int i = 1; i <= count; i++) {
        if (mx_value_copy(P, base + i, T, NULL, &err) < 0) {
            char text[sizeof(err.text) + 32];
            snprintf(text, sizeof(text), "the result: %s", err.text);
            return mx_plugin_push_failure(T, "error", text);
        }
    }
    return count + 1;
}

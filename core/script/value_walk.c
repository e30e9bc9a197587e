#include "script/value_walk.h"

#include <stdio.h>

#include <lauxlib.h>

#include "script/html.h"
#include "script/json.h"

enum { DEFAULT_DEPTH = 64, DEFAULT_BYTES = 8 * 1024 * 1024 };

static void append_place(mx_buf *text, const struct mx_place *place) {
    if (!place) {
        return;
    }
    append_place(text, place->outer);
    if (text->len > 0) {
        mx_buf_append_char(text, '.');
    }
    if (place->name) {
        mx_buf_append_text(text, place->name);
    } else {
        mx_buf_append_int(text, place->number);
    }
}

int mx_place_fail(
    struct mx_error *err, enum mx_code code, const struct mx_place *place, const char *text) {
    mx_buf path = {0};
    append_place(&path, place);
    if (path.len == 0) {
        mx_fail(err, code, "the value %s", text);
    } else {
        mx_fail(err, code, "'%.*s' %s", path.len > 120 ? 120 : (int)path.len, path.ptr, text);
    }
    mx_buf_deinit(&path);
    return code;
}

int mx_place_refuse(lua_State *L, int index, const struct mx_place *place, struct mx_error *err) {
    char text[64];
    snprintf(text, sizeof(text), "is a %s: only data can travel", luaL_typename(L, index));
    return mx_place_fail(err, MX_E_INVALID, place, text);
}

static const void *identity_of(lua_State *L, const char *name) {
    luaL_getmetatable(L, name);
    const void *identity = lua_topointer(L, -1);
    lua_pop(L, 1);
    return identity;
}

struct mx_marks mx_marks_of(lua_State *L) {
    return (struct mx_marks){identity_of(L, MX_JSON_ARRAY_TYPE), identity_of(L, MX_HTML_TYPE)};
}

enum mx_mark mx_mark_of(lua_State *L, int index, const struct mx_marks *marks) {
    if (!lua_getmetatable(L, index)) {
        return MX_MARK_NONE;
    }
    const void *meta = lua_topointer(L, -1);
    lua_pop(L, 1);
    if (meta == marks->array) {
        return MX_MARK_ARRAY;
    }
    return meta == marks->html ? MX_MARK_HTML : MX_MARK_NONE;
}

bool mx_is_json_null(lua_State *L, int index) {
    return lua_touserdata(L, index) == mx_json_null();
}

unsigned mx_limits_depth(const struct mx_value_limits *limits) {
    unsigned depth = limits && limits->depth ? limits->depth : DEFAULT_DEPTH;
    return depth < MX_VALUE_DEPTH_MAX ? depth : MX_VALUE_DEPTH_MAX;
}

size_t mx_limits_bytes(const struct mx_value_limits *limits) {
    return limits && limits->bytes ? limits->bytes : DEFAULT_BYTES;
}

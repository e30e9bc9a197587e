// Values straight from one state into another, without bytes between.
#include "script/value_walk.h"

#include <lauxlib.h>

#include "script/html.h"
#include "script/json.h"
#include "script/seal.h"

enum {
    TABLE_COST = 56, // what Lua takes, roughly, so that a limit on copies means memory
    SLOT_COST = 24,
    STRING_COST = 24,
    KEYS = 16,      // remembered: rows of a list have the same keys again and again
    KEY_SHORT = 40, // Lua keeps one copy of such strings, so an address stands for the text
};

struct copier {
    lua_State *from;
    lua_State *to;
    size_t left; // bytes that may still be used
    unsigned depth;
    struct mx_marks marks;
    int slots;               // first of the KEYS slots on the stack of `to`
    const char *known[KEYS]; // addresses of their strings in `from`
    struct mx_error *err;
};

static int copy_value(struct copier *c, int index, unsigned depth, const struct mx_place *place);

static int spend(struct copier *c, size_t bytes, const struct mx_place *place) {
    if (bytes > c->left) {
        return mx_place_fail(c->err, MX_E_LIMIT, place, "makes the value too large to be copied");
    }
    c->left -= bytes;
    return MX_OK;
}

static int copy_string(struct copier *c, int index, const struct mx_place *place) {
    size_t len;
    const char *text = lua_tolstring(c->from, index, &len);
    if (spend(c, len + STRING_COST, place) < 0) {
        return c->err->code;
    }
    lua_pushlstring(c->to, text, len);
    return MX_OK;
}

// [to: +1] The string key at `index` of `from`.
static int copy_key(struct copier *c, int index, const struct mx_place *place) {
    size_t len;
    const char *text = lua_tolstring(c->from, index, &len);
    size_t which = ((uintptr_t)text >> 4) % KEYS;
    if (c->known[which] == text) {
        lua_pushvalue(c->to, c->slots + (int)which);
        return MX_OK;
    }
    if (copy_string(c, index, place) < 0) {
        return c->err->code;
    }
    if (len <= KEY_SHORT) {
        lua_pushvalue(c->to, -1);
        lua_replace(c->to, c->slots + (int)which);
        c->known[which] = text;
    }
    return MX_OK;
}

// [to: table -> table] The pair on top of `from`.
static int copy_pair(struct copier *c, unsigned depth, const struct mx_place *outer) {
    struct mx_place place = {.outer = outer};
    int value = lua_gettop(c->from);
    if (lua_type(c->from, value - 1) == LUA_TSTRING) {
        place.name = lua_tostring(c->from, value - 1);
        if (copy_key(c, value - 1, outer) < 0) {
            return c->err->code;
        }
    } else if (lua_isinteger(c->from, value - 1)) {
        place.number = lua_tointeger(c->from, value - 1);
        lua_pushinteger(c->to, place.number);
    } else {
        return mx_place_fail(
            c->err, MX_E_INVALID, outer, "has a key that is neither a string nor an integer");
    }
    if (spend(c, SLOT_COST, outer) < 0 ||
        copy_value(c, value, depth, &place) < 0) { // to: table key value
        return c->err->code;
    }
    lua_rawset(c->to, -3); // to: table
    return MX_OK;
}

// [to: table -> table] The element on top of `from`, number i.
static int copy_element(
    struct copier *c, lua_Integer i, unsigned depth, const struct mx_place *outer) {
    struct mx_place place = {.outer = outer, .number = (int64_t)i};
    if (spend(c, SLOT_COST, outer) < 0 ||
        copy_value(c, lua_gettop(c->from), depth, &place) < 0) { // to: table value
        return c->err->code;
    }
    lua_rawseti(c->to, -2, i); // to: table
    return MX_OK;
}

// [to: table -> table] Elements from `i` on whose keys lie among the others.
static int copy_scattered(struct copier *c, int index, lua_Integer i, lua_Integer count,
    unsigned depth, const struct mx_place *outer) {
    for (; i <= count; i++) {
        lua_rawgeti(c->from, index, i); // from: value
        if (copy_element(c, i, depth, outer) < 0) {
            return c->err->code;
        }
        lua_pop(c->from, 1);
    }
    return MX_OK;
}

// [to: table -> table] One walk: the usual list comes in order, and then its names. Otherwise the
// elements that did not come first are fetched, and passed over where they come.
static int copy_entries(
    struct copier *c, int index, lua_Integer count, unsigned depth, const struct mx_place *outer) {
    lua_State *from = c->from;
    lua_Integer next = 1; // element
    int rc = MX_OK;
    lua_pushnil(from);
    while (lua_next(from, index)) { // from: key value
        lua_Integer key = lua_isinteger(from, -2) ? lua_tointeger(from, -2) : 0;
        if (key == next && next <= count) {
            rc = copy_element(c, next++, depth, outer);
        } else if (next <= count) {
            rc = copy_scattered(c, index, next, count, depth, outer);
            next = count + 1;
        }
        if (rc == MX_OK && (key < 1 || key > count)) {
            rc = copy_pair(c, depth, outer);
        }
        if (rc < 0) {
            return rc;
        }
        lua_pop(from, 1); // from: key
    }
    return MX_OK;
}

static int copy_html(struct copier *c, int index, const struct mx_place *place) {
    struct mx_slice html = {"", 0};
    mx_html_get(c->from, index, &html);
    if (spend(c, html.len + STRING_COST + TABLE_COST, place) < 0) {
        return c->err->code;
    }
    lua_pushlstring(c->to, html.len ? html.ptr : "", html.len);
    mx_html_wrap(c->to);
    return MX_OK;
}

static int copy_table(struct copier *c, int index, unsigned depth, const struct mx_place *place) {
    if (mx_seal_push_shadow(c->from, index)) {
        int rc = copy_table(c, lua_gettop(c->from), depth, place);
        lua_pop(c->from, 1);
        return rc;
    }
    enum mx_mark mark = mx_mark_of(c->from, index, &c->marks);
    if (mark == MX_MARK_HTML) {
        return copy_html(c, index, place);
    }
    lua_Unsigned count = mx_seal_length(c->from, index);
    if (count > c->left / 16) { // a sequence takes so much at least
        return mx_place_fail(c->err, MX_E_LIMIT, place, "makes the value too large to be copied");
    }
    if (spend(c, TABLE_COST, place) < 0) {
        return c->err->code;
    }
    int names = count < 2 ? 4 : 0;             // an operation, or a message with arguments
    lua_createtable(c->to, (int)count, names); // to: table
    if (mark == MX_MARK_ARRAY) {
        mx_json_push_array_mark(c->to);
        lua_setmetatable(c->to, -2);
    }
    return copy_entries(c, index, (lua_Integer)count, depth, place);
}

static int copy_nested(struct copier *c, int index, unsigned depth, const struct mx_place *place) {
    if (depth >= c->depth || !lua_checkstack(c->from, 6) || !lua_checkstack(c->to, 6)) {
        return mx_place_fail(c->err, MX_E_LIMIT, place, "is nested too deep: is it a cycle?");
    }
    return copy_table(c, index, depth + 1, place);
}

// [to: +1 | some] On failure the outermost call clears both stacks.
static int copy_value(struct copier *c, int index, unsigned depth, const struct mx_place *place) {
    lua_State *from = c->from;
    switch (lua_type(from, index)) {
    case LUA_TNIL: lua_pushnil(c->to); return MX_OK;
    case LUA_TBOOLEAN: lua_pushboolean(c->to, lua_toboolean(from, index)); return MX_OK;
    case LUA_TNUMBER:
        if (lua_isinteger(from, index)) {
            lua_pushinteger(c->to, lua_tointeger(from, index));
        } else {
            lua_pushnumber(c->to, lua_tonumber(from, index));
        }
        return MX_OK;
    case LUA_TSTRING: return copy_string(c, index, place);
    case LUA_TTABLE: return copy_nested(c, index, depth, place);
    case LUA_TLIGHTUSERDATA:
        if (mx_is_json_null(from, index)) {
            lua_pushlightuserdata(c->to, mx_json_null());
            return MX_OK;
        }
        return mx_place_refuse(from, index, place, c->err);
    default: return mx_place_refuse(from, index, place, c->err);
    }
}

int mx_value_copy(lua_State *from, int index, lua_State *to, const struct mx_value_limits *limits,
    struct mx_error *err) {
    int from_top = lua_gettop(from);
    int to_top = lua_gettop(to);
    if (!lua_checkstack(from, 6) || !lua_checkstack(to, KEYS + 6)) {
        return mx_fail(err, MX_E_LIMIT, "the Lua stack is full");
    }
    struct copier c = {.from = from,
        .to = to,
        .left = mx_limits_bytes(limits),
        .depth = mx_limits_depth(limits),
        .marks = mx_marks_of(from),
        .slots = to_top + 1,
        .err = err};
    lua_settop(to, to_top + KEYS);
    int rc = copy_value(&c, lua_absindex(from, index), 0, NULL); // to: keys value
    lua_settop(from, from_top);
    if (rc < 0) {
        lua_settop(to, to_top);
        return rc;
    }
    lua_replace(to, to_top + 1);
    lua_settop(to, to_top + 1); // to: value
    return MX_OK;
}

// Lua to JSON. Nothing here raises, so the buffer and the sort area may live on the C heap.
#include "script/json.h"
#include "script/seal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/utf8.h"

struct member {
    struct mx_slice key; // held by the table
    int value;           // index on the Lua stack
};

struct encoder {
    lua_State *L;
    mx_buf *out;
    struct mx_error *err;
    struct member *members; // those of all open objects, innermost last
    size_t count;
    size_t capacity;
    const void *array_mark; // identity of the array metatable
    bool is_pretty;
};

static int encode(struct encoder *e, int index, unsigned depth);

// --- strings and numbers ----------------------------------------------------------------------

enum { PLAIN, ESCAPE, SLASH, WIDE };

static const unsigned char classes[256] = {
    [0 ... 31] = ESCAPE,
    ['"'] = ESCAPE,
    ['\\'] = ESCAPE,
    ['/'] = SLASH,
    [127] = ESCAPE,
    [128 ... 255] = WIDE,
};

static void append_escape(mx_buf *out, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    static const char *const pairs = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = pairs; *pair; pair += 2) {
        if ((unsigned char)pair[0] == c) {
            mx_buf_append_char(out, '\\');
            mx_buf_append_char(out, pair[1]);
            return;
        }
    }
    mx_buf_append(out, "\\u00", 4);
    mx_buf_append_char(out, hex[c >> 4]);
    mx_buf_append_char(out, hex[c & 15]);
}

// U+2028 and U+2029 end a line in older JavaScript.
static bool is_line_separator(const unsigned char *at) {
    return at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9);
}

// Appends the special character at `at` and returns its length; 0 when it is not UTF-8.
static size_t append_special(
    mx_buf *out, const unsigned char *start, const unsigned char *at, const unsigned char *end) {
    if (classes[*at] == ESCAPE) {
        append_escape(out, *at);
        return 1;
    }
    if (classes[*at] == SLASH) { // "</" would end a script element
        bool is_closing = at > start && at[-1] == '<';
        mx_buf_append_text(out, is_closing ? "\\/" : "/");
        return 1;
    }
    size_t len = mx_utf8_length(at, end);
    if (len == 3 && is_line_separator(at)) {
        mx_buf_append(out, at[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
    } else {
        mx_buf_append(out, (const char *)at, len);
    }
    return len;
}

static int encode_string(struct encoder *e, struct mx_slice text) {
    const unsigned char *start = (const unsigned char *)text.ptr;
    const unsigned char *end = start + text.len;
    const unsigned char *at = start;
    mx_buf_append_char(e->out, '"');
    while (at < end) {
        const unsigned char *run = at;
        while (at < end && classes[*at] == PLAIN) {
            at++;
        }
        mx_buf_append(e->out, (const char *)run, (size_t)(at - run));
        if (at < end) {
            size_t len = append_special(e->out, start, at, end);
            if (len == 0) {
                return mx_fail(e->err, MX_E_INVALID,
                    "a string is not valid UTF-8 at byte %zu: encode it as base64 first",
                    (size_t)(at - start));
            }
            at += len;
        }
    }
    mx_buf_append_char(e->out, '"');
    return MX_OK;
}

static int encode_number(struct encoder *e, int index) {
    if (lua_isinteger(e->L, index)) {
        mx_buf_append_int(e->out, lua_tointeger(e->L, index));
        return MX_OK;
    }
    double value = lua_tonumber(e->L, index);
    if (!isfinite(value)) {
        return mx_fail(e->err, MX_E_INVALID, "JSON has no NaN and no infinity");
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) { // the fewest that read back the same
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    mx_buf_append_text(e->out, text);
    if (!strpbrk(text, ".e")) {
        mx_buf_append(e->out, ".0", 2); // so that it is a float again when read
    }
    return MX_OK;
}

// --- tables -----------------------------------------------------------------------------------

static void append_break(struct encoder *e, unsigned depth) {
    if (e->is_pretty) {
        mx_buf_append_char(e->out, '\n');
        for (unsigned i = 0; i < depth; i++) {
            mx_buf_append(e->out, "  ", 2);
        }
    }
}

static bool is_marked_array(struct encoder *e, int index) {
    if (!lua_getmetatable(e->L, index)) {
        return false;
    }
    const void *meta = lua_topointer(e->L, -1);
    lua_pop(e->L, 1);
    return meta == e->array_mark;
}

// Whether the table has no more entries than the `count` of its sequence.
static bool is_sequence(lua_State *L, int index, lua_Unsigned count) {
    if (count > 0) {
        lua_pushinteger(L, (lua_Integer)count); // the usual case: nothing follows the last element
        if (!lua_next(L, index)) {
            return true;
        }
        lua_pop(L, 2);
    }
    lua_Unsigned entries = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        entries++;
    }
    return entries == count;
}

static int encode_array(struct encoder *e, int index, lua_Unsigned count, unsigned depth) {
    if (!is_sequence(e->L, index, count)) {
        return mx_fail(e->err, MX_E_INVALID,
            "a table has both a sequence and other keys: make it an array or an object");
    }
    mx_buf_append_char(e->out, '[');
    for (lua_Unsigned i = 1; i <= count; i++) {
        if (i > 1) {
            mx_buf_append_char(e->out, ',');
        }
        append_break(e, depth);
        lua_rawgeti(e->L, index, (lua_Integer)i); // element
        int rc = encode(e, lua_gettop(e->L), depth);
        lua_pop(e->L, 1);
        if (rc < 0) {
            return rc;
        }
    }
    if (count > 0) {
        append_break(e, depth - 1);
    }
    mx_buf_append_char(e->out, ']');
    return MX_OK;
}

static int compare_members(const void *a, const void *b) {
    struct mx_slice left = ((const struct member *)a)->key;
    struct mx_slice right = ((const struct member *)b)->key;
    size_t len = left.len < right.len ? left.len : right.len;
    int sign = memcmp(left.ptr, right.ptr, len);
    return sign ? sign : (left.len > right.len) - (left.len < right.len);
}

// Small objects are the rule, and qsort costs more than it saves there.
static void sort_members(struct member *list, size_t count) {
    if (count > 24) {
        qsort(list, count, sizeof(*list), compare_members);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct member member = list[i];
        size_t at = i;
        for (; at > 0 && compare_members(&list[at - 1], &member) > 0; at--) {
            list[at] = list[at - 1];
        }
        list[at] = member;
    }
}

// [-0, +n] Leaves the n values on the stack and their members in `e->members`.
static int collect_members(struct encoder *e, int index) {
    lua_State *L = e->L;
    lua_pushnil(L);              // key
    while (lua_next(L, index)) { // … key value
        if (lua_type(L, -2) != LUA_TSTRING) {
            return mx_fail(e->err, MX_E_INVALID, "an object has a key that is a %s, not a string",
                luaL_typename(L, -2));
        }
        if (!lua_checkstack(L, 4)) {
            return mx_fail(e->err, MX_E_LIMIT, "an object has too many members");
        }
        if (e->count == e->capacity) {
            e->capacity = e->capacity ? e->capacity * 2 : 64;
            e->members = mx_realloc(e->members, e->capacity * sizeof(*e->members));
        }
        struct member *member = &e->members[e->count++];
        member->key.ptr = lua_tolstring(L, -2, &member->key.len);
        lua_insert(L, -2); // … value key
        member->value = lua_gettop(L) - 1;
    }
    return MX_OK;
}

static int encode_members(struct encoder *e, size_t first, unsigned depth) {
    for (size_t i = first; i < e->count; i++) {
        struct member member = e->members[i]; // the list may move below
        if (i > first) {
            mx_buf_append_char(e->out, ',');
        }
        append_break(e, depth);
        int rc = encode_string(e, member.key);
        if (rc < 0) {
            return rc;
        }
        mx_buf_append(e->out, ": ", e->is_pretty ? 2 : 1);
        rc = encode(e, member.value, depth);
        if (rc < 0) {
            return rc;
        }
    }
    return MX_OK;
}

static int encode_object(struct encoder *e, int index, unsigned depth) {
    int top = lua_gettop(e->L);
    size_t first = e->count;
    mx_buf_append_char(e->out, '{');
    int rc = collect_members(e, index);
    if (rc == MX_OK && e->count > first) {
        sort_members(e->members + first, e->count - first);
        rc = encode_members(e, first, depth);
        append_break(e, depth - 1);
    }
    mx_buf_append_char(e->out, '}');
    e->count = first;
    lua_settop(e->L, top);
    return rc;
}

static int encode_table(struct encoder *e, int index, unsigned depth) {
    if (depth > MX_JSON_DEPTH_MAX || !lua_checkstack(e->L, 8)) {
        return mx_fail(e->err, MX_E_LIMIT, "the value is nested deeper than %d: is it a cycle?",
            MX_JSON_DEPTH_MAX);
    }
    if (mx_seal_push_shadow(e->L, index)) {
        int shadow = lua_gettop(e->L);
        int rc = encode_table(e, shadow, depth);
        lua_settop(e->L, shadow - 1);
        return rc;
    }
    lua_Unsigned count = mx_seal_length(e->L, index);
    if (count > 0 || is_marked_array(e, index)) {
        return encode_array(e, index, count, depth);
    }
    return encode_object(e, index, depth);
}

static int encode(struct encoder *e, int index, unsigned depth) {
    struct mx_slice text;
    switch (lua_type(e->L, index)) {
    case LUA_TSTRING:
        text.ptr = lua_tolstring(e->L, index, &text.len);
        return encode_string(e, text);
    case LUA_TNUMBER: return encode_number(e, index);
    case LUA_TBOOLEAN:
        mx_buf_append_text(e->out, lua_toboolean(e->L, index) ? "true" : "false");
        return MX_OK;
    case LUA_TNIL: mx_buf_append(e->out, "null", 4); return MX_OK;
    case LUA_TTABLE: return encode_table(e, index, depth + 1);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(e->L, index) == mx_json_null()) {
            mx_buf_append(e->out, "null", 4);
            return MX_OK;
        }
        break;
    default: break;
    }
    return mx_fail(e->err, MX_E_INVALID, "JSON has no %s", luaL_typename(e->L, index));
}

int mx_json_encode(lua_State *L, int index, mx_buf *out, bool is_pretty, struct mx_error *err) {
    int top = lua_gettop(L);
    size_t len = out->len;
    struct encoder e = {.L = L, .out = out, .err = err, .is_pretty = is_pretty};
    index = lua_absindex(L, index);
    luaL_getmetatable(L, MX_JSON_ARRAY_TYPE); // an existing string: no allocation that can fail
    e.array_mark = lua_topointer(L, -1);
    int rc = encode(&e, index, 0);
    lua_settop(L, top);
    mx_free(e.members);
    if (rc < 0) {
        out->len = len;
    }
    return rc;
}

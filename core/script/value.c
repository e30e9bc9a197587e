// The encoded form: one tag byte a value. Integers are zigzag varints, floats 8 bytes little-endian,
// lengths varints. A table is its tag, the length n of its sequence, n values, then key – value pairs
// up to an end tag. It never leaves the process, so it has no version; it is still read as if it were
// hostile, because a fuzzer is a cheap friend.
#include "script/value.h"

#include <stdio.h>

#include <lauxlib.h>

#include "script/host.h"
#include "script/html.h"
#include "script/json.h"

enum tag {
    TAG_NIL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_INTEGER,
    TAG_FLOAT,
    TAG_STRING,
    TAG_NULL,
    TAG_TABLE,
    TAG_ARRAY, // a table with the mark of json.array
    TAG_HTML,
    TAG_END,
};

enum {
    DEFAULT_DEPTH = 64,
    DEPTH_MAX = 180, // what the C stack of Lua allows
    DEFAULT_BYTES = 8 * 1024 * 1024,
    TABLE_COST = 56, // what Lua takes, roughly, so that a limit on copies means memory
    SLOT_COST = 24,
    STRING_COST = 24,
};

// --- where we are, for messages -----------------------------------------------------------------

// The way from the outermost table to the value at hand.
struct place {
    const struct place *outer;
    const char *name; // NULL: `number` is the key
    int64_t number;
};

static void append_place(mx_buf *text, const struct place *place) {
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

static int fail_here(
    struct mx_error *err, enum mx_code code, const struct place *place, const char *text) {
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

static int refuse_type(
    lua_State *L, int index, const struct place *place, struct mx_error *err) {
    char text[64];
    snprintf(text, sizeof(text), "is a %s: only data can travel", luaL_typename(L, index));
    return fail_here(err, MX_E_INVALID, place, text);
}

// --- what both ways of reading a table share ------------------------------------------------------

enum mark { MARK_NONE, MARK_ARRAY, MARK_HTML };

// Identities of the metatables that mean something, in the state that is read.
struct marks {
    const void *array;
    const void *html;
};

static const void *identity_of(lua_State *L, const char *name) {
    luaL_getmetatable(L, name);
    const void *identity = lua_topointer(L, -1);
    lua_pop(L, 1);
    return identity;
}

static struct marks marks_of(lua_State *L) {
    return (struct marks){identity_of(L, MX_JSON_ARRAY_TYPE), identity_of(L, MX_HTML_TYPE)};
}

static enum mark mark_of(lua_State *L, int index, const struct marks *marks) {
    if (!lua_getmetatable(L, index)) {
        return MARK_NONE;
    }
    const void *meta = lua_topointer(L, -1);
    lua_pop(L, 1);
    if (meta == marks->array) {
        return MARK_ARRAY;
    }
    return meta == marks->html ? MARK_HTML : MARK_NONE;
}

static bool is_null(lua_State *L, int index) {
    return lua_touserdata(L, index) == mx_json_null();
}

// --- encoding -------------------------------------------------------------------------------------

struct writer {
    lua_State *L;
    mx_buf *out;
    size_t end; // where `out` may be full
    unsigned depth;
    struct marks marks;
    struct mx_error *err;
};

static void append_varint(mx_buf *out, uint64_t value) {
    char *at = mx_buf_reserve(out, 10);
    size_t len = 0;
    while (value >= 0x80) {
        at[len++] = (char)(value | 0x80);
        value >>= 7;
    }
    at[len++] = (char)value;
    out->len += len;
}

static void append_integer(mx_buf *out, int64_t value) {
    mx_buf_append_char(out, TAG_INTEGER);
    append_varint(out, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static void append_float(mx_buf *out, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    mx_buf_append_char(out, TAG_FLOAT);
    for (int i = 0; i < 8; i++) {
        mx_buf_append_char(out, (char)(bits >> (8 * i)));
    }
}

static void append_string(mx_buf *out, enum tag tag, struct mx_slice text) {
    mx_buf_append_char(out, (char)tag);
    append_varint(out, text.len);
    mx_buf_append_slice(out, text);
}

static int write_value(struct writer *w, int index, unsigned depth, const struct place *place);

// The key below the value on top, then the value.
static int write_pair(struct writer *w, unsigned depth, const struct place *outer) {
    struct place place = {.outer = outer};
    lua_State *L = w->L;
    if (lua_type(L, -2) == LUA_TSTRING) {
        struct mx_slice key;
        key.ptr = lua_tolstring(L, -2, &key.len);
        place.name = key.ptr;
        append_string(w->out, TAG_STRING, key);
    } else if (lua_isinteger(L, -2)) {
        place.number = lua_tointeger(L, -2);
        append_integer(w->out, place.number);
    } else {
        return fail_here(
            w->err, MX_E_INVALID, outer, "has a key that is neither a string nor an integer");
    }
    return write_value(w, lua_gettop(L), depth, &place);
}

static bool is_in_sequence(lua_State *L, int index, lua_Unsigned count) {
    return lua_isinteger(L, index) && lua_tointeger(L, index) >= 1
        && (lua_Unsigned)lua_tointeger(L, index) <= count;
}

static int write_table(struct writer *w, int index, unsigned depth, const struct place *outer) {
    lua_State *L = w->L;
    enum mark mark = mark_of(L, index, &w->marks);
    lua_Unsigned count = lua_rawlen(L, index);
    if (mark == MARK_HTML) {
        struct mx_slice html = {"", 0};
        mx_html_get(L, index, &html);
        append_string(w->out, TAG_HTML, html);
        return MX_OK;
    }
    mx_buf_append_char(w->out, mark == MARK_ARRAY ? TAG_ARRAY : TAG_TABLE);
    append_varint(w->out, count);
    for (lua_Unsigned i = 1; i <= count; i++) {
        struct place place = {.outer = outer, .number = (int64_t)i};
        lua_rawgeti(L, index, (lua_Integer)i); // value
        int rc = write_value(w, lua_gettop(L), depth, &place);
        lua_pop(L, 1);
        if (rc < 0) {
            return rc;
        }
    }
    lua_pushnil(L);
    while (lua_next(L, index)) { // key value
        int rc = is_in_sequence(L, -2, count) ? MX_OK : write_pair(w, depth, outer);
        if (rc < 0) {
            return rc; // the outermost call clears the stack
        }
        lua_pop(L, 1); // key
    }
    mx_buf_append_char(w->out, TAG_END);
    return MX_OK;
}

static int write_nested(struct writer *w, int index, unsigned depth, const struct place *place) {
    if (depth >= w->depth || !lua_checkstack(w->L, 6)) {
        return fail_here(w->err, MX_E_LIMIT, place, "is nested too deep: is it a cycle?");
    }
    return write_table(w, index, depth + 1, place);
}

static int write_value(struct writer *w, int index, unsigned depth, const struct place *place) {
    lua_State *L = w->L;
    struct mx_slice text;
    switch (lua_type(L, index)) {
    case LUA_TNIL: mx_buf_append_char(w->out, TAG_NIL); break;
    case LUA_TBOOLEAN:
        mx_buf_append_char(w->out, lua_toboolean(L, index) ? TAG_TRUE : TAG_FALSE);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            append_integer(w->out, lua_tointeger(L, index));
        } else {
            append_float(w->out, lua_tonumber(L, index));
        }
        break;
    case LUA_TSTRING:
        text.ptr = lua_tolstring(L, index, &text.len);
        if (text.len > w->end) { // before it is copied
            return fail_here(w->err, MX_E_LIMIT, place, "is too large to travel");
        }
        append_string(w->out, TAG_STRING, text);
        break;
    case LUA_TTABLE: {
        int rc = write_nested(w, index, depth, place);
        if (rc < 0) {
            return rc;
        }
        break;
    }
    case LUA_TLIGHTUSERDATA:
        if (is_null(L, index)) {
            mx_buf_append_char(w->out, TAG_NULL);
            break;
        }
        return refuse_type(L, index, place, w->err);
    default: return refuse_type(L, index, place, w->err);
    }
    if (w->out->len > w->end) {
        return fail_here(w->err, MX_E_LIMIT, place, "makes the value too large to travel");
    }
    return MX_OK;
}

static unsigned depth_of(const struct mx_value_limits *limits) {
    unsigned depth = limits && limits->depth ? limits->depth : DEFAULT_DEPTH;
    return depth < DEPTH_MAX ? depth : DEPTH_MAX;
}

static size_t bytes_of(const struct mx_value_limits *limits) {
    return limits && limits->bytes ? limits->bytes : DEFAULT_BYTES;
}

int mx_value_encode(lua_State *L, int index, mx_buf *out, const struct mx_value_limits *limits,
    struct mx_error *err) {
    int top = lua_gettop(L);
    size_t len = out->len;
    if (!lua_checkstack(L, 6)) {
        return mx_fail(err, MX_E_LIMIT, "the Lua stack is full");
    }
    struct writer w = {L, out, len + bytes_of(limits), depth_of(limits), marks_of(L), err};
    int rc = write_value(&w, lua_absindex(L, index), 0, NULL);
    lua_settop(L, top);
    if (rc < 0) {
        out->len = len;
    }
    return rc;
}

static void append_text(mx_buf *out, const char *text) {
    append_string(out, TAG_STRING, mx_slice_of(text));
}

void mx_script_encode_failure(mx_buf *out, const struct mx_error *err) {
    mx_buf_append_char(out, TAG_TABLE);
    append_varint(out, 0);
    append_text(out, "err");
    mx_buf_append_char(out, TAG_TABLE);
    append_varint(out, 0);
    append_text(out, "code");
    append_text(out, mx_code_name(err->code));
    append_text(out, "message");
    append_text(out, err->text);
    mx_buf_append_char(out, TAG_END);
    mx_buf_append_char(out, TAG_END);
}

// --- decoding -------------------------------------------------------------------------------------

struct reader {
    lua_State *L;
    const unsigned char *at;
    const unsigned char *end;
    struct mx_error *err;
};

static int fail_broken(struct reader *r) {
    return mx_fail(r->err, MX_E_INVALID, "the bytes are not an encoded value");
}

static int read_varint(struct reader *r, uint64_t *out) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        unsigned char byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return MX_OK;
        }
    }
    return fail_broken(r);
}

static int read_integer(struct reader *r) {
    uint64_t bits;
    if (read_varint(r, &bits) < 0) {
        return r->err->code;
    }
    lua_pushinteger(r->L, (lua_Integer)((bits >> 1) ^ (0 - (bits & 1))));
    return MX_OK;
}

static int read_float(struct reader *r) {
    if (r->end - r->at < 8) {
        return fail_broken(r);
    }
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        bits |= (uint64_t)*r->at++ << (8 * i);
    }
    double value;
    memcpy(&value, &bits, sizeof(value));
    lua_pushnumber(r->L, value);
    return MX_OK;
}

static int read_string(struct reader *r) {
    uint64_t len;
    if (read_varint(r, &len) < 0) {
        return r->err->code;
    }
    if (len > (uint64_t)(r->end - r->at)) {
        return fail_broken(r);
    }
    lua_pushlstring(r->L, (const char *)r->at, (size_t)len);
    r->at += len;
    return MX_OK;
}

static int read_value(struct reader *r, unsigned depth);

static bool is_key(lua_State *L, int index) {
    return lua_type(L, index) == LUA_TSTRING || lua_isinteger(L, index);
}

static int read_pairs(struct reader *r, unsigned depth) {
    while (r->at < r->end && *r->at != TAG_END) {
        if (read_value(r, depth) < 0) { // table key
            return r->err->code;
        }
        if (!is_key(r->L, -1)) {
            return fail_broken(r);
        }
        if (read_value(r, depth) < 0) { // table key value
            return r->err->code;
        }
        lua_rawset(r->L, -3); // table
    }
    if (r->at == r->end) {
        return fail_broken(r);
    }
    r->at++; // the end tag
    return MX_OK;
}

static int read_table(struct reader *r, bool is_array, unsigned depth) {
    uint64_t count;
    if (read_varint(r, &count) < 0) {
        return r->err->code;
    }
    // Every value takes a byte at least, so a false count cannot ask for much memory.
    if (depth >= DEPTH_MAX || count > (uint64_t)(r->end - r->at) || !lua_checkstack(r->L, 6)) {
        return fail_broken(r);
    }
    lua_createtable(r->L, (int)count, is_array || count ? 0 : 4); // table
    for (uint64_t i = 1; i <= count; i++) {
        if (read_value(r, depth + 1) < 0) { // table value
            return r->err->code;
        }
        lua_rawseti(r->L, -2, (lua_Integer)i);
    }
    if (is_array) {
        mx_json_push_array_mark(r->L);
        lua_setmetatable(r->L, -2);
    }
    return read_pairs(r, depth + 1);
}

static int read_html(struct reader *r) {
    if (read_string(r) < 0) {
        return r->err->code;
    }
    mx_html_wrap(r->L);
    return MX_OK;
}

// [-0, +1 | some] On failure the outermost call clears the stack.
static int read_value(struct reader *r, unsigned depth) {
    if (r->at == r->end) {
        return fail_broken(r);
    }
    switch (*r->at++) {
    case TAG_NIL: lua_pushnil(r->L); return MX_OK;
    case TAG_FALSE: lua_pushboolean(r->L, 0); return MX_OK;
    case TAG_TRUE: lua_pushboolean(r->L, 1); return MX_OK;
    case TAG_INTEGER: return read_integer(r);
    case TAG_FLOAT: return read_float(r);
    case TAG_STRING: return read_string(r);
    case TAG_NULL: lua_pushlightuserdata(r->L, mx_json_null()); return MX_OK;
    case TAG_TABLE: return read_table(r, false, depth);
    case TAG_ARRAY: return read_table(r, true, depth);
    case TAG_HTML: return read_html(r);
    default: return fail_broken(r);
    }
}

int mx_value_decode(lua_State *L, struct mx_slice bytes, struct mx_error *err) {
    int top = lua_gettop(L);
    const unsigned char *start = (const unsigned char *)(bytes.len ? bytes.ptr : "");
    struct reader r = {L, start, start + bytes.len, err};
    luaL_checkstack(L, 6, NULL);
    int rc = read_value(&r, 0);
    if (rc == MX_OK && r.at < r.end) {
        rc = fail_broken(&r);
    }
    if (rc < 0) {
        lua_settop(L, top);
    }
    return rc;
}

// --- copying from state to state --------------------------------------------------------------------

struct copier {
    lua_State *from;
    lua_State *to;
    size_t left; // bytes that may still be used
    unsigned depth;
    struct marks marks;
    struct mx_error *err;
};

static int copy_value(struct copier *c, int index, unsigned depth, const struct place *place);

static int spend(struct copier *c, size_t bytes, const struct place *place) {
    if (bytes > c->left) {
        return fail_here(c->err, MX_E_LIMIT, place, "makes the value too large to be copied");
    }
    c->left -= bytes;
    return MX_OK;
}

static int copy_string(struct copier *c, int index, const struct place *place) {
    size_t len;
    const char *text = lua_tolstring(c->from, index, &len);
    if (spend(c, len + STRING_COST, place) < 0) {
        return c->err->code;
    }
    lua_pushlstring(c->to, text, len);
    return MX_OK;
}

// [from: -1 (the value), to: table -> table] The pair on top of `from`.
static int copy_pair(struct copier *c, unsigned depth, const struct place *outer) {
    struct place place = {.outer = outer};
    if (lua_type(c->from, -2) == LUA_TSTRING) {
        place.name = lua_tostring(c->from, -2);
        if (copy_string(c, lua_gettop(c->from) - 1, outer) < 0) {
            return c->err->code;
        }
    } else if (lua_isinteger(c->from, -2)) {
        place.number = lua_tointeger(c->from, -2);
        lua_pushinteger(c->to, place.number);
    } else {
        return fail_here(
            c->err, MX_E_INVALID, outer, "has a key that is neither a string nor an integer");
    }
    if (spend(c, SLOT_COST, outer) < 0
        || copy_value(c, lua_gettop(c->from), depth, &place) < 0) { // to: table key value
        return c->err->code;
    }
    lua_rawset(c->to, -3); // to: table
    return MX_OK;
}

static int copy_entries(struct copier *c, int index, unsigned depth, const struct place *outer) {
    lua_pushnil(c->from);
    while (lua_next(c->from, index)) { // from: key value
        if (copy_pair(c, depth, outer) < 0) {
            return c->err->code;
        }
        lua_pop(c->from, 1); // from: key
    }
    return MX_OK;
}

static int copy_html(struct copier *c, int index, const struct place *place) {
    struct mx_slice html = {"", 0};
    mx_html_get(c->from, index, &html);
    if (spend(c, html.len + STRING_COST + TABLE_COST, place) < 0) {
        return c->err->code;
    }
    lua_pushlstring(c->to, html.len ? html.ptr : "", html.len);
    mx_html_wrap(c->to);
    return MX_OK;
}

static int copy_table(struct copier *c, int index, unsigned depth, const struct place *place) {
    enum mark mark = mark_of(c->from, index, &c->marks);
    if (mark == MARK_HTML) {
        return copy_html(c, index, place);
    }
    lua_Unsigned count = lua_rawlen(c->from, index);
    if (count > c->left / 16) { // a sequence takes so much at least
        return fail_here(c->err, MX_E_LIMIT, place, "makes the value too large to be copied");
    }
    if (spend(c, TABLE_COST, place) < 0) {
        return c->err->code;
    }
    lua_createtable(c->to, (int)count, count ? 0 : 4); // to: table
    if (mark == MARK_ARRAY) {
        mx_json_push_array_mark(c->to);
        lua_setmetatable(c->to, -2);
    }
    return copy_entries(c, index, depth, place);
}

static int copy_nested(struct copier *c, int index, unsigned depth, const struct place *place) {
    if (depth >= c->depth || !lua_checkstack(c->from, 6) || !lua_checkstack(c->to, 6)) {
        return fail_here(c->err, MX_E_LIMIT, place, "is nested too deep: is it a cycle?");
    }
    return copy_table(c, index, depth + 1, place);
}

// [to: +1 | some] On failure the outermost call clears both stacks.
static int copy_value(struct copier *c, int index, unsigned depth, const struct place *place) {
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
        if (is_null(from, index)) {
            lua_pushlightuserdata(c->to, mx_json_null());
            return MX_OK;
        }
        return refuse_type(from, index, place, c->err);
    default: return refuse_type(from, index, place, c->err);
    }
}

int mx_value_copy(lua_State *from, int index, lua_State *to, const struct mx_value_limits *limits,
    struct mx_error *err) {
    int from_top = lua_gettop(from);
    int to_top = lua_gettop(to);
    if (!lua_checkstack(from, 6) || !lua_checkstack(to, 6)) {
        return mx_fail(err, MX_E_LIMIT, "the Lua stack is full");
    }
    struct copier c = {from, to, bytes_of(limits), depth_of(limits), marks_of(from), err};
    int rc = copy_value(&c, lua_absindex(from, index), 0, NULL);
    lua_settop(from, from_top);
    if (rc < 0) {
        lua_settop(to, to_top);
    }
    return rc;
}

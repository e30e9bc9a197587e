// The encoded form: one tag byte a value. Integers are zigzag varints, floats 8 bytes
// little-endian, lengths varints. A table is its tag, the length n of its sequence, n values, then
// key – value pairs up to an end tag. It never leaves the process, so it has no version; it is
// still read as if it were hostile, because a fuzzer is a cheap friend.
#include "script/value_walk.h"

#include <lauxlib.h>

#include "script/host.h"
#include "script/html.h"
#include "script/json.h"
#include "script/varint.h"

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

// --- encoding
// -------------------------------------------------------------------------------------

struct writer {
    lua_State *L;
    mx_buf *out;
    size_t end; // where `out` may be full
    unsigned depth;
    struct mx_marks marks;
    struct mx_error *err;
};

static void append_integer(mx_buf *out, int64_t value) {
    mx_buf_append_char(out, TAG_INTEGER);
    mx_varint_append(out, mx_varint_of(value));
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
    mx_varint_append(out, text.len);
    mx_buf_append_slice(out, text);
}

static int write_value(struct writer *w, int index, unsigned depth, const struct mx_place *place);

// The key below the value on top, then the value.
static int write_pair(struct writer *w, unsigned depth, const struct mx_place *outer) {
    struct mx_place place = {.outer = outer};
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
        return mx_place_fail(
            w->err, MX_E_INVALID, outer, "has a key that is neither a string nor an integer");
    }
    return write_value(w, lua_gettop(L), depth, &place);
}

static bool is_in_sequence(lua_State *L, int index, lua_Unsigned count) {
    return lua_isinteger(L, index) && lua_tointeger(L, index) >= 1 &&
           (lua_Unsigned)lua_tointeger(L, index) <= count;
}

// The elements 1 to `count`, in one walk if the table is walked in their order and has nothing
// else, as lists do that were made as lists. Otherwise `*is_whole` is false and nothing is written.
static int write_list(struct writer *w, int index, lua_Unsigned count, unsigned depth,
    const struct mx_place *outer, bool *is_whole) {
    lua_State *L = w->L;
    size_t len = w->out->len;
    lua_Unsigned done = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) { // key value
        if (done == count || !lua_isinteger(L, -2) ||
            (lua_Unsigned)lua_tointeger(L, -2) != done + 1) {
            lua_pop(L, 2);
            w->out->len = len;
            *is_whole = false;
            return MX_OK;
        }
        struct mx_place place = {.outer = outer, .number = (int64_t)++done};
        int rc = write_value(w, lua_gettop(L), depth, &place);
        if (rc < 0) {
            return rc; // the outermost call clears the stack
        }
        lua_pop(L, 1); // key
    }
    *is_whole = true; // nothing before the last element is nil, or it would not have been reached
    return MX_OK;
}

// The elements 1 to `count`, then what else is there.
static int write_mixed(
    struct writer *w, int index, lua_Unsigned count, unsigned depth, const struct mx_place *outer) {
    lua_State *L = w->L;
    for (lua_Unsigned i = 1; i <= count; i++) {
        struct mx_place place = {.outer = outer, .number = (int64_t)i};
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
            return rc;
        }
        lua_pop(L, 1); // key
    }
    return MX_OK;
}

static int write_table(struct writer *w, int index, unsigned depth, const struct mx_place *outer) {
    lua_State *L = w->L;
    enum mx_mark mark = mx_mark_of(L, index, &w->marks);
    lua_Unsigned count = lua_rawlen(L, index);
    if (mark == MX_MARK_HTML) {
        struct mx_slice html = {"", 0};
        mx_html_get(L, index, &html);
        append_string(w->out, TAG_HTML, html);
        return MX_OK;
    }
    mx_buf_append_char(w->out, mark == MX_MARK_ARRAY ? TAG_ARRAY : TAG_TABLE);
    mx_varint_append(w->out, count);
    bool is_whole = false;
    int rc = count > 0 ? write_list(w, index, count, depth, outer, &is_whole) : MX_OK;
    if (rc == MX_OK && !is_whole) {
        rc = write_mixed(w, index, count, depth, outer);
    }
    if (rc == MX_OK) {
        mx_buf_append_char(w->out, TAG_END);
    }
    return rc;
}

static int write_nested(struct writer *w, int index, unsigned depth, const struct mx_place *place) {
    if (depth >= w->depth || !lua_checkstack(w->L, 6)) {
        return mx_place_fail(w->err, MX_E_LIMIT, place, "is nested too deep: is it a cycle?");
    }
    return write_table(w, index, depth + 1, place);
}

static int write_value(struct writer *w, int index, unsigned depth, const struct mx_place *place) {
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
            return mx_place_fail(w->err, MX_E_LIMIT, place, "is too large to travel");
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
        if (mx_is_json_null(L, index)) {
            mx_buf_append_char(w->out, TAG_NULL);
            break;
        }
        return mx_place_refuse(L, index, place, w->err);
    default: return mx_place_refuse(L, index, place, w->err);
    }
    if (w->out->len > w->end) {
        return mx_place_fail(w->err, MX_E_LIMIT, place, "makes the value too large to travel");
    }
    return MX_OK;
}

int mx_value_encode(lua_State *L, int index, mx_buf *out, const struct mx_value_limits *limits,
    struct mx_error *err) {
    int top = lua_gettop(L);
    size_t len = out->len;
    if (!lua_checkstack(L, 6)) {
        return mx_fail(err, MX_E_LIMIT, "the Lua stack is full");
    }
    struct writer w = {
        L, out, len + mx_limits_bytes(limits), mx_limits_depth(limits), mx_marks_of(L), err};
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
    mx_varint_append(out, 0);
    append_text(out, "err");
    mx_buf_append_char(out, TAG_TABLE);
    mx_varint_append(out, 0);
    append_text(out, "code");
    append_text(out, mx_code_name(err->code));
    append_text(out, "message");
    append_text(out, err->text);
    mx_buf_append_char(out, TAG_END);
    mx_buf_append_char(out, TAG_END);
}

// --- decoding
// -------------------------------------------------------------------------------------

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
    return mx_varint_read(&r->at, r->end, out) ? MX_OK : fail_broken(r);
}

static int read_integer(struct reader *r) {
    uint64_t bits;
    if (read_varint(r, &bits) < 0) {
        return r->err->code;
    }
    lua_pushinteger(r->L, mx_varint_to(bits));
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
    if (depth >= MX_VALUE_DEPTH_MAX || count > (uint64_t)(r->end - r->at) ||
        !lua_checkstack(r->L, 6)) {
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

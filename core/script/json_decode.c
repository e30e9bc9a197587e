// JSON to Lua: recursive descent that builds the tables as it goes.
#include "script/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "script/state.h"
#include "script/utf8.h"

enum { NUMBER_MAX = 320 }; // characters; no double needs more

struct decoder {
    lua_State *L;
    const unsigned char *start;
    const unsigned char *at;
    const unsigned char *end;
    unsigned max_depth;
    int array_mark; // stack index of the array metatable
    struct mx_error *err;
};

static int decode(struct decoder *d, unsigned depth);

static int fail_at(struct decoder *d, const unsigned char *at, const char *text) {
    d->at = at;
    return mx_fail(d->err, MX_E_INVALID, "%s at byte %zu", text, (size_t)(at - d->start));
}

static void skip_space(struct decoder *d) {
    while (
        d->at < d->end && (*d->at == ' ' || *d->at == '\n' || *d->at == '\r' || *d->at == '\t')) {
        d->at++;
    }
}

static bool take(struct decoder *d, unsigned char c) {
    if (d->at < d->end && *d->at == c) {
        d->at++;
        return true;
    }
    return false;
}

// --- strings ----------------------------------------------------------------------------------

static int hex_digit(unsigned char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Four hex digits; -1 when they are not there.
static long take_hex(struct decoder *d) {
    long value = 0;
    if (d->end - d->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(d->at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    d->at += 4;
    return value;
}

static void append_utf8(mx_buf *out, unsigned long code) {
    char bytes[4];
    size_t len;
    if (code < 0x80) {
        bytes[0] = (char)code;
        len = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3f));
        len = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (code & 0x3f));
        len = 3;
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (code & 0x3f));
        len = 4;
    }
    mx_buf_append(out, bytes, len);
}

// Behind "\u".
static int decode_unicode(struct decoder *d, mx_buf *out) {
    const unsigned char *escape = d->at - 2;
    long code = take_hex(d);
    if (code < 0) {
        return fail_at(d, escape, "\\u needs four hexadecimal digits");
    }
    if (code >= 0xd800 && code <= 0xdbff) {
        bool is_pair = d->end - d->at >= 6 && d->at[0] == '\\' && d->at[1] == 'u';
        d->at += is_pair ? 2 : 0;
        long low = is_pair ? take_hex(d) : -1;
        if (low < 0xdc00 || low > 0xdfff) {
            return fail_at(d, escape, "half of a surrogate pair stands alone");
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return fail_at(d, escape, "half of a surrogate pair stands alone");
    }
    append_utf8(out, (unsigned long)code);
    return MX_OK;
}

static int decode_escape(struct decoder *d, mx_buf *out) {
    static const char pairs[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const unsigned char *escape = d->at - 1;
    unsigned char c = d->at < d->end ? *d->at++ : 0;
    if (c == 'u') {
        return decode_unicode(d, out);
    }
    for (const char *pair = pairs; *pair; pair += 2) {
        if ((unsigned char)pair[0] == c) {
            mx_buf_append_char(out, pair[1]);
            return MX_OK;
        }
    }
    return fail_at(d, escape, "no such escape");
}

// Goes over plain characters, up to a quote, a backslash or a mistake.
static int scan_plain(struct decoder *d) {
    while (d->at < d->end) {
        unsigned char c = *d->at;
        if (c == '"' || c == '\\') {
            return MX_OK;
        }
        if (c < 0x20) {
            return fail_at(d, d->at, "a control character in a string must be escaped");
        }
        size_t len = c < 0x80 ? 1 : mx_utf8_length(d->at, d->end);
        if (len == 0) {
            return fail_at(d, d->at, "broken UTF-8");
        }
        d->at += len;
    }
    return fail_at(d, d->at, "a string without end");
}

// [-0, +1 | 0] Behind the opening quote.
static int decode_string(struct decoder *d) {
    const unsigned char *run = d->at;
    if (scan_plain(d) < 0) {
        return d->err->code;
    }
    if (*d->at == '"') { // nearly always: no escape, no copy but Lua's
        lua_pushlstring(d->L, (const char *)run, (size_t)(d->at - run));
        d->at++;
        return MX_OK;
    }
    mx_buf *out = mx_scratch_take(d->L);
    while (*d->at != '"') {
        mx_buf_append(out, (const char *)run, (size_t)(d->at - run));
        d->at++; // the backslash
        if (decode_escape(d, out) < 0) {
            return d->err->code;
        }
        run = d->at;
        if (scan_plain(d) < 0) {
            return d->err->code;
        }
    }
    mx_buf_append(out, (const char *)run, (size_t)(d->at - run));
    d->at++;
    mx_scratch_push(d->L);
    return MX_OK;
}

// --- numbers ----------------------------------------------------------------------------------

static bool is_digit(const struct decoder *d) {
    return d->at < d->end && *d->at >= '0' && *d->at <= '9';
}

static bool skip_digits(struct decoder *d) {
    if (!is_digit(d)) {
        return false;
    }
    while (is_digit(d)) {
        d->at++;
    }
    return true;
}

// Goes over a number; `*is_integer` tells its kind.
static bool scan_number(struct decoder *d, bool *is_integer) {
    take(d, '-');
    if (!take(d, '0') && !skip_digits(d)) {
        return false;
    }
    *is_integer = true;
    if (take(d, '.')) {
        *is_integer = false;
        if (!skip_digits(d)) {
            return false;
        }
    }
    if (take(d, 'e') || take(d, 'E')) {
        *is_integer = false;
        if (!take(d, '+')) {
            take(d, '-');
        }
        return skip_digits(d);
    }
    return true;
}

// False when the digits do not fit.
static bool read_integer(const unsigned char *at, const unsigned char *end, int64_t *out) {
    bool is_negative = *at == '-';
    uint64_t value = 0;
    for (at += is_negative; at < end; at++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value)) {
            return false;
        }
    }
    if (value > (uint64_t)INT64_MAX + is_negative) {
        return false;
    }
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static int decode_number(struct decoder *d) {
    const unsigned char *first = d->at;
    bool is_integer;
    if (!scan_number(d, &is_integer)) {
        return fail_at(d, first, "not a JSON value");
    }
    int64_t integer;
    if (is_integer) {
        if (!read_integer(first, d->at, &integer)) {
            return fail_at(d, first, "an integer that does not fit 64 bits");
        }
        lua_pushinteger(d->L, integer);
        return MX_OK;
    }
    char text[NUMBER_MAX + 1];
    size_t len = (size_t)(d->at - first);
    if (len > NUMBER_MAX) {
        return fail_at(d, first, "a number with too many digits");
    }
    memcpy(text, first, len);
    text[len] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value)) {
        return fail_at(d, first, "a number that is too large");
    }
    lua_pushnumber(d->L, value);
    return MX_OK;
}

// --- tables -----------------------------------------------------------------------------------

static int decode_array(struct decoder *d, unsigned depth) {
    lua_State *L = d->L;
    lua_createtable(L, 4, 0); // array
    skip_space(d);
    if (!take(d, ']')) {
        for (lua_Integer i = 1;; i++) {
            if (decode(d, depth) < 0) {
                return d->err->code;
            }
            lua_rawseti(L, -2, i); // array
            skip_space(d);
            if (take(d, ']')) {
                break;
            }
            if (!take(d, ',')) {
                return fail_at(d, d->at, "',' or ']' is missing");
            }
        }
    }
    lua_pushvalue(L, d->array_mark);
    lua_setmetatable(L, -2);
    return MX_OK;
}

// [-0, +1 | 0] A key that the object on top does not have yet, and its colon.
static int decode_key(struct decoder *d) {
    skip_space(d);
    const unsigned char *first = d->at;
    if (!take(d, '"')) {
        return fail_at(d, d->at, "a key in quotes is missing");
    }
    if (decode_string(d) < 0) { // object key
        return d->err->code;
    }
    lua_pushvalue(d->L, -1);
    if (lua_rawget(d->L, -3) != LUA_TNIL) { // object key old
        return fail_at(d, first, "a key that stood there before");
    }
    lua_pop(d->L, 1); // object key
    skip_space(d);
    return take(d, ':') ? MX_OK : fail_at(d, d->at, "':' is missing");
}

static int decode_object(struct decoder *d, unsigned depth) {
    lua_State *L = d->L;
    lua_createtable(L, 0, 4); // object
    skip_space(d);
    if (take(d, '}')) {
        return MX_OK;
    }
    for (;;) {
        if (decode_key(d) < 0 || decode(d, depth) < 0) { // object key value
            return d->err->code;
        }
        lua_rawset(L, -3); // object
        skip_space(d);
        if (take(d, '}')) {
            return MX_OK;
        }
        if (!take(d, ',')) {
            return fail_at(d, d->at, "',' or '}' is missing");
        }
    }
}

static int decode_word(struct decoder *d, const char *word, size_t len) {
    if ((size_t)(d->end - d->at) < len || memcmp(d->at, word, len) != 0) {
        return fail_at(d, d->at, "not a JSON value");
    }
    d->at += len;
    return MX_OK;
}

static int decode_open(
    struct decoder *d, unsigned depth, int (*inner)(struct decoder *, unsigned)) {
    if (depth >= d->max_depth) {
        return fail_at(d, d->at, "nested too deep");
    }
    if (!lua_checkstack(d->L, 8)) {
        return fail_at(d, d->at, "no stack left");
    }
    d->at++;
    return inner(d, depth + 1);
}

// [-0, +1 | some] On failure the caller clears the stack.
static int decode(struct decoder *d, unsigned depth) {
    skip_space(d);
    if (d->at == d->end) {
        return fail_at(d, d->at, "a value is missing");
    }
    switch (*d->at) {
    case '{': return decode_open(d, depth, decode_object);
    case '[': return decode_open(d, depth, decode_array);
    case '"': d->at++; return decode_string(d);
    case 't': lua_pushboolean(d->L, 1); return decode_word(d, "true", 4);
    case 'f': lua_pushboolean(d->L, 0); return decode_word(d, "false", 5);
    case 'n': lua_pushlightuserdata(d->L, mx_json_null()); return decode_word(d, "null", 4);
    default: return decode_number(d);
    }
}

void *mx_json_null(void) {
    static char null;
    return &null;
}

void mx_json_push_array_mark(lua_State *L) {
    luaL_newmetatable(L, MX_JSON_ARRAY_TYPE);
}

int mx_json_decode(
    lua_State *L, struct mx_slice text, unsigned max_depth, size_t *offset, struct mx_error *err) {
    int top = lua_gettop(L);
    const unsigned char *start = (const unsigned char *)(text.len ? text.ptr : "");
    struct decoder d = {
        .L = L,
        .start = start,
        .at = start,
        .end = start + text.len,
        .max_depth = max_depth < MX_JSON_DEPTH_MAX ? max_depth : MX_JSON_DEPTH_MAX,
        .err = err,
    };
    mx_json_push_array_mark(L); // mark
    d.array_mark = top + 1;
    int rc = decode(&d, 0); // mark value
    if (rc == MX_OK) {
        skip_space(&d);
        rc = d.at == d.end ? MX_OK : fail_at(&d, d.at, "something stands behind the value");
    }
    *offset = (size_t)(d.at - d.start);
    if (rc < 0) {
        lua_settop(L, top);
        return rc;
    }
    lua_remove(L, top + 1); // value
    return MX_OK;
}

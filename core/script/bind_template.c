// What compiled templates print with: the module `native.template`. A segment is a run of literal
// pieces with values between them, written by one call; a value is escaped by its type.
#include "script/bindings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "platform/buf.h"
#include "script/html.h"

enum {
    MAX_VALUES = 200,     // arguments of one segment call, below Lua's 255 registers
    SHORTEST_DIGITS = 15, // every decimal of so many digits survives a double
    EXACT_DIGITS = 17,    // and every double survives so many digits
    FIXED_FROM = -4,      // decimal points printed without exponent: above this
    FIXED_TO = 16,        // and up to this
};

// Shared by all functions of the module in one Lua state. Its user values are two functions.
enum { VALUE_PRINTER = 1, VALUE_OVERFLOW = 2, VALUE_COUNT = 2 };
struct engine {
    size_t limit; // longest a buffer may grow, in bytes
};

struct piece {
    size_t at;
    size_t len;
    bool is_escaped; // how the value behind this piece is printed
};

// `count` + 1 pieces, then their bytes. The last piece has no value behind it.
struct segment {
    int count;
    struct piece pieces[];
};

// Upvalues of every function here.
enum { UP_ENGINE = 1, UP_BUF = 2, UP_HTML = 3, UP_SEGMENT = 4 };

// --- HTML values ----------------------------------------------------------------------------

static int l_html_tostring(lua_State *L) {
    lua_rawgeti(L, 1, 1);
    return 1;
}

static int l_html_len(lua_State *L) {
    lua_rawgeti(L, 1, 1);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

static int l_html_eq(lua_State *L) {
    struct mx_slice a;
    struct mx_slice b;
    bool both = mx_html_get(L, 1, &a) && mx_html_get(L, 2, &b);
    lua_pushboolean(L, both && mx_slice_equal(a, b));
    return 1;
}

static const luaL_Reg html_meta[] = {
    {"__tostring", l_html_tostring},
    {"__len", l_html_len},
    {"__eq", l_html_eq},
    {NULL, NULL},
};

// [-0, +1] The metatable of HTML, made when first asked for.
static void push_html_meta(lua_State *L) {
    if (luaL_newmetatable(L, MX_HTML_TYPE)) {
        luaL_setfuncs(L, html_meta, 0);
    }
}

void mx_html_wrap(lua_State *L) {
    lua_createtable(L, 1, 0); // string {}
    lua_insert(L, -2);        // {} string
    lua_rawseti(L, -2, 1);    // {}
    push_html_meta(L);        // {} meta
    lua_setmetatable(L, -2);  // html
}

bool mx_html_get(lua_State *L, int index, struct mx_slice *out) {
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) {
        return false;
    }
    luaL_getmetatable(L, MX_HTML_TYPE);
    bool is_html = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (is_html && out) {
        lua_rawgeti(L, index, 1);
        out->ptr = lua_tolstring(L, -1, &out->len);
        lua_pop(L, 1); // the table still holds it
    }
    return is_html;
}

// --- numbers --------------------------------------------------------------------------------

// Writes the fewest digits that read back as `value`, without sign, point or trailing zeros, and
// returns where the decimal point stands in front of them: 0.012 is "12" and -1.
static int shortest_digits(double value, char *digits) {
    char text[40];
    for (int count = SHORTEST_DIGITS; count <= EXACT_DIGITS; count++) {
        snprintf(text, sizeof(text), "%.*e", count - 1, fabs(value));
        if (strtod(text, NULL) == fabs(value)) {
            break;
        }
    }
    size_t len = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits[len++] = *at;
        }
    }
    while (len > 1 && digits[len - 1] == '0') {
        len--;
    }
    digits[len] = '\0';
    return (int)strtol(at + 1, NULL, 10) + 1;
}

static void append_fixed(mx_buf *buf, const char *digits, int point) {
    int len = (int)strlen(digits);
    if (point <= 0) {
        mx_buf_append_text(buf, "0.");
        for (int i = point; i < 0; i++) {
            mx_buf_append_char(buf, '0');
        }
        mx_buf_append_text(buf, digits);
        return;
    }
    for (int i = 0; i < point || i < len; i++) {
        if (i == point) {
            mx_buf_append_char(buf, '.');
        }
        mx_buf_append_char(buf, i < len ? digits[i] : '0');
    }
    if (len <= point) {
        mx_buf_append_text(buf, ".0");
    }
}

static void append_float(mx_buf *buf, double value) {
    if (isnan(value)) {
        mx_buf_append_text(buf, "NaN");
        return;
    }
    if (signbit(value)) {
        mx_buf_append_char(buf, '-');
    }
    if (isinf(value)) {
        mx_buf_append_text(buf, "Infinity");
        return;
    }
    char digits[40];
    int point = value == 0 ? 1 : shortest_digits(value, digits);
    if (value == 0) {
        mx_buf_append_text(buf, "0.0");
    } else if (point > FIXED_FROM && point <= FIXED_TO) {
        append_fixed(buf, digits, point);
    } else {
        int exponent = point - 1;
        mx_buf_append_format(buf, "%c.%se%c%02d", digits[0], digits[1] ? digits + 1 : "0",
            exponent < 0 ? '-' : '+', abs(exponent));
    }
}

// --- printing -------------------------------------------------------------------------------

// True for bytes that HTML gives a meaning to.
static const bool is_special[256] = {
    ['&'] = true, ['<'] = true, ['>'] = true, ['"'] = true, ['\''] = true};

static const uint64_t EVERY = 0x0101010101010101u; // times a byte: eight of it
static const uint64_t HIGH = 0x8080808080808080u;

// The high bit of every byte that is zero; above the first such byte bits may be wrong.
static uint64_t zero_bytes(uint64_t word) {
    return (word - EVERY) & ~word & HIGH;
}

// Marks the special bytes among eight: & and ' differ in one bit, so do < and >, " stands alone.
static uint64_t special_bytes(const char *ptr) {
    uint64_t word;
    memcpy(&word, ptr, sizeof(word));
    return zero_bytes((word | EVERY) ^ (EVERY * '\'')) |
           zero_bytes((word | EVERY * 2) ^ (EVERY * '>')) | zero_bytes(word ^ (EVERY * '"'));
}

// How many bytes come before the first special one, `len` when there is none.
static size_t plain_prefix(const char *ptr, size_t len) {
    size_t at = 0;
    while (at + 8 <= len && !special_bytes(ptr + at)) {
        at += 8;
    }
    if (len >= 8 && at + 8 > len && !special_bytes(ptr + len - 8)) {
        return len; // the last eight again, instead of the rest one by one
    }
    while (at < len && !is_special[(unsigned char)ptr[at]]) {
        at++;
    }
    return at;
}

static void append_text(mx_buf *buf, const char *ptr, size_t len, bool is_escaped) {
    if (!is_escaped) {
        mx_buf_append(buf, ptr, len);
        return;
    }
    while (len > 0) {
        size_t plain = plain_prefix(ptr, len);
        mx_buf_append(buf, ptr, plain);
        if (plain == len) {
            return;
        }
        mx_buf_append_html(buf, ptr + plain, 1);
        ptr += plain + 1;
        len -= plain + 1;
    }
}

// Asks the printer for the text of an array, a hash or a drop.
static void append_printed(lua_State *L, mx_buf *buf, int index, bool is_escaped) {
    lua_getiuservalue(L, lua_upvalueindex(UP_ENGINE), VALUE_PRINTER); // printer
    lua_pushvalue(L, index);                                          // printer value
    lua_call(L, 1, 1);                                                // text
    struct mx_slice html;
    if (mx_html_get(L, lua_gettop(L), &html)) {
        mx_buf_append_slice(buf, html);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        size_t len;
        const char *ptr = lua_tolstring(L, -1, &len);
        append_text(buf, ptr, len, is_escaped);
    }
    lua_pop(L, 1); //
}

static void append_table(lua_State *L, mx_buf *buf, int index, bool is_escaped) {
    if (lua_getmetatable(L, index)) { // meta
        bool is_html = lua_rawequal(L, -1, lua_upvalueindex(UP_HTML));
        lua_pop(L, 1); //
        if (is_html) {
            lua_rawgeti(L, index, 1); // string
            size_t len;
            const char *ptr = lua_tolstring(L, -1, &len);
            mx_buf_append(buf, ptr, len);
            lua_pop(L, 1); //
            return;
        }
    }
    append_printed(L, buf, index, is_escaped);
}

// What a buffer holds was printed already.
static void append_userdata(lua_State *L, mx_buf *buf, int index, bool is_escaped) {
    const mx_buf *other = lua_touserdata(L, index);
    bool is_buf = false;
    if (lua_getmetatable(L, index)) { // meta
        is_buf = lua_rawequal(L, -1, lua_upvalueindex(UP_BUF));
        lua_pop(L, 1); //
    }
    if (is_buf && other != buf) {
        mx_buf_append_slice(buf, mx_buf_slice(other));
    } else {
        append_printed(L, buf, index, is_escaped);
    }
}

static void append_value(lua_State *L, mx_buf *buf, int index, bool is_escaped) {
    size_t len;
    const char *ptr;
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        ptr = lua_tolstring(L, index, &len);
        append_text(buf, ptr, len, is_escaped);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            mx_buf_append_int(buf, lua_tointeger(L, index));
        } else {
            append_float(buf, lua_tonumber(L, index));
        }
        break;
    case LUA_TBOOLEAN: mx_buf_append_text(buf, lua_toboolean(L, index) ? "true" : "false"); break;
    case LUA_TNONE:
    case LUA_TNIL: break;
    case LUA_TTABLE: append_table(L, buf, index, is_escaped); break;
    case LUA_TUSERDATA: append_userdata(L, buf, index, is_escaped); break;
    default: append_printed(L, buf, index, is_escaped); break;
    }
}

// The buffer at argument 1. Compares metatables without a look into the registry: this is the
// first thing every segment does.
static mx_buf *check_buf(lua_State *L) {
    mx_buf *buf = lua_touserdata(L, 1);
    if (buf && lua_getmetatable(L, 1)) { // meta
        bool is_buf = lua_rawequal(L, -1, lua_upvalueindex(UP_BUF));
        lua_pop(L, 1); //
        if (is_buf) {
            return buf;
        }
    }
    luaL_typeerror(L, 1, MX_BUF_TYPE);
    return NULL;
}

static void check_limit(lua_State *L, const mx_buf *buf) {
    const struct engine *engine = lua_touserdata(L, lua_upvalueindex(UP_ENGINE));
    if (buf->len <= engine->limit) {
        return;
    }
    lua_getiuservalue(L, lua_upvalueindex(UP_ENGINE), VALUE_OVERFLOW); // overflow
    lua_call(L, 0, 0);                                                 // raises
    luaL_error(L, "the output is longer than %I bytes", (LUAI_UACINT)engine->limit);
}

// --- segments -------------------------------------------------------------------------------

static int l_segment_run(lua_State *L) {
    mx_buf *buf = check_buf(L);
    const struct segment *segment = lua_touserdata(L, lua_upvalueindex(UP_SEGMENT));
    const struct piece *piece = segment->pieces;
    const char *bytes = (const char *)(segment->pieces + segment->count + 1);
    for (int i = 0; i < segment->count; i++, piece++) {
        mx_buf_append(buf, bytes + piece->at, piece->len);
        append_value(L, buf, i + 2, piece->is_escaped);
    }
    mx_buf_append(buf, bytes + piece->at, piece->len);
    check_limit(L, buf);
    return 0;
}

// The total length of `count` strings in the array at argument 1.
static size_t check_pieces(lua_State *L, int count) {
    size_t total = 0;
    for (int i = 1; i <= count; i++) {
        luaL_argcheck(L, lua_rawgeti(L, 1, i) == LUA_TSTRING, 1, "one literal more than flags");
        total += lua_rawlen(L, -1);
        lua_pop(L, 1);
    }
    return total;
}

// segment({literal, …}, flags) -> fn(buf, value, …): a literal before each value and one behind
// the last; flags has "e" (escape) or "r" (raw) for each value.
static int l_segment(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t count;
    const char *flags = luaL_checklstring(L, 2, &count);
    luaL_argcheck(L, count <= MAX_VALUES, 2, "too many values");
    size_t total = check_pieces(L, (int)count + 1);

    size_t header = sizeof(struct segment) + (count + 1) * sizeof(struct piece);
    struct segment *segment = lua_newuserdatauv(L, header + total, 0); // segment
    segment->count = (int)count;
    char *bytes = (char *)(segment->pieces + count + 1);
    size_t at = 0;
    for (size_t i = 0; i <= count; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i + 1); // segment literal
        size_t len;
        const char *ptr = lua_tolstring(L, -1, &len);
        memcpy(bytes + at, ptr, len);
        segment->pieces[i] = (struct piece){at, len, i < count && flags[i] == 'e'};
        at += len;
        lua_pop(L, 1); // segment
    }
    lua_pushvalue(L, lua_upvalueindex(UP_ENGINE)); // segment engine
    lua_pushvalue(L, lua_upvalueindex(UP_BUF));    // segment engine buf
    lua_pushvalue(L, lua_upvalueindex(UP_HTML));   // segment engine buf html
    lua_rotate(L, -4, 3);                          // engine buf html segment
    lua_pushcclosure(L, l_segment_run, 4);
    return 1;
}

// --- the module -----------------------------------------------------------------------------

// put(buf, value, escape) prints one value.
static int l_put(lua_State *L) {
    mx_buf *buf = check_buf(L);
    append_value(L, buf, 2, lua_toboolean(L, 3));
    check_limit(L, buf);
    return 0;
}

// mark(buf) -> bytes so far.
static int l_mark(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check_buf(L)->len);
    return 1;
}

// cut(buf, mark) -> what was printed since, which is taken out again.
static int l_cut(lua_State *L) {
    mx_buf *buf = check_buf(L);
    lua_Integer mark = luaL_checkinteger(L, 2);
    luaL_argcheck(L, mark >= 0 && (size_t)mark <= buf->len, 2, "not a mark of this buffer");
    lua_pushlstring(L, buf->ptr ? buf->ptr + mark : "", buf->len - (size_t)mark);
    buf->len = (size_t)mark;
    return 1;
}

// limit(bytes) -> the limit before: how long a buffer may become.
static int l_limit(lua_State *L) {
    struct engine *engine = lua_touserdata(L, lua_upvalueindex(UP_ENGINE));
    lua_Integer limit = luaL_checkinteger(L, 1);
    luaL_argcheck(L, limit > 0, 1, "must be positive");
    lua_pushinteger(L, (lua_Integer)engine->limit);
    engine->limit = (size_t)limit;
    return 1;
}

// configure(printer, overflow): printer(value) gives the text or HTML of an array, a hash or a
// drop; overflow() raises when a buffer passes the limit.
static int l_configure(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_setiuservalue(L, lua_upvalueindex(UP_ENGINE), VALUE_OVERFLOW);
    lua_setiuservalue(L, lua_upvalueindex(UP_ENGINE), VALUE_PRINTER);
    return 0;
}

// html(v) -> HTML that holds the string v; HTML and nil come back as they are.
static int l_html(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1) || mx_html_get(L, 1, NULL)) {
        return 1;
    }
    luaL_checkstring(L, 1);
    mx_html_wrap(L);
    return 1;
}

static int l_is_html(lua_State *L) {
    lua_pushboolean(L, mx_html_get(L, 1, NULL));
    return 1;
}

// number(x) -> the fewest digits that read back equal.
static int l_number(lua_State *L) {
    if (lua_isinteger(L, 1)) {
        lua_settop(L, 1);
        lua_tolstring(L, 1, NULL);
        return 1;
    }
    double value = luaL_checknumber(L, 1);
    mx_buf buf = {0};
    append_float(&buf, value);
    char text[64];
    size_t len = buf.len < sizeof(text) ? buf.len : sizeof(text);
    memcpy(text, buf.ptr, len);
    mx_buf_deinit(&buf); // before the push, which may raise
    lua_pushlstring(L, text, len);
    return 1;
}

// How many bytes `c` takes when escaped.
static size_t escaped_size(char c) {
    switch (c) {
    case '&':
    case '\'': return 5;
    case '<':
    case '>': return 4;
    case '"': return 6;
    default: return 1;
    }
}

// escape(s) -> string with & < > " ' escaped.
static int l_escape(lua_State *L) {
    size_t len;
    const char *ptr = luaL_checklstring(L, 1, &len);
    size_t size = 0;
    for (size_t i = 0; i < len; i++) {
        size += escaped_size(ptr[i]);
    }
    if (size == len) {
        lua_settop(L, 1);
        return 1;
    }
    luaL_Buffer out;
    // As large as the result, so that the buffer below never grows and nothing is freed here.
    mx_buf view = {luaL_buffinitsize(L, &out, size), 0, size};
    mx_buf_append_html(&view, ptr, len);
    luaL_pushresultsize(&out, size);
    return 1;
}

static const luaL_Reg module[] = {
    {"segment", l_segment},
    {"put", l_put},
    {"mark", l_mark},
    {"cut", l_cut},
    {"limit", l_limit},
    {"configure", l_configure},
    {"html", l_html},
    {"is_html", l_is_html},
    {"number", l_number},
    {"escape", l_escape},
    {NULL, NULL},
};

int mx_luaopen_template(lua_State *L) {
    luaL_newlibtable(L, module);                                                // module
    struct engine *engine = lua_newuserdatauv(L, sizeof(*engine), VALUE_COUNT); // module engine
    engine->limit = SIZE_MAX >> 1;
    luaL_newmetatable(L, MX_BUF_TYPE); // module engine buf
    push_html_meta(L);                 // module engine buf html
    luaL_setfuncs(L, module, 3);       // module
    return 1;
}

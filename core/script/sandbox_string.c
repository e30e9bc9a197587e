// `string` for plugins. Whatever takes time by the size of its arguments is charged before it
// starts.
#include "script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>

#include "script/pattern.h"
#include "script/state.h"

enum { MAX_RESULT = 1 << 30 };

// As in string.sub: negative positions count from the end; the result is a byte from 0.
static size_t start_position(lua_Integer position, size_t len) {
    if (position > 0) {
        return (size_t)position - 1;
    }
    if (position == 0 || (lua_Unsigned)(0 - (lua_Unsigned)position) > len) {
        return 0;
    }
    return len - (size_t)(0 - (lua_Unsigned)position);
}

static struct mx_slice check_slice(lua_State *L, int index) {
    struct mx_slice slice;
    slice.ptr = luaL_checklstring(L, index, &slice.len);
    return slice;
}

// --- captures -----------------------------------------------------------------------------------

// [-0, +1]
static void push_capture(lua_State *L, struct mx_slice text, const struct mx_capture *capture) {
    if (capture->len < 0) {
        lua_pushinteger(L, capture->ptr - text.ptr + 1);
    } else {
        lua_pushlstring(L, capture->ptr, (size_t)capture->len);
    }
}

// [-0, +n] All captures, or the whole match when there are none and `or_whole`.
static int push_captures(
    lua_State *L, struct mx_slice text, const struct mx_match *match, bool or_whole) {
    luaL_checkstack(L, match->count + 1, "too many captures");
    if (match->count == 0 && or_whole) {
        lua_pushlstring(L, match->whole.ptr, match->whole.len);
        return 1;
    }
    for (int i = 0; i < match->count; i++) {
        push_capture(L, text, &match->captures[i]);
    }
    return match->count;
}

// --- find and match -----------------------------------------------------------------------------

static bool has_specials(struct mx_slice pattern) {
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] && strchr("^$*+?.([%-", pattern.ptr[i])) {
            return true;
        }
    }
    return false;
}

// Where `needle` begins in `text` from `from` on; NULL when it does not.
static const char *find_plain(
    lua_State *L, struct mx_slice text, size_t from, struct mx_slice needle) {
    const char *at = text.ptr + from;
    const char *end = text.ptr + text.len;
    if (needle.len == 0) {
        return at;
    }
    while ((size_t)(end - at) >= needle.len) {
        size_t reach = (size_t)(end - at) - needle.len + 1;
        const char *hit = memchr(at, needle.ptr[0], reach);
        mx_run_charge(L, mx_sandbox_cost(hit ? (size_t)(hit - at) + needle.len : reach));
        if (!hit) {
            return NULL;
        }
        if (memcmp(hit, needle.ptr, needle.len) == 0) {
            return hit;
        }
        at = hit + 1;
    }
    return NULL;
}

static int push_found(lua_State *L, struct mx_slice text, const char *at, size_t len) {
    lua_pushinteger(L, at - text.ptr + 1);
    lua_pushinteger(L, at - text.ptr + (lua_Integer)len);
    return 2;
}

// find(s, pattern [, init [, plain]])
static int l_find(lua_State *L) {
    struct mx_slice text = check_slice(L, 1);
    struct mx_slice pattern = check_slice(L, 2);
    size_t from = start_position(luaL_optinteger(L, 3, 1), text.len);
    if (from > text.len) {
        lua_pushnil(L);
        return 1;
    }
    mx_run_charge(L, mx_sandbox_cost(pattern.len));
    if (lua_toboolean(L, 4) || !has_specials(pattern)) {
        const char *at = find_plain(L, text, from, pattern);
        if (at) {
            return push_found(L, text, at, pattern.len);
        }
        lua_pushnil(L);
        return 1;
    }
    struct mx_match match;
    if (!mx_pattern_find(L, mx_pattern_push(L, pattern, true), text, from, &match)) {
        lua_pushnil(L);
        return 1;
    }
    push_found(L, text, match.whole.ptr, match.whole.len);
    return 2 + push_captures(L, text, &match, false);
}

// match(s, pattern [, init])
static int l_match(lua_State *L) {
    struct mx_slice text = check_slice(L, 1);
    struct mx_slice pattern = check_slice(L, 2);
    size_t from = start_position(luaL_optinteger(L, 3, 1), text.len);
    struct mx_match match;
    if (from > text.len ||
        !mx_pattern_find(L, mx_pattern_push(L, pattern, true), text, from, &match)) {
        lua_pushnil(L);
        return 1;
    }
    return push_captures(L, text, &match, true);
}

// --- gmatch -------------------------------------------------------------------------------------

static void set_place(lua_State *L, int upvalue, size_t place) {
    lua_pushinteger(L, (lua_Integer)place);
    lua_replace(L, lua_upvalueindex(upvalue));
}

// Upvalues, all of which mx_seal_restore() can see: text, compiled pattern, where the next search
// begins, and the end of the match before (-1: none), as an empty one there would come for ever.
static int l_gmatch_next(lua_State *L) {
    struct mx_slice text;
    text.ptr = lua_tolstring(L, lua_upvalueindex(1), &text.len);
    const mx_pattern *pattern = lua_touserdata(L, lua_upvalueindex(2));
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct mx_match match;
    while (at <= text.len && mx_pattern_find(L, pattern, text, at, &match)) {
        size_t end = (size_t)(match.whole.ptr + match.whole.len - text.ptr);
        if ((lua_Integer)end != last) {
            set_place(L, 3, end);
            set_place(L, 4, end);
            return push_captures(L, text, &match, true);
        }
        at = (size_t)(match.whole.ptr - text.ptr) + 1;
    }
    set_place(L, 3, text.len + 1);
    lua_pushnil(L);
    return 1;
}

// gmatch(s, pattern [, init])
static int l_gmatch(lua_State *L) {
    struct mx_slice text = check_slice(L, 1);
    struct mx_slice pattern = check_slice(L, 2);
    size_t from = start_position(luaL_optinteger(L, 3, 1), text.len);
    lua_settop(L, 1);
    mx_pattern_push(L, pattern, false); // s pattern
    lua_pushinteger(L, (lua_Integer)from);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, l_gmatch_next, 4);
    return 1;
}

// --- gsub ---------------------------------------------------------------------------------------

static void add_expanded(lua_State *L, luaL_Buffer *out, struct mx_slice text,
    const struct mx_match *match, struct mx_slice template) {
    const char *end = template.ptr + template.len;
    for (const char *at = template.ptr; at < end; at++) {
        if (*at != '%') {
            luaL_addchar(out, *at);
            continue;
        }
        at++;
        int number = at < end && *at >= '0' && *at <= '9' ? *at - '0' : -1;
        bool has_capture = number >= 1 && number <= match->count;
        if (at < end && *at == '%') {
            luaL_addchar(out, '%');
        } else if (number == 0 || (number == 1 && match->count == 0)) {
            luaL_addlstring(out, match->whole.ptr, match->whole.len);
        } else if (has_capture) {
            push_capture(L, text, &match->captures[number - 1]);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(L,
                number < 0 ? "invalid use of '%%' in replacement string"
                           : "invalid capture index %%%d in replacement string",
                number);
        }
    }
}

// [-1, +0] Adds the value on top, or the match itself for nil and false.
static void add_replacement(lua_State *L, luaL_Buffer *out, const struct mx_match *match) {
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, match->whole.ptr, match->whole.len);
        return;
    }
    if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    luaL_addvalue(out);
}

static void add_match(
    lua_State *L, luaL_Buffer *out, struct mx_slice text, const struct mx_match *match) {
    struct mx_slice template;
    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION: {
        lua_pushvalue(L, 3);
        int count = push_captures(L, text, match, true);
        lua_call(L, count, 1);
        add_replacement(L, out, match);
        break;
    }
    case LUA_TTABLE:
        if (match->count == 0) {
            lua_pushlstring(L, match->whole.ptr, match->whole.len);
        } else {
            push_capture(L, text, &match->captures[0]);
        }
        lua_gettable(L, 3);
        add_replacement(L, out, match);
        break;
    default: // a string, checked at the start
        template.ptr = lua_tolstring(L, 3, &template.len);
        mx_run_charge(L, mx_sandbox_cost(template.len + match->whole.len));
        add_expanded(L, out, text, match, template);
    }
}

// gsub(s, pattern, replacement [, n]) -> string, count
static int l_gsub(lua_State *L) {
    struct mx_slice text = check_slice(L, 1);
    struct mx_slice source = check_slice(L, 2);
    int type = lua_type(L, 3);
    luaL_argexpected(L,
        type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TTABLE || type == LUA_TFUNCTION,
        3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)text.len + 1);
    lua_settop(L, 3);
    const mx_pattern *pattern = mx_pattern_push(L, source, true); // s pattern repl compiled
    mx_run_charge(L, mx_sandbox_cost(text.len));
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    const char *last = NULL;
    lua_Integer count = 0;
    size_t at = 0;
    while (count < most) {
        struct mx_match match;
        bool found = mx_pattern_match(L, pattern, text, at, &match);
        const char *end = found ? match.whole.ptr + match.whole.len : NULL;
        if (found && end != last) {
            count++;
            add_match(L, &out, text, &match);
            last = end;
            at = (size_t)(end - text.ptr);
        } else if (at < text.len) {
            luaL_addchar(&out, text.ptr[at]);
            at++;
        } else {
            break;
        }
        if (mx_pattern_is_anchored(pattern)) {
            break;
        }
    }
    if (at < text.len) {
        luaL_addlstring(&out, text.ptr + at, text.len - at);
    }
    luaL_pushresult(&out);
    lua_pushinteger(L, count);
    return 2;
}

// --- sizes --------------------------------------------------------------------------------------

// rep(s, n [, sep])
static int l_rep(lua_State *L) {
    struct mx_slice text = check_slice(L, 1);
    lua_Integer count = luaL_checkinteger(L, 2);
    struct mx_slice sep = {"", 0};
    if (!lua_isnoneornil(L, 3)) {
        sep = check_slice(L, 3);
    }
    if (count <= 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    size_t each;
    size_t total;
    if (__builtin_add_overflow(text.len, sep.len, &each) ||
        __builtin_mul_overflow(each, (size_t)count, &total) || total > MAX_RESULT) {
        return luaL_error(L, "resulting string too large");
    }
    if (total == 0) { // nothing, however often, would take for ever below
        lua_pushliteral(L, "");
        return 1;
    }
    total -= sep.len;
    mx_run_charge(L, mx_sandbox_cost(total));
    luaL_Buffer out;
    char *at = luaL_buffinitsize(L, &out, total);
    for (lua_Integer i = 0; i < count; i++) {
        memcpy(at, text.ptr, text.len);
        at += text.len;
        if (i < count - 1) {
            memcpy(at, sep.ptr, sep.len);
            at += sep.len;
        }
    }
    luaL_pushresultsize(&out, total);
    return 1;
}

// Refuses %p, makes arguments of %s text without addresses.
static void prepare_format(lua_State *L, struct mx_slice format) {
    int argument = 1;
    const char *end = format.ptr + format.len;
    for (const char *at = format.ptr; at < end; at++) {
        if (*at != '%') {
            continue;
        }
        at++;
        while (at < end && strchr("-+ #0123456789.", *at) && *at) {
            at++;
        }
        if (at == end || *at == '%') {
            continue;
        }
        argument++;
        if (*at == 'p') {
            luaL_error(L, "string.format: %%p is not available, it would show an address");
        }
        if (*at == 's' && argument <= lua_gettop(L)) {
            mx_sandbox_tostring(L, argument);
            lua_replace(L, argument);
        }
    }
}

// format(format, …). Upvalue 1: Lua's own.
static int l_format(lua_State *L) {
    struct mx_slice format = check_slice(L, 1);
    prepare_format(L, format);
    size_t total = 0;
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        total += lua_type(L, i) == LUA_TSTRING ? lua_rawlen(L, i) : 0;
    }
    mx_run_charge(L, mx_sandbox_cost(total) + format.len);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, 1);
    return 1;
}

static const luaL_Reg string_own[] = {
    {"find", l_find},
    {"gmatch", l_gmatch},
    {"gsub", l_gsub},
    {"match", l_match},
    {"rep", l_rep},
    {NULL, NULL},
};

void mx_sandbox_push_string(lua_State *L) {
    static const char *const charged[] = {
        "byte", "char", "len", "lower", "reverse", "sub", "upper"};
    luaL_newlib(L, string_own);                          // own
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 0); // own lua's
    for (size_t i = 0; i < sizeof(charged) / sizeof(charged[0]); i++) {
        lua_getfield(L, -1, charged[i]); // own lua's fn
        mx_sandbox_wrap_charged(L);
        lua_setfield(L, -3, charged[i]); // own lua's
    }
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, l_format, 1);
    lua_setfield(L, -3, "format");
    lua_pop(L, 1); // own
}

// Lua's view of platform/buf: the module `native.buf`. What pages are printed into.
#include "script/bindings.h"

#include <lauxlib.h>

#include "platform/buf.h"
#include "script/html.h"

enum { ROOM_MAX = 16 * 1024 * 1024 };

// The buffer at argument 1. The metatable is in upvalue 1: no look into the registry.
static mx_buf *check_buf(lua_State *L) {
    mx_buf *buf = lua_touserdata(L, 1);
    if (buf && lua_getmetatable(L, 1)) { // … meta
        bool is_buf = lua_rawequal(L, -1, lua_upvalueindex(1));
        lua_pop(L, 1);
        if (is_buf) {
            return buf;
        }
    }
    luaL_typeerror(L, 1, MX_BUF_TYPE);
    return NULL;
}

static void append_argument(lua_State *L, mx_buf *buf, int index, bool is_escaped) {
    struct mx_slice text;
    if (lua_isinteger(L, index)) {
        mx_buf_append_int(buf, lua_tointeger(L, index));
        return;
    }
    if (mx_html_get(L, index, &text)) {
        mx_buf_append_slice(buf, text);
        return;
    }
    text.ptr = luaL_checklstring(L, index, &text.len); // a float becomes a string on the stack
    if (is_escaped) {
        mx_buf_append_html(buf, text.ptr, text.len);
    } else {
        mx_buf_append_slice(buf, text);
    }
}

static int append_all(lua_State *L, bool is_escaped) {
    mx_buf *buf = check_buf(L);
    int count = lua_gettop(L);
    for (int i = 2; i <= count; i++) {
        append_argument(L, buf, i, is_escaped);
    }
    lua_settop(L, 1);
    return 1;
}

// buf:put(…) -> buf: strings, numbers and HTML as they are
static int l_put(lua_State *L) {
    return append_all(L, false);
}

// buf:esc(…) -> buf: escaped for HTML; HTML as it is
static int l_esc(lua_State *L) {
    return append_all(L, true);
}

static int l_len(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check_buf(L)->len);
    return 1;
}

static int l_string(lua_State *L) {
    mx_slice_push(L, mx_buf_slice(check_buf(L)));
    return 1;
}

// buf:reset() -> buf: empty, with its memory
static int l_reset(lua_State *L) {
    mx_buf_clear(check_buf(L));
    lua_settop(L, 1);
    return 1;
}

// buf:free(): empty, without its memory; also __gc and __close: safe to repeat
static int l_free(lua_State *L) {
    mx_buf_deinit(check_buf(L));
    return 0;
}

mx_buf *mx_buf_push(lua_State *L) {
    mx_buf *buf = lua_newuserdatauv(L, sizeof(*buf), 0);
    *buf = (mx_buf){0};
    luaL_setmetatable(L, MX_BUF_TYPE);
    return buf;
}

// new([bytes]) -> buf, with room for so many
static int l_new(lua_State *L) {
    lua_Integer room = luaL_optinteger(L, 1, 0);
    luaL_argcheck(L, room >= 0 && room <= ROOM_MAX, 1, "out of range");
    mx_buf *buf = mx_buf_push(L);
    if (room > 0) {
        mx_buf_reserve(buf, (size_t)room);
    }
    return 1;
}

static const luaL_Reg buf_methods[] = {
    {"esc", l_esc},
    {"free", l_free},
    {"len", l_len},
    {"put", l_put},
    {"reset", l_reset},
    {"string", l_string},
    {NULL, NULL},
};

static const luaL_Reg buf_meta[] = {
    {"__close", l_free},
    {"__gc", l_free},
    {"__len", l_len},
    {"__tostring", l_string},
    {NULL, NULL},
};

static const luaL_Reg buf_module[] = {
    {"new", l_new},
    {NULL, NULL},
};

int mx_luaopen_buf(lua_State *L) {
    luaL_newmetatable(L, MX_BUF_TYPE); // meta
    lua_pushvalue(L, -1);              // meta meta
    luaL_setfuncs(L, buf_meta, 1);     // meta
    luaL_newlibtable(L, buf_methods);  // meta methods
    lua_pushvalue(L, -2);              // meta methods meta
    luaL_setfuncs(L, buf_methods, 1);  // meta methods
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, buf_module);
    return 1;
}

#include "script/locals.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "script/seal.h"

enum { SHEET_SIZE = 2000, TEXT_MAX = 100, ENTRIES_MAX = 8, LOCALS_MAX = 40, LEVELS_MAX = 50 };

struct sheet {
    char text[SHEET_SIZE];
    size_t used;
};

static void put(struct sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct sheet *sheet, const char *format, ...) {
    size_t left = sizeof(sheet->text) - sheet->used;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(sheet->text + sheet->used, left, format, args);
    va_end(args);
    if (len > 0) {
        sheet->used += (size_t)len < left ? (size_t)len : left - 1;
    }
}

// On one line, and no character cut in two.
static void put_text(struct sheet *sheet, const char *text, size_t len) {
    char shown[TEXT_MAX + 1];
    size_t used = len < TEXT_MAX ? len : TEXT_MAX;
    while (used > 0 && used < len && ((unsigned char)text[used] & 0xc0) == 0x80) {
        used--;
    }
    for (size_t i = 0; i < used; i++) {
        shown[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
    }
    shown[used] = '\0';
    put(sheet, "\"%s\"%s", shown, used < len ? "…" : "");
}

static void put_plain(struct sheet *sheet, lua_State *L, int index) {
    switch (lua_type(L, index)) {
    case LUA_TSTRING: {
        size_t len;
        const char *text = lua_tolstring(L, index, &len);
        put_text(sheet, text, len);
        break;
    }
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            put(sheet, LUA_INTEGER_FMT, lua_tointeger(L, index));
        } else {
            put(sheet, LUA_NUMBER_FMT, lua_tonumber(L, index));
        }
        break;
    case LUA_TBOOLEAN: put(sheet, "%s", lua_toboolean(L, index) ? "true" : "false"); break;
    case LUA_TTABLE: put(sheet, "{…}"); break;
    default: put(sheet, "%s", lua_typename(L, lua_type(L, index))); break;
    }
}

// Without asking metatables: that would run code. A sealed table shows what it holds.
static void put_table(struct sheet *sheet, lua_State *L, int index) {
    int count = 0;
    int top = lua_gettop(L);
    if (mx_seal_push_shadow(L, index)) {
        index = top + 1;
    }
    put(sheet, "{");
    lua_pushnil(L);              // key
    while (lua_next(L, index)) { // key value
        if (count++ == ENTRIES_MAX) {
            put(sheet, ", …");
            lua_pop(L, 2);
            break;
        }
        put(sheet, count > 1 ? ", " : " ");
        if (lua_type(L, -2) == LUA_TSTRING) {
            put(sheet, "%.60s = ", lua_tostring(L, -2));
        }
        put_plain(sheet, L, lua_gettop(L));
        lua_pop(L, 1); // key
    }
    put(sheet, count > 0 ? " }" : "}");
    lua_settop(L, top);
}

// The plugin's own: what the engine lends it lies below "lua/".
static bool find_function(lua_State *L, lua_Debug *ar) {
    for (int level = 1; level < LEVELS_MAX && lua_getstack(L, level, ar); level++) {
        if (lua_getinfo(L, "S", ar) && strcmp(ar->what, "C") != 0 &&
            strncmp(ar->short_src, "lua/", 4) != 0) {
            return true;
        }
    }
    return false;
}

void mx_locals_push(lua_State *L) {
    struct sheet sheet = {.used = 0};
    lua_Debug ar;
    if (lua_checkstack(L, 8) && find_function(L, &ar)) {
        put(&sheet, "\nlocals:");
        const char *name;
        for (int i = 1; i <= LOCALS_MAX && (name = lua_getlocal(L, &ar, i)); i++) { // value
            if (name[0] != '(') { // else Lua's own
                put(&sheet, "\n\t%s = ", name);
                if (lua_istable(L, -1)) {
                    put_table(&sheet, L, lua_gettop(L));
                } else {
                    put_plain(&sheet, L, lua_gettop(L));
                }
            }
            lua_pop(L, 1);
        }
    }
    lua_pushlstring(L, sheet.text, sheet.used);
}

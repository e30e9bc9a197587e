// `table` for plugins. Each function asks for a length once and charges for it before it loops: a
// __len that lies buys nothing. Sorting is stable and always does the same.
#include "script/sandbox.h"

#include <lauxlib.h>

#include "script/state.h"

enum { UNPACK_MAX = 10000 };

// How many numbers first … last are, charged.
static lua_Unsigned charge_range(lua_State *L, lua_Integer first, lua_Integer last) {
    if (first > last) {
        return 0;
    }
    lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first; // one less: cannot overflow
    mx_run_charge(L, count);
    return count + 1;
}

static lua_Integer check_length(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    return luaL_len(L, 1);
}

// concat(list [, sep [, i [, j]]])
static int l_concat(lua_State *L) {
    lua_Integer last = check_length(L);
    size_t sep_len;
    const char *sep = luaL_optlstring(L, 2, "", &sep_len);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, last);
    lua_Unsigned count = charge_range(L, first, last);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (lua_Unsigned i = 0; i < count; i++) {
        size_t len = 0;
        lua_geti(L, 1, (lua_Integer)((lua_Unsigned)first + i));
        if (!lua_isstring(L, -1)) {
            luaL_error(L, "invalid value (a %s) at index %I in table for 'concat'",
                luaL_typename(L, -1), (LUAI_UACINT)((lua_Unsigned)first + i));
        }
        lua_tolstring(L, -1, &len);
        mx_run_charge(L, mx_sandbox_cost(len + sep_len));
        luaL_addvalue(&out);
        if (i + 1 < count) {
            luaL_addlstring(&out, sep, sep_len);
        }
    }
    luaL_pushresult(&out);
    return 1;
}

// insert(list, [pos,] value)
static int l_insert(lua_State *L) {
    lua_Integer next = (lua_Integer)((lua_Unsigned)check_length(L) + 1);
    int count = lua_gettop(L);
    if (count == 2) {
        lua_seti(L, 1, next);
        return 0;
    }
    if (count != 3) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_Integer position = luaL_checkinteger(L, 2);
    luaL_argcheck(L, (lua_Unsigned)position - 1u < (lua_Unsigned)next, 2, "position out of bounds");
    charge_range(L, position, next);
    for (lua_Integer i = next; i > position; i--) {
        mx_run_look(L, (lua_Unsigned)i);
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
    }
    lua_seti(L, 1, position);
    return 0;
}

// remove(list [, pos]) -> value
static int l_remove(lua_State *L) {
    lua_Integer size = check_length(L);
    lua_Integer position = luaL_optinteger(L, 2, size);
    if (position != size) {
        luaL_argcheck(
            L, (lua_Unsigned)position - 1u <= (lua_Unsigned)size, 2, "position out of bounds");
    }
    charge_range(L, position, size);
    lua_geti(L, 1, position); // … value
    for (; position < size; position++) {
        mx_run_look(L, (lua_Unsigned)position);
        lua_geti(L, 1, position + 1);
        lua_seti(L, 1, position);
    }
    lua_pushnil(L);
    lua_seti(L, 1, position);
    return 1;
}

// move(a1, first, last, to [, a2]) -> a2
static int l_move(lua_State *L) {
    lua_Integer first = luaL_checkinteger(L, 2);
    lua_Integer last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, target, LUA_TTABLE);
    lua_Unsigned count = charge_range(L, first, last);
    luaL_argcheck(L, count <= (lua_Unsigned)LUA_MAXINTEGER, 3, "too many elements to move");
    luaL_argcheck(L, count == 0 || to <= LUA_MAXINTEGER - (lua_Integer)count + 1, 4,
        "destination wrap around");
    bool is_overlapping = target == 1 || lua_rawequal(L, 1, target);
    bool is_backward = is_overlapping && to > first;
    for (lua_Unsigned n = 0; n < count; n++) {
        lua_Integer i = (lua_Integer)(is_backward ? count - 1 - n : n);
        mx_run_look(L, n);
        lua_geti(L, 1, first + i);
        lua_seti(L, target, to + i);
    }
    lua_pushvalue(L, target);
    return 1;
}

static int l_pack(lua_State *L) {
    int count = lua_gettop(L);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) {
        lua_rawseti(L, 1, i);
    }
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

// unpack(list [, i [, j]])
static int l_unpack(lua_State *L) {
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    lua_Unsigned count = charge_range(L, first, last);
    if (count > UNPACK_MAX || !lua_checkstack(L, (int)count)) {
        return luaL_error(L, "too many results to unpack");
    }
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_geti(L, 1, (lua_Integer)((lua_Unsigned)first + i));
    }
    return (int)count;
}

// --- sort: merges runs of doubling length between the list and a table beside it
// ------------------

// Whether the value at `a` must stand before the one at `b`.
static bool is_before(lua_State *L, int a, int b) {
    if (lua_isnil(L, 2)) {
        if (lua_type(L, a) == LUA_TSTRING) { // two that are equal are read to their end
            mx_run_charge(L, lua_rawlen(L, a) / 16);
        }
        return lua_compare(L, a, b, LUA_OPLT);
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    bool before = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return before;
}

// Merges [left, middle) and [middle, right) of the table at `from` into the one at `to`.
static void merge(
    lua_State *L, int from, int to, lua_Integer left, lua_Integer middle, lua_Integer right) {
    lua_Integer a = left;
    lua_Integer b = middle;
    for (lua_Integer out = left; out < right; out++) {
        mx_run_look(L, (lua_Unsigned)out);
        bool takes_b = a >= middle;
        if (a < middle && b < right) {
            lua_rawgeti(L, from, b);
            lua_rawgeti(L, from, a);                                  // vb va
            takes_b = is_before(L, lua_gettop(L) - 1, lua_gettop(L)); // equal ones keep their order
            lua_pop(L, 2);
        }
        lua_rawgeti(L, from, takes_b ? b++ : a++);
        lua_rawseti(L, to, out);
    }
}

static void copy_list(lua_State *L, int from, int to, lua_Integer count) {
    for (lua_Integer i = 1; i <= count; i++) {
        mx_run_look(L, (lua_Unsigned)i);
        lua_geti(L, from, i);
        lua_seti(L, to, i);
    }
}

// sort(list [, comp])
static int l_sort(lua_State *L) {
    lua_Integer count = check_length(L);
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
    }
    lua_settop(L, 2);
    if (count < 2) {
        return 0;
    }
    lua_Unsigned rounds = 1;
    for (lua_Integer width = 1; width < count && width < LUA_MAXINTEGER / 2; width *= 2) {
        rounds++;
    }
    luaL_argcheck(L, count < LUA_MAXINTEGER / 64, 1, "array too big");
    mx_run_charge(L, (lua_Unsigned)count * rounds);
    lua_createtable(L, (int)(count < 1 << 20 ? count : 1 << 20), 0); // list comp one
    lua_createtable(L, (int)(count < 1 << 20 ? count : 1 << 20), 0); // list comp one two
    copy_list(L, 1, 3, count);
    int from = 3;
    int to = 4;
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer left = 1; left <= count; left += 2 * width) {
            lua_Integer middle = left + width <= count + 1 ? left + width : count + 1;
            lua_Integer right = middle + width <= count + 1 ? middle + width : count + 1;
            merge(L, from, to, left, middle, right);
        }
        int other = from;
        from = to;
        to = other;
    }
    copy_list(L, from, 1, count);
    return 0;
}

static const luaL_Reg table_own[] = {
    {"concat", l_concat},
    {"insert", l_insert},
    {"move", l_move},
    {"pack", l_pack},
    {"remove", l_remove},
    {"sort", l_sort},
    {"unpack", l_unpack},
    {NULL, NULL},
};

void mx_sandbox_push_table(lua_State *L) {
    luaL_newlib(L, table_own);
}

// The global functions for plugins, and the small libraries.
#include "script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

#include "script/seal.h"
#include "script/state.h"

enum { CALLS_MAX = 2000 }; // runs on a stack that may still make a protected call

// --- text without addresses
// -----------------------------------------------------------------------

const char *mx_sandbox_tostring(lua_State *L, int index) {
    index = lua_absindex(L, index);
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1)) {
            luaL_error(L, "'__tostring' must return a string");
        }
        return lua_tostring(L, -1);
    }
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING: return luaL_tolstring(L, index, NULL);
    default: return lua_pushstring(L, luaL_typename(L, index));
    }
}

static int l_tostring(lua_State *L) {
    luaL_checkany(L, 1);
    mx_sandbox_tostring(L, 1);
    return 1;
}

// --- pairs in key order
// -----------------------------------------------------------------------------

// A key, and where its value is compared: -1 on the left of `b`, 0, 1 on the right.
static int rank_of(lua_State *L, int index) {
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN: return 1;
    case LUA_TNUMBER: return 2;
    case LUA_TSTRING: return 3;
    default:
        return luaL_error(L, "a key is a %s: only numbers, strings and booleans can be sorted",
            luaL_typename(L, index));
    }
}

static int compare_keys(lua_State *L, int a, int b) {
    int rank_a = rank_of(L, a);
    int rank_b = rank_of(L, b);
    if (rank_a != rank_b) {
        return rank_a < rank_b ? -1 : 1;
    }
    if (rank_a == 1) {
        return lua_toboolean(L, a) - lua_toboolean(L, b);
    }
    if (rank_a == 2) {
        return lua_compare(L, a, b, LUA_OPLT) ? -1 : lua_compare(L, b, a, LUA_OPLT);
    }
    struct mx_slice left;
    struct mx_slice right;
    left.ptr = lua_tolstring(L, a, &left.len);
    right.ptr = lua_tolstring(L, b, &right.len);
    size_t len = left.len < right.len ? left.len : right.len;
    int sign = memcmp(left.ptr, right.ptr, len);
    return sign ? sign : (left.len > right.len) - (left.len < right.len);
}

// Makes the table at 1 what it holds, when it is sealed.
static void look_behind_seal(lua_State *L) {
    if (mx_seal_push_shadow(L, 1)) {
        lua_replace(L, 1);
    }
}

// next(t [, key]) -> the next key in order, and its value: looks at all keys each time
static int l_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    look_behind_seal(L);
    lua_pushnil(L); // t key best
    lua_pushnil(L); // t key best k
    lua_Unsigned count = 0;
    while (lua_next(L, 1)) { // t key best k v
        lua_pop(L, 1);       // t key best k
        count++;
        bool is_behind = lua_isnil(L, 2) || compare_keys(L, 4, 2) > 0;
        if (is_behind && (lua_isnil(L, 3) || compare_keys(L, 4, 3) < 0)) {
            lua_pushvalue(L, 4);
            lua_replace(L, 3);
        }
    }
    mx_run_charge(L, count); // t key best
    if (lua_isnil(L, 3)) {
        return 1;
    }
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}

struct key {
    int rank;
    lua_Number number; // of a number, or 0 and 1 for booleans
    lua_Integer integer;
    bool is_integer;
    struct mx_slice text; // held by the list of keys
    int place;            // in the list of keys, from 1
};

static int compare_read_keys(const void *left, const void *right) {
    const struct key *a = left;
    const struct key *b = right;
    if (a->rank != b->rank) {
        return a->rank - b->rank;
    }
    if (a->rank == 3) {
        size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
        int sign = memcmp(a->text.ptr, b->text.ptr, len);
        return sign ? sign : (a->text.len > b->text.len) - (a->text.len < b->text.len);
    }
    if (a->is_integer && b->is_integer) {
        return (a->integer > b->integer) - (a->integer < b->integer);
    }
    if (a->is_integer != b->is_integer && a->number == b->number) {
        return a->is_integer ? -1 : 1; // only 2^63 is as near to the last integer
    }
    return (a->number > b->number) - (a->number < b->number);
}

static void read_key(lua_State *L, int index, int place, struct key *key) {
    *key = (struct key){.rank = rank_of(L, index), .place = place};
    if (key->rank == 3) {
        key->text.ptr = lua_tolstring(L, index, &key->text.len);
    } else if (key->rank == 2) {
        key->is_integer = lua_isinteger(L, index);
        key->integer = key->is_integer ? lua_tointeger(L, index) : 0;
        key->number = lua_tonumber(L, index);
    } else {
        key->number = lua_toboolean(L, index);
    }
}

// [-0, +1] The keys of the table at 1 as a list in order.
static void push_sorted_keys(lua_State *L, int count) {
    lua_createtable(L, count, 0);                                              // … found
    struct key *keys = lua_newuserdatauv(L, (size_t)count * sizeof(*keys), 0); // … found keys
    int at = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) { // … found keys k v
        lua_pop(L, 1);
        read_key(L, lua_gettop(L), at + 1, &keys[at]);
        at++;
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, at); // … found keys k
    }                           // … found keys
    qsort(keys, (size_t)count, sizeof(*keys), compare_read_keys);
    lua_createtable(L, count, 0); // … found keys sorted
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, -3, keys[i].place);
        lua_rawseti(L, -2, i + 1);
    }
    lua_replace(L, -3); // … sorted keys
    lua_pop(L, 1);      // … sorted
}

// Upvalues: table, sorted keys, position.
static int l_pairs_next(lua_State *L) {
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(L, -1); // key key
        if (mx_seal_push_shadow(L, lua_upvalueindex(1))) {
            lua_replace(L, lua_upvalueindex(1));
        }
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) { // removed meanwhile: passed over
            lua_pushinteger(L, at);
            lua_replace(L, lua_upvalueindex(3));
            return 2;
        }
        lua_settop(L, 0);
    }
}

static int after_pairs_meta(lua_State *L, int status, lua_KContext ctx) {
    (void)L;
    (void)status;
    (void)ctx;
    return 3;
}

// pairs(t): booleans, then numbers, then strings, each in order
static int l_pairs(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, after_pairs_meta);
        return after_pairs_meta(L, LUA_OK, 0);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    look_behind_seal(L);
    int count = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        count++;
    }
    mx_run_charge(L, (lua_Unsigned)count * 2);
    push_sorted_keys(L, count); // t sorted
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, l_pairs_next, 3);
    return 1;
}

// --- errors that cannot be caught
// -----------------------------------------------------------------

// Inside a coroutine protected calls nest without end, and unwinding them takes time by the square
// of their number.
static void check_depth(lua_State *L) {
    lua_Debug unused;
    if (lua_getstack(L, CALLS_MAX, &unused)) {
        luaL_error(L, "stack overflow (protected calls nested too deep)");
    }
}

// Behind every protected call: lets no failure through that the plugin must not survive.
static void check_caught(lua_State *L, int status) {
    if (status == LUA_ERRMEM) {
        mx_run_end_memory(L);
    }
    mx_run_check(L);
}

static int finish_pcall(lua_State *L, int status, lua_KContext ctx) {
    (void)ctx;
    bool is_well = status == LUA_OK || status == LUA_YIELD;
    if (!is_well) {
        check_caught(L, status); // true error
        lua_pushboolean(L, 0);
        lua_insert(L, -2); // true false error
        return 2;
    }
    return lua_gettop(L);
}

// pcall(f, …): yields inside f reach the host
static int l_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    check_depth(L);
    lua_pushboolean(L, 1);
    lua_insert(L, 1); // true f …
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

static int after_handler(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

// [1] handler, [2] true
static int finish_xpcall(lua_State *L, int status, lua_KContext ctx) {
    (void)ctx;
    if (status == LUA_OK || status == LUA_YIELD) {
        return lua_gettop(L) - 1;
    }
    check_caught(L, status); // handler true error
    lua_pushvalue(L, 1);
    lua_insert(L, -2); // handler true handler error
    lua_callk(L, 1, 1, 0, after_handler);
    return after_handler(L, LUA_OK, 0);
}

// xpcall(f, handler, …): the handler runs after unwinding, under the same budget
static int l_xpcall(lua_State *L) {
    luaL_checktype(L, 2, LUA_TFUNCTION);
    check_depth(L);
    int nargs = lua_gettop(L) - 2;
    lua_pushvalue(L, 2);   // f handler … handler
    lua_pushboolean(L, 1); // f handler … handler true
    lua_rotate(L, 1, 2);   // handler true f handler …
    lua_remove(L, 4);      // handler true f …
    int status = lua_pcallk(L, nargs, LUA_MULTRET, 0, 0, finish_xpcall);
    return finish_xpcall(L, status, 0);
}

// --- tables
// -----------------------------------------------------------------------------------------

// In the registry: what stands for each table that plugin code gave to setmetatable.
static const char stand_ins_key;

// [-0, +1]
static void push_stand_ins(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &stand_ins_key) == LUA_TTABLE) {
        return;
    }
    lua_pop(L, 1);
    lua_newtable(L); // stand_ins
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &stand_ins_key);
}

static void check_metatable(lua_State *L, int meta) {
    static const char *const refused[] = {"__gc", "__close", "__mode", "__metatable"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        lua_pushstring(L, refused[i]);
        if (lua_rawget(L, meta) != LUA_TNIL) {
            luaL_error(L, "a metatable must not have %s", refused[i]);
        }
        lua_pop(L, 1);
    }
    lua_pushliteral(L, "__call");
    int type = lua_rawget(L, meta);
    // Lua would follow a chain of tables here, and a ring of them for minutes.
    if (type != LUA_TNIL && type != LUA_TFUNCTION) {
        luaL_error(L, "__call must be a function");
    }
    lua_pop(L, 1);
}

// [-0, +1] What Lua looks at instead of the table at `meta`, as that is now. Plugin code cannot
// reach it, so what was refused once cannot be put in later.
static void push_stand_in(lua_State *L, int meta) {
    static const char *const events[] = {"__add", "__band", "__bnot", "__bor", "__bxor", "__call",
        "__concat", "__div", "__eq", "__idiv", "__index", "__le", "__len", "__lt", "__mod", "__mul",
        "__newindex", "__pairs", "__pow", "__shl", "__shr", "__sub", "__tostring", "__unm"};
    enum { COUNT = sizeof(events) / sizeof(events[0]) };
    mx_run_charge(L, COUNT / 4);
    push_stand_ins(L); // stand_ins
    lua_pushvalue(L, meta);
    if (lua_rawget(L, -2) != LUA_TTABLE) { // stand_ins nil
        lua_pop(L, 1);
        lua_createtable(L, 0, 2); // stand_ins stand_in
        lua_pushvalue(L, meta);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    for (size_t i = 0; i < COUNT; i++) {
        lua_pushstring(L, events[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, meta); // stand_ins stand_in event value
        lua_rawset(L, -3);
    }
    lua_remove(L, -2); // stand_in
}

// setmetatable(t, meta): no finalisers, no weak tables, nothing hidden. What `meta` says counts as
// it is at the time of the call.
static int l_setmetatable(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    lua_settop(L, 2);
    if (mx_seal_push_shadow(L, 1)) {
        return luaL_error(L, "no metatable can be set: pure code keeps nothing from call to call");
    }
    if (mx_seal_is_given(L, 1)) {
        return luaL_error(L, "what a handler is given takes no metatable");
    }
    if (lua_istable(L, 2)) {
        if (mx_seal_push_shadow(L, 2)) {
            lua_replace(L, 2);
        }
        check_metatable(L, 2);
        push_stand_in(L, 2);
        lua_replace(L, 2);
    }
    lua_setmetatable(L, 1);
    return 1;
}

// For all values on the stack: their number, and the length of the strings.
static void charge_stack(lua_State *L) {
    int count = lua_gettop(L);
    size_t total = 0;
    for (int i = 1; i <= count; i++) {
        total += lua_type(L, i) == LUA_TSTRING ? lua_rawlen(L, i) : 0;
    }
    mx_run_charge(L, mx_sandbox_cost(total) + (unsigned)count / 4);
}

// Upvalue 1: what does the work. Charges for what it is given, and for what it makes of that: a
// short call can have a long answer.
static int l_charged(lua_State *L) {
    int count = lua_gettop(L);
    charge_stack(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, LUA_MULTRET);
    charge_stack(L);
    return lua_gettop(L);
}

void mx_sandbox_wrap_charged(lua_State *L) {
    lua_pushcclosure(L, l_charged, 1);
}

// rawget(t, key)
static int l_rawget(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    look_behind_seal(L);
    lua_rawget(L, 1);
    return 1;
}

// rawlen(table or string)
static int l_rawlen(lua_State *L) {
    int type = lua_type(L, 1);
    luaL_argexpected(L, type == LUA_TTABLE || type == LUA_TSTRING, 1, "table or string");
    look_behind_seal(L);
    lua_pushinteger(L, (lua_Integer)mx_seal_length(L, 1));
    return 1;
}

static const luaL_Reg base_own[] = {
    {"next", l_next},
    {"pairs", l_pairs},
    {"pcall", l_pcall},
    {"rawget", l_rawget},
    {"rawlen", l_rawlen},
    {"setmetatable", l_setmetatable},
    {"tostring", l_tostring},
    {"xpcall", l_xpcall},
    {NULL, NULL},
};

// [-0, +0] Copies fields of the table below into the one on top's place: from, names -> to.
static void copy_fields(lua_State *L, int from, int to, const char *const *names) {
    for (; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, to, *names);
    }
}

void mx_sandbox_add_base(lua_State *L) {
    static const char *const same[] = {
        "assert", "error", "ipairs", "rawequal", "select", "type", NULL};
    int env = lua_gettop(L);
    luaL_setfuncs(L, base_own, 0);
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0); // env base
    copy_fields(L, env + 1, env, same);
    lua_getfield(L, env + 1, "tonumber");
    mx_sandbox_wrap_charged(L);
    lua_setfield(L, env, "tonumber");
    lua_settop(L, env);
    lua_pushvalue(L, env);
    lua_setfield(L, env, "_G");
    lua_pushliteral(L, LUA_VERSION);
    lua_setfield(L, env, "_VERSION");
}

// Only what gives the same result on every machine.
void mx_sandbox_push_math(lua_State *L) {
    static const char *const same[] = {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger",
        "min", "mininteger", "modf", "pi", "sqrt", "tointeger", "type", "ult", NULL};
    lua_newtable(L);                                    // own
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0); // own lua's
    copy_fields(L, lua_gettop(L), lua_gettop(L) - 1, same);
    lua_pop(L, 1);
}

void mx_sandbox_push_utf8(lua_State *L) {
    static const char *const same[] = {"charpattern", NULL};
    static const char *const charged[] = {"char", "codepoint", "codes", "len", "offset"};
    lua_newtable(L);                                    // own
    luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 0); // own lua's
    copy_fields(L, lua_gettop(L), lua_gettop(L) - 1, same);
    for (size_t i = 0; i < sizeof(charged) / sizeof(charged[0]); i++) {
        lua_getfield(L, -1, charged[i]);
        mx_sandbox_wrap_charged(L);
        lua_setfield(L, -3, charged[i]);
    }
    lua_pop(L, 1);
}

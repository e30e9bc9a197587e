// What pure code keeps from call to call is what its modules held when they were loaded, so that an
// answer can depend on nothing that was asked before.
//
// A sealed table is emptied; its metatable leads to a shadow that holds what was in it, and to
// nothing that writes. Variables that functions share cannot be guarded like that: they are looked
// at after each call and put back. Nobody holds a shadow: whoever reads one gets it by
// mx_seal_push_shadow().
#include "script/plugin.h"

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/json.h"
#include "script/seal.h"

enum { CELLS_MAX = 20000, OBJECT_COST = 4, GIVEN_DEPTH_MAX = 64 };

// Keys in the metatable of a sealed table, and in P's registry.
static const char shadow_key;
static const char origin_key; // its metatable before it was sealed
static const char known_key;  // all that has been walked
static const char keeper_key;
static const char given_key; // the metatable of tables that take nothing new

// A variable of a function: where both lie on the stack of the keeper.
struct mx_cell {
    int function;
    int number;
    int value;
};

bool mx_seal_push_shadow(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) {
        return false;
    }
    if (lua_rawgetp(L, -1, &shadow_key) != LUA_TTABLE) { // meta nil
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2); // shadow
    return true;
}

bool mx_seal_is_given(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) {
        return false;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &given_key);
    bool is_given = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_given;
}

// Where a list has gaps, what Lua says of its length depends on how it came about.
lua_Unsigned mx_seal_length(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TTABLE || !mx_seal_is_given(L, index)) {
        return lua_rawlen(L, index);
    }
    lua_Unsigned count = 0;
    while (lua_rawgeti(L, index, (lua_Integer)count + 1) != LUA_TNIL) {
        lua_pop(L, 1);
        count++;
    }
    lua_pop(L, 1);
    return count;
}

// --- what Lua calls for a sealed table
// ------------------------------------------------------------

// Raises `words`, with the key at 2 for its %s, as an error of the line of Lua that writes, also
// when a function of C does it for that.
static int refuse(lua_State *P, const char *words) {
    bool is_name = lua_type(P, 2) == LUA_TSTRING || lua_isinteger(P, 2);
    const char *key = is_name ? luaL_tolstring(P, 2, NULL) : luaL_typename(P, 2);
    lua_Debug frame;
    lua_pushliteral(P, ""); // where
    for (int level = 1; lua_rawlen(P, -1) == 0 && lua_getstack(P, level, &frame); level++) {
        luaL_where(P, level);
        lua_replace(P, -2);
    }
    lua_pushfstring(P, words, key);
    lua_concat(P, 2);
    return lua_error(P);
}

// __newindex(t, key)
static int l_refuse(lua_State *P) {
    return refuse(P, "'%s' cannot be set: pure code keeps nothing from call to call; use a local "
                     "variable of the handler");
}

// __newindex(settings, key)
static int l_refuse_given(lua_State *P) {
    return refuse(P, "'%s' cannot be set: settings are for reading; use a local variable");
}

// __newindex(t, key) of what a handler is given for one call
static int l_refuse_more(lua_State *P) {
    return refuse(P, "'%s' cannot be added to what a handler is given: put it into a table of the "
                     "handler's own (std.copy makes one)");
}

// __len(t) of the same
static int l_len_of_given(lua_State *P) {
    lua_pushinteger(P, (lua_Integer)mx_seal_length(P, 1));
    return 1;
}

static int l_len(lua_State *P) {
    mx_seal_push_shadow(P, 1);
    lua_pushinteger(P, (lua_Integer)lua_rawlen(P, -1));
    return 1;
}

// __index(t, key) where the table had one of its own
static int l_index(lua_State *P) {
    lua_settop(P, 2);
    mx_seal_push_shadow(P, 1); // t key shadow
    lua_pushvalue(P, 2);
    if (lua_rawget(P, 3) != LUA_TNIL) {
        return 1;
    }
    lua_getmetatable(P, 1);
    lua_rawgetp(P, -1, &origin_key);
    lua_pushliteral(P, "__index");
    lua_rawget(P, -2); // … index
    if (lua_isfunction(P, -1)) {
        lua_pushvalue(P, 1);
        lua_pushvalue(P, 2);
        lua_call(P, 2, 1);
        return 1;
    }
    lua_pushvalue(P, 2);
    lua_gettable(P, -2);
    return 1;
}

// --- walking
// --------------------------------------------------------------------------------------

struct walk {
    lua_State *P;
    int known; // stack index: a set
    int queue; // stack index: a list
    lua_Integer count;
    bool is_kernels; // functions of the engine keep nothing
};

// What the value on top leads to is to be sealed, too. [-1, +0]
static void enqueue(struct walk *walk) {
    lua_State *P = walk->P;
    int type = lua_type(P, -1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION) {
        lua_pop(P, 1);
        return;
    }
    lua_pushvalue(P, -1);
    if (lua_rawget(P, walk->known) != LUA_TNIL) { // value true
        lua_pop(P, 2);
        return;
    }
    lua_pop(P, 1); // value
    lua_pushvalue(P, -1);
    lua_pushboolean(P, 1);
    lua_rawset(P, walk->known);
    lua_rawseti(P, walk->queue, ++walk->count); //
}

// [-0, +1] Takes everything out of the table at `index` and pushes a table that holds it.
static void push_contents(struct walk *walk, int index) {
    lua_State *P = walk->P;
    lua_createtable(P, (int)lua_rawlen(P, index), 0); // shadow
    int shadow = lua_gettop(P);
    lua_pushnil(P);
    while (lua_next(P, index)) { // shadow key value
        mx_run_charge(P, 1);
        lua_pushvalue(P, -2);
        enqueue(walk);
        lua_pushvalue(P, -1);
        enqueue(walk);
        lua_pushvalue(P, -2); // shadow key value key
        lua_insert(P, -2);    // shadow key key value
        lua_rawset(P, shadow);
        lua_pushvalue(P, -1);
        lua_pushnil(P);
        lua_rawset(P, index); // shadow key
    }
}

// [meta origin: -1, +0] Gives the metatable what is on top: operators and calls go on as before.
static void take_over(struct walk *walk, int shadow) {
    lua_State *P = walk->P;
    int origin = lua_gettop(P);
    luaL_getmetatable(P, MX_JSON_ARRAY_TYPE);
    if (lua_rawequal(P, -1, origin)) {
        lua_setmetatable(P, shadow); // a list stays one, for those who look at the shadow
        lua_pop(P, 1);
        return;
    }
    lua_pop(P, 1);
    lua_pushnil(P);
    while (lua_next(P, origin)) { // meta origin event value
        lua_pushvalue(P, -1);
        enqueue(walk);
        lua_pushvalue(P, -2);
        lua_insert(P, -2);
        lua_rawset(P, origin - 1); // meta origin event
    }
    lua_rawsetp(P, origin - 1, &origin_key);
}

static void set_default(lua_State *P, int meta, const char *event, lua_CFunction fn) {
    if (lua_getfield(P, meta, event) == LUA_TNIL) {
        lua_pushcfunction(P, fn);
        lua_setfield(P, meta, event);
    }
    lua_pop(P, 1);
}

static void seal_table(struct walk *walk, int index) {
    lua_State *P = walk->P;
    push_contents(walk, index); // shadow
    int shadow = lua_gettop(P);
    lua_createtable(P, 0, 4); // shadow meta
    if (lua_getmetatable(P, index)) {
        take_over(walk, shadow); // shadow meta
    }
    if (lua_getfield(P, shadow + 1, "__index") == LUA_TNIL) {
        lua_pushvalue(P, shadow);
    } else {
        lua_pushcfunction(P, l_index);
    }
    lua_setfield(P, shadow + 1, "__index");
    lua_pop(P, 1);
    lua_pushcfunction(P, l_refuse);
    lua_setfield(P, shadow + 1, "__newindex");
    set_default(P, shadow + 1, "__len", l_len);
    lua_pushvalue(P, shadow);
    lua_rawsetp(P, shadow + 1, &shadow_key);
    lua_setmetatable(P, index);
    lua_pop(P, 1);
}

// [-0, +2] A shadow, and the table that shows it.
static void push_sealed(lua_State *P, int fields, int items) {
    lua_createtable(P, items, fields); // shadow
    lua_newtable(P);                   // shadow t
    lua_createtable(P, 0, 4);          // shadow t meta
    lua_pushvalue(P, -3);
    lua_setfield(P, -2, "__index");
    lua_pushcfunction(P, l_refuse_given);
    lua_setfield(P, -2, "__newindex");
    lua_pushcfunction(P, l_len);
    lua_setfield(P, -2, "__len");
    lua_pushvalue(P, -3);
    lua_rawsetp(P, -2, &shadow_key);
    lua_setmetatable(P, -2); // shadow t
}

static void seal_given(lua_State *P, int index, unsigned depth);

// [given shadow t -> given shadow t] Takes what is in the table at `given` over into the shadow.
static void take_contents(lua_State *P, int given, unsigned depth) {
    int shadow = given + 1;
    lua_pushnil(P);
    while (lua_next(P, given)) { // … key value
        if (lua_istable(P, -1)) {
            seal_given(P, lua_gettop(P), depth + 1);
        }
        lua_pushvalue(P, -2);
        lua_insert(P, -2); // … key key value
        lua_rawset(P, shadow);
    }
}

// Replaces the table at `index`, which is on top, by a sealed one.
static void seal_given(lua_State *P, int index, unsigned depth) {
    luaL_checkstack(P, 10, NULL);
    if (depth > GIVEN_DEPTH_MAX) {
        luaL_error(P, "what the handler is given is nested too deep");
    }
    push_sealed(P, 4, (int)lua_rawlen(P, index)); // given shadow t
    if (lua_getmetatable(P, index)) {             // a list stays one
        lua_setmetatable(P, index + 1);
    }
    take_contents(P, index, depth);
    lua_replace(P, index); // t shadow
    lua_pop(P, 1);
}

void mx_seal_given(lua_State *P) {
    if (lua_istable(P, -1)) {
        seal_given(P, lua_gettop(P), 0);
    }
}

void mx_seal_against_more(lua_State *P) {
    if (lua_rawgetp(P, LUA_REGISTRYINDEX, &given_key) != LUA_TTABLE) { // t nil
        lua_pop(P, 1);
        lua_createtable(P, 0, 2); // t meta
        lua_pushcfunction(P, l_refuse_more);
        lua_setfield(P, -2, "__newindex");
        lua_pushcfunction(P, l_len_of_given);
        lua_setfield(P, -2, "__len");
        lua_pushvalue(P, -1);
        lua_rawsetp(P, LUA_REGISTRYINDEX, &given_key);
    }
    lua_setmetatable(P, -2);
}

// --- variables of functions
// -----------------------------------------------------------------------

// [-0, +0] The thread on whose stack functions and values lie.
static lua_State *need_keeper(lua_State *P, struct mx_seal *seal) {
    if (!seal->keeper) {
        seal->keeper = lua_newthread(P);
        lua_rawsetp(P, LUA_REGISTRYINDEX, &keeper_key);
    }
    if (seal->count >= CELLS_MAX || !lua_checkstack(seal->keeper, 8)) {
        luaL_error(P, "the plugin's modules keep more than %d variables", CELLS_MAX);
    }
    return seal->keeper;
}

// [-1, +1] Puts a copy of the value on top onto the keeper's stack; returns where.
static int keep(lua_State *P, lua_State *keeper) {
    lua_pushvalue(P, -1);
    lua_xmove(P, keeper, 1);
    return lua_gettop(keeper);
}

// Whether the variable is a new one: functions share them.
static bool is_new_cell(struct walk *walk, int function, int number) {
    lua_State *P = walk->P;
    const void *id = lua_upvalueid(P, function, number);
    if (lua_rawgetp(P, walk->known, id) != LUA_TNIL) {
        lua_pop(P, 1);
        return false;
    }
    lua_pop(P, 1);
    lua_pushboolean(P, 1);
    lua_rawsetp(P, walk->known, id);
    return true;
}

static void add_cell(struct mx_seal *seal, struct mx_cell cell) {
    if (seal->count == seal->capacity) {
        seal->capacity = seal->capacity ? seal->capacity * 2 : 32;
        seal->cells = mx_realloc(seal->cells, seal->capacity * sizeof(*seal->cells));
    }
    seal->cells[seal->count++] = cell;
}

static void seal_function(struct walk *walk, int index) {
    lua_State *P = walk->P;
    struct mx_seal *seal = &mx_state_of(P)->plugin->seal;
    int kept = 0;
    for (int number = 1; lua_getupvalue(P, index, number); number++) { // value
        if (is_new_cell(walk, index, number)) {
            lua_State *keeper = need_keeper(P, seal);
            if (!kept) {
                lua_pushvalue(P, index);
                kept = keep(P, keeper);
                lua_pop(P, 1);
            }
            add_cell(seal, (struct mx_cell){kept, number, keep(P, keeper)});
        }
        if (lua_iscfunction(P, index)) { // an iterator's own
            lua_pop(P, 1);
        } else {
            enqueue(walk); //
        }
    }
}

// --- from outside
// ---------------------------------------------------------------------------------

void mx_seal_value(lua_State *P, int index, bool is_kernels) {
    int top = lua_gettop(P);
    struct walk walk = {.P = P, .known = top + 1, .queue = top + 2, .is_kernels = is_kernels};
    luaL_checkstack(P, 20, NULL);
    lua_pushvalue(P, index);
    if (lua_rawgetp(P, LUA_REGISTRYINDEX, &known_key) == LUA_TNIL) { // value nil
        lua_pop(P, 1);
        lua_newtable(P);
        lua_pushvalue(P, -1);
        lua_rawsetp(P, LUA_REGISTRYINDEX, &known_key);
    }
    lua_insert(P, -2); // known value
    lua_newtable(P);
    lua_insert(P, -2); // known queue value
    enqueue(&walk);    // known queue
    for (lua_Integer i = 1; i <= walk.count; i++) {
        mx_run_charge(P, OBJECT_COST);
        lua_rawgeti(P, walk.queue, i); // known queue object
        if (lua_istable(P, -1)) {
            seal_table(&walk, lua_gettop(P));
        } else if (!walk.is_kernels) {
            seal_function(&walk, lua_gettop(P));
        }
        lua_settop(P, walk.queue);
    }
    lua_settop(P, top);
}

// Exactly the same, also for what arithmetic can tell apart and `==` cannot.
static bool is_same(lua_State *keeper, int a, int b) {
    if (lua_type(keeper, a) != LUA_TNUMBER || lua_type(keeper, b) != LUA_TNUMBER) {
        return lua_rawequal(keeper, a, b);
    }
    if (lua_isinteger(keeper, a) || lua_isinteger(keeper, b)) {
        return lua_isinteger(keeper, a) && lua_isinteger(keeper, b) && lua_rawequal(keeper, a, b);
    }
    lua_Number left = lua_tonumber(keeper, a);
    lua_Number right = lua_tonumber(keeper, b);
    return memcmp(&left, &right, sizeof(left)) == 0;
}

const char *mx_seal_restore(struct mx_seal *seal) {
    const char *changed = NULL;
    lua_State *keeper = seal->keeper;
    for (size_t i = 0; i < seal->count; i++) {
        struct mx_cell cell = seal->cells[i];
        const char *name = lua_getupvalue(keeper, cell.function, cell.number); // value
        bool same = is_same(keeper, lua_gettop(keeper), cell.value);
        lua_pop(keeper, 1);
        if (!same) {
            changed = changed ? changed : name;
            lua_pushvalue(keeper, cell.value);
            lua_setupvalue(keeper, cell.function, cell.number);
        }
    }
    return changed;
}

void mx_seal_deinit(struct mx_seal *seal) {
    mx_free(seal->cells);
    *seal = (struct mx_seal){0};
}

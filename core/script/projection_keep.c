// A projection as tables that stay in their state from call to call; making them anew was a third
// of what a call cost. Every field that the shape names is written anew for each call, whatever the
// handler made of it, and nothing else gets in (seal.h), so a handler finds nothing of its own.
//
// P runs protected meanwhile and T does not, so T is only read, raw. What cannot be read like that
// ends the filling, and T is told why.
#include "script/projection_parts.h"

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/json.h"
#include "script/seal.h"
#include "script/value_walk.h"

#define KEPT_TYPE "native.projection.kept"

enum {
    TABLES_KEPT = 512
}; // of a shape; more are made anew, or one large input would stay for ever

// One table of them.
struct part {
    int slot;           // of the table in the bank, 0: not made yet
    int count;          // of a list, or of the sequence of a leaf: what was put into it
    bool has_gaps;      // so that its length depends on how it came about: made anew each time
    bool has_pairs;     // of a leaf
    struct part *inner; // owned: of the children of a record, or the items of a list
    int inner_count;
};

// A userdata of P. Its user value is the bank: a list of the tables.
struct kept {
    uint64_t serial; // of the shape
    int slots;
    bool is_torn; // it was not filled to the end
    struct part root;
};

// What is read of T is also written down: the question, by which an answer is known again.
struct filler {
    lua_State *P;
    lua_State *T;
    const mx_shape *shape;
    struct kept *kept;
    mx_buf *question;
    int bank;    // in P
    int names;   // in P: name i lies i slots above
    int sources; // in T: likewise
    struct mx_show *show;
};

static void free_part(struct part *part) {
    for (int i = 0; i < part->inner_count; i++) {
        free_part(&part->inner[i]);
    }
    mx_free(part->inner);
}

static int l_free(lua_State *P) { // __gc
    struct kept *kept = lua_touserdata(P, 1);
    free_part(&kept->root);
    kept->root = (struct part){0};
    return 0;
}

void mx_kept_create(lua_State *P, const mx_shape *shape) {
    struct kept *kept = lua_newuserdatauv(P, sizeof(*kept), 1); // kept
    *kept = (struct kept){.serial = shape->serial};
    if (luaL_newmetatable(P, KEPT_TYPE)) {
        lua_pushcfunction(P, l_free);
        lua_setfield(P, -2, "__gc");
    }
    lua_setmetatable(P, -2);
    lua_newtable(P);
    lua_setiuservalue(P, -2, 1);
}

bool mx_kept_fits(lua_State *P, int index, const mx_shape *shape) {
    const struct kept *kept = lua_touserdata(P, index);
    return kept->serial == shape->serial && !kept->is_torn && kept->slots <= TABLES_KEPT;
}

// --- filling
// --------------------------------------------------------------------------------------

static bool goes_on(const struct filler *f) {
    return f->show->end == MX_SHOW_DONE;
}

// [P: -0, +1] The table of a part.
static void push_part(struct filler *f, struct part *part, int fields, int items) {
    lua_State *P = f->P;
    if (part->slot && !part->has_gaps) {
        lua_rawgeti(P, f->bank, part->slot);
        return;
    }
    if (!part->slot) {
        part->slot = ++f->kept->slots;
    }
    part->count = 0;
    part->has_gaps = false;
    lua_createtable(P, items, fields);
    mx_seal_against_more(P);
    lua_pushvalue(P, -1);
    lua_rawseti(P, f->bank, part->slot);
}

static struct part *inner_part(struct part *part, int count, int i) {
    if (part->inner_count < count) {
        int room = part->inner_count ? part->inner_count * 2 : count;
        room = room < count ? count : room;
        part->inner = mx_realloc(part->inner, (size_t)room * sizeof(*part->inner));
        memset(part->inner + part->inner_count, 0,
            (size_t)(room - part->inner_count) * sizeof(*part->inner));
        part->inner_count = room;
    }
    return &part->inner[i];
}

// [P: -0, +0] What is in the table on top behind its first `count` elements goes.
static void clear_behind(lua_State *P, struct part *part, int count) {
    for (int i = part->count; i > count; i--) {
        lua_pushnil(P);
        lua_rawseti(P, -2, i);
    }
    part->count = count;
}

// [P: -0, +0] Takes all pairs out of the table on top.
static void clear_pairs(lua_State *P) {
    lua_pushnil(P);
    while (lua_next(P, -2)) { // … key value
        lua_pop(P, 1);
        lua_pushvalue(P, -1);
        lua_pushnil(P);
        lua_rawset(P, -4); // … key
    }
}

static void push_number(struct filler *f) {
    if (lua_isinteger(f->T, -1)) {
        lua_Integer value = lua_tointeger(f->T, -1);
        mx_put_tagged(f->question, MX_TAG_INTEGER, mx_varint_of(value));
        lua_pushinteger(f->P, value);
        return;
    }
    lua_Number value = lua_tonumber(f->T, -1);
    mx_put_float(f->question, value);
    lua_pushnumber(f->P, value);
}

static void push_text(struct filler *f) {
    size_t len;
    const char *text = lua_tolstring(f->T, -1, &len);
    mx_put_text(f->question, text, len);
    lua_pushlstring(f->P, text, len);
}

// [P: -0, +1] The value on top of T, which is no table.
static void push_plain(struct filler *f, int node, int type) {
    switch (type) {
    case LUA_TNIL:
        mx_buf_append_char(f->question, MX_TAG_NIL);
        lua_pushnil(f->P);
        return;
    case LUA_TBOOLEAN: {
        int value = lua_toboolean(f->T, -1);
        mx_buf_append_char(f->question, value ? MX_TAG_TRUE : MX_TAG_FALSE);
        lua_pushboolean(f->P, value);
        return;
    }
    case LUA_TNUMBER: push_number(f); return;
    case LUA_TSTRING: push_text(f); return;
    default: break;
    }
    if (mx_is_json_null(f->T, -1)) {
        mx_buf_append_char(f->question, MX_TAG_NULL);
        lua_pushlightuserdata(f->P, mx_json_null());
        return;
    }
    f->show->end = MX_SHOW_REFUSED;
    f->show->name = f->shape->nodes[node].name;
    f->show->type = type;
    lua_pushnil(f->P);
}

// Whether fields of the table on top of T can be worked out by a metatable.
static bool is_plain_table(struct filler *f) {
    if (!lua_getmetatable(f->T, -1)) {
        return true;
    }
    lua_pushliteral(f->T, "__index"); // Lua has this string, so nothing is made
    bool is_plain = lua_rawget(f->T, -2) == LUA_TNIL;
    lua_pop(f->T, 2);
    if (!is_plain) {
        f->show->end = MX_SHOW_UNREADABLE;
    }
    return is_plain;
}

// The string on top of T is element `i` of the list on top of P already: the same words come again,
// and comparing is cheaper than looking one up.
static bool skip_same(struct filler *f, int i) {
    size_t len;
    size_t there = 0;
    const char *text = lua_tolstring(f->T, -1, &len);
    const char *old =
        lua_rawgeti(f->P, -1, i) == LUA_TSTRING ? lua_tolstring(f->P, -1, &there) : NULL;
    bool is_same = old && there == len && memcmp(old, text, len) == 0;
    lua_pop(f->P, 1);
    if (is_same) {
        mx_put_text(f->question, text, len);
    }
    return is_same;
}

// [P: table -> table] What is in the table on top of T behind its sequence, tables left out.
static bool set_pairs(struct filler *f, int node, lua_Unsigned count) {
    lua_State *T = f->T;
    int table = lua_gettop(T);
    bool has_pairs = false;
    if (count) { // the usual list has nothing behind its last element
        lua_pushinteger(T, (lua_Integer)count);
    } else {
        lua_pushnil(T);
    }
    while (lua_next(T, table)) { // T: table key value
        bool is_counted = lua_isinteger(T, -2) && (lua_Unsigned)lua_tointeger(T, -2) - 1 < count;
        if (!is_counted && !lua_istable(T, -1)) {
            lua_pushvalue(T, -2);
            push_plain(f, node, lua_type(T, -1));
            lua_pop(T, 1);
            push_plain(f, node, lua_type(T, -1)); // P: table key value
            if (!goes_on(f)) {
                lua_pop(f->P, 2);
                lua_settop(T, table);
                return true;
            }
            lua_rawset(f->P, -3);
            has_pairs = true;
        }
        lua_pop(T, 1);
    }
    return has_pairs;
}

// [P: -0, +1] The table on top of T as it is, without the tables in it.
static void push_flat(struct filler *f, struct part *part, int node) {
    lua_State *P = f->P;
    int table = lua_gettop(f->T);
    int count = (int)lua_rawlen(f->T, table);
    mx_put_tagged(f->question, MX_TAG_FLAT, (uint64_t)count);
    push_part(f, part, 0, count); // list
    if (part->has_pairs) {
        clear_pairs(P);
    }
    clear_behind(P, part, count);
    for (int i = 1; i <= count && goes_on(f); i++) {
        int type = lua_rawgeti(f->T, table, i);
        type = type == LUA_TTABLE ? LUA_TNIL : type;
        part->has_gaps |= type == LUA_TNIL;
        if (type != LUA_TSTRING || !skip_same(f, i)) {
            push_plain(f, node, type);
            lua_rawseti(P, -2, i);
        }
        lua_pop(f->T, 1);
    }
    part->has_pairs = !f->shape->nodes[node].is_list && set_pairs(f, node, (lua_Unsigned)count);
    mx_buf_append_char(f->question, MX_TAG_NIL); // where a key would be
}

static void push_table(struct filler *f, struct part *part, int node);

// [P: -0, +1] The fields of the table on top of T that the node names.
static void push_record(struct filler *f, struct part *part, int node) {
    lua_State *P = f->P;
    lua_State *T = f->T;
    const struct mx_node *nodes = f->shape->nodes;
    push_part(f, part, nodes[node].count, 0); // record
    int record = lua_gettop(P);
    int table = lua_gettop(T);
    int i = 0;
    bool is_plain = is_plain_table(f);
    for (int child = nodes[node].first; child && is_plain; child = nodes[child].next, i++) {
        lua_pushvalue(P, f->names + child);
        lua_pushvalue(T, f->sources + child);
        int type = lua_rawget(T, table);
        if (type == LUA_TTABLE) {
            push_table(f, inner_part(part, nodes[node].count, i), child);
        } else {
            push_plain(f, child, type);
        }
        lua_rawset(P, record); // T: table values
        is_plain = goes_on(f);
    }
    lua_settop(T, table);
}

// [P: -0, +1] The list on top of T, item by item.
static void push_list(struct filler *f, struct part *part, int node) {
    lua_State *P = f->P;
    int list = lua_gettop(f->T);
    int count = (int)lua_rawlen(f->T, list);
    mx_put_tagged(f->question, MX_TAG_LIST, (uint64_t)count);
    push_part(f, part, 0, count); // list
    clear_behind(P, part, count);
    for (int i = 0; i < count && goes_on(f); i++) {
        int type = lua_rawgeti(f->T, list, i + 1);
        if (type == LUA_TTABLE) {
            mx_buf_append_char(f->question, MX_TAG_RECORD);
            push_record(f, inner_part(part, count, i), node);
        } else {
            part->has_gaps |= type == LUA_TNIL;
            push_plain(f, node, type);
        }
        lua_rawseti(P, -2, i + 1);
        lua_pop(f->T, 1);
    }
}

// [P: -0, +1] The table on top of T.
static void push_table(struct filler *f, struct part *part, int node) {
    const struct mx_node *about = &f->shape->nodes[node];
    if (!about->first) {
        push_flat(f, part, node);
    } else if (about->is_list) {
        push_list(f, part, node);
    } else {
        mx_buf_append_char(f->question, MX_TAG_RECORD);
        push_record(f, part, node);
    }
}

void mx_kept_fill(lua_State *P, int index, struct mx_show *show) {
    struct kept *kept = lua_touserdata(P, index);
    mx_shape *shape = show->shape;
    luaL_checkstack(P, shape->count + 4 * MX_SHAPE_DEPTH + 10, "too many paths");
    lua_getiuservalue(P, index, 1); // bank
    int bank = lua_gettop(P);
    struct filler f = {.P = P,
        .T = show->T,
        .shape = shape,
        .kept = kept,
        .question = &shape->bytes,
        .bank = bank,
        .names = bank,
        .sources = show->names,
        .show = show};
    for (int i = 1; i < shape->count; i++) {
        lua_pushstring(P, shape->nodes[i].name); // name i, i slots above the bank
    }
    mx_buf_clear(&shape->bytes);
    kept->is_torn = true; // until the end: memory may run out on the way
    lua_pushvalue(show->T, show->source);
    push_record(&f, &kept->root, 0);
    lua_pop(show->T, 1);
    kept->is_torn = !goes_on(&f);
    lua_settop(P, bank - 1);
}

void mx_kept_push(lua_State *P, int index) {
    const struct kept *kept = lua_touserdata(P, index);
    lua_getiuservalue(P, index, 1);
    lua_rawgeti(P, -1, kept->root.slot);
    lua_remove(P, -2);
}

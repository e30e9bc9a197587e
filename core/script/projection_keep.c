// A projection as tables that stay in their state from call to call; making them anew was a third
// of what a call cost. Every field that the shape names is written anew for each call, whatever the
// handler made of it, and nothing else gets in (seal.h), so a handler finds nothing of its own.
#include "script/projection_parts.h"

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/seal.h"

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

struct filler {
    struct mx_unpacker u;
    struct kept *kept;
    int bank;
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

// [-0, +1] The table of a part.
static void push_part(struct filler *f, struct part *part, int fields, int items) {
    lua_State *P = f->u.L;
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

// [-0, +0] What is in the table on top behind its first `count` elements goes.
static void clear_behind(lua_State *P, struct part *part, int count) {
    for (int i = part->count; i > count; i--) {
        lua_pushnil(P);
        lua_rawseti(P, -2, i);
    }
    part->count = count;
}

// [-0, +0] Takes all pairs out of the table on top.
static void clear_pairs(lua_State *P) {
    lua_pushnil(P);
    while (lua_next(P, -2)) { // … key value
        lua_pop(P, 1);
        lua_pushvalue(P, -1);
        lua_pushnil(P);
        lua_rawset(P, -4); // … key
    }
}

// Passes over a string that is element `i` of the list on top already: the same words come again,
// and comparing is cheaper than looking one up.
static bool skip_same(struct mx_unpacker *u, int i) {
    const unsigned char *begin = u->at;
    size_t len = mx_unpack_count(u);
    size_t there = 0;
    const char *text =
        lua_rawgeti(u->L, -1, i) == LUA_TSTRING ? lua_tolstring(u->L, -1, &there) : NULL;
    bool is_same = text && there == len && memcmp(text, u->at, len) == 0;
    lua_pop(u->L, 1);
    u->at = is_same ? u->at + len : begin;
    return is_same;
}

// [-0, +1]
static void push_flat(struct filler *f, struct part *part) {
    lua_State *P = f->u.L;
    int count = (int)mx_unpack_count(&f->u);
    push_part(f, part, 0, count); // list
    if (part->has_pairs) {
        clear_pairs(P);
    }
    clear_behind(P, part, count);
    for (int i = 1; i <= count; i++) {
        enum mx_tag tag = mx_unpack_tag(&f->u);
        part->has_gaps |= tag == MX_TAG_NIL;
        if (tag == MX_TAG_STRING && skip_same(&f->u, i)) {
            continue;
        }
        mx_unpack_plain(&f->u, tag);
        lua_rawseti(P, -2, i);
    }
    part->has_pairs = mx_unpack_pairs(&f->u);
}

static void push_table(struct filler *f, struct part *part, enum mx_tag tag, int node);

// [-0, +1] The fields that the node names.
static void push_record(struct filler *f, struct part *part, int node) {
    lua_State *P = f->u.L;
    const struct mx_node *nodes = f->u.shape->nodes;
    push_part(f, part, nodes[node].count, 0); // record
    int record = lua_gettop(P);
    int i = 0;
    for (int child = nodes[node].first; child && !f->u.is_broken; child = nodes[child].next, i++) {
        enum mx_tag tag = mx_unpack_tag(&f->u);
        lua_pushvalue(P, f->u.names + child);
        if (tag >= MX_TAG_FLAT) {
            push_table(f, inner_part(part, nodes[node].count, i), tag, child);
        } else {
            mx_unpack_plain(&f->u, tag);
        }
        lua_rawset(P, record);
    }
}

// [-0, +1]
static void push_list(struct filler *f, struct part *part, int node) {
    lua_State *P = f->u.L;
    int count = (int)mx_unpack_count(&f->u);
    push_part(f, part, 0, count); // list
    clear_behind(P, part, count);
    for (int i = 0; i < count && !f->u.is_broken; i++) {
        enum mx_tag tag = mx_unpack_tag(&f->u);
        if (tag == MX_TAG_RECORD) {
            push_record(f, inner_part(part, count, i), node);
        } else {
            part->has_gaps |= tag == MX_TAG_NIL;
            mx_unpack_plain(&f->u, tag);
        }
        lua_rawseti(P, -2, i + 1);
    }
}

// [-0, +1]
static void push_table(struct filler *f, struct part *part, enum mx_tag tag, int node) {
    switch (tag) {
    case MX_TAG_FLAT: push_flat(f, part); return;
    case MX_TAG_RECORD: push_record(f, part, node); return;
    case MX_TAG_LIST: push_list(f, part, node); return;
    default: break;
    }
    f->u.is_broken = true;
    lua_pushnil(f->u.L);
}

int mx_kept_fill(
    lua_State *P, int index, const mx_shape *shape, struct mx_slice bytes, struct mx_error *err) {
    const unsigned char *start = (const unsigned char *)(bytes.len ? bytes.ptr : "");
    struct kept *kept = lua_touserdata(P, index);
    luaL_checkstack(P, shape->count + 4 * MX_SHAPE_DEPTH + 10, "too many paths");
    lua_getiuservalue(P, index, 1); // bank
    int bank = lua_gettop(P);
    struct filler f = {{P, shape, bank, start, start + bytes.len, false}, kept, bank};
    for (int i = 1; i < shape->count; i++) {
        lua_pushstring(P, shape->nodes[i].name); // name i, i slots above the bank
    }
    kept->is_torn = true; // until the end: memory may run out on the way
    push_record(&f, &kept->root, 0);
    if (f.u.is_broken || f.u.at < f.u.end) {
        lua_settop(P, bank - 1);
        return mx_fail(err, MX_E_INVALID, "the bytes are not what this shape packs");
    }
    kept->is_torn = false;
    lua_replace(P, bank);
    lua_settop(P, bank);
    return MX_OK;
}

// Shapes, and what they name of a table as bytes.
#include "script/projection_parts.h"

#include <stdatomic.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/bindings.h"
#include "script/json.h"
#include "script/value_walk.h"

#define SHAPE_TYPE "native.projection.shape"

enum { NODES_MAX = 400 };

static _Atomic uint64_t last_serial;

// --- making
// ---------------------------------------------------------------------------------------

static int l_free(lua_State *L) { // __gc: safe to repeat
    mx_shape *shape = luaL_checkudata(L, 1, SHAPE_TYPE);
    mx_free(shape->nodes);
    mx_buf_deinit(&shape->bytes);
    *shape = (mx_shape){0};
    return 0;
}

static bool is_name_char(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A part is a name, with "[]" behind it when there are several.
static bool parse_part(struct mx_slice part, struct mx_slice *name, bool *is_list) {
    *is_list = part.len > 2 && memcmp(part.ptr + part.len - 2, "[]", 2) == 0;
    *name = (struct mx_slice){part.ptr, *is_list ? part.len - 2 : part.len};
    for (size_t i = 0; i < name->len; i++) {
        if (!is_name_char(name->ptr[i])) {
            return false;
        }
    }
    return name->len > 0;
}

static int find_child(const mx_shape *shape, int parent, struct mx_slice name) {
    int child = shape->nodes[parent].first;
    while (child && !mx_slice_equal(mx_slice_of(shape->nodes[child].name), name)) {
        child = shape->nodes[child].next;
    }
    return child;
}

// `names` is where the list of names lies.
static int add_child(lua_State *L, mx_shape *shape, int names, int parent, struct mx_slice name) {
    int *link = &shape->nodes[parent].first;
    while (*link) {
        link = &shape->nodes[*link].next;
    }
    *link = shape->count;
    shape->nodes[parent].count++;
    shape->nodes[shape->count].name = lua_pushlstring(L, name.ptr, name.len);
    lua_rawseti(L, names, shape->count);
    return shape->count++;
}

static bool add_path(lua_State *L, mx_shape *shape, int names, struct mx_slice path) {
    int at = 0;
    int depth = 0;
    while (path.ptr) {
        struct mx_slice part = mx_slice_cut(&path, '.');
        struct mx_slice name;
        bool is_list;
        if (++depth > MX_SHAPE_DEPTH || !parse_part(part, &name, &is_list)) {
            return false;
        }
        int child = find_child(shape, at, name);
        if (!child && shape->count == NODES_MAX) {
            return false;
        }
        at = child ? child : add_child(L, shape, names, at, name);
        shape->nodes[at].is_list |= is_list;
    }
    return true;
}

// [-0, +1] An empty shape, and [+1] the list of its names.
static mx_shape *push_empty(lua_State *L) {
    mx_shape *shape = lua_newuserdatauv(L, sizeof(*shape), 1); // shape
    *shape = (mx_shape){.count = 1, .serial = atomic_fetch_add(&last_serial, 1) + 1};
    if (luaL_newmetatable(L, SHAPE_TYPE)) {
        lua_pushcfunction(L, l_free);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    shape->nodes = mx_alloc(NODES_MAX * sizeof(*shape->nodes));
    lua_newtable(L); // shape names
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -3, 1);
    return shape;
}

void mx_shape_create(lua_State *L, int index) {
    index = lua_absindex(L, index);
    luaL_checktype(L, index, LUA_TTABLE);
    mx_shape *shape = push_empty(L); // shape names
    int names = lua_gettop(L);
    lua_Integer count = luaL_len(L, index);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, index, i); // shape names path
        if (!add_path(L, shape, names, mx_slice_check(L, -1))) {
            luaL_error(L, "a path looks like lines[].qty, not %s", lua_tostring(L, -1));
        }
        lua_pop(L, 1);
    }
    shape->nodes = mx_realloc(shape->nodes, (size_t)shape->count * sizeof(*shape->nodes));
    lua_pop(L, 1); // shape
}

mx_shape *mx_shape_check(lua_State *L, int index) {
    return luaL_checkudata(L, index, SHAPE_TYPE);
}

uint64_t mx_shape_serial(const mx_shape *shape) {
    return shape->serial;
}

// --- packing
// --------------------------------------------------------------------------------------

struct packer {
    lua_State *L;
    mx_shape *shape;
    int names; // of node 0, on the stack
};

// A tag and a number.
static void put_tagged(mx_buf *out, enum mx_tag tag, uint64_t number) {
    unsigned char *begin = (unsigned char *)mx_buf_reserve(out, 11);
    unsigned char *at = begin;
    *at++ = tag;
    at = mx_varint_write(at, number);
    out->len += (size_t)(at - begin);
}

static void put_number(lua_State *L, mx_buf *out) {
    if (lua_isinteger(L, -1)) {
        put_tagged(out, MX_TAG_INTEGER, mx_varint_of(lua_tointeger(L, -1)));
        return;
    }
    double value = lua_tonumber(L, -1);
    mx_buf_append_char(out, MX_TAG_FLOAT);
    mx_buf_append(out, (const char *)&value, sizeof(value)); // read again in this process only
}

static void put_string(lua_State *L, mx_buf *out) {
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    put_tagged(out, MX_TAG_STRING, len);
    mx_buf_append(out, text, len);
}

// [-0, +0] The value on top, which is no table.
static void put_plain(struct packer *p, int node, int type) {
    mx_buf *out = &p->shape->bytes;
    switch (type) {
    case LUA_TNIL: mx_buf_append_char(out, MX_TAG_NIL); return;
    case LUA_TBOOLEAN:
        mx_buf_append_char(out, lua_toboolean(p->L, -1) ? MX_TAG_TRUE : MX_TAG_FALSE);
        return;
    case LUA_TNUMBER: put_number(p->L, out); return;
    case LUA_TSTRING: put_string(p->L, out); return;
    default: break;
    }
    if (mx_is_json_null(p->L, -1)) {
        mx_buf_append_char(out, MX_TAG_NULL);
        return;
    }
    luaL_error(p->L, "%s is a %s, which no handler can see", p->shape->nodes[node].name,
        luaL_typename(p->L, -1));
}

// [-0, +0] What is in the table at `table` besides its sequence.
static void put_pairs(struct packer *p, int node, int table, lua_Unsigned count) {
    lua_State *L = p->L;
    lua_pushnil(L);
    while (lua_next(L, table)) { // key value
        bool is_counted = lua_isinteger(L, -2) && (lua_Unsigned)lua_tointeger(L, -2) - 1 < count;
        if (!is_counted && !lua_istable(L, -1)) {
            lua_pushvalue(L, -2); // key value key
            put_plain(p, node, lua_type(L, -1));
            lua_pop(L, 1);
            put_plain(p, node, lua_type(L, -1));
        }
        lua_pop(L, 1);
    }
}

// [-0, +0] The table on top as it is, without the tables in it.
static void put_flat(struct packer *p, int node) {
    lua_State *L = p->L;
    mx_buf *out = &p->shape->bytes;
    int table = lua_gettop(L);
    lua_Unsigned count = lua_rawlen(L, table);
    put_tagged(out, MX_TAG_FLAT, count);
    for (lua_Unsigned i = 1; i <= count; i++) {
        int type = lua_rawgeti(L, table, (lua_Integer)i);
        if (type == LUA_TTABLE) {
            mx_buf_append_char(out, MX_TAG_NIL);
        } else {
            put_plain(p, node, type);
        }
        lua_pop(L, 1);
    }
    if (!p->shape->nodes[node].is_list) {
        put_pairs(p, node, table, count);
    }
    mx_buf_append_char(out, MX_TAG_NIL); // where a key would be
}

static void put_value(struct packer *p, int node, int type);

// [-0, +0] The fields of the table on top that the node names.
static void put_record(struct packer *p, int node) {
    lua_State *L = p->L;
    const struct mx_node *nodes = p->shape->nodes;
    int table = lua_gettop(L);
    for (int child = nodes[node].first; child; child = nodes[child].next) {
        lua_pushvalue(L, p->names + child);
        put_value(p, child, lua_gettable(L, table)); // table values
    }
    lua_settop(L, table);
}

// [-0, +0] The list on top, item by item.
static void put_list(struct packer *p, int node) {
    lua_State *L = p->L;
    mx_buf *out = &p->shape->bytes;
    int list = lua_gettop(L);
    lua_Unsigned count = lua_rawlen(L, list);
    put_tagged(out, MX_TAG_LIST, count);
    for (lua_Unsigned i = 1; i <= count; i++) {
        int type = lua_rawgeti(L, list, (lua_Integer)i);
        if (type == LUA_TTABLE) {
            mx_buf_append_char(out, MX_TAG_RECORD);
            put_record(p, node);
        } else {
            put_plain(p, node, type);
        }
        lua_pop(L, 1);
    }
}

// [-0, +0] The value on top.
static void put_value(struct packer *p, int node, int type) {
    const struct mx_node *about = &p->shape->nodes[node];
    if (type != LUA_TTABLE) {
        put_plain(p, node, type);
    } else if (!about->first) {
        put_flat(p, node);
    } else if (about->is_list) {
        put_list(p, node);
    } else {
        mx_buf_append_char(&p->shape->bytes, MX_TAG_RECORD);
        put_record(p, node);
    }
}

struct mx_slice mx_shape_packed(const mx_shape *shape) {
    return mx_buf_slice(&shape->bytes);
}

struct mx_slice mx_shape_pack(lua_State *L, int index, int source) {
    mx_shape *shape = mx_shape_check(L, index);
    struct packer p = {L, shape, 0};
    source = lua_absindex(L, source);
    luaL_checktype(L, source, LUA_TTABLE);
    luaL_checkstack(L, 2 * shape->count + 6 * MX_SHAPE_DEPTH, "too many paths");
    int top = lua_gettop(L);
    lua_getiuservalue(L, index, 1); // … names
    p.names = top + 1;              // name i comes to lie i slots above the list
    for (int i = 1; i < shape->count; i++) {
        lua_rawgeti(L, top + 1, i);
    }
    mx_buf_clear(&shape->bytes);
    lua_pushvalue(L, source);
    put_record(&p, 0);
    lua_settop(L, top);
    return mx_buf_slice(&shape->bytes);
}

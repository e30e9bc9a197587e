// The bytes: a tag for each value, in the order of the shape. A record is its fields in that order;
// a list its length and its items; a leaf that is a table its sequence and its pairs, tables inside
// left out: their fields must be declared.
#include "script/projection.h"

#include <stdint.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/bindings.h"
#include "script/json.h"
#include "script/value_walk.h"
#include "script/varint.h"

#define SHAPE_TYPE "native.projection.shape"

enum { NODES_MAX = 400, DEPTH_MAX = 8 };

enum tag {
    TAG_NIL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_INTEGER,
    TAG_FLOAT,
    TAG_STRING,
    TAG_NULL,
    TAG_FLAT,
    TAG_RECORD,
    TAG_LIST
};

struct node {
    const char *name; // borrowed from the list of names; NULL for the root
    int first;        // child, 0: it is a leaf
    int next;         // sibling, 0: the last
    int count;        // of children
    bool is_list;
};

// Its user value is the list of names, as strings of its state: name i belongs to node i.
struct mx_shape {
    struct node *nodes; // owned; the first is the root
    int count;
    mx_buf bytes;
};

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
        if (++depth > DEPTH_MAX || !parse_part(part, &name, &is_list)) {
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
    *shape = (mx_shape){.count = 1};
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

// --- packing
// --------------------------------------------------------------------------------------

struct packer {
    lua_State *L;
    mx_shape *shape;
    int names; // of node 0, on the stack
};

static void put_number(lua_State *L, mx_buf *out) {
    if (lua_isinteger(L, -1)) {
        int64_t value = lua_tointeger(L, -1);
        mx_buf_append_char(out, TAG_INTEGER);
        mx_varint_append(out, mx_varint_of(value));
        return;
    }
    double value = lua_tonumber(L, -1);
    mx_buf_append_char(out, TAG_FLOAT);
    mx_buf_append(out, (const char *)&value, sizeof(value)); // read again in this process only
}

static void put_string(lua_State *L, mx_buf *out) {
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    mx_buf_append_char(out, TAG_STRING);
    mx_varint_append(out, len);
    mx_buf_append(out, text, len);
}

// [-0, +0] The value on top, which is no table.
static void put_plain(struct packer *p, int node) {
    mx_buf *out = &p->shape->bytes;
    switch (lua_type(p->L, -1)) {
    case LUA_TNIL: mx_buf_append_char(out, TAG_NIL); return;
    case LUA_TBOOLEAN:
        mx_buf_append_char(out, lua_toboolean(p->L, -1) ? TAG_TRUE : TAG_FALSE);
        return;
    case LUA_TNUMBER: put_number(p->L, out); return;
    case LUA_TSTRING: put_string(p->L, out); return;
    default: break;
    }
    if (mx_is_json_null(p->L, -1)) {
        mx_buf_append_char(out, TAG_NULL);
        return;
    }
    luaL_error(p->L, "%s is a %s, which no handler can see", p->shape->nodes[node].name,
        luaL_typename(p->L, -1));
}

// [-0, +0] The table on top as it is, without the tables in it.
static void put_flat(struct packer *p, int node) {
    lua_State *L = p->L;
    mx_buf *out = &p->shape->bytes;
    int table = lua_gettop(L);
    lua_Unsigned count = lua_rawlen(L, table);
    mx_buf_append_char(out, TAG_FLAT);
    mx_varint_append(out, count);
    for (lua_Unsigned i = 1; i <= count; i++) {
        if (lua_rawgeti(L, table, (lua_Integer)i) == LUA_TTABLE) {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        put_plain(p, node);
        lua_pop(L, 1);
    }
    if (count) { // the usual list has nothing behind its last element
        lua_pushinteger(L, (lua_Integer)count);
    } else {
        lua_pushnil(L);
    }
    while (lua_next(L, table)) { // table key value
        bool is_counted = lua_isinteger(L, -2) && (lua_Unsigned)lua_tointeger(L, -2) - 1 < count;
        if (!is_counted && !lua_istable(L, -1)) {
            lua_pushvalue(L, -2); // table key value key
            put_plain(p, node);
            lua_pop(L, 1);
            put_plain(p, node);
        }
        lua_pop(L, 1);
    }
    mx_buf_append_char(out, TAG_NIL); // where a key would be
}

static void put_value(struct packer *p, int node);

// [-0, +0] The fields of the table on top that the node names.
static void put_record(struct packer *p, int node) {
    lua_State *L = p->L;
    const struct node *nodes = p->shape->nodes;
    int table = lua_gettop(L);
    for (int child = nodes[node].first; child; child = nodes[child].next) {
        lua_pushvalue(L, p->names + child);
        lua_gettable(L, table); // table value
        put_value(p, child);
        lua_pop(L, 1);
    }
}

// [-0, +0] The list on top, item by item.
static void put_list(struct packer *p, int node) {
    lua_State *L = p->L;
    mx_buf *out = &p->shape->bytes;
    int list = lua_gettop(L);
    lua_Unsigned count = lua_rawlen(L, list);
    mx_buf_append_char(out, TAG_LIST);
    mx_varint_append(out, count);
    for (lua_Unsigned i = 1; i <= count; i++) {
        if (lua_rawgeti(L, list, (lua_Integer)i) == LUA_TTABLE) {
            mx_buf_append_char(out, TAG_RECORD);
            put_record(p, node);
        } else {
            put_plain(p, node);
        }
        lua_pop(L, 1);
    }
}

// [-0, +0] The value on top.
static void put_value(struct packer *p, int node) {
    const struct node *about = &p->shape->nodes[node];
    if (!lua_istable(p->L, -1)) {
        put_plain(p, node);
    } else if (!about->first) {
        put_flat(p, node);
    } else if (about->is_list) {
        put_list(p, node);
    } else {
        mx_buf_append_char(&p->shape->bytes, TAG_RECORD);
        put_record(p, node);
    }
}

struct mx_slice mx_shape_pack(lua_State *L, int index, int source) {
    mx_shape *shape = mx_shape_check(L, index);
    struct packer p = {L, shape, 0};
    source = lua_absindex(L, source);
    luaL_checktype(L, source, LUA_TTABLE);
    luaL_checkstack(L, shape->count + 4 * DEPTH_MAX, "too many paths");
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

// --- unpacking
// ------------------------------------------------------------------------------------

struct unpacker {
    lua_State *L;
    const mx_shape *shape;
    int names;
    const unsigned char *at;
    const unsigned char *end;
    bool is_broken;
};

static uint64_t get_varint(struct unpacker *u) {
    uint64_t value = 0;
    u->is_broken |= !mx_varint_read(&u->at, u->end, &value);
    return value;
}

// A count of things that take a byte at least each.
static size_t get_count(struct unpacker *u) {
    uint64_t count = get_varint(u);
    if (count > (uint64_t)(u->end - u->at)) {
        u->is_broken = true;
        return 0;
    }
    return (size_t)count;
}

static enum tag get_tag(struct unpacker *u) {
    if (u->at == u->end) {
        u->is_broken = true;
        return TAG_NIL;
    }
    return (enum tag) * u->at++;
}

static void push_float(struct unpacker *u) {
    double value = 0;
    if (u->end - u->at < (ptrdiff_t)sizeof(value)) {
        u->is_broken = true;
    } else {
        memcpy(&value, u->at, sizeof(value));
        u->at += sizeof(value);
    }
    lua_pushnumber(u->L, value);
}

static void push_text(struct unpacker *u) {
    size_t len = get_count(u);
    lua_pushlstring(u->L, (const char *)u->at, len);
    u->at += len;
}

// [-0, +1]
static void push_plain(struct unpacker *u, enum tag tag) {
    switch (tag) {
    case TAG_NIL: lua_pushnil(u->L); return;
    case TAG_FALSE: lua_pushboolean(u->L, 0); return;
    case TAG_TRUE: lua_pushboolean(u->L, 1); return;
    case TAG_INTEGER: lua_pushinteger(u->L, mx_varint_to(get_varint(u))); return;
    case TAG_FLOAT: push_float(u); return;
    case TAG_STRING: push_text(u); return;
    case TAG_NULL: lua_pushlightuserdata(u->L, mx_json_null()); return;
    default: break;
    }
    u->is_broken = true;
    lua_pushnil(u->L);
}

// [-0, +1]
static void push_flat(struct unpacker *u) {
    size_t count = get_count(u);
    lua_createtable(u->L, (int)count, 0); // table
    for (size_t i = 1; i <= count; i++) {
        push_plain(u, get_tag(u));
        lua_rawseti(u->L, -2, (lua_Integer)i);
    }
    for (enum tag tag = get_tag(u); tag != TAG_NIL && !u->is_broken; tag = get_tag(u)) {
        push_plain(u, tag); // table key
        push_plain(u, get_tag(u));
        if (u->is_broken) {
            lua_pop(u->L, 2);
            return;
        }
        lua_rawset(u->L, -3); // table
    }
}

static void push_value(struct unpacker *u, int node);

// [-0, +1]
static void push_record(struct unpacker *u, int node) {
    const struct node *nodes = u->shape->nodes;
    lua_createtable(u->L, 0, nodes[node].count); // table
    for (int child = nodes[node].first; child && !u->is_broken; child = nodes[child].next) {
        if (u->at < u->end && *u->at == TAG_NIL) { // nothing to set
            u->at++;
            continue;
        }
        lua_pushvalue(u->L, u->names + child);
        push_value(u, child);
        lua_rawset(u->L, -3);
    }
}

// [-0, +1]
static void push_list(struct unpacker *u, int node) {
    size_t count = get_count(u);
    lua_createtable(u->L, (int)count, 0); // list
    for (size_t i = 1; i <= count && !u->is_broken; i++) {
        enum tag tag = get_tag(u);
        if (tag == TAG_RECORD) {
            push_record(u, node);
        } else {
            push_plain(u, tag);
        }
        lua_rawseti(u->L, -2, (lua_Integer)i);
    }
}

// [-0, +1]
static void push_value(struct unpacker *u, int node) {
    enum tag tag = get_tag(u);
    switch (tag) {
    case TAG_FLAT: push_flat(u); return;
    case TAG_RECORD: push_record(u, node); return;
    case TAG_LIST: push_list(u, node); return;
    default: push_plain(u, tag); return;
    }
}

int mx_shape_unpack(
    const mx_shape *shape, lua_State *to, struct mx_slice bytes, struct mx_error *err) {
    const unsigned char *start = (const unsigned char *)(bytes.len ? bytes.ptr : "");
    int top = lua_gettop(to);
    luaL_checkstack(to, shape->count + 4 * DEPTH_MAX, "too many paths");
    struct unpacker u = {to, shape, top, start, start + bytes.len, false};
    for (int i = 1; i < shape->count; i++) {
        lua_pushstring(to, shape->nodes[i].name); // name i, i slots above `top`
    }
    push_record(&u, 0);
    if (u.is_broken || u.at < u.end) {
        lua_settop(to, top);
        return mx_fail(err, MX_E_INVALID, "the bytes are not what this shape packs");
    }
    lua_insert(to, top + 1);
    lua_settop(to, top + 1);
    return MX_OK;
}

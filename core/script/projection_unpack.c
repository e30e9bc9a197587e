// A projection as tables of its own, made anew.
#include "script/projection_parts.h"

#include <lauxlib.h>

#include "script/json.h"

static void push_float(struct mx_unpacker *u) {
    double value = 0;
    if (u->end - u->at < (ptrdiff_t)sizeof(value)) {
        u->is_broken = true;
    } else {
        memcpy(&value, u->at, sizeof(value));
        u->at += sizeof(value);
    }
    lua_pushnumber(u->L, value);
}

static void push_text(struct mx_unpacker *u) {
    size_t len = mx_unpack_count(u);
    lua_pushlstring(u->L, (const char *)u->at, len);
    u->at += len;
}

void mx_unpack_plain(struct mx_unpacker *u, enum mx_tag tag) {
    switch (tag) {
    case MX_TAG_NIL: lua_pushnil(u->L); return;
    case MX_TAG_FALSE: lua_pushboolean(u->L, 0); return;
    case MX_TAG_TRUE: lua_pushboolean(u->L, 1); return;
    case MX_TAG_INTEGER: lua_pushinteger(u->L, mx_varint_to(mx_unpack_varint(u))); return;
    case MX_TAG_FLOAT: push_float(u); return;
    case MX_TAG_STRING: push_text(u); return;
    case MX_TAG_NULL: lua_pushlightuserdata(u->L, mx_json_null()); return;
    default: break;
    }
    u->is_broken = true;
    lua_pushnil(u->L);
}

bool mx_unpack_pairs(struct mx_unpacker *u) {
    bool has_pairs = false;
    for (enum mx_tag tag = mx_unpack_tag(u); tag != MX_TAG_NIL && !u->is_broken;
         tag = mx_unpack_tag(u)) {
        has_pairs = true;
        mx_unpack_plain(u, tag); // table key
        mx_unpack_plain(u, mx_unpack_tag(u));
        if (u->is_broken) {
            lua_pop(u->L, 2);
            return has_pairs;
        }
        lua_rawset(u->L, -3); // table
    }
    return has_pairs;
}

// [-0, +1]
static void push_flat(struct mx_unpacker *u) {
    size_t count = mx_unpack_count(u);
    lua_createtable(u->L, (int)count, 0); // table
    for (size_t i = 1; i <= count; i++) {
        mx_unpack_plain(u, mx_unpack_tag(u));
        lua_rawseti(u->L, -2, (lua_Integer)i);
    }
    mx_unpack_pairs(u);
}

static void push_value(struct mx_unpacker *u, int node);

// [-0, +1]
static void push_record(struct mx_unpacker *u, int node) {
    const struct mx_node *nodes = u->shape->nodes;
    lua_createtable(u->L, 0, nodes[node].count); // table
    for (int child = nodes[node].first; child && !u->is_broken; child = nodes[child].next) {
        if (u->at < u->end && *u->at == MX_TAG_NIL) { // nothing to set
            u->at++;
            continue;
        }
        lua_pushvalue(u->L, u->names + child);
        push_value(u, child);
        lua_rawset(u->L, -3);
    }
}

// [-0, +1]
static void push_list(struct mx_unpacker *u, int node) {
    size_t count = mx_unpack_count(u);
    lua_createtable(u->L, (int)count, 0); // list
    for (size_t i = 1; i <= count && !u->is_broken; i++) {
        enum mx_tag tag = mx_unpack_tag(u);
        if (tag == MX_TAG_RECORD) {
            push_record(u, node);
        } else {
            mx_unpack_plain(u, tag);
        }
        lua_rawseti(u->L, -2, (lua_Integer)i);
    }
}

// [-0, +1]
static void push_value(struct mx_unpacker *u, int node) {
    enum mx_tag tag = mx_unpack_tag(u);
    switch (tag) {
    case MX_TAG_FLAT: push_flat(u); return;
    case MX_TAG_RECORD: push_record(u, node); return;
    case MX_TAG_LIST: push_list(u, node); return;
    default: mx_unpack_plain(u, tag); return;
    }
}

int mx_shape_unpack(
    const mx_shape *shape, lua_State *to, struct mx_slice bytes, struct mx_error *err) {
    const unsigned char *start = (const unsigned char *)(bytes.len ? bytes.ptr : "");
    int top = lua_gettop(to);
    luaL_checkstack(to, shape->count + 4 * MX_SHAPE_DEPTH, "too many paths");
    struct mx_unpacker u = {to, shape, top, start, start + bytes.len, false};
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

// A projection as tables of its own, made anew.
#include "script/projection_parts.h"

#include <lauxlib.h>

#include "script/json.h"

struct unpacker {
    lua_State *L;
    const mx_shape *shape;
    int names; // on the stack: name i lies i slots above
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

static enum mx_tag get_tag(struct unpacker *u) {
    if (u->at == u->end) {
        u->is_broken = true;
        return MX_TAG_NIL;
    }
    return (enum mx_tag) * u->at++;
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

// [-0, +1] The value behind a tag that is no table's.
static void push_plain(struct unpacker *u, enum mx_tag tag) {
    switch (tag) {
    case MX_TAG_NIL: lua_pushnil(u->L); return;
    case MX_TAG_FALSE: lua_pushboolean(u->L, 0); return;
    case MX_TAG_TRUE: lua_pushboolean(u->L, 1); return;
    case MX_TAG_INTEGER: lua_pushinteger(u->L, mx_varint_to(get_varint(u))); return;
    case MX_TAG_FLOAT: push_float(u); return;
    case MX_TAG_STRING: push_text(u); return;
    case MX_TAG_NULL: lua_pushlightuserdata(u->L, mx_json_null()); return;
    default: break;
    }
    u->is_broken = true;
    lua_pushnil(u->L);
}

// [-0, +0] What belongs to a leaf behind its sequence, into the table on top.
static void set_pairs(struct unpacker *u) {
    for (enum mx_tag tag = get_tag(u); tag != MX_TAG_NIL && !u->is_broken; tag = get_tag(u)) {
        push_plain(u, tag); // table key
        push_plain(u, get_tag(u));
        if (u->is_broken) {
            lua_pop(u->L, 2);
            return;
        }
        lua_rawset(u->L, -3); // table
    }
}

// [-0, +1]
static void push_flat(struct unpacker *u) {
    size_t count = get_count(u);
    lua_createtable(u->L, (int)count, 0); // table
    for (size_t i = 1; i <= count; i++) {
        push_plain(u, get_tag(u));
        lua_rawseti(u->L, -2, (lua_Integer)i);
    }
    set_pairs(u);
}

static void push_value(struct unpacker *u, int node);

// [-0, +1]
static void push_record(struct unpacker *u, int node) {
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
static void push_list(struct unpacker *u, int node) {
    size_t count = get_count(u);
    lua_createtable(u->L, (int)count, 0); // list
    for (size_t i = 1; i <= count && !u->is_broken; i++) {
        enum mx_tag tag = get_tag(u);
        if (tag == MX_TAG_RECORD) {
            push_record(u, node);
        } else {
            push_plain(u, tag);
        }
        lua_rawseti(u->L, -2, (lua_Integer)i);
    }
}

// [-0, +1]
static void push_value(struct unpacker *u, int node) {
    enum mx_tag tag = get_tag(u);
    switch (tag) {
    case MX_TAG_FLAT: push_flat(u); return;
    case MX_TAG_RECORD: push_record(u, node); return;
    case MX_TAG_LIST: push_list(u, node); return;
    default: push_plain(u, tag); return;
    }
}

int mx_shape_unpack(
    const mx_shape *shape, lua_State *to, struct mx_slice bytes, struct mx_error *err) {
    const unsigned char *start = (const unsigned char *)(bytes.len ? bytes.ptr : "");
    int top = lua_gettop(to);
    luaL_checkstack(to, shape->count + 4 * MX_SHAPE_DEPTH, "too many paths");
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

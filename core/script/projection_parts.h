// What packing, unpacking and keeping of projections share: the shape, and its bytes. Inside
// projection*.c only.
//
// The bytes: a tag for each value, in the order of the shape. A record is its fields in that order;
// a list its length and its items; a leaf that is a table its sequence and, when its path does not
// end in "[]", its pairs, tables inside left out: their fields must be declared.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "script/projection.h"
#include "script/varint.h"

enum { MX_SHAPE_DEPTH = 8 };

enum mx_tag {
    MX_TAG_NIL,
    MX_TAG_FALSE,
    MX_TAG_TRUE,
    MX_TAG_INTEGER,
    MX_TAG_FLOAT,
    MX_TAG_STRING,
    MX_TAG_NULL,
    MX_TAG_FLAT, // from here on: a table
    MX_TAG_RECORD,
    MX_TAG_LIST
};

struct mx_node {
    const char *name; // borrowed from the list of names; NULL for the root
    int first;        // child, 0: it is a leaf
    int next;         // sibling, 0: the last
    int count;        // of children
    bool is_list;
};

// Its user value is the list of names, as strings of its state: name i belongs to node i.
struct mx_shape {
    struct mx_node *nodes; // owned; the first is the root
    int count;
    uint64_t serial; // no two shapes of a process have the same
    mx_buf bytes;
};

// Bytes on their way into the state `L`.
struct mx_unpacker {
    lua_State *L;
    const mx_shape *shape;
    int names; // on the stack: name i lies i slots above
    const unsigned char *at;
    const unsigned char *end;
    bool is_broken;
};

static inline uint64_t mx_unpack_varint(struct mx_unpacker *u) {
    uint64_t value = 0;
    u->is_broken |= !mx_varint_read(&u->at, u->end, &value);
    return value;
}

// A count of things that take a byte at least each.
static inline size_t mx_unpack_count(struct mx_unpacker *u) {
    uint64_t count = mx_unpack_varint(u);
    if (count > (uint64_t)(u->end - u->at)) {
        u->is_broken = true;
        return 0;
    }
    return (size_t)count;
}

static inline enum mx_tag mx_unpack_tag(struct mx_unpacker *u) {
    if (u->at == u->end) {
        u->is_broken = true;
        return MX_TAG_NIL;
    }
    return (enum mx_tag) * u->at++;
}

// [-0, +1] The value behind a tag that is no table's.
void mx_unpack_plain(struct mx_unpacker *u, enum mx_tag tag);

// [-0, +0] What belongs to a leaf behind its sequence, into the table on top. Whether there was
// any.
bool mx_unpack_pairs(struct mx_unpacker *u);

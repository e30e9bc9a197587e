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

static inline void mx_put_tagged(mx_buf *out, enum mx_tag tag, uint64_t number) {
    unsigned char *begin = (unsigned char *)mx_buf_reserve(out, 11);
    *begin = tag;
    out->len += (size_t)(mx_varint_write(begin + 1, number) - begin);
}

// Read again in this process only.
static inline void mx_put_float(mx_buf *out, double value) {
    mx_buf_append_char(out, MX_TAG_FLOAT);
    mx_buf_append(out, (const char *)&value, sizeof(value));
}

static inline void mx_put_text(mx_buf *out, const char *text, size_t len) {
    mx_put_tagged(out, MX_TAG_STRING, len);
    mx_buf_append(out, text, len);
}

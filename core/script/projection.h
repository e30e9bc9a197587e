// What a handler sees of a draft. A shape is made once of paths like "lines[].qty"; it packs what
// they name of a table into bytes and unpacks these in another state, so nothing is copied that is
// not named and the names themselves do not travel. Equal projections of plain values have equal
// bytes. Inside core/script only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "platform/buf.h"
#include "platform/error.h"

typedef struct mx_shape mx_shape;

// [-0, +1] Pushes a shape, collected, made of the list of paths at `index`. Raises for what is no
// path.
void mx_shape_create(lua_State *L, int index);

// The shape at `index`, or raises.
mx_shape *mx_shape_check(lua_State *L, int index);

// No two shapes of a process have the same; never 0.
uint64_t mx_shape_serial(const mx_shape *shape);

// What the shape at `shape` names in the table at `source`, in bytes that are borrowed until the
// shape packs again. Raises for functions and userdata, and whatever a metatable of `source`
// raises.
struct mx_slice mx_shape_pack(lua_State *L, int shape, int source);

// [to: -0, +1 | 0] Pushes what `bytes` of mx_shape_pack() hold. `to` may raise out of memory.
int mx_shape_unpack(
    const mx_shape *shape, lua_State *to, struct mx_slice bytes, struct mx_error *err);

// In T. [-0, +n] Pushes a list and behind it the names of the shape at `index`: that of node i lies
// i slots above the list.
void mx_shape_push_names(lua_State *T, int index);

// The same in tables that stay in the state of a plugin (seal.h), read straight from T.
// [-0, +1] Pushes what keeps them, a userdata; collected.
void mx_kept_create(lua_State *P, const mx_shape *shape);

// Whether what is at `index` keeps tables of this shape that can be filled again.
bool mx_kept_fits(lua_State *P, int index, const mx_shape *shape);

enum mx_show_end {
    MX_SHOW_DONE,
    MX_SHOW_REFUSED,   // a value that no handler can see: `name`, `type`
    MX_SHOW_UNREADABLE // a table of T has fields that are worked out when they are asked for
};

struct mx_show {
    lua_State *T;
    mx_shape *shape;
    int source; // in T: the table, and the list of mx_shape_push_names()
    int names;
    enum mx_show_end end;
    const char *name;
    int type;
};

// In P, protected. [-0, +0] Fills the tables that are kept at `index`, which is absolute. Takes
// four slots of T's stack for each level of the shape, which mx_shape_push_names() saw to, and may
// leave values there when P raises.
void mx_kept_fill(lua_State *P, int index, struct mx_show *show);

// What was read when they were filled, as mx_shape_pack() writes it. Borrowed until the next time.
struct mx_slice mx_shape_question(const mx_shape *shape);

// [-0, +1] Pushes them: the same ones each time, which hold what they were filled with last, or
// what the handler made of it.
void mx_kept_push(lua_State *P, int index);

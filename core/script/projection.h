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

// What it packed last; empty: nothing yet, or the packing raised.
struct mx_slice mx_shape_packed(const mx_shape *shape);

// [to: -0, +1 | 0] Pushes what `bytes` of mx_shape_pack() hold. `to` may raise out of memory.
int mx_shape_unpack(
    const mx_shape *shape, lua_State *to, struct mx_slice bytes, struct mx_error *err);

// The same in tables that stay in the state of a plugin (seal.h).
// [-0, +1] Pushes what keeps them, a userdata; collected.
void mx_kept_create(lua_State *P, const mx_shape *shape);

// Whether what is at `index` keeps tables of this shape that can be filled again.
bool mx_kept_fits(lua_State *P, int index, const mx_shape *shape);

// In P, protected. [-0, +1 | 0] Pushes what `bytes` hold. The tables are the same ones each time,
// and hold this until they are filled the next time. `index` is absolute.
int mx_kept_fill(
    lua_State *P, int index, const mx_shape *shape, struct mx_slice bytes, struct mx_error *err);

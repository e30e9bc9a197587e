// JSON and Lua values, walked directly. Integers stay integers, keys come out sorted, and what is
// not strictly JSON is refused with the byte where it stands.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

typedef struct lua_State lua_State;

// Metatable of tables that are arrays also when empty.
#define MX_JSON_ARRAY_TYPE "native.json.array"

enum {
    MX_JSON_DEPTH = 64,      // default
    MX_JSON_DEPTH_MAX = 190, // what the C stack of Lua allows
};

// The address that stands for null inside Lua.
void *mx_json_null(void);

// [-0, +0] Appends the value at `index` to `out`. Raises nothing. `is_pretty`: two spaces a level.
// MX_E_INVALID: a function, a cycle (as too deep), a mixed table, NaN, broken UTF-8.
int mx_json_encode(lua_State *L, int index, mx_buf *out, bool is_pretty, struct mx_error *err);

// [-0, +1 | 0] Pushes the value; nothing on failure, with the byte (from 0) in `*offset`. Uses the
// scratch buffer of the state. May raise out of memory.
int mx_json_decode(
    lua_State *L, struct mx_slice text, unsigned max_depth, size_t *offset, struct mx_error *err);

// [-0, +1] Pushes the metatable of arrays.
void mx_json_push_array_mark(lua_State *L);

// Values that leave a Lua state: encoded as bytes for other threads, or copied straight into
// another state. Data only: nil, booleans, integers, floats, strings, tables with string or integer
// keys, and the marks json.null, json.array and HTML (native.template). Other metatables stay
// behind, functions and userdata are refused, a cycle meets the depth limit.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

typedef struct lua_State lua_State;

struct mx_value_limits {
    unsigned depth; // 0: 64
    size_t bytes;   // 0: 8 MiB; for copies, an estimate of the memory they take
};

// Appends the value at `index` to `out`. Raises nothing. MX_E_INVALID names the key that holds what
// cannot travel, MX_E_LIMIT the limit.
int mx_value_encode(lua_State *L, int index, mx_buf *out, const struct mx_value_limits *limits,
    struct mx_error *err);

// [-0, +1 | 0] Pushes what `bytes` holds; nothing on failure. May raise out of memory.
int mx_value_decode(lua_State *L, struct mx_slice bytes, struct mx_error *err);

// [to: -0, +1 | 0] Pushes onto `to` a copy of the value at `index` of `from`. Reading raises
// nothing; `to` may raise out of memory, so call it where that is caught.
int mx_value_copy(lua_State *from, int index, lua_State *to, const struct mx_value_limits *limits,
    struct mx_error *err);

// Encoded values: any bytes are refused or read, and what was read encodes to bytes that can be
// read back, and can be copied.
#include <assert.h>
#include <stdint.h>

#include <lauxlib.h>

#include "script/state.h"
#include "script/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mx_state state;
static struct mx_state other;

// In Lua. [1] struct mx_slice
static int l_check(lua_State *L) {
    const struct mx_slice *bytes = lua_touserdata(L, 1);
    struct mx_error err;
    if (mx_value_decode(L, *bytes, &err) < 0) {
        assert(lua_gettop(L) == 1);
        return 0;
    }
    mx_buf *first = mx_scratch_take(L); // arg value
    if (mx_value_encode(L, 2, first, NULL, &err) < 0) {
        assert(err.code == MX_E_LIMIT); // nested deeper than a sender may
        return 0;
    }
    mx_scratch_push(L); // arg value first
    struct mx_slice again;
    again.ptr = lua_tolstring(L, -1, &again.len);
    int rc = mx_value_decode(L, again, &err); // arg value first value
    assert(rc == MX_OK);
    // Holes in a sequence may make another border, so the bytes may differ; both must be readable.
    rc = mx_value_encode(L, -1, mx_scratch_take(L), NULL, &err);
    assert(rc == MX_OK);
    rc = mx_value_copy(L, 2, other.L, NULL, &err);
    assert(rc == MX_OK || err.code == MX_E_LIMIT);
    lua_settop(other.L, 0);
    return 0;
}

static void open_state(struct mx_state *one) {
    struct mx_error err;
    one->limit = 256 * 1024 * 1024;
    int rc = mx_state_open(one, &err);
    assert(rc == MX_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mx_slice bytes = {(const char *)data, size};
    if (!state.L) {
        open_state(&state);
        open_state(&other);
    }
    lua_pushcfunction(state.L, l_check);
    lua_pushlightuserdata(state.L, &bytes);
    int status = lua_pcall(state.L, 1, 0, 0);
    assert(status == LUA_OK);
    return 0;
}

// JSON of strangers: whatever is accepted can be written again, and reads back as the same bytes.
#include <assert.h>
#include <stdint.h>

#include <lauxlib.h>

#include "script/json.h"
#include "script/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mx_state state;

// In Lua. [1] struct mx_slice
static int l_check(lua_State *L) {
    const struct mx_slice *text = lua_touserdata(L, 1);
    struct mx_error err;
    size_t offset;
    if (mx_json_decode(L, *text, MX_JSON_DEPTH, &offset, &err) < 0) {
        assert(offset <= text->len && lua_gettop(L) == 1);
        return 0;
    }
    mx_buf *first = mx_scratch_take(L);
    int rc = mx_json_encode(L, -1, first, false, &err); // arg value
    assert(rc == MX_OK);
    mx_scratch_push(L); // arg value first
    struct mx_slice again;
    again.ptr = lua_tolstring(L, -1, &again.len);
    rc = mx_json_decode(L, again, MX_JSON_DEPTH, &offset, &err); // arg value first value
    assert(rc == MX_OK);
    mx_buf *second = mx_scratch_take(L);
    rc = mx_json_encode(L, -1, second, false, &err);
    assert(rc == MX_OK && mx_slice_equal(mx_buf_slice(second), again));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mx_slice text = {(const char *)data, size};
    struct mx_error err;
    if (!state.L) {
        state.limit = 256 * 1024 * 1024;
        int rc = mx_state_open(&state, &err);
        assert(rc == MX_OK);
    }
    lua_pushcfunction(state.L, l_check);
    lua_pushlightuserdata(state.L, &text);
    int status = lua_pcall(state.L, 1, 0, 0);
    assert(status == LUA_OK);
    return 0;
}

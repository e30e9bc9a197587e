// Patterns of plugins over any text: refused, matched or stopped, never a byte read outside the
// text. The pattern is what stands before the first newline.
#include <assert.h>
#include <stdint.h>

#include <lauxlib.h>

#include "script/pattern.h"
#include "script/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mx_script *script;

static void check_match(struct mx_slice text, const struct mx_match *match) {
    const char *end = text.ptr + text.len;
    assert(match->whole.ptr >= text.ptr && match->whole.ptr + match->whole.len <= end);
    for (int i = 0; i < match->count; i++) {
        const struct mx_capture *capture = &match->captures[i];
        assert(capture->ptr >= text.ptr && capture->ptr <= end);
        assert(capture->len == -1 || (capture->len >= 0 && capture->ptr + capture->len <= end));
    }
}

// In Lua. [1] struct mx_slice
static int l_check(lua_State *L) {
    struct mx_slice text = *(const struct mx_slice *)lua_touserdata(L, 1);
    struct mx_slice source = mx_slice_cut(&text, '\n');
    text = text.ptr ? text : MX_SLICE("");
    const mx_pattern *pattern = mx_pattern_push(L, source, true);
    struct mx_match match;
    for (size_t at = 0; mx_pattern_find(L, pattern, text, at, &match);) {
        check_match(text, &match);
        at = (size_t)(match.whole.ptr - text.ptr) + (match.whole.len ? match.whole.len : 1);
        if (at > text.len) {
            break;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct mx_budget budget = {.instructions = 100000};
    struct mx_slice input = {(const char *)data, size};
    struct mx_error err;
    enum mx_over over;
    if (!script) {
        struct mx_script_options options = {.role = MX_ROLE_TEST, .share = "."};
        int rc = mx_script_create(&options, &script, &err);
        assert(rc == MX_OK);
    }
    lua_State *L = script->state.L;
    lua_pushcfunction(L, l_check);
    lua_pushlightuserdata(L, &input);
    if (mx_call_try(L, 1, 0, &budget, &over) != LUA_OK) {
        lua_pop(L, 1); // refused, or stopped
    }
    assert(lua_gettop(L) == 0);
    return 0;
}

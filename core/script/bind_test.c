// Runs a file of Lua tests in a Lua of its own: the module `native.test`, for `merx test`. Nothing
// that one file leaves behind can reach the next.
#include "script/bindings.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "script/call.h"
#include "script/state.h"
#include "script/value.h"

enum { TEST_MEMORY = 512 * 1024 * 1024 };

#define RUN_TYPE "native.test.run"

struct test_run {
    mx_watchdog *watchdog; // as a server has one
    mx_script *script;
    mx_keyring *keyring;
    char folder[64]; // temporary, for the key; empty: none
    const char *path;
    struct mx_slice filter;
    mx_buf results; // encoded
};

static int l_free(lua_State *L) { // __gc and __close: safe to repeat
    struct test_run *run = luaL_checkudata(L, 1, RUN_TYPE);
    struct mx_error err;
    mx_script_destroy(run->script);
    run->script = NULL;
    mx_watchdog_stop(run->watchdog);
    run->watchdog = NULL;
    mx_keyring_close(run->keyring);
    run->keyring = NULL;
    mx_buf_deinit(&run->results);
    if (run->folder[0]) {
        mx_file_remove(run->folder, &err);
        run->folder[0] = '\0';
    }
    return 0;
}

static int make_keyring(struct test_run *run, const struct mx_world *world, struct mx_error *err) {
    char path[sizeof(run->folder) + 8];
    static const char pattern[] = "/tmp/merx-test-XXXXXX";
    memcpy(run->folder, pattern, sizeof(pattern));
    if (!mkdtemp(run->folder)) {
        run->folder[0] = '\0';
        return mx_fail_errno(err, errno, "cannot make a folder in /tmp");
    }
    snprintf(path, sizeof(path), "%s/key", run->folder);
    return mx_keyring_create(path, world, &run->keyring, err);
}

static int start(lua_State *L, struct test_run *run, struct mx_error *err) {
    const mx_script *outer = mx_script_of(L);
    int rc = make_keyring(run, outer->world, err);
    if (rc < 0) {
        return rc;
    }
    rc = mx_watchdog_start(&run->watchdog, err);
    if (rc < 0) {
        return rc;
    }
    struct mx_script_options options = {
        .role = MX_ROLE_TEST,
        .watchdog = run->watchdog,
        .share = outer->options.share,
        .version = outer->options.version,
        .world = outer->world,
        .keyring = run->keyring,
        .options = outer->options.options,
        .option_count = outer->options.option_count,
        .memory_limit = TEST_MEMORY,
    };
    return mx_script_create(&options, &run->script, err);
}

// In the new Lua. [1] struct test_run: loads the file, then lets support.test run what it declared.
static int l_run_file(lua_State *L) {
    struct test_run *run = lua_touserdata(L, 1);
    struct mx_error err;
    const char *share = mx_script_of(L)->options.share;
    size_t share_len = strlen(share);
    bool is_inside = strncmp(run->path, share, share_len) == 0 && run->path[share_len] == '/';
    const char *name = lua_pushfstring(L, "@%s", run->path + (is_inside ? share_len + 1 : 0));
    mx_library_require(L, "support.test");               // run name test
    if (mx_library_load(L, run->path, name, &err) < 0) { // run name test fn
        return luaL_error(L, "%s", err.text);
    }
    lua_call(L, 0, 0);             // run name test
    lua_getfield(L, -1, "run");    // run name test fn
    mx_slice_push(L, run->filter); // run name test fn filter
    lua_call(L, 1, 1);             // run name test results
    if (mx_value_encode(L, -1, &run->results, NULL, &err) < 0) {
        return luaL_error(L, "results: %s", err.text);
    }
    return 0;
}

// run(path, filter) -> results of support.test | nil, err
static int l_run(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct mx_slice filter = mx_slice_opt(L, 2);
    struct test_run *run = lua_newuserdatauv(L, sizeof(*run), 0); // run
    memset(run, 0, sizeof(*run));
    luaL_setmetatable(L, RUN_TYPE);
    run->path = path;
    run->filter = filter;
    struct mx_error err;
    if (start(L, run, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_State *inner = run->script->state.L;
    lua_pushcfunction(inner, l_run_file);
    lua_pushlightuserdata(inner, run);
    if (mx_script_call(inner, 1, 0, NULL, &err) < 0 ||
        mx_value_decode(L, mx_buf_slice(&run->results), &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_insert(L, -2);               // results run
    luaL_callmeta(L, -1, "__close"); // now, not when the collector comes round
    lua_settop(L, -3);               // … results
    return 1;
}

static const luaL_Reg run_meta[] = {
    {"__close", l_free},
    {"__gc", l_free},
    {NULL, NULL},
};

static const luaL_Reg test_module[] = {
    {"run", l_run},
    {NULL, NULL},
};

int mx_luaopen_test(lua_State *L) {
    luaL_newmetatable(L, RUN_TYPE);
    luaL_setfuncs(L, run_meta, 0);
    lua_pop(L, 1);
    luaL_newlib(L, test_module);
    return 1;
}

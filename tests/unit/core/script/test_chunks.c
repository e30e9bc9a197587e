// Compiled Lua that threads share: what is kept runs in another state as if compiled there.
#include "script_fixture.h"

#include <pthread.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/ahead.h"
#include "script/state.h"

static lua_State *state_open(void) {
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_openlibs(L);
    return L;
}

static void keep(mx_chunks *chunks, const char *key, const char *source) {
    lua_State *L = state_open();
    assert_int_equal(luaL_loadbufferx(L, source, strlen(source), "@lua/a.lua", "t"), LUA_OK);
    mx_chunks_keep(chunks, L, mx_slice_of(key));
    assert_int_equal(lua_gettop(L), 1);
    lua_close(L);
}

static void what_is_kept_runs_elsewhere(void **state) {
    (void)state;
    mx_chunks *chunks = mx_chunks_create();
    keep(chunks, "a", "x = ... return x + 1");
    lua_State *L = state_open();
    assert_false(mx_chunks_load(chunks, L, MX_SLICE("b")));
    assert_false(mx_chunks_load(NULL, L, MX_SLICE("a")));
    assert_int_equal(lua_gettop(L), 0);
    assert_true(mx_chunks_load(chunks, L, MX_SLICE("a")));
    lua_pushinteger(L, 41);
    lua_call(L, 1, 1);
    assert_int_equal(lua_tointeger(L, -1), 42);
    lua_getglobal(L, "x"); // it has the globals of this state
    assert_int_equal(lua_tointeger(L, -1), 41);
    lua_close(L);
    mx_chunks_destroy(chunks);
}

static void an_error_is_named_by_file_and_line(void **state) {
    (void)state;
    mx_chunks *chunks = mx_chunks_create();
    keep(chunks, "a", "\n\nerror('no')");
    lua_State *L = state_open();
    assert_true(mx_chunks_load(chunks, L, MX_SLICE("a")));
    assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRRUN);
    assert_string_equal(lua_tostring(L, -1), "lua/a.lua:3: no");
    lua_close(L);
    mx_chunks_destroy(chunks);
}

static void the_first_one_stays(void **state) {
    (void)state;
    mx_chunks *chunks = mx_chunks_create();
    keep(chunks, "a", "return 1");
    keep(chunks, "a", "return 2");
    lua_State *L = state_open();
    assert_true(mx_chunks_load(chunks, L, MX_SLICE("a")));
    lua_call(L, 0, 1);
    assert_int_equal(lua_tointeger(L, -1), 1);
    lua_close(L);
    mx_chunks_destroy(chunks);
}

static void *keep_many(void *ctx) {
    for (int i = 0; i < 500; i++) {
        char key[16];
        char source[32];
        snprintf(key, sizeof(key), "m%d", i);
        snprintf(source, sizeof(source), "return %d", i);
        keep(ctx, key, source);
    }
    return NULL;
}

static void threads_may_keep_and_load_at_once(void **state) {
    (void)state;
    mx_chunks *chunks = mx_chunks_create();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, keep_many, chunks), 0);
    }
    lua_State *L = state_open();
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof(key), "m%d", i);
        while (!mx_chunks_load(chunks, L, mx_slice_of(key))) {
        }
        lua_call(L, 0, 1);
        assert_int_equal(lua_tointeger(L, -1), i);
        lua_settop(L, 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    lua_close(L);
    mx_chunks_destroy(chunks);
}

// Waits until `key` is kept, or a long time.
static bool wait_for(mx_chunks *chunks, const char *key) {
    static const struct timespec moment = {0, 1000000};
    for (int i = 0; i < 5000 && !mx_chunks_has(chunks, mx_slice_of(key)); i++) {
        nanosleep(&moment, NULL);
    }
    return mx_chunks_has(chunks, mx_slice_of(key));
}

static void make_dir(const struct script_fixture *f, const char *name) {
    struct mx_error err;
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", f->share, name);
    assert_int_equal(mx_dir_make(path, 0700, &err), MX_OK);
}

static void files_are_compiled_ahead_by_the_name_that_requires_them(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    make_dir(f, "lua/cli");
    make_dir(f, "lua/web/pages");
    fixture_write(f, "lua/cli/tool.lua", "return 0");
    fixture_write(f, "lua/web/broken.lua", "return return");
    fixture_write(f, "lua/web/init.lua", "return 'init'");
    fixture_write(f, "lua/web/pages.lua", "return 'file'");
    fixture_write(f, "lua/web/pages/init.lua", "return 'comes second'");
    fixture_write(f, "lua/web/pages/cart.lua", "return 'cart'");
    fixture_write(f, "lua/a.lua", "return 'last of all'");
    mx_chunks *chunks = mx_chunks_create();
    mx_ahead *ahead = mx_ahead_start(f->share, chunks);
    assert_non_null(ahead);
    assert_true(wait_for(chunks, "a"));
    mx_ahead_stop(ahead);
    assert_true(mx_chunks_has(chunks, MX_SLICE("web.pages.cart")));
    assert_true(mx_chunks_has(chunks, MX_SLICE("web")));
    assert_false(mx_chunks_has(chunks, MX_SLICE("cli.tool")));
    assert_false(mx_chunks_has(chunks, MX_SLICE("web.broken")));
    lua_State *L = state_open();
    assert_true(mx_chunks_load(chunks, L, MX_SLICE("web.pages")));
    lua_call(L, 0, 1);
    assert_string_equal(lua_tostring(L, -1), "file");
    lua_close(L);
    mx_chunks_destroy(chunks);
    fixture_destroy(f);
}

static void a_script_requires_what_another_compiled(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_chunks *chunks = mx_chunks_create();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .chunks = chunks};
    struct mx_error err;
    fixture_write(f, "lua/boot.lua", "return { tick = require('lib') }");
    fixture_write(f, "lua/lib.lua", "return function() return 7 end");
    assert_int_equal(fixture_start(f, options, &err), MX_OK);
    assert_true(mx_chunks_has(chunks, MX_SLICE("lib")));
    mx_script_destroy(f->script);
    f->script = NULL;
    fixture_write(
        f, "lua/lib.lua", "return function() return 8 end"); // trusted Lua changes by restart
    assert_int_equal(fixture_start(f, options, &err), MX_OK);
    fixture_tick(f, 0);
    assert_int_equal(f->result.integer, 7);
    fixture_destroy(f);
    mx_chunks_destroy(chunks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_requires_what_another_compiled),
        cmocka_unit_test(an_error_is_named_by_file_and_line),
        cmocka_unit_test(files_are_compiled_ahead_by_the_name_that_requires_them),
        cmocka_unit_test(the_first_one_stays),
        cmocka_unit_test(threads_may_keep_and_load_at_once),
        cmocka_unit_test(what_is_kept_runs_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// The host: booting, commands, limits, and the watchdog that ends what runs too long.
#include "script_fixture.h"

#include <pthread.h>
#include <time.h>

#include "script/state.h"

static const struct mx_arg nothing = {.kind = MX_ARG_NIL};

static struct mx_command command_of(const char *name, struct mx_slice args) {
    return (struct mx_command){.name = mx_slice_of(name), .args = args, .now_ms = 1000};
}

static const struct mx_slice empty_table = {"\x07\x00\x0a", 3}; // encoded {}

// The text in encoded bytes, NULL when it is not there.
static const char *find_text(const mx_buf *buf, const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= buf->len; i++) {
        if (memcmp(buf->ptr + i, text, len) == 0) {
            return buf->ptr + i;
        }
    }
    return NULL;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct script_fixture *create_watched(void) {
    struct script_fixture *f = fixture_create();
    struct mx_error err;
    assert_int_equal(mx_watchdog_start(&f->watchdog, &err), MX_OK);
    return f;
}

static void boot_with(
    struct script_fixture *f, struct mx_script_options options, const char *boot) {
    struct mx_error err;
    fixture_write(f, "lua/boot.lua", boot);
    if (fixture_start(f, options, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void a_mistake_in_boot_is_named_by_line(void **state) {
    (void)state;
    static const struct {
        const char *boot;
        const char *told;
    } cases[] = {
        {"return {", "lua/boot.lua:1:"},
        {"\nerror('no plugins folder')", "lua/boot.lua:2: no plugins folder"},
        {"return 7", "must return a table"},
        {"return { request = 7 }", "'request' must be a function"},
        {"require('kernel.nothing')", "module 'kernel.nothing' not found"},
        {"require('../etc/passwd')", "not the name of a module"},
        {"\x1bLua", "attempt to load a binary chunk"},
        {"load(string.dump(function() end))()", "attempt to call a nil value"},
        {"io.open('x')", "io"},
        {"os.exit(1)", "exit"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct script_fixture *f = fixture_create();
        struct mx_script_options options = {.role = MX_ROLE_WORKER};
        struct mx_error err;
        fixture_write(f, "lua/boot.lua", cases[i].boot);
        assert_true(fixture_start(f, options, &err) < 0);
        if (!strstr(err.text, cases[i].told)) {
            fail_msg("expected \"%s\" in \"%s\"", cases[i].told, err.text);
        }
        fixture_destroy(f);
    }
}

static void modules_are_found_once_and_circles_named(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_write(f, "lua/one.lua", "count = (count or 0) + 1 return { count = count }");
    fixture_write(f, "lua/circle.lua", "return require('circle')");
    fixture_boot(f, "local one = require('one')\n"
                    "local ok, err = pcall(require, 'circle')\n"
                    "assert(not ok and err:find('requires itself'), err)\n"
                    "return { tick = function() return require('one').count + (require('one') == "
                    "one and 0 or 9) end }");
    fixture_tick(f, 0);
    assert_int_equal(f->result.integer, 1);
    fixture_destroy(f);
}

static void a_command_returns_its_result(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "return { command = function(name, args, meta)\n"
                    "  if name == 'fail' then return nil, { code = 'stock.short', message = 'only "
                    "2 left' } end\n"
                    "  if name == 'raise' then error('a bug') end\n"
                    "  if name == 'odd' then return nil end\n"
                    "  return { now = meta.now, seed = #meta.seed, key = meta.key }\n"
                    "end }");
    mx_buf out = {0};
    bool is_ok = false;
    struct mx_error err;
    struct mx_command command = command_of("x", empty_table);
    assert_int_equal(mx_script_command(f->script, &command, &out, &is_ok, &err), MX_OK);
    assert_true(is_ok);
    assert_true(out.len > 0);

    mx_buf_clear(&out);
    command = command_of("fail", empty_table);
    assert_int_equal(mx_script_command(f->script, &command, &out, &is_ok, &err), MX_OK);
    assert_false(is_ok);
    assert_non_null(find_text(&out, "stock.short"));

    static const char *const bugs[] = {"raise", "odd"};
    for (size_t i = 0; i < 2; i++) {
        mx_buf_clear(&out);
        command = command_of(bugs[i], empty_table);
        assert_int_equal(mx_script_command(f->script, &command, &out, &is_ok, &err), MX_E_SYSTEM);
        assert_false(is_ok);
        assert_non_null(find_text(&out, "see the log"));
        assert_null(find_text(&out, "a bug")); // the caller is not told how
    }
    mx_buf_deinit(&out);
    fixture_destroy(f);
}

static void a_command_without_end_is_stopped(void **state) {
    (void)state;
    struct script_fixture *f = create_watched();
    struct mx_script_options options = {.role = MX_ROLE_WRITER, .command_ms = 50};
    boot_with(f, options,
        "return { command = function(name)\n"
        "  if name == 'spin' then while true do pcall(function() while true do end end) end end\n"
        "  return {}\n"
        "end }");
    mx_buf out = {0};
    bool is_ok = true;
    struct mx_error err;
    for (int i = 0; i < 3; i++) {
        struct mx_command spin = command_of("spin", empty_table);
        double started = seconds();
        assert_int_equal(mx_script_command(f->script, &spin, &out, &is_ok, &err), MX_E_LIMIT);
        assert_true(seconds() - started < 2.0); // 60 ms when the machine is quiet
        assert_false(is_ok);
        struct mx_command fine = command_of("fine", empty_table);
        assert_int_equal(mx_script_command(f->script, &fine, &out, &is_ok, &err), MX_OK);
        assert_true(is_ok);
    }
    mx_buf_deinit(&out);
    fixture_destroy(f);
}

static void a_slice_without_end_is_stopped_and_others_go_on(void **state) {
    (void)state;
    struct script_fixture *f = create_watched();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .slice_ms = 50};
    boot_with(f, options,
        "local task = require('native.task')\n"
        "return { tick = function(n)\n"
        "  if n > 0 then task.sleep(1) return n end\n"
        "  task.sleep(1)\n"
        "  while true do end\n"
        "end }");
    fixture_tick(f, 0);
    fixture_tick(f, 3);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_E_LIMIT);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_OK);
    assert_int_equal(f->result.integer, 3);
    fixture_destroy(f);
}

static void time_spent_waiting_is_not_counted(void **state) {
    (void)state;
    struct script_fixture *f = create_watched();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .slice_ms = 40};
    boot_with(f, options,
        "local task = require('native.task')\n"
        "return { tick = function() task.sleep(1) local x = 0 for i = 1, 1000 do x = x + i end "
        "return x end }");
    fixture_tick(f, 0);
    struct timespec pause = {0, 120 * 1000 * 1000};
    nanosleep(&pause, NULL);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_OK);
    fixture_destroy(f);
}

static void a_plugin_past_its_time_does_not_end_its_caller(void **state) {
    (void)state;
    struct script_fixture *f = create_watched();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .slice_ms = 5000};
    boot_with(f, options,
        "local native = require('native.plugin')\n"
        "local p = native.open{ id = 'a.b', modules = { m = 'return { f = function() while true do "
        "end end }' } }\n"
        "return { tick = function()\n"
        "  local ok, err = p:call('view', 'm:f', { ms = 30 })\n"
        "  local x = 0 for i = 1, 100000 do x = x + i end\n"
        "  return err.code == 'budget' and 1 or 0\n"
        "end }");
    fixture_tick(f, 0);
    assert_int_equal(f->result.code, MX_OK);
    assert_int_equal(f->result.integer, 1);
    fixture_destroy(f);
}

static void a_slice_past_its_time_ends_inside_a_plugin_and_behind_it(void **state) {
    (void)state;
    struct script_fixture *f = create_watched();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .slice_ms = 50};
    boot_with(f, options,
        "local native = require('native.plugin')\n"
        "local p = native.open{ id = 'a.b', modules = { m = 'return { f = function() while true do "
        "end end }' } }\n"
        "return { tick = function() while true do p:call('view', 'm:f', { ms = 60000 }) end end }");
    double started = seconds();
    fixture_tick(f, 0);
    assert_int_equal(f->result.code, MX_E_LIMIT);
    assert_true(seconds() - started < 3.0);
    fixture_destroy(f);
}

static void a_greedy_task_fails_alone(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .memory_limit = 8 << 20};
    boot_with(f, options,
        "return { tick = function(n)\n"
        "  if n == 0 then local t = {} for i = 1, 1e9 do t[i] = { i } end end\n"
        "  return n\n"
        "end }");
    for (int i = 0; i < 5; i++) {
        fixture_tick(f, 0);
        assert_int_equal(f->result.code, MX_E_LIMIT);
        fixture_tick(f, 4);
        assert_int_equal(f->result.code, MX_OK);
    }
    fixture_destroy(f);
}

// The limit counts what Lua asks for, to the byte, whatever the allocator takes for it.
static void a_limit_is_exact(void **state) {
    (void)state;
    struct mx_state own = {.limit = 1 << 20};
    struct mx_error err;
    assert_int_equal(mx_state_open(&own, &err), MX_OK);
    void *ud;
    lua_Alloc resize = lua_getallocf(own.L, &ud);
    size_t before = own.used;
    own.limit = before + 1000;
    char *block = resize(ud, NULL, LUA_TUSERDATA, 999); // without a block the size is a type
    assert_non_null(block);
    assert_null(resize(ud, NULL, LUA_TUSERDATA, 2));
    assert_null(resize(ud, block, 999, 1001));
    assert_int_equal(own.used, before + 999);
    block = resize(ud, block, 999, 1000);
    assert_non_null(block);
    assert_int_equal(own.used, own.limit);
    own.limit = 10; // a state over its limit may still give back, and shrink
    block = resize(ud, block, 1000, 40);
    assert_non_null(block);
    assert_null(resize(ud, block, 40, 41));
    assert_null(resize(ud, block, 40, 0));
    assert_int_equal(own.used, before);
    own.limit = 1 << 20;
    mx_state_close(&own);
    assert_int_equal(own.used, 0);
    assert_int_equal(own.slabs.held, 0);
}

// Lua collects before it gives up: garbage never counts against a limit.
static void garbage_is_collected_before_a_limit_is_met(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    struct mx_script_options options = {.role = MX_ROLE_WORKER, .memory_limit = 8 << 20};
    boot_with(f, options,
        "return { tick = function(n)\n"
        "  collectgarbage('stop')\n"
        "  for i = 1, 50 do local t = { ('x'):rep(3 << 18), i, {} } end\n"
        "  collectgarbage('restart')\n"
        "  return n\n"
        "end }");
    fixture_tick(f, 4);
    assert_int_equal(f->result.code, MX_OK);
    fixture_destroy(f);
}

static void a_tool_runs_with_its_arguments(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    struct mx_script_options options = {.role = MX_ROLE_TOOL, .share = f->share};
    struct mx_error err;
    char path[128];
    snprintf(path, sizeof(path), "%s/lua/cli", f->share);
    assert_int_equal(mx_dir_make(path, 0700, &err), MX_OK);
    fixture_write(f, "lua/cli/count.lua", "return { run = function(args) return #args end }");
    assert_int_equal(mx_script_create(&options, &f->script, &err), MX_OK);
    char words[] = "abc";
    char *argv[] = {words, words + 1, words + 2, NULL};
    int exit_code = -1;
    assert_int_equal(mx_script_tool(f->script, "count", 3, argv, &exit_code, &err), MX_OK);
    assert_int_equal(exit_code, 3);
    assert_int_equal(mx_script_tool(f->script, "../boot", 0, argv, &exit_code, &err), MX_E_MISSING);
    assert_int_equal(mx_script_tool(f->script, "none", 0, argv, &exit_code, &err), MX_E_MISSING);
    fixture_destroy(f);
}

static void metrics_are_appended(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "return { metrics = function() return 'merx_x 1\\n' end }");
    mx_buf out = {0};
    struct mx_error err;
    assert_int_equal(mx_script_metrics(f->script, &out, &err), MX_OK);
    assert_string_equal(mx_buf_text(&out), "merx_x 1\n");
    mx_buf_deinit(&out);
    fixture_destroy(f);
}

static void what_it_is_told_reaches_native_thread(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    struct mx_pair pairs[] = {{MX_SLICE("safe"), MX_SLICE("true")}};
    struct mx_script_options options = {
        .role = MX_ROLE_WORKER, .index = 3, .version = "1.2", .options = pairs, .option_count = 1};
    boot_with(f, options,
        "local t = require('native.thread')\n"
        "assert(t.role == 'worker' and t.index == 3 and t.version == '1.2')\n"
        "assert(t.options.safe == 'true' and t.remote == false and t.data == nil)\n"
        "return {}");
    fixture_destroy(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_returns_its_result),
        cmocka_unit_test(a_command_without_end_is_stopped),
        cmocka_unit_test(a_greedy_task_fails_alone),
        cmocka_unit_test(a_limit_is_exact),
        cmocka_unit_test(a_mistake_in_boot_is_named_by_line),
        cmocka_unit_test(a_plugin_past_its_time_does_not_end_its_caller),
        cmocka_unit_test(a_slice_past_its_time_ends_inside_a_plugin_and_behind_it),
        cmocka_unit_test(a_slice_without_end_is_stopped_and_others_go_on),
        cmocka_unit_test(a_tool_runs_with_its_arguments),
        cmocka_unit_test(garbage_is_collected_before_a_limit_is_met),
        cmocka_unit_test(metrics_are_appended),
        cmocka_unit_test(modules_are_found_once_and_circles_named),
        cmocka_unit_test(time_spent_waiting_is_not_counted),
        cmocka_unit_test(what_it_is_told_reaches_native_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

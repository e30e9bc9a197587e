// Effects: plugin code that waits for its host, inside a task that waits for the server.
#include <time.h>

#include "script_fixture.h"

static const struct mx_arg nothing = {.kind = MX_ARG_NIL};

// Boots a worker whose `tick` calls the handler m:f of a plugin as an effect; its host sleeps.
static struct script_fixture *create(const char *handler, const char *tick) {
    struct script_fixture *f = fixture_create();
    char boot[4096];
    fixture_write(f, "lua/prelude.lua",
        "local host = require('native.host')\n"
        "return { get = function(...) return host.call('get', ...) end }");
    snprintf(boot, sizeof(boot),
        "local native, task = require('native.plugin'), require('native.task')\n"
        "plugin = native.open{ id = 'a.b', prelude = { 'prelude.lua' },\n"
        "  modules = { m = [[return { f = function(...) %s end }]] },\n"
        "  host = function(kind, name, ms)\n"
        "    if ms == 0 then error('host bug') end\n"
        "    task.sleep(ms) return { kind = kind, ms = ms }\n"
        "  end }\n"
        "return { tick = function(n) %s end }",
        handler, tick);
    fixture_boot(f, boot);
    return f;
}

static const char *const call_it =
    "local ok, a, b = plugin:call('effect', 'm:f', { ms = 200 }, n) "
    "if not ok then return a.code == 'budget' and -2 or -1 end return a";

static void an_effect_waits_without_holding_the_thread(void **state) {
    (void)state;
    struct script_fixture *f =
        create("local n = ... return prelude.get(n).ms + prelude.get(7).ms", call_it);
    fixture_tick(f, 5);
    assert_int_equal(f->last_ms, 5);
    fixture_tick(f, 6); // another one, while the first waits
    assert_int_equal(f->last_ms, 6);
    fixture_answer(f, &nothing);
    assert_int_equal(f->last_ms, 7);
    fixture_answer(f, &nothing);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.integer, 12);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.integer, 13);
    assert_int_equal(f->done, 2);
    fixture_destroy(f);
}

static void waiting_is_no_time_of_the_plugin_but_keeps_it_busy(void **state) {
    (void)state;
    struct script_fixture *f =
        create("prelude.get(5)", "if n == 1 then return plugin:stats().ns end "
                                 "if n == 2 then return plugin:is_busy() and 1 or 0 end "
                                 "plugin:call('effect', 'm:f', { ms = 200 })");
    const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
    fixture_tick(f, 0);
    nanosleep(&pause, NULL);
    fixture_tick(f, 2);
    assert_int_equal(f->result.integer, 1);
    fixture_answer(f, &nothing);
    fixture_tick(f, 1);
    assert_in_range(f->result.integer, 1, 190 * 1000 * 1000);
    fixture_tick(f, 2);
    assert_int_equal(f->result.integer, 0);
    fixture_destroy(f);
}

static void pcall_around_a_host_call_still_waits(void **state) {
    (void)state;
    struct script_fixture *f = create("local ok, r = pcall(prelude.get, 5) "
                                      "local ok2, r2 = xpcall(prelude.get, function() end, 6) "
                                      "return ok and ok2 and r.ms + r2.ms",
        call_it);
    fixture_tick(f, 0);
    fixture_answer(f, &nothing);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_OK);
    assert_int_equal(f->result.integer, 11);
    fixture_destroy(f);
}

static void an_error_behind_a_wait_is_caught_by_the_plugin(void **state) {
    (void)state;
    struct script_fixture *f = create("local ok, e = pcall(function() prelude.get(5) error('x', 0) "
                                      "end) return not ok and e == 'x' and 3",
        call_it);
    fixture_tick(f, 0);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.integer, 3);
    fixture_destroy(f);
}

static void a_loop_behind_a_wait_is_stopped(void **state) {
    (void)state;
    struct script_fixture *f =
        create("prelude.get(5) while true do pcall(function() while true do end end) end", call_it);
    fixture_tick(f, 0);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_OK); // the task goes on, the effect has failed
    assert_int_equal(f->result.integer, -2);
    fixture_destroy(f);
}

static void a_host_that_raises_is_a_bug_of_the_host(void **state) {
    (void)state;
    struct script_fixture *f = create("return prelude.get(0)", call_it);
    fixture_tick(f, 0);
    assert_int_equal(f->result.code, MX_E_SYSTEM);
    assert_non_null(strstr(f->result.err.text, "host bug"));
    fixture_destroy(f);
}

static void a_cancelled_effect_is_dropped(void **state) {
    (void)state;
    struct script_fixture *f =
        create("pcall(prelude.get, 5) while true do pcall(prelude.get, 5) end", call_it);
    for (int i = 0; i < 10; i++) {
        mx_task_cancel(fixture_tick(f, 0));
        fixture_answer(f, &nothing);
    }
    assert_int_equal(f->done, 0);
    fixture_destroy(f);
}

static void a_plugin_closed_while_its_effect_waits_fails_the_effect(void **state) {
    (void)state;
    struct script_fixture *f = create("return prelude.get(5).ms",
        "if n == 9 then plugin:close() return 9 end "
        "local ok, err = plugin:call('effect', 'm:f', nil) "
        "return not ok and err.message:find('closed') and 1 or 0");
    fixture_tick(f, 0);
    fixture_tick(f, 9);
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_OK);
    assert_int_equal(f->result.integer, 1);
    fixture_destroy(f);
}

static void an_effect_outside_a_task_cannot_wait(void **state) {
    (void)state;
    struct mx_error err;
    struct script_fixture *f = create("return prelude.get(5)",
        "return 0 end, reload = function() plugin:call('effect', 'm:f', nil)");
    assert_int_equal(mx_script_reload(f->script, &err), MX_E_SYSTEM);
    assert_non_null(strstr(err.text, "inside a task"));
    fixture_destroy(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_effect_is_dropped),
        cmocka_unit_test(a_host_that_raises_is_a_bug_of_the_host),
        cmocka_unit_test(a_loop_behind_a_wait_is_stopped),
        cmocka_unit_test(a_plugin_closed_while_its_effect_waits_fails_the_effect),
        cmocka_unit_test(an_effect_outside_a_task_cannot_wait),
        cmocka_unit_test(an_effect_waits_without_holding_the_thread),
        cmocka_unit_test(an_error_behind_a_wait_is_caught_by_the_plugin),
        cmocka_unit_test(waiting_is_no_time_of_the_plugin_but_keeps_it_busy),
        cmocka_unit_test(pcall_around_a_host_call_still_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

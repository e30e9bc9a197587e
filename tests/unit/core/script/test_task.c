// Tasks: what waits, what is answered, what is dropped.
#include "script_fixture.h"

static const struct mx_arg nothing = {.kind = MX_ARG_NIL};

static void a_task_that_does_not_wait_ends_at_once(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "return { tick = function(now) return now + 1 end }");
    assert_null(fixture_tick(f, 41));
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result.code, MX_OK);
    assert_int_equal(f->result.integer, 42);
    fixture_destroy(f);
}

static void a_task_waits_for_its_timer(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function() task.sleep(20) return 7 end }");
    mx_task *task = fixture_tick(f, 0);
    assert_non_null(task);
    assert_int_equal(f->last_ms, 20);
    assert_int_equal(f->done, 0);
    fixture_answer(f, &nothing);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result.integer, 7);
    fixture_destroy(f);
}

static void a_command_travels_encoded_and_its_result_comes_back(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function()\n"
                    "  local result, err = task.command('cart.add', { qty = 2 }, { key = 'k' })\n"
                    "  return result and result.qty or -1\n"
                    "end }");
    fixture_tick(f, 0);
    assert_string_equal(f->last_name, "cart.add");
    // { ok = { qty = 2 } } around what was sent.
    mx_buf answer = {0};
    mx_buf_append(&answer, "\x07\x00\x05\x02ok", 6);
    mx_buf_append_slice(&answer, mx_buf_slice(&f->last_args));
    mx_buf_append(&answer, "\x0a", 1);
    struct mx_arg arg = {.kind = MX_ARG_VALUE, .bytes = mx_buf_slice(&answer)};
    fixture_answer(f, &arg);
    mx_buf_deinit(&answer);
    assert_int_equal(f->result.integer, 2);
    fixture_destroy(f);
}

static void a_failed_command_is_nil_and_the_error(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function()\n"
                    "  local result, err = task.command('x', {})\n"
                    "  return result == nil and err.code == 'busy' and 1 or 0\n"
                    "end }");
    struct mx_error err;
    mx_fail(&err, MX_E_BUSY, "later");
    struct mx_arg failure = {.kind = MX_ARG_FAILURE, .error = &err};
    fixture_tick(f, 0);
    fixture_answer(f, &failure);
    assert_int_equal(f->result.integer, 1);

    mx_buf encoded = {0};
    mx_script_encode_failure(&encoded, &err);
    struct mx_arg value = {.kind = MX_ARG_VALUE, .bytes = mx_buf_slice(&encoded)};
    fixture_tick(f, 0);
    fixture_answer(f, &value);
    mx_buf_deinit(&encoded);
    assert_int_equal(f->result.integer, 1);

    f->refuses = true; // the queue is full: no wait at all
    assert_null(fixture_tick(f, 0));
    assert_int_equal(f->result.integer, 1);
    assert_int_equal(f->done, 3);
    fixture_destroy(f);
}

static void an_error_ends_the_task_and_its_coroutine_is_not_used_again(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function(n)\n"
                    "  if n == 1 then task.sleep(1) error('boom') end\n"
                    "  return n\n"
                    "end }");
    mx_log_configure(MX_LOG_ERROR, MX_LOG_HUMAN);
    for (int i = 0; i < 20; i++) {
        fixture_tick(f, 1);
        fixture_answer(f, &nothing);
        assert_int_equal(f->result.code, MX_E_SYSTEM);
        assert_non_null(strstr(f->result.err.text, "boom"));
        fixture_tick(f, 5);
        assert_int_equal(f->result.integer, 5);
    }
    struct mx_script_stats stats;
    mx_script_stats_get(f->script, &stats);
    assert_int_equal(stats.tasks, 0);
    assert_int_equal(stats.failures, 20);
    fixture_destroy(f);
}

static void a_cancelled_task_never_runs_again(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f,
        "local task = require('native.task')\n"
        "return { tick = function()\n"
        "  local guard <close> = setmetatable({}, { __close = function() while true do end end })\n"
        "  task.sleep(1)\n"
        "  error('ran on')\n"
        "end }");
    mx_task *task = fixture_tick(f, 0);
    mx_task_cancel(task);
    mx_task_cancel(NULL);
    fixture_answer(f, &nothing); // the outstanding answer only ends the wait
    assert_int_equal(f->done, 0);
    struct mx_script_stats stats;
    mx_script_stats_get(f->script, &stats);
    assert_int_equal(stats.tasks, 0);
    fixture_destroy(f);
}

static void tasks_that_wait_are_dropped_with_the_script(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function() task.sleep(1) end }");
    for (int i = 0; i < 5; i++) {
        fixture_tick(f, 0);
    }
    f->waiting_count = 0;
    fixture_destroy(f);
}

static void many_tasks_wait_at_once_and_are_answered_in_any_order(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function(n) task.sleep(n) task.sleep(n) return n end }");
    for (int i = 0; i < 8; i++) {
        fixture_tick(f, i);
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 7; i >= 0; i--) { // the last first
            mx_task *task = f->waiting[i];
            memmove(f->waiting + i, f->waiting + i + 1,
                (f->waiting_count - (size_t)i - 1) * sizeof(f->waiting[0]));
            f->waiting_count--;
            mx_task_resume(task, &nothing);
        }
    }
    assert_int_equal(f->done, 8);
    assert_int_equal(f->waiting_count, 0);
    fixture_destroy(f);
}

static void a_bare_yield_is_an_error(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    f->services.exchange_ops = NULL;
    struct mx_script_options options = {.role = MX_ROLE_TOOL}; // tools have coroutines
    struct mx_error err;
    fixture_write(f, "lua/boot.lua", "return { tick = function() coroutine.yield(1) end }");
    assert_int_equal(fixture_start(f, options, &err), MX_OK);
    assert_null(fixture_tick(f, 0));
    assert_int_equal(f->result.code, MX_E_SYSTEM);
    assert_non_null(strstr(f->result.err.text, "native function"));
    fixture_destroy(f);
}

static void waiting_outside_a_task_is_an_error(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f,
        "local task = require('native.task')\n"
        "return { tick = function()\n"
        "  local ok, err = pcall(table.sort, { 2, 1, 3 }, function() task.sleep(1) end)\n"
        "  return not ok and err:find('inside a task') and 1 or 0\n"
        "end, reload = function() task.sleep(1) end }");
    fixture_tick(f, 0);
    assert_int_equal(f->result.integer, 1);
    assert_int_equal(f->waiting_count, 0);
    struct mx_error err;
    assert_int_equal(mx_script_reload(f->script, &err), MX_E_SYSTEM);
    assert_non_null(strstr(err.text, "inside a task"));
    fixture_destroy(f);
}

static void a_spawned_task_runs_when_the_slice_ends(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "local order = {}\n"
                    "return { tick = function(n)\n"
                    "  if n == 1 then return #order == 3 and order[1] == 'outer' and order[3] == "
                    "'c' and 1 or 0 end\n"
                    "  task.spawn(function(x) order[#order + 1] = x task.spawn(function() "
                    "order[#order + 1] = 'c' end) end, 'b')\n"
                    "  order[#order + 1] = 'outer'\n"
                    "end }");
    fixture_tick(f, 0);
    fixture_tick(f, 1);
    assert_int_equal(f->result.integer, 1);
    struct mx_script_stats stats;
    mx_script_stats_get(f->script, &stats);
    assert_int_equal(stats.tasks, 0);
    fixture_destroy(f);
}

static void work_runs_on_the_pool_and_its_bytes_come_back(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f,
        "local task, thread = require('native.task'), require('native.thread')\n"
        "return { tick = function()\n"
        "  local bytes, err = task.offload('read_file', thread.share .. '/lua/boot.lua')\n"
        "  return bytes and #bytes or -1\n"
        "end }");
    fixture_tick(f, 0);
    mx_buf out = {0};
    struct mx_error err;
    assert_int_equal(f->last_work->run(f->last_work, &out, &err), MX_OK);
    f->last_work->destroy(f->last_work);
    f->last_work = NULL;
    struct mx_arg answer = {.kind = MX_ARG_BYTES, .bytes = mx_buf_slice(&out)};
    int64_t len = (int64_t)out.len;
    fixture_answer(f, &answer);
    mx_buf_deinit(&out);
    assert_true(f->result.integer == len);
    fixture_destroy(f);
}

static void the_pinned_generation_travels_with_commands(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "local task = require('native.task')\n"
                    "return { tick = function() task.pin(9) task.sleep(1) end }");
    mx_task *task = fixture_tick(f, 0);
    assert_int_equal(mx_task_generation(task), 9);
    fixture_answer(f, &nothing);
    fixture_destroy(f);
}

static void a_missing_entry_is_told(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    fixture_boot(f, "return {}");
    assert_null(fixture_tick(f, 0));
    assert_int_equal(f->result.code, MX_E_MISSING);
    assert_non_null(strstr(f->result.err.text, "tick"));
    fixture_destroy(f);
}

static void scopes_collect_what_was_read(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    f->seq = 5;
    fixture_boot(f, "local cache, task = require('native.cache'), require('native.task')\n"
                    "return { tick = function(n)\n"
                    "  if n == 1 then return #cache.get('k') end\n"
                    "  cache.open()\n"
                    "  cache.read('product:1') cache.read('product:1')\n"
                    "  cache.open() cache.read('product:2') cache['until'](99) cache.close()\n"
                    "  task.sleep(1)\n"
                    "  cache.close('k', 'bytes')\n"
                    "  assert(not pcall(cache.close), 'the scope of the task itself stays open')\n"
                    "end }");
    fixture_tick(f, 0);
    f->seq = 6; // commits meanwhile: what was read before the wait may be stale
    fixture_answer(f, &nothing);
    assert_int_equal(f->result.code, MX_OK);
    assert_int_equal(f->cached_deps.count, 2);
    assert_int_equal(f->cached_deps.seq, 5);
    assert_int_equal(f->cached_deps.until_ms, 99);
    assert_true(f->cached_tags[0] == mx_slice_hash(MX_SLICE("product:1")));
    assert_true(f->cached_tags[1] == mx_slice_hash(MX_SLICE("product:2")));
    fixture_tick(f, 1);
    assert_int_equal(f->result.integer, 5);
    fixture_destroy(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_yield_is_an_error),
        cmocka_unit_test(a_cancelled_task_never_runs_again),
        cmocka_unit_test(a_command_travels_encoded_and_its_result_comes_back),
        cmocka_unit_test(a_failed_command_is_nil_and_the_error),
        cmocka_unit_test(a_missing_entry_is_told),
        cmocka_unit_test(a_spawned_task_runs_when_the_slice_ends),
        cmocka_unit_test(a_task_that_does_not_wait_ends_at_once),
        cmocka_unit_test(a_task_waits_for_its_timer),
        cmocka_unit_test(an_error_ends_the_task_and_its_coroutine_is_not_used_again),
        cmocka_unit_test(many_tasks_wait_at_once_and_are_answered_in_any_order),
        cmocka_unit_test(scopes_collect_what_was_read),
        cmocka_unit_test(tasks_that_wait_are_dropped_with_the_script),
        cmocka_unit_test(the_pinned_generation_travels_with_commands),
        cmocka_unit_test(waiting_outside_a_task_is_an_error),
        cmocka_unit_test(work_runs_on_the_pool_and_its_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

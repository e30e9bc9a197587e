// native.client: a task waits for the reply, a tool runs its own loop.
#include "script_fixture.h"

#include "http_server.h"
#include "loop/loop.h"
#include "script/outgoing.h"

struct trip {
    struct script_fixture *fixture;
    struct net_server server;
    mx_loop *loop;
    mx_outgoing *outgoing;
};

static void trip_boot(struct trip *trip, enum mx_role role, const char *body, bool is_shared) {
    struct mx_client_options options = {
        .transfer_max = 8, .waiting_max = 1, .allow_private = true, .user_agent = "Merx/test"};
    struct mx_pair pair = {MX_SLICE("client_private"), MX_SLICE("true")};
    struct mx_script_options wanted = {.role = role, .options = &pair, .option_count = 1};
    struct mx_error err;
    mx_buf boot = {0};
    trip->fixture = fixture_create();
    net_init(&trip->server, http_serve);
    net_start(&trip->server);
    if (is_shared) {
        assert_int_equal(mx_loop_create(&trip->loop, &err), MX_OK);
        assert_int_equal(mx_outgoing_open(trip->loop, &options, &trip->outgoing, &err), MX_OK);
        trip->fixture->services.client = mx_outgoing_client(trip->outgoing);
    }
    mx_buf_append_format(&boot,
        "local client, task = require('native.client'), require('native.task')\n"
        "local host = '127.0.0.1:%u'\n"
        "local function get(path, more)\n"
        "  local request = { url = 'http://' .. host .. path,\n"
        "    places = { { host = host, plain = true } } }\n"
        "  for name, value in pairs(more or {}) do request[name] = value end\n"
        "  return client.request(request)\n"
        "end\n"
        "return { tick = function()\n%s\nend }",
        trip->server.port, body);
    fixture_write(trip->fixture, "lua/boot.lua", mx_buf_text(&boot));
    mx_buf_deinit(&boot);
    if (fixture_start(trip->fixture, wanted, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void trip_end(struct trip *trip) {
    fixture_destroy(trip->fixture); // drops the tasks; their replies find nobody
    mx_outgoing_close(trip->outgoing);
    mx_loop_destroy(trip->loop);
    net_stop(&trip->server);
}

// Runs `body` as a tick in the jobs thread's way; what it returns.
static int64_t run_tick(const char *body) {
    struct trip trip = {.loop = NULL};
    trip_boot(&trip, MX_ROLE_JOBS, body, true);
    fixture_tick(trip.fixture, 0);
    while (!trip.fixture->done && mx_loop_turn(trip.loop, true)) {
    }
    assert_int_equal(trip.fixture->done, 1);
    assert_int_equal(trip.fixture->result.code, MX_OK);
    int64_t result = trip.fixture->result.integer;
    trip_end(&trip);
    return result;
}

static void a_task_waits_for_its_reply(void **state) {
    (void)state;
    assert_int_equal(run_tick("local reply = assert(get('/chunked'))\n"
                              "assert(reply.body == 'abcde')\n"
                              "assert(reply.headers['x-twice'] == 'a, b')\n"
                              "assert(math.type(reply.elapsed_ms) == 'integer')\n"
                              "return reply.status"),
        200);
}

static void what_is_sent_comes_from_the_table(void **state) {
    (void)state;
    assert_int_equal(run_tick("local reply = assert(get('/echo', { method = 'PATCH', body = 'b',\n"
                              "  headers = { ['X-A'] = 'one', ['X-B'] = 'two' } }))\n"
                              "assert(reply.body:find('^PATCH /echo HTTP/1.1\\r\\n'))\n"
                              "assert(reply.body:find('\\r\\nX%-A: one\\r\\n'))\n"
                              "assert(reply.body:find('\\r\\nX%-B: two\\r\\n'))\n"
                              "assert(reply.body:find('\\r\\n\\r\\nb$'))\n"
                              "return 1"),
        1);
}

static void a_failure_is_nil_and_the_error(void **state) {
    (void)state;
    assert_int_equal(run_tick("local reply, err = get('/slow/10000', { total_ms = 50 })\n"
                              "assert(reply == nil and err.code == 'busy', err.message)\n"
                              "reply, err = get('/flood', { body_max = 100 })\n"
                              "assert(reply == nil and err.code == 'limit', err.message)\n"
                              "reply, err = get('/broken')\n"
                              "assert(reply == nil and err.code == 'system', err.message)\n"
                              "reply, err = get('/', { places = {} })\n"
                              "assert(reply == nil and err.code == 'invalid', err.message)\n"
                              "return 1"),
        1);
}

static void tasks_wait_side_by_side(void **state) {
    (void)state;
    assert_int_equal(run_tick("local done = 0\n"
                              "local pool = { name = 'p', at_once = 3, per_host = 3 }\n"
                              "for _ = 1, 3 do\n"
                              "  task.spawn(function()\n"
                              "    assert(get('/slow/150', { pool = pool })); done = done + 1\n"
                              "  end)\n"
                              "end\n"
                              "assert(get('/slow/300', { pool = { name = 'q' } }))\n"
                              "return done"),
        3);
}

static void too_many_at_a_time_are_told_to_come_later(void **state) {
    (void)state;
    assert_int_equal(run_tick("local refused = 0\n"
                              "local pool = { at_once = 1 }\n"
                              "for _ = 1, 4 do\n" // one runs, one waits
                              "  task.spawn(function()\n"
                              "    local _, err = get('/slow/50', { pool = pool })\n"
                              "    if err and err.code == 'busy' then refused = refused + 1 end\n"
                              "  end)\n"
                              "end\n"
                              "assert(get('/slow/200', { pool = { name = 'q' } }))\n"
                              "return refused"),
        2);
}

static void a_cancelled_task_does_not_hear_the_reply(void **state) {
    (void)state;
    struct trip trip = {.loop = NULL};
    trip_boot(&trip, MX_ROLE_JOBS, "get('/slow/50') error('ran on')", true);
    mx_task_cancel(fixture_tick(trip.fixture, 0));
    while (trip.server.requests == 0) {
        mx_loop_turn(trip.loop, true);
    }
    struct mx_script_stats stats;
    do {
        mx_loop_turn(trip.loop, false);
        mx_script_stats_get(trip.fixture->script, &stats);
    } while (stats.tasks > 0);
    assert_int_equal(trip.fixture->done, 0);
    trip_end(&trip);
}

static void a_script_may_end_while_a_task_waits(void **state) {
    (void)state;
    struct trip trip = {.loop = NULL};
    trip_boot(&trip, MX_ROLE_JOBS, "get('/slow/10000')", true);
    fixture_tick(trip.fixture, 0);
    mx_loop_turn(trip.loop, true);
    trip_end(&trip);
}

static void a_tool_waits_on_its_own_loop(void **state) {
    (void)state;
    struct trip trip = {.loop = NULL};
    trip_boot(&trip, MX_ROLE_TOOL,
        "local reply = assert(get('/slow/20'))\n"
        "local _, err = get('/broken')\n"
        "assert(err.code == 'system')\n"
        "return reply.status",
        false);
    assert_null(fixture_tick(trip.fixture, 0));
    assert_int_equal(trip.fixture->result.integer, 200);
    trip_end(&trip);
}

static void no_other_thread_has_the_way_out(void **state) {
    (void)state;
    struct trip trip = {.loop = NULL};
    trip_boot(&trip, MX_ROLE_WORKER,
        "local ok, text = pcall(get, '/')\n"
        "assert(not ok and text:find('let a job do it'), text)\n"
        "return 1",
        false);
    assert_null(fixture_tick(trip.fixture, 0));
    assert_int_equal(trip.fixture->result.integer, 1);
    trip_end(&trip);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_waits_for_its_reply),
        cmocka_unit_test(what_is_sent_comes_from_the_table),
        cmocka_unit_test(a_failure_is_nil_and_the_error),
        cmocka_unit_test(tasks_wait_side_by_side),
        cmocka_unit_test(too_many_at_a_time_are_told_to_come_later),
        cmocka_unit_test(a_cancelled_task_does_not_hear_the_reply),
        cmocka_unit_test(a_script_may_end_while_a_task_waits),
        cmocka_unit_test(a_tool_waits_on_its_own_loop),
        cmocka_unit_test(no_other_thread_has_the_way_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

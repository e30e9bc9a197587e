// Requests and their answers: what is sent, what comes back, what is too much.
#include "given.h"

// --- answers ------------------------------------------------------------------------------------

static void an_answer_has_status_fields_and_body(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = given_get(given, "/hello");
    assert_int_equal(outcome.status, 200);
    assert_string_equal(mx_buf_text(&outcome.body), "hello");
    assert_string_equal(mx_buf_text(&outcome.fields), "content-length: 5\n");
    outcome_clear(&outcome);
    outcome = given_get(given, "/none");
    assert_int_equal(outcome.status, 404);
    assert_int_equal(given->server.connections, 1); // kept open between the two
    outcome_clear(&outcome);
    given_close(given);
}

static void chunks_are_joined_and_trailers_and_early_heads_dropped(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = given_get(given, "/chunked");
    assert_int_equal(outcome.status, 200);
    assert_string_equal(mx_buf_text(&outcome.body), "abcde");
    assert_string_equal(mx_buf_text(&outcome.fields),
        "transfer-encoding: chunked\nx-twice: a\nx-twice: b\nx-folded: one two\n");
    outcome_clear(&outcome);
    given_close(given);
}

static void what_is_sent_is_what_was_asked_for(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = {.done = 0};
    struct mx_client_field fields[] = {
        {MX_SLICE("Authorization"), MX_SLICE("Bearer s3cret")},
        {MX_SLICE("Content-Type"), MX_SLICE("application/json")},
        {MX_SLICE("X-Empty"), MX_SLICE("")},
    };
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/echo?a=1&b=%20"));
    request.method = MX_SLICE("PUT");
    request.fields = fields;
    request.field_count = 3;
    request.body = (struct mx_slice){"{\"a\":\0}", 7};
    given_ask(given, &request, &outcome);
    const char *text = mx_buf_text(&outcome.body);
    assert_int_equal(strncmp(text, "PUT /echo?a=1&b=%20 HTTP/1.1\r\n", 30), 0);
    assert_non_null(strstr(text, "\r\nUser-Agent: Merx/test\r\n"));
    assert_non_null(strstr(text, "\r\nAuthorization: Bearer s3cret\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(text, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Length: 7\r\n"));
    assert_null(strstr(text, "Expect"));
    assert_memory_equal(outcome.body.ptr + outcome.body.len - 7, "{\"a\":\0}", 7);
    outcome_clear(&outcome);
    given_close(given);
}

static void each_method_has_the_body_that_it_should(void **state) {
    (void)state;
    static const struct {
        const char *method;
        const char *body;
        const char *length;
    } cases[] = {
        {"GET", "", NULL},
        {"DELETE", "", NULL},
        {"OPTIONS", "", NULL},
        {"POST", "", "Content-Length: 0"},
        {"PATCH", "x", "Content-Length: 1"},
        {"GET", "query", "Content-Length: 5"},
        {"DELETE", "why", "Content-Length: 3"},
        {"REPORT", "xml", "Content-Length: 3"},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = {.done = 0};
        struct mx_client_request request =
            given_request(given, given_url(given, &given->server, "/echo"));
        request.method = mx_slice_of(cases[i].method);
        request.body = mx_slice_of(cases[i].body);
        given_ask(given, &request, &outcome);
        const char *text = mx_buf_text(&outcome.body);
        assert_int_equal(strncmp(text, cases[i].method, strlen(cases[i].method)), 0);
        const char *length = strstr(text, "Content-Length");
        assert_int_equal(length != NULL, cases[i].length != NULL);
        assert_true(!length || strncmp(length, cases[i].length, strlen(cases[i].length)) == 0);
        assert_null(strstr(text, "Content-Type")); // nobody said that it is a form
        outcome_clear(&outcome);
    }
    given_close(given);
}

static void a_get_may_say_what_it_would_send(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = {.done = 0};
    struct mx_client_field field = {MX_SLICE("Content-Type"), MX_SLICE("application/json")};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/echo"));
    request.fields = &field;
    request.field_count = 1;
    given_ask(given, &request, &outcome);
    assert_non_null(strstr(mx_buf_text(&outcome.body), "\r\nContent-Type: application/json\r\n"));
    outcome_clear(&outcome);
    given_close(given);
}

static void head_has_fields_and_no_body(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = {.done = 0};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/close"));
    request.method = MX_SLICE("HEAD");
    given_ask(given, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.body.len, 0);
    assert_non_null(strstr(mx_buf_text(&outcome.fields), "content-length: 3\n"));
    outcome_clear(&outcome);
    given_close(given);
}

// --- too much -----------------------------------------------------------------------------------

static void a_packed_answer_is_unpacked_within_the_limit(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = given_get(given, "/packed");
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.body.len, HTTP_UNPACKED);
    outcome_clear(&outcome);
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/packed"));
    request.body_max = HTTP_UNPACKED - 1;
    given_ask(given, &request, &outcome);
    assert_says(&outcome, MX_E_LIMIT, "longer than the 39999 bytes");
    given_close(given);
}

static void an_answer_beyond_its_limits_ends(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *says;
    } cases[] = {
        {"/flood", "longer than the 65536 bytes"},
        {"/hollow", "longer than the 65536 bytes"}, // as sent
        {"/fields", "more than 200 header fields"},
        {"/heavy", "more than 64 KiB of header fields"},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = given_get(given, cases[i].path);
        assert_says(&outcome, MX_E_LIMIT, cases[i].says);
    }
    given_close(given);
}

static void an_answer_that_may_be_empty_only_is_held_to_that(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = {.done = 0};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/hello"));
    request.body_max = 0;
    given_ask(given, &request, &outcome);
    assert_says(&outcome, MX_E_LIMIT, "0 bytes");
    outcome_clear(&outcome);
    request.body_max = 5;
    given_ask(given, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    given_close(given);
}

// --- broken servers -----------------------------------------------------------------------------

static void a_broken_answer_is_an_error_that_says_what_happened(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *says;
    } cases[] = {
        {"/broken", "broke off"},
        {"/nothing", "without an answer"},
        {"/garbage", "not HTTP"},
        {"/bad-gzip", "unpacked"},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = given_get(given, cases[i].path);
        assert_says(&outcome, MX_E_SYSTEM, cases[i].says);
        assert_non_null(strstr(outcome.err.text, "127.0.0.1:"));
    }
    given_close(given);
}

// A server that closes a connection when the next request comes may have worked on that already.
static void what_changes_something_is_sent_once(void **state) {
    (void)state;
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    struct given *given = given_private();
    for (int i = 0; i < 4; i++) {
        struct outcome outcome = given_get(given, "/hello"); // leaves a connection open
        outcome_clear(&outcome);
        int before = given->server.requests;
        struct mx_client_request request =
            given_request(given, given_url(given, &given->server, "/nothing"));
        request.method = mx_slice_of(methods[i]);
        given_ask(given, &request, &outcome);
        assert_says(&outcome, MX_E_SYSTEM, "without an answer");
        assert_int_equal(given->server.requests, before + 1);
    }
    given_close(given);
}

static void a_server_that_is_not_there_is_an_error(void **state) {
    (void)state;
    struct given *given = given_private();
    net_stop(&given->other);
    struct outcome outcome = {.done = 0};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->other, "/hello"));
    given_ask(given, &request, &outcome);
    assert_says(&outcome, MX_E_SYSTEM, "check that it runs");
    net_init(&given->other, http_serve);
    net_start(&given->other);
    given_close(given);
}

// --- time ---------------------------------------------------------------------------------------

static void a_slow_answer_is_waited_for_no_longer_than_said(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = {.done = 0};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/slow/10000"));
    request.total_ms = 100;
    int64_t begun = drive_now();
    given_ask(given, &request, &outcome);
    int64_t spent = drive_now() - begun;
    assert_says(&outcome, MX_E_BUSY, "longer than it may");
    assert_in_range(spent, 99, 5000);
    outcome_clear(&outcome);
    request = given_request(given, given_url(given, &given->server, "/slow/50"));
    given_ask(given, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_true(outcome.elapsed_ms >= 50);
    outcome_clear(&outcome);
    given_close(given);
}

static void a_cancelled_transfer_is_never_heard_of_again(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcomes[3] = {{.done = 0}};
    struct mx_client_request slow =
        given_request(given, given_url(given, &given->server, "/slow/10000"));
    struct mx_client_request quick =
        given_request(given, given_url(given, &given->server, "/hello"));
    slow.pool.at_once = quick.pool.at_once = 1;
    given_start(given, &slow, &outcomes[0]);
    given_start(given, &slow, &outcomes[1]); // waits
    given_start(given, &quick, &outcomes[2]);
    for (int i = 0; i < 3; i++) {
        drive_turn(&given->drive);
    }
    mx_client_cancel(given->drive.client, outcomes[1].transfer);
    mx_client_cancel(given->drive.client, outcomes[0].transfer); // makes room
    mx_client_cancel(given->drive.client, NULL);
    drive_until(&given->drive, &outcomes[2], 1);
    assert_int_equal(outcomes[0].done + outcomes[1].done, 0);
    assert_int_equal(outcomes[2].status, 200);
    outcome_clear(&outcomes[2]);
    given_start(given, &slow, &outcomes[0]);
    drive_turn(&given->drive);
    given_close(given); // with one under way
    assert_int_equal(outcomes[0].done, 0);
}

// A callback that starts the next request.
struct chain {
    struct given *given;
    struct outcome last;
    int left;
};

static void on_link(void *ctx, const struct mx_client_reply *reply, const struct mx_error *err) {
    struct chain *chain = ctx;
    mx_transfer *transfer;
    struct mx_error refused;
    if (chain->left-- == 0) {
        outcome_take(&chain->last, reply, err);
        return;
    }
    struct mx_client_request request =
        given_request(chain->given, given_url(chain->given, &chain->given->server, "/hello"));
    assert_int_equal(
        mx_client_send(chain->given->drive.client, &request, on_link, chain, &transfer, &refused),
        MX_OK);
}

static void a_callback_may_start_the_next(void **state) {
    (void)state;
    struct given *given = given_private();
    struct chain chain = {.given = given, .left = 5};
    struct mx_client_reply none = {.status = 0};
    on_link(&chain, &none, NULL);
    drive_until(&given->drive, &chain.last, 1);
    assert_int_equal(chain.last.status, 200);
    assert_int_equal(given->server.requests, 5);
    outcome_clear(&chain.last);
    given_close(given);
}

// --- proxies ------------------------------------------------------------------------------------

static void the_environment_names_no_proxy(void **state) {
    (void)state;
    struct given *given = given_private();
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "socks5://127.0.0.1:1", 1);
    struct outcome outcome = given_get(given, "/hello");
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    given_close(given);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_status_fields_and_body),
        cmocka_unit_test(chunks_are_joined_and_trailers_and_early_heads_dropped),
        cmocka_unit_test(what_is_sent_is_what_was_asked_for),
        cmocka_unit_test(each_method_has_the_body_that_it_should),
        cmocka_unit_test(a_get_may_say_what_it_would_send),
        cmocka_unit_test(head_has_fields_and_no_body),
        cmocka_unit_test(a_packed_answer_is_unpacked_within_the_limit),
        cmocka_unit_test(an_answer_beyond_its_limits_ends),
        cmocka_unit_test(an_answer_that_may_be_empty_only_is_held_to_that),
        cmocka_unit_test(a_broken_answer_is_an_error_that_says_what_happened),
        cmocka_unit_test(what_changes_something_is_sent_once),
        cmocka_unit_test(a_server_that_is_not_there_is_an_error),
        cmocka_unit_test(a_slow_answer_is_waited_for_no_longer_than_said),
        cmocka_unit_test(a_cancelled_transfer_is_never_heard_of_again),
        cmocka_unit_test(a_callback_may_start_the_next),
        cmocka_unit_test(the_environment_names_no_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

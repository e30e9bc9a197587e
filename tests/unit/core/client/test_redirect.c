// Redirects: which are followed, what goes along, and what stays behind.
#include "given.h"

static struct outcome follow(
    struct given *given, const char *method, const char *body, const char *path, unsigned max) {
    struct outcome outcome = {.done = 0};
    static const struct mx_client_field fields[] = {
        {{"Authorization", 13}, {"Bearer s3cret", 13}},
        {{"Cookie", 6}, {"id=s3cret", 9}},
        {{"X-Api-Key", 9}, {"s3cret", 6}},
        {{"Accept", 6}, {"application/json", 16}},
        {{"Content-Type", 12}, {"text/plain", 10}},
    };
    struct mx_client_request request = given_request(given, given_url(given, &given->server, path));
    request.method = mx_slice_of(method);
    request.body = mx_slice_of(body);
    request.fields = fields;
    request.field_count = 5;
    request.redirect_max = max;
    given_ask(given, &request, &outcome);
    return outcome;
}

// "/r/STATUS/URL-of-server/echo"
static const char *path_to(
    struct given *given, const char *status, const struct net_server *server) {
    static char path[600];
    snprintf(path, sizeof(path), "/r/%s/%s", status, given_url(given, server, "/echo"));
    return path;
}

static void a_redirect_is_an_answer_unless_it_may_be_followed(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = follow(given, "GET", "", "/r/302//echo", 0);
    assert_int_equal(outcome.status, 302);
    assert_non_null(strstr(mx_buf_text(&outcome.fields), "location: /echo\n"));
    assert_string_equal(mx_buf_text(&outcome.body), "over there");
    outcome_clear(&outcome);
    outcome = follow(given, "GET", "", "/r/302//echo", 1);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(strncmp(mx_buf_text(&outcome.body), "GET /echo HTTP/1.1\r\n", 20), 0);
    outcome_clear(&outcome);
    outcome = follow(given, "GET", "", "/r/300//echo", 5); // a choice is no redirect
    assert_int_equal(outcome.status, 300);
    outcome_clear(&outcome);
    given_close(given);
}

static void relative_places_are_read_from_where_they_were_named(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *asks;
    } cases[] = {
        {"/r/302/echo-here", "GET /r/302/echo-here "},
        {"/r/302/../../echo", "GET /echo "},
        {"/r/302/?echo=1", "GET /r/302/?echo=1 "},
        {"/r/301//echo?x=%20y%23part", "GET /echo?x=%20y "},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = follow(given, "GET", "", cases[i].path, 1);
        assert_true(net_log_has(&given->server, cases[i].asks));
        outcome_clear(&outcome);
    }
    given_close(given);
}

static void a_chain_ends_at_its_limit(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = follow(given, "GET", "", "/r/302//r/302//r/302//echo", 3);
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    outcome = follow(given, "GET", "", "/r/302//r/302//r/302//echo", 2);
    assert_says(&outcome, MX_E_LIMIT, "redirects more than 2 times");
    outcome_clear(&outcome);
    given_close(given);
}

static void each_status_treats_the_method_as_it_should(void **state) {
    (void)state;
    static const struct {
        const char *method;
        const char *status;
        const char *arrives;
        bool with_body;
    } cases[] = {
        {"POST", "301", "GET", false},
        {"POST", "302", "GET", false},
        {"POST", "303", "GET", false},
        {"POST", "307", "POST", true},
        {"POST", "308", "POST", true},
        {"PUT", "301", "PUT", true},
        {"PUT", "303", "GET", false},
        {"DELETE", "302", "DELETE", true},
        {"DELETE", "303", "GET", false},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/r/%s//echo", cases[i].status);
        struct outcome outcome = follow(given, cases[i].method, "content", path, 1);
        const char *text = mx_buf_text(&outcome.body);
        assert_int_equal(strncmp(text, cases[i].arrives, strlen(cases[i].arrives)), 0);
        assert_int_equal(strstr(text, "\r\n\r\ncontent") != NULL, cases[i].with_body);
        assert_int_equal(strstr(text, "Content-Type") != NULL, cases[i].with_body);
        assert_non_null(strstr(text, "X-Api-Key: s3cret")); // the same server
        outcome_clear(&outcome);
    }
    given_close(given);
}

static void secrets_do_not_follow_to_another_server(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = follow(given, "GET", "", path_to(given, "302", &given->other), 5);
    assert_int_equal(outcome.status, 200);
    assert_null(strstr(mx_buf_text(&outcome.body), "s3cret"));
    assert_non_null(strstr(mx_buf_text(&outcome.body), "\r\nAccept: application/json\r\n"));
    assert_true(net_log_has(&given->server, "s3cret"));
    assert_false(net_log_has(&given->other, "s3cret"));
    outcome_clear(&outcome);
    given_close(given);
}

static void nor_back_again(void **state) {
    (void)state;
    struct given *given = given_private();
    char path[1200];
    snprintf(path, sizeof(path), "/r/302/http://127.0.0.1:%u/r/302/http://127.0.0.1:%u/echo",
        given->other.port, given->server.port);
    struct outcome outcome = follow(given, "GET", "", path, 5);
    assert_int_equal(outcome.status, 200);
    assert_null(strstr(mx_buf_text(&outcome.body), "s3cret"));
    outcome_clear(&outcome);
    given_close(given);
}

static void another_name_of_the_same_server_is_another_server(void **state) {
    (void)state;
    struct given *given = given_private();
    char path[600];
    snprintf(path, sizeof(path), "/r/302/http://localhost:%u/echo", given->server.port);
    struct outcome outcome = follow(given, "GET", "", path, 5);
    assert_int_equal(outcome.status, 200);
    assert_null(strstr(mx_buf_text(&outcome.body), "s3cret"));
    outcome_clear(&outcome);
    given_close(given);
}

static void a_body_is_not_given_to_another_server(void **state) {
    (void)state;
    static const char *const statuses[] = {"307", "308"};
    struct given *given = given_private();
    for (int i = 0; i < 2; i++) {
        struct outcome outcome =
            follow(given, "POST", "card=4242", path_to(given, statuses[i], &given->other), 5);
        assert_says(&outcome, MX_E_INVALID, "is not given to another");
        outcome_clear(&outcome);
    }
    struct outcome outcome =
        follow(given, "POST", "card=4242", path_to(given, "302", &given->other), 5);
    assert_int_equal(outcome.status, 200); // as a GET
    assert_false(net_log_has(&given->other, "card"));
    outcome_clear(&outcome);
    given_close(given);
}

static void a_redirect_leads_to_listed_places_only(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *says;
    } cases[] = {
        {"/r/302/http://evil.example/", "evil.example:80 is not on the allow-list"},
        {"/r/302/https://127.0.0.1/", "127.0.0.1:443 is not on the allow-list"},
        {"/r/302///evil.example/", "evil.example:80 is not on the allow-list"},
        {"/r/302/file:///etc/passwd", "must begin with https://"},
        {"/r/302/gopher://127.0.0.1:25/_x", "must begin with https://"},
        {"/r/302/http://user:word@127.0.0.1/", "user name"},
        {"/r/302/http://[fe80::1%25lo]/", "no name of a host"},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = follow(given, "GET", "", cases[i].path, 5);
        assert_says(&outcome, MX_E_INVALID, cases[i].says);
        assert_non_null(strstr(outcome.err.text, "redirects: "));
        outcome_clear(&outcome);
    }
    given_close(given);
}

static void the_time_of_all_hops_counts_together(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcome = {.done = 0};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/r/302//slow/10000"));
    request.redirect_max = 1;
    request.total_ms = 150;
    given_ask(given, &request, &outcome);
    assert_says(&outcome, MX_E_BUSY, "longer than it may");
    given_close(given);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirect_is_an_answer_unless_it_may_be_followed),
        cmocka_unit_test(relative_places_are_read_from_where_they_were_named),
        cmocka_unit_test(a_chain_ends_at_its_limit),
        cmocka_unit_test(each_status_treats_the_method_as_it_should),
        cmocka_unit_test(secrets_do_not_follow_to_another_server),
        cmocka_unit_test(nor_back_again),
        cmocka_unit_test(another_name_of_the_same_server_is_another_server),
        cmocka_unit_test(a_body_is_not_given_to_another_server),
        cmocka_unit_test(a_redirect_leads_to_listed_places_only),
        cmocka_unit_test(the_time_of_all_hops_counts_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

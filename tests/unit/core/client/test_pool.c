// Pools: who waits for whom, how long, and in which order.
#include "given.h"

enum { MANY = 12 };

static void start_slow(struct given *given, const struct net_server *server,
    struct mx_client_pool pool, unsigned ms, struct outcome *outcomes, int count) {
    char path[32];
    snprintf(path, sizeof(path), "/slow/%u", ms);
    for (int i = 0; i < count; i++) {
        struct mx_client_request request = given_request(given, given_url(given, server, path));
        request.pool = pool;
        given_start(given, &request, &outcomes[i]);
    }
}

static void clear_all(struct outcome *outcomes, int count) {
    for (int i = 0; i < count; i++) {
        assert_int_equal(outcomes[i].status, 200);
        outcome_clear(&outcomes[i]);
    }
}

static void a_pool_runs_no_more_than_it_may(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcomes[MANY] = {{.done = 0}};
    struct mx_client_pool pool = {MX_SLICE("p"), 3, 3};
    start_slow(given, &given->server, pool, 30, outcomes, MANY);
    drive_until(&given->drive, outcomes, MANY);
    assert_int_equal(given->server.running_peak, 3);
    clear_all(outcomes, MANY);
    given_close(given);
}

static void one_host_gets_half_of_a_pool(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcomes[MANY] = {{.done = 0}};
    struct mx_client_pool pool = {.name = MX_SLICE("p")}; // 4 at once
    start_slow(given, &given->server, pool, 30, outcomes, MANY);
    drive_until(&given->drive, outcomes, MANY);
    assert_int_equal(given->server.running_peak, 2);
    clear_all(outcomes, MANY);
    given_close(given);
}

static void a_slow_host_holds_up_no_other(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome slow[MANY] = {{.done = 0}};
    struct outcome quick[4] = {{.done = 0}};
    struct mx_client_pool pool = {.name = MX_SLICE("p")};
    start_slow(given, &given->server, pool, 5000, slow, MANY);
    start_slow(given, &given->other, pool, 0, quick, 4);
    drive_until(&given->drive, quick, 4);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(slow[i].done, 0);
    }
    clear_all(quick, 4);
    given_close(given);
}

static void a_full_pool_holds_up_no_other(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome slow[MANY] = {{.done = 0}};
    struct outcome quick[4] = {{.done = 0}};
    start_slow(
        given, &given->server, (struct mx_client_pool){MX_SLICE("a"), 2, 2}, 5000, slow, MANY);
    start_slow(given, &given->server, (struct mx_client_pool){MX_SLICE("b"), 2, 2}, 0, quick, 4);
    drive_until(&given->drive, quick, 4);
    clear_all(quick, 4);
    given_close(given);
}

static void when_all_is_full_the_pool_with_the_fewest_is_next(void **state) {
    (void)state;
    struct given *given =
        given_open((struct mx_client_options){.allow_private = true, .transfer_max = 4});
    struct outcome greedy[MANY] = {{.done = 0}};
    struct outcome modest = {.done = 0};
    start_slow(
        given, &given->server, (struct mx_client_pool){MX_SLICE("a"), 64, 64}, 50, greedy, MANY);
    start_slow(given, &given->other, (struct mx_client_pool){MX_SLICE("b"), 1, 1}, 0, &modest, 1);
    drive_until(&given->drive, &modest, 1);
    int done = 0;
    for (int i = 0; i < MANY; i++) {
        done += greedy[i].done;
    }
    assert_in_range(done, 1, 8); // it came before the queue of the other
    drive_until(&given->drive, greedy, MANY);
    assert_int_equal(given->server.running_peak, 4);
    clear_all(&modest, 1);
    clear_all(greedy, MANY);
    given_close(given);
}

static void a_pool_that_has_much_under_way_lets_others_first(void **state) {
    (void)state;
    struct given *given =
        given_open((struct mx_client_options){.allow_private = true, .transfer_max = 4});
    struct outcome greedy[4] = {{.done = 0}};
    struct outcome modest[4] = {{.done = 0}};
    struct mx_client_pool a = {MX_SLICE("a"), 64, 64};
    struct mx_client_pool b = {MX_SLICE("b"), 64, 64};
    start_slow(given, &given->server, a, 5000, greedy, 3);
    start_slow(given, &given->other, b, 50, modest, 1);
    start_slow(given, &given->server, a, 5000, greedy + 3, 1); // longest in the queue
    start_slow(given, &given->other, b, 0, modest + 1, 3);
    drive_until(&given->drive, modest, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(greedy[i].done, 0);
    }
    clear_all(modest, 4);
    given_close(given);
}

static void the_oldest_is_first(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcomes[MANY] = {{.done = 0}};
    struct mx_client_pool pool = {MX_SLICE("p"), 1, 1};
    start_slow(given, &given->server, pool, 1, outcomes, MANY);
    for (int i = 0; i < MANY; i++) {
        drive_until(&given->drive, &outcomes[i], 1);
        for (int later = i + 2; later < MANY; later++) {
            assert_int_equal(outcomes[later].done, 0);
        }
    }
    clear_all(outcomes, MANY);
    given_close(given);
}

static void the_wait_for_a_turn_counts(void **state) {
    (void)state;
    struct given *given = given_private();
    struct outcome outcomes[2] = {{.done = 0}};
    struct mx_client_pool pool = {MX_SLICE("p"), 1, 1};
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/hello"));
    request.pool = pool;
    request.total_ms = 80;
    start_slow(given, &given->server, pool, 3000, &outcomes[0], 1);
    given_start(given, &request, &outcomes[1]);
    int64_t begun = drive_now();
    drive_until(&given->drive, &outcomes[1], 1);
    assert_says(&outcomes[1], MX_E_BUSY, "before it was its turn");
    assert_in_range(drive_now() - begun, 60, 2500);
    assert_int_equal(given->server.connections, 1);
    assert_int_equal(outcomes[0].done, 0);
    given_close(given);
}

static void too_many_that_wait_are_refused(void **state) {
    (void)state;
    struct given *given =
        given_open((struct mx_client_options){.allow_private = true, .waiting_max = 2});
    struct outcome outcomes[4] = {{.done = 0}};
    struct mx_client_pool pool = {MX_SLICE("p"), 1, 1};
    struct mx_error err;
    start_slow(given, &given->server, pool, 20, outcomes, 3);
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/hello"));
    request.pool = pool;
    assert_int_equal(mx_client_send(given->drive.client, &request, outcome_take, &outcomes[3],
                         &outcomes[3].transfer, &err),
        MX_E_BUSY);
    assert_non_null(strstr(err.text, "2 requests wait"));
    request.pool.name = MX_SLICE("another"); // need not wait
    given_start(given, &request, &outcomes[3]);
    drive_until(&given->drive, outcomes, 4);
    clear_all(outcomes, 4);
    given_close(given);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_runs_no_more_than_it_may),
        cmocka_unit_test(one_host_gets_half_of_a_pool),
        cmocka_unit_test(a_slow_host_holds_up_no_other),
        cmocka_unit_test(a_full_pool_holds_up_no_other),
        cmocka_unit_test(when_all_is_full_the_pool_with_the_fewest_is_next),
        cmocka_unit_test(a_pool_that_has_much_under_way_lets_others_first),
        cmocka_unit_test(the_oldest_is_first),
        cmocka_unit_test(the_wait_for_a_turn_counts),
        cmocka_unit_test(too_many_that_wait_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

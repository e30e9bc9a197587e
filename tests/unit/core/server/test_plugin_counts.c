// What plugins did and hold, over all threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/plugin_counts.h"

// What a thread would have measured by now.
static struct mx_plugin_tally tally_of(const char *id, uint64_t generation, uint64_t calls) {
    return (struct mx_plugin_tally){
        .id = id,
        .generation = generation,
        .calls = calls,
        .ns = calls * 1000000,
        .memory = 20000,
    };
}

// A state that came, was called and went.
static void pass(mx_plugin_counts *counts, const char *id, uint64_t generation, uint64_t calls) {
    struct mx_plugin_tally tally = tally_of(id, generation, calls);
    mx_plugin_counts_show(counts, &tally);
    mx_plugin_counts_hide(counts, &tally);
    assert_null(tally.link);
}

static void each_generation_of_a_plugin_is_counted_for_itself(void **state) {
    (void)state;
    struct mx_plugin_count list[4];
    mx_plugin_counts *counts = mx_plugin_counts_create();
    pass(counts, "acme.a", 1, 5);
    pass(counts, "acme.a", 1, 2);
    pass(counts, "acme.a", 2, 1);
    mx_plugin_counts_fail(counts, MX_SLICE("acme.a"), 1);
    mx_plugin_counts_fail(counts, MX_SLICE("acme.b"), 2);
    assert_int_equal(mx_plugin_counts_get(counts, list, 4), 3);
    assert_string_equal(list[0].id, "acme.a");
    assert_int_equal(list[0].calls, 7);
    assert_int_equal(list[0].ns, 7000000);
    assert_int_equal(list[0].errors, 1);
    assert_int_equal(list[1].generation, 2);
    assert_string_equal(list[2].id, "acme.b");
    assert_int_equal(list[2].errors, 1);
    assert_int_equal(mx_plugin_counts_get(counts, list, 1), 1);
    mx_plugin_counts_destroy(counts);
}

static void threads_are_summed_up_while_they_go_on(void **state) {
    (void)state;
    struct mx_plugin_count list[2];
    mx_plugin_counts *counts = mx_plugin_counts_create();
    struct mx_plugin_tally one = tally_of("acme.a", 1, 5);
    struct mx_plugin_tally two = tally_of("acme.a", 1, 10);
    struct mx_plugin_tally other = tally_of("acme.b", 1, 1);
    mx_plugin_counts_show(counts, &one);
    mx_plugin_counts_show(counts, &two);
    mx_plugin_counts_show(counts, &other);
    one.calls++;
    one.memory = 30000;
    for (int i = 0; i < 2; i++) { // asking changes nothing
        assert_int_equal(mx_plugin_counts_get(counts, list, 2), 2);
        assert_int_equal(list[0].calls, 16);
        assert_int_equal(list[0].ns, 15000000);
        assert_int_equal(list[0].memory, 50000);
        assert_int_equal(list[1].memory, 20000);
    }
    mx_plugin_counts_hide(counts, &two);
    mx_plugin_counts_hide(counts, &other);
    mx_plugin_counts_hide(counts, &one);
    mx_plugin_counts_destroy(counts);
}

static void what_was_done_stays_and_memory_goes(void **state) {
    (void)state;
    struct mx_plugin_count list[1];
    mx_plugin_counts *counts = mx_plugin_counts_create();
    struct mx_plugin_tally one = tally_of("acme.a", 1, 5);
    struct mx_plugin_tally two = tally_of("acme.a", 1, 10);
    mx_plugin_counts_show(counts, &one);
    mx_plugin_counts_show(counts, &two);
    mx_plugin_counts_hide(counts, &one);
    assert_int_equal(mx_plugin_counts_get(counts, list, 1), 1);
    assert_int_equal(list[0].calls, 15);
    assert_int_equal(list[0].memory, 20000);
    mx_plugin_counts_hide(counts, &two);
    assert_int_equal(mx_plugin_counts_get(counts, list, 1), 1);
    assert_int_equal(list[0].calls, 15);
    assert_int_equal(list[0].ns, 15000000);
    assert_int_equal(list[0].memory, 0);
    mx_plugin_counts_destroy(counts);
}

static void when_there_are_too_many_the_oldest_go(void **state) {
    (void)state;
    static struct mx_plugin_count list[MX_PLUGIN_COUNTS_MAX];
    mx_plugin_counts *counts = mx_plugin_counts_create();
    struct mx_plugin_tally old = tally_of("acme.old", 1, 1);
    pass(counts, "acme.kept", 9, 1);
    mx_plugin_counts_show(counts, &old);
    for (unsigned i = 2; i < MX_PLUGIN_COUNTS_MAX; i++) {
        char id[32];
        snprintf(id, sizeof(id), "acme.p%u", i);
        pass(counts, id, 8, 1);
    }
    pass(counts, "acme.new", 9, 3);
    mx_plugin_counts_hide(counts, &old); // what was forgotten stays so
    assert_int_equal(
        mx_plugin_counts_get(counts, list, MX_PLUGIN_COUNTS_MAX), MX_PLUGIN_COUNTS_MAX);
    assert_string_equal(list[0].id, "acme.kept");
    assert_string_equal(list[1].id, "acme.new");
    assert_int_equal(list[1].calls, 3);
    assert_int_equal(list[1].ns, 3000000);
    mx_plugin_counts_destroy(counts);
}

static void they_are_told_to_prometheus(void **state) {
    (void)state;
    static const char *const lines[] = {
        "# TYPE merx_plugin_calls_total counter\n"
        "merx_plugin_calls_total{plugin=\"acme.a\",generation=\"3\"} 4\n",
        "merx_plugin_errors_total{plugin=\"acme.a\",generation=\"3\"} 1\n",
        "merx_plugin_seconds_total{plugin=\"acme.a\",generation=\"3\"} 0.004\n",
        "# TYPE merx_plugin_memory_bytes gauge\n"
        "merx_plugin_memory_bytes{plugin=\"acme.a\",generation=\"3\"} 20000\n",
    };
    mx_buf out = {0};
    mx_plugin_counts *counts = mx_plugin_counts_create();
    struct mx_plugin_tally tally = tally_of("acme.a", 3, 4);
    mx_plugin_counts_show(counts, &tally);
    mx_plugin_counts_fail(counts, MX_SLICE("acme.a"), 3);
    mx_plugin_counts_write(counts, &out);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_non_null(strstr(mx_buf_text(&out), lines[i]));
    }
    mx_plugin_counts_hide(counts, &tally);
    mx_buf_deinit(&out);
    mx_plugin_counts_destroy(counts);
    mx_plugin_counts_destroy(NULL);
}

static void they_are_told_to_tools_as_json(void **state) {
    (void)state;
    mx_buf out = {0};
    mx_plugin_counts *counts = mx_plugin_counts_create();
    mx_plugin_counts_write_json(counts, &out);
    assert_string_equal(mx_buf_text(&out), "{\"plugins\":[]}\n");
    mx_buf_clear(&out);
    pass(counts, "acme.a", 3, 4);
    pass(counts, "acme.b", 3, 0);
    mx_plugin_counts_write_json(counts, &out);
    assert_string_equal(mx_buf_text(&out),
        "{\"plugins\":["
        "{\"id\":\"acme.a\",\"generation\":3,\"calls\":4,\"errors\":0,\"seconds\":0.004,"
        "\"memory\":0},"
        "{\"id\":\"acme.b\",\"generation\":3,\"calls\":0,\"errors\":0,\"seconds\":0,"
        "\"memory\":0}]}\n");
    mx_buf_deinit(&out);
    mx_plugin_counts_destroy(counts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_generation_of_a_plugin_is_counted_for_itself),
        cmocka_unit_test(threads_are_summed_up_while_they_go_on),
        cmocka_unit_test(what_was_done_stays_and_memory_goes),
        cmocka_unit_test(when_there_are_too_many_the_oldest_go),
        cmocka_unit_test(they_are_told_to_prometheus),
        cmocka_unit_test(they_are_told_to_tools_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

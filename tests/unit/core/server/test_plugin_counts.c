// How often plugins were asked and failed, over all threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/plugin_counts.h"

static void add(mx_plugin_counts *counts, const char *id, uint64_t generation, uint64_t calls) {
    struct mx_plugin_count more = {.generation = generation, .calls = calls, .errors = 1};
    mx_plugin_counts_add(counts, mx_slice_of(id), &more);
}

static void each_generation_of_a_plugin_is_counted_for_itself(void **state) {
    (void)state;
    struct mx_plugin_count list[4];
    mx_plugin_counts *counts = mx_plugin_counts_create();
    add(counts, "acme.a", 1, 5);
    add(counts, "acme.a", 1, 2);
    add(counts, "acme.a", 2, 1);
    add(counts, "acme.b", 2, 1);
    assert_int_equal(mx_plugin_counts_get(counts, list, 4), 3);
    assert_string_equal(list[0].id, "acme.a");
    assert_int_equal(list[0].calls, 7);
    assert_int_equal(list[0].errors, 2);
    assert_int_equal(list[1].generation, 2);
    assert_int_equal(mx_plugin_counts_get(counts, list, 1), 1);
    mx_plugin_counts_destroy(counts);
}

static void when_there_are_too_many_the_oldest_go(void **state) {
    (void)state;
    static struct mx_plugin_count list[MX_PLUGIN_COUNTS_MAX];
    mx_plugin_counts *counts = mx_plugin_counts_create();
    add(counts, "acme.kept", 9, 1);
    for (uint64_t i = 1; i < MX_PLUGIN_COUNTS_MAX; i++) {
        char id[32];
        snprintf(id, sizeof(id), "acme.p%u", (unsigned)i);
        add(counts, id, i == 1 ? 1 : 8, 1);
    }
    add(counts, "acme.new", 9, 3);
    assert_int_equal(
        mx_plugin_counts_get(counts, list, MX_PLUGIN_COUNTS_MAX), MX_PLUGIN_COUNTS_MAX);
    assert_string_equal(list[0].id, "acme.kept");
    assert_string_equal(list[1].id, "acme.new");
    assert_int_equal(list[1].calls, 3);
    mx_plugin_counts_destroy(counts);
}

static void they_are_told_to_prometheus(void **state) {
    (void)state;
    mx_buf out = {0};
    mx_plugin_counts *counts = mx_plugin_counts_create();
    add(counts, "acme.a", 3, 4);
    mx_plugin_counts_write(counts, &out);
    const char *text = mx_buf_text(&out);
    assert_non_null(
        strstr(text, "merx_plugin_calls_total{plugin=\"acme.a\",generation=\"3\"} 4\n"));
    assert_non_null(
        strstr(text, "merx_plugin_errors_total{plugin=\"acme.a\",generation=\"3\"} 1\n"));
    mx_buf_deinit(&out);
    mx_plugin_counts_destroy(counts);
    mx_plugin_counts_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_generation_of_a_plugin_is_counted_for_itself),
        cmocka_unit_test(when_there_are_too_many_the_oldest_go),
        cmocka_unit_test(they_are_told_to_prometheus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// Slices, buffers and arenas: the bytes that everything else is made of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "platform/arena.h"
#include "platform/buf.h"
#include "platform/slice.h"

static void cut_walks_a_list(void **state) {
    (void)state;
    struct mx_slice rest = MX_SLICE("a,,b");
    assert_true(mx_slice_equal(mx_slice_cut(&rest, ','), MX_SLICE("a")));
    assert_true(mx_slice_equal(mx_slice_cut(&rest, ','), MX_SLICE("")));
    assert_non_null(rest.ptr);
    assert_true(mx_slice_equal(mx_slice_cut(&rest, ','), MX_SLICE("b")));
    assert_null(rest.ptr);
    assert_int_equal(mx_slice_cut(&rest, ',').len, 0);
}

static void trim_takes_blanks_from_both_ends(void **state) {
    (void)state;
    assert_true(mx_slice_equal(mx_slice_trim(MX_SLICE(" \t a b\t ")), MX_SLICE("a b")));
    assert_int_equal(mx_slice_trim(MX_SLICE("  ")).len, 0);
}

static void ends_are_compared(void **state) {
    (void)state;
    assert_true(mx_slice_ends_with(MX_SLICE("/srv/shop.db"), MX_SLICE("/shop.db")));
    assert_true(mx_slice_ends_with(MX_SLICE("b"), MX_SLICE("b")));
    assert_true(mx_slice_ends_with(MX_SLICE("b"), MX_SLICE("")));
    assert_false(mx_slice_ends_with(MX_SLICE("b"), MX_SLICE("ab")));
    assert_false(mx_slice_ends_with(MX_SLICE("ba"), MX_SLICE("b")));
}

static void names_are_compared_without_case(void **state) {
    (void)state;
    assert_true(mx_slice_equal_nocase(MX_SLICE("Content-TYPE"), MX_SLICE("content-type")));
    assert_false(mx_slice_equal_nocase(MX_SLICE("[host"), MX_SLICE("{HOST")));
    assert_false(mx_slice_equal_nocase(MX_SLICE("host"), MX_SLICE("hosts")));
}

static void numbers_stop_at_their_bound(void **state) {
    (void)state;
    uint64_t value = 7;
    assert_true(mx_slice_to_u64(MX_SLICE("0"), 9, &value) && value == 0);
    assert_true(mx_slice_to_u64(MX_SLICE("65535"), 65535, &value) && value == 65535);
    assert_false(mx_slice_to_u64(MX_SLICE("65536"), 65535, &value));
    assert_true(mx_slice_to_u64(MX_SLICE("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_false(mx_slice_to_u64(MX_SLICE("18446744073709551616"), UINT64_MAX, &value));
    assert_false(mx_slice_to_u64(MX_SLICE(""), 9, &value));
    assert_false(mx_slice_to_u64(MX_SLICE("+1"), 9, &value));
    assert_false(mx_slice_to_u64(MX_SLICE("9"), 5, &value));
}

static void texts_that_differ_little_hash_apart(void **state) {
    (void)state;
    enum { COUNT = 4096 };
    static unsigned low[COUNT];
    static unsigned high[16];
    char text[32];
    for (int i = 0; i < COUNT; i++) {
        int len = snprintf(text, sizeof(text), "product:%d", i);
        uint64_t hash = mx_slice_hash((struct mx_slice){text, (size_t)len});
        assert_true(hash == mx_slice_hash(mx_slice_of(text)));
        low[hash % COUNT]++;
        high[hash >> 60]++;
    }
    for (int i = 0; i < COUNT; i++) {
        assert_true(low[i] < 10); // by chance the fullest slot has seven or eight
    }
    for (int i = 0; i < 16; i++) {
        assert_true(high[i] > COUNT / 32 && high[i] < COUNT / 8);
    }
    assert_true(mx_slice_hash(MX_SLICE("")) != mx_slice_hash((struct mx_slice){"\0", 1}));
    assert_true(mx_slice_hash(MX_SLICE("a")) != mx_slice_hash((struct mx_slice){"a\0", 2}));
    assert_true(mx_slice_hash(MX_SLICE("12345678a")) != mx_slice_hash(MX_SLICE("a12345678")));
}

static void a_buffer_grows_and_keeps_its_content(void **state) {
    (void)state;
    mx_buf buf = {0};
    for (int i = 0; i < 10000; i++) {
        mx_buf_append_int(&buf, i % 10);
    }
    assert_int_equal(buf.len, 10000);
    assert_memory_equal(buf.ptr + 9990, "0123456789", 10);
    mx_buf_consume(&buf, 9995);
    assert_string_equal(mx_buf_text(&buf), "56789");
    mx_buf_deinit(&buf);
    mx_buf_deinit(&buf);
    mx_buf_deinit(NULL);
}

static void integers_are_written_to_the_last_digit(void **state) {
    (void)state;
    mx_buf buf = {0};
    mx_buf_append_int(&buf, INT64_MIN);
    mx_buf_append_char(&buf, ' ');
    mx_buf_append_int(&buf, INT64_MAX);
    mx_buf_append_format(&buf, " %s%d", "n", 5);
    assert_string_equal(mx_buf_text(&buf), "-9223372036854775808 9223372036854775807 n5");
    mx_buf_deinit(&buf);
}

static void html_is_escaped(void **state) {
    (void)state;
    mx_buf buf = {0};
    mx_buf_append_html(&buf, "a<b>&\"'\xc3\xa4", 9);
    assert_string_equal(mx_buf_text(&buf), "a&lt;b&gt;&amp;&quot;&#39;\xc3\xa4");
    mx_buf_deinit(&buf);
}

static void an_arena_gives_aligned_memory_and_forgets_it(void **state) {
    (void)state;
    mx_arena *arena = mx_arena_create();
    size_t empty = mx_arena_size(arena);
    for (size_t size = 1; size < 3000; size += 7) {
        char *ptr = mx_arena_take(arena, size);
        assert_int_equal((uintptr_t)ptr % 16, 0);
        memset(ptr, 0xab, size);
    }
    assert_true(mx_arena_size(arena) > empty);
    mx_arena_reset(arena);
    assert_int_equal(mx_arena_size(arena), empty);
    struct mx_slice copy = mx_arena_copy(arena, MX_SLICE("mug"));
    assert_string_equal(copy.ptr, "mug");
    assert_int_equal(((char *)mx_arena_zero(arena, 64))[63], 0);
    mx_arena_destroy(arena);
    mx_arena_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_walks_a_list),
        cmocka_unit_test(trim_takes_blanks_from_both_ends),
        cmocka_unit_test(ends_are_compared),
        cmocka_unit_test(names_are_compared_without_case),
        cmocka_unit_test(numbers_stop_at_their_bound),
        cmocka_unit_test(texts_that_differ_little_hash_apart),
        cmocka_unit_test(a_buffer_grows_and_keeps_its_content),
        cmocka_unit_test(integers_are_written_to_the_last_digit),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(an_arena_gives_aligned_memory_and_forgets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

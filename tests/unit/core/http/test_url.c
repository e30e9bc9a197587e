// Paths, queries, escapes and hosts. What the parser refuses is in the vectors.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/url.h"

static mx_arena *arena;

static int make_arena(void **state) {
    (void)state;
    arena = mx_arena_create();
    return 0;
}

static int drop_arena(void **state) {
    (void)state;
    mx_arena_destroy(arena);
    return 0;
}

static void assert_slice(struct mx_slice got, const char *want) {
    if (!mx_slice_equal(got, mx_slice_of(want))) {
        fail_msg("got \"%.*s\", not \"%s\"", (int)got.len, got.ptr, want);
    }
}

static void paths_are_normalised(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"//", "/"},
        {"/.", "/"},
        {"/./", "/"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/b/../../c", "/c"},
        {"/a/./b", "/a/b"},
        {"/..a/b..", "/..a/b.."},
        {"/a%2Eb", "/a.b"},
        {"/%2e", "/"},
        {"/a//../b", "/b"},
        {"/%F0%9F%91%9F", "/\xf0\x9f\x91\x9f"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_slice out;
        struct mx_error err;
        assert_int_equal(mx_url_normalise(arena, mx_slice_of(cases[i][0]), &out, &err), MX_OK);
        assert_slice(out, cases[i][1]);
    }
}

static void a_normal_path_is_not_copied(void **state) {
    (void)state;
    struct mx_slice raw = MX_SLICE("/collections/shoes/products/mug-2");
    struct mx_slice out;
    struct mx_error err;
    assert_int_equal(mx_url_normalise(arena, raw, &out, &err), MX_OK);
    assert_ptr_equal(out.ptr, raw.ptr);
}

static void normalising_twice_changes_nothing(void **state) {
    (void)state;
    static const char *const cases[] = {"/a/./b//c/../d", "/x/", "/a%20b"};
    for (size_t i = 0; i < 3; i++) {
        struct mx_slice once, twice;
        struct mx_error err;
        assert_int_equal(mx_url_normalise(arena, mx_slice_of(cases[i]), &once, &err), MX_OK);
        assert_int_equal(mx_url_normalise(arena, once, &twice, &err), MX_OK);
        assert_true(mx_slice_equal(once, twice));
    }
}

static void queries_are_walked(void **state) {
    (void)state;
    struct mx_query query = {.rest = MX_SLICE("a=1&&b=x+y%21&c&=d&e=1=2&f=100%&g=%zz")};
    static const char *const want[][2] = {
        {"a", "1"}, {"b", "x y!"}, {"c", ""}, {"", "d"}, {"e", "1=2"}, {"f", "100%"}, {"g", "%zz"}};
    struct mx_query_pair pair;
    struct mx_error err;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_int_equal(mx_query_next(&query, arena, &pair, &err), 1);
        assert_slice(pair.name, want[i][0]);
        assert_slice(pair.value, want[i][1]);
        assert_non_null(pair.value.ptr);
    }
    assert_int_equal(mx_query_next(&query, arena, &pair, &err), 0);
}

static void a_pair_that_is_not_utf8_is_told_and_passed(void **state) {
    (void)state;
    struct mx_query query = {.rest = MX_SLICE("a=%E9&b=%00&c=3")};
    struct mx_query_pair pair;
    struct mx_error err;
    assert_int_equal(mx_query_next(&query, arena, &pair, &err), MX_E_INVALID);
    assert_int_equal(mx_query_next(&query, arena, &pair, &err), MX_E_INVALID);
    assert_int_equal(mx_query_next(&query, arena, &pair, &err), 1);
    assert_slice(pair.value, "3");
}

static void the_first_value_of_a_name_is_found(void **state) {
    (void)state;
    struct mx_slice query = MX_SLICE("q=%E9&a=1&a=2&na+me=x&empty");
    assert_slice(mx_query_find(query, MX_SLICE("a"), arena), "1");
    assert_slice(mx_query_find(query, MX_SLICE("na me"), arena), "x");
    assert_non_null(mx_query_find(query, MX_SLICE("empty"), arena).ptr);
    assert_null(mx_query_find(query, MX_SLICE("b"), arena).ptr);
    assert_null(mx_query_find((struct mx_slice){0}, MX_SLICE("b"), arena).ptr);
}

static void what_is_escaped_decodes_to_itself(void **state) {
    (void)state;
    char all[256];
    for (int i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    mx_buf buf = {0};
    mx_url_escape(&buf, (struct mx_slice){all, 256});
    struct mx_slice out;
    struct mx_error err;
    assert_int_equal(mx_url_decode(arena, mx_buf_slice(&buf), true, &out, &err), MX_OK);
    assert_true(mx_slice_equal(out, (struct mx_slice){all, 256}));
    mx_buf_clear(&buf);
    mx_url_escape_path(&buf, MX_SLICE("/a b/\xc3\xa9?"));
    assert_slice(mx_buf_slice(&buf), "/a%20b/%C3%A9%3F");
    mx_buf_clear(&buf);
    mx_url_escape(&buf, MX_SLICE(""));
    assert_int_equal(buf.len, 0);
    mx_buf_deinit(&buf);
}

static void broken_escapes_are_refused(void **state) {
    (void)state;
    struct mx_slice out;
    struct mx_error err;
    assert_int_equal(mx_url_decode(arena, MX_SLICE("%"), false, &out, &err), MX_E_INVALID);
    assert_int_equal(mx_url_decode(arena, MX_SLICE("ab%4"), false, &out, &err), MX_E_INVALID);
    assert_int_equal(mx_url_decode(arena, MX_SLICE("%4g"), false, &out, &err), MX_E_INVALID);
    assert_int_equal(mx_url_decode(arena, MX_SLICE("a+b"), false, &out, &err), MX_OK);
    assert_slice(out, "a+b");
}

static void a_query_is_built(void **state) {
    (void)state;
    mx_buf buf = {0};
    bool has_query = false;
    mx_buf_append_text(&buf, "/search");
    mx_url_add_query(&buf, &has_query, MX_SLICE("q"), MX_SLICE("a&b"));
    mx_url_add_query(&buf, &has_query, MX_SLICE("page"), MX_SLICE("2"));
    assert_slice(mx_buf_slice(&buf), "/search?q=a%26b&page=2");
    mx_buf_deinit(&buf);
}

static void hosts_are_taken_apart(void **state) {
    (void)state;
    struct mx_slice host;
    unsigned port;
    struct mx_error err;
    assert_int_equal(mx_url_parse_host(MX_SLICE("shop.test:8080"), &host, &port, &err), MX_OK);
    assert_slice(host, "shop.test");
    assert_int_equal(port, 8080);
    assert_int_equal(mx_url_parse_host(MX_SLICE("[::1]:80"), &host, &port, &err), MX_OK);
    assert_slice(host, "[::1]");
    assert_int_equal(port, 80);
    assert_int_equal(mx_url_parse_host(MX_SLICE("[::1]"), &host, &port, &err), MX_OK);
    assert_int_equal(port, 0);
    static const char *const bad[] = {"", ":80", "a:", "a:0", "a:99999", "a b", "a@b", "a/b", ".a",
        "[::1", "[]", "[::1]x", "[::g]", "a..b", "a%41", "::1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (mx_url_parse_host(mx_slice_of(bad[i]), &host, &port, &err) != MX_E_INVALID) {
            fail_msg("\"%s\" was taken for a host", bad[i]);
        }
    }
}

static void utf8_is_judged_by_the_standard(void **state) {
    (void)state;
    static const char *const good[] = {"", "plain ascii, and long", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "12345678\xc3\xa9"};
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "1234567\xc3", "12345678\xe2\x82", "a\xe2\x28\xa1"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(mx_utf8_valid(mx_slice_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (mx_utf8_valid(mx_slice_of(bad[i]))) {
            fail_msg("bad case %zu was taken for UTF-8", i);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_normalised),
        cmocka_unit_test(a_normal_path_is_not_copied),
        cmocka_unit_test(normalising_twice_changes_nothing),
        cmocka_unit_test(queries_are_walked),
        cmocka_unit_test(a_pair_that_is_not_utf8_is_told_and_passed),
        cmocka_unit_test(the_first_value_of_a_name_is_found),
        cmocka_unit_test(what_is_escaped_decodes_to_itself),
        cmocka_unit_test(broken_escapes_are_refused),
        cmocka_unit_test(a_query_is_built),
        cmocka_unit_test(hosts_are_taken_apart),
        cmocka_unit_test(utf8_is_judged_by_the_standard),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}

// Cookies, media types, and searching a request.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/content_type.h"
#include "http/cookie.h"

#include "given.h"

static void assert_slice(struct mx_slice got, const char *want) {
    if (!mx_slice_equal(got, mx_slice_of(want))) {
        fail_msg("got \"%.*s\", not \"%s\"", (int)got.len, got.ptr, want);
    }
}

static void cookies_are_walked(void **state) {
    (void)state;
    struct mx_cookies cookies = {.rest = MX_SLICE("a=1; b=\"2\" ;c = 3;nothing;; =x; d=; e=f=g")};
    static const char *const want[][2] = {
        {"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", ""}, {"e", "f=g"}};
    struct mx_cookie cookie;
    for (size_t i = 0; i < 5; i++) {
        assert_true(mx_cookies_next(&cookies, &cookie));
        assert_slice(cookie.name, want[i][0]);
        assert_slice(cookie.value, want[i][1]);
    }
    assert_false(mx_cookies_next(&cookies, &cookie));
}

static void a_cookie_is_found_in_any_field(void **state) {
    (void)state;
    struct given given = given_request("GET", "Cookie: a=1; cart=first\r\ncookie: b=2; cart=x\r\n");
    assert_slice(mx_cookie_find(given.request, MX_SLICE("b")), "2");
    assert_slice(mx_cookie_find(given.request, MX_SLICE("cart")), "first");
    assert_null(mx_cookie_find(given.request, MX_SLICE("CART")).ptr);
    assert_null(mx_cookie_find(given.request, MX_SLICE("car")).ptr);
    given_clear(&given);
}

static void a_secure_site_believes_only_cookies_of_its_own_host(void **state) {
    (void)state;
    struct given given = given_request("GET", "Cookie: cart=planted; __Host-cart=own\r\n");
    assert_slice(mx_cookie_find_own(given.request, MX_SLICE("cart"), true), "own");
    assert_slice(mx_cookie_find_own(given.request, MX_SLICE("cart"), false), "planted");
    assert_null(mx_cookie_find_own(given.request, MX_SLICE("session"), true).ptr);
    given_clear(&given);
}

static void set_cookie_writes_all_attributes(void **state) {
    (void)state;
    struct mx_set_cookie cookie = {
        .name = MX_SLICE("session"),
        .value = MX_SLICE("abc-_123"),
        .max_age = 3600,
        .http_only = true,
        .secure = true,
        .host_only = true,
        .same_site = MX_SAME_SITE_STRICT,
    };
    mx_buf buf = {0};
    struct mx_error err;
    assert_int_equal(mx_set_cookie_write(&buf, &cookie, &err), MX_OK);
    assert_slice(mx_buf_slice(&buf),
        "__Host-session=abc-_123; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Strict");
    mx_buf_clear(&buf);
    cookie = (struct mx_set_cookie){.name = MX_SLICE("scheme"),
        .path = MX_SLICE("/admin"),
        .domain = MX_SLICE("shop.test"),
        .max_age = -1};
    assert_int_equal(mx_set_cookie_write(&buf, &cookie, &err), MX_OK);
    assert_slice(mx_buf_slice(&buf), "scheme=; Path=/admin; Domain=shop.test; SameSite=Lax");
    mx_buf_deinit(&buf);
}

static void a_cookie_that_browsers_would_refuse_is_refused(void **state) {
    (void)state;
    const struct mx_set_cookie bad[] = {
        {.name = MX_SLICE("")},
        {.name = MX_SLICE("a b")},
        {.name = MX_SLICE("a;b")},
        {.name = MX_SLICE("__Host-a")},
        {.name = MX_SLICE("a"), .value = MX_SLICE("x;y")},
        {.name = MX_SLICE("a"), .value = MX_SLICE("x y")},
        {.name = MX_SLICE("a"), .value = MX_SLICE("x\r\nSet-Cookie: b=c")},
        {.name = MX_SLICE("a"), .value = MX_SLICE("\xc3\xa9")},
        {.name = MX_SLICE("a"), .path = MX_SLICE("/; Domain=x")},
        {.name = MX_SLICE("a"), .domain = MX_SLICE("x\n")},
        {.name = MX_SLICE("a"), .host_only = true},
        {.name = MX_SLICE("a"), .host_only = true, .secure = true, .path = MX_SLICE("/x")},
        {.name = MX_SLICE("a"), .host_only = true, .secure = true, .domain = MX_SLICE("x")},
        {.name = MX_SLICE("a"), .same_site = MX_SAME_SITE_NONE},
    };
    mx_buf buf = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct mx_error err;
        if (mx_set_cookie_write(&buf, &bad[i], &err) != MX_E_INVALID) {
            fail_msg("case %zu was written", i);
        }
        assert_int_equal(buf.len, 0);
    }
    mx_buf_deinit(&buf);
}

static void media_types_are_taken_apart(void **state) {
    (void)state;
    mx_arena *arena = mx_arena_create();
    struct mx_content_type type;
    struct mx_error err;
    assert_int_equal(
        mx_content_type_parse(arena,
            MX_SLICE("Multipart/Form-Data; x=y; Charset=UTF-8;boundary=\"a \\\"b\""), &type, &err),
        MX_OK);
    assert_slice(type.type, "multipart/form-data");
    assert_slice(type.charset, "utf-8");
    assert_slice(type.boundary, "a \"b");
    assert_int_equal(mx_content_type_parse(arena, MX_SLICE(" text/plain ;"), &type, &err), MX_OK);
    assert_slice(type.type, "text/plain");
    assert_int_equal(type.charset.len, 0);
    static const char *const bad[] = {"", "text", "text/", "/plain", "text/plain x",
        "text/plain; charset", "text/plain; charset=", "text/plain; =x", "a b/c",
        "text/plain; a=\"x", "text/plain; charset=a; charset=b", "text/plain, text/html",
        "text/plain; a=\"x\ny\""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (mx_content_type_parse(arena, mx_slice_of(bad[i]), &type, &err) != MX_E_INVALID) {
            fail_msg("\"%s\" was taken for a media type", bad[i]);
        }
    }
    mx_arena_destroy(arena);
}

static void fields_are_joined_as_one_list(void **state) {
    (void)state;
    struct given given = given_request("GET", "X-A: 1\r\nX-B: 2\r\nx-a: 3\r\nX-A:\r\n");
    assert_slice(mx_request_joined(given.request, MX_SLICE("X-a"), given.arena), "1, 3, ");
    assert_slice(mx_request_joined(given.request, MX_SLICE("x-b"), given.arena), "2");
    assert_null(mx_request_joined(given.request, MX_SLICE("x-c"), given.arena).ptr);
    assert_null(mx_request_header(given.request, MX_SLICE("")).ptr);
    given_clear(&given);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_walked),
        cmocka_unit_test(a_cookie_is_found_in_any_field),
        cmocka_unit_test(a_secure_site_believes_only_cookies_of_its_own_host),
        cmocka_unit_test(set_cookie_writes_all_attributes),
        cmocka_unit_test(a_cookie_that_browsers_would_refuse_is_refused),
        cmocka_unit_test(media_types_are_taken_apart),
        cmocka_unit_test(fields_are_joined_as_one_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

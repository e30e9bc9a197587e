// Which answer: conditions, ranges, preferences, types.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/conditional.h"
#include "http/mime.h"
#include "http/negotiate.h"
#include "http/ranges.h"

#include "given.h"

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct mx_validators validators = {
    .etag = MX_SLICE("\"v1\""), .last_modified = 784111777, .now = 1700000000};

static void conditions_are_judged_in_their_order(void **state) {
    (void)state;
    static const struct {
        const char *method;
        const char *fields;
        enum mx_condition want;
    } cases[] = {
        {"GET", "", MX_CONDITION_SEND},
        {"GET", "If-None-Match: \"v1\"\r\n", MX_CONDITION_NOT_MODIFIED},
        {"HEAD", "If-None-Match: \"v1\"\r\n", MX_CONDITION_NOT_MODIFIED},
        {"POST", "If-None-Match: \"v1\"\r\n", MX_CONDITION_FAILED},
        {"GET", "If-None-Match: W/\"v1\"\r\n", MX_CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: \"a\", W/\"b,c\" ,\"v1\"\r\n", MX_CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: \"a\"\r\nIf-None-Match: \"v1\"\r\n", MX_CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: *\r\n", MX_CONDITION_NOT_MODIFIED},
        {"PUT", "If-None-Match: *\r\n", MX_CONDITION_FAILED},
        {"GET", "If-None-Match: \"v2\"\r\n", MX_CONDITION_SEND},
        {"GET", "If-None-Match: v1\r\n", MX_CONDITION_SEND},
        {"GET", "If-None-Match: \"v1\r\n", MX_CONDITION_SEND},
        {"GET", "If-None-Match: \"v2\"\r\nIf-Modified-Since: " SAME "\r\n", MX_CONDITION_SEND},
        {"GET", "If-Modified-Since: " SAME "\r\n", MX_CONDITION_NOT_MODIFIED},
        {"GET", "If-Modified-Since: " AFTER "\r\n", MX_CONDITION_NOT_MODIFIED},
        {"GET", "If-Modified-Since: " BEFORE "\r\n", MX_CONDITION_SEND},
        {"GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", MX_CONDITION_NOT_MODIFIED},
        {"GET", "If-Modified-Since: yesterday\r\n", MX_CONDITION_SEND},
        {"POST", "If-Modified-Since: " SAME "\r\n", MX_CONDITION_SEND},
        {"PUT", "If-Match: \"v1\"\r\n", MX_CONDITION_SEND},
        {"PUT", "If-Match: *\r\n", MX_CONDITION_SEND},
        {"PUT", "If-Match: W/\"v1\"\r\n", MX_CONDITION_FAILED},
        {"PUT", "If-Match: \"v2\"\r\n", MX_CONDITION_FAILED},
        {"PUT", "If-Match: \"v1\"\r\nIf-Unmodified-Since: " BEFORE "\r\n", MX_CONDITION_SEND},
        {"PUT", "If-Unmodified-Since: " BEFORE "\r\n", MX_CONDITION_FAILED},
        {"PUT", "If-Unmodified-Since: " SAME "\r\n", MX_CONDITION_SEND},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct given given = given_request(cases[i].method, cases[i].fields);
        enum mx_condition got = mx_condition_check(given.request, &validators);
        if (got != cases[i].want) {
            fail_msg("%s with %s: %d", cases[i].method, cases[i].fields, (int)got);
        }
        given_clear(&given);
    }
}

static void without_validators_no_condition_holds_but_the_star(void **state) {
    (void)state;
    const struct mx_validators none = {.last_modified = -1};
    struct given given =
        given_request("GET", "If-None-Match: \"\"\r\nIf-Modified-Since: " AFTER "\r\n");
    assert_int_equal(mx_condition_check(given.request, &none), MX_CONDITION_SEND);
    given_clear(&given);
}

// Each case: fields, then the ranges of a thing of 100 bytes; count 0 is 416, -1 is the whole.
static void ranges_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *fields;
        int count;
        struct mx_range ranges[3];
    } cases[] = {
        {"", -1, {{0}}},
        {"Range: bytes=0-9\r\n", 1, {{0, 9}}},
        {"Range: BYTES=0-9\r\n", 1, {{0, 9}}},
        {"Range: bytes=90-\r\n", 1, {{90, 99}}},
        {"Range: bytes=90-500\r\n", 1, {{90, 99}}},
        {"Range: bytes=90-99999999999999999999999\r\n", 1, {{90, 99}}},
        {"Range: bytes=-10\r\n", 1, {{90, 99}}},
        {"Range: bytes=-500\r\n", 1, {{0, 99}}},
        {"Range: bytes=0-0,-1\r\n", 2, {{0, 0}, {99, 99}}},
        {"Range: bytes= 0-1 , , 4-5\r\n", 2, {{0, 1}, {4, 5}}},
        {"Range: bytes=50-59,0-9,5-20\r\n", 2, {{0, 20}, {50, 59}}},
        {"Range: bytes=0-9,10-19\r\n", 1, {{0, 19}}},
        {"Range: bytes=0-99,5-6\r\n", 1, {{0, 99}}},
        {"Range: bytes=0-1,200-300\r\n", 1, {{0, 1}}},
        {"Range: bytes=100-\r\n", 0, {{0}}},
        {"Range: bytes=-0\r\n", 0, {{0}}},
        {"Range: bytes=9-5\r\n", -1, {{0}}},
        {"Range: bytes=-\r\n", -1, {{0}}},
        {"Range: bytes=a-b\r\n", -1, {{0}}},
        {"Range: bytes=1\r\n", -1, {{0}}},
        {"Range: bytes=\r\n", -1, {{0}}},
        {"Range: bytes=,\r\n", -1, {{0}}},
        {"Range: lines=0-9\r\n", -1, {{0}}},
        {"Range: bytes=0-9\r\nRange: bytes=0-9\r\n", -1, {{0}}},
        {"Range: bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16\r\n", -1, {{0}}},
        {"Range: bytes=0-9\r\nIf-Range: \"v1\"\r\n", 1, {{0, 9}}},
        {"Range: bytes=0-9\r\nIf-Range: \"v2\"\r\n", -1, {{0}}},
        {"Range: bytes=0-9\r\nIf-Range: W/\"v1\"\r\n", -1, {{0}}},
        {"Range: bytes=0-9\r\nIf-Range: " SAME "\r\n", 1, {{0, 9}}},
        {"Range: bytes=0-9\r\nIf-Range: " AFTER "\r\n", -1, {{0}}},
        {"Range: bytes=0-9\r\nIf-Range: nonsense\r\n", -1, {{0}}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct given given = given_request("GET", cases[i].fields);
        struct mx_ranges got;
        enum mx_range_verdict verdict = mx_ranges_check(given.request, 100, &validators, &got);
        int count = verdict == MX_RANGE_WHOLE ? -1 : (int)got.count;
        if (count != cases[i].count || (verdict == MX_RANGE_UNSATISFIABLE) != (count == 0)) {
            fail_msg("%s: %d", cases[i].fields, count);
        }
        for (int k = 0; k < count; k++) {
            assert_true(got.ranges[k].first == cases[i].ranges[k].first);
            assert_true(got.ranges[k].last == cases[i].ranges[k].last);
        }
        given_clear(&given);
    }
    struct given post = given_request("POST", "Range: bytes=0-9\r\n");
    struct mx_ranges got;
    assert_int_equal(mx_ranges_check(post.request, 100, &validators, &got), MX_RANGE_WHOLE);
    given_clear(&post);
    struct given empty = given_request("GET", "Range: bytes=0-\r\n");
    assert_int_equal(mx_ranges_check(empty.request, 0, &validators, &got), MX_RANGE_UNSATISFIABLE);
    given_clear(&empty);
}

static void several_ranges_make_a_multipart_body_of_the_length_told(void **state) {
    (void)state;
    struct mx_ranges ranges = {.ranges = {{0, 4}, {95, 99}}, .count = 2};
    mx_buf buf = {0};
    for (size_t i = 0; i < ranges.count; i++) {
        mx_range_write_part(&buf, MX_SLICE("BOUND"), MX_SLICE("text/plain"), ranges.ranges[i], 100);
        mx_buf_append_text(&buf, "12345");
    }
    mx_range_write_end(&buf, MX_SLICE("BOUND"));
    assert_int_equal(
        mx_range_body_len(&ranges, MX_SLICE("BOUND"), MX_SLICE("text/plain"), 100), buf.len);
    assert_true(mx_slice_equal(mx_buf_slice(&buf),
        MX_SLICE("\r\n--BOUND\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-4/100\r\n\r\n"
                 "12345\r\n--BOUND\r\nContent-Type: text/plain\r\nContent-Range: bytes "
                 "95-99/100\r\n\r\n12345\r\n--BOUND--\r\n")));
    mx_buf_clear(&buf);
    mx_range_write_unsatisfied(&buf, 100);
    assert_true(mx_slice_equal(mx_buf_slice(&buf), MX_SLICE("bytes */100")));
    mx_buf_deinit(&buf);
}

static void types_are_chosen(void **state) {
    (void)state;
    const struct mx_slice offers[] = {MX_SLICE("text/html"), MX_SLICE("application/json")};
    static const struct {
        const char *accept;
        int want;
    } cases[] = {
        {"", 0},
        {"*/*", 0},
        {"application/json", 1},
        {"Application/JSON;q=0.5", 1},
        {"text/html;q=0.4, application/json;q=0.5", 1},
        {"text/*;q=0.4, */*;q=0.3", 0},
        {"text/*, text/html;q=0", -1},
        {"text/html;q=0, */*", 1},
        {"image/png", -1},
        {"application/json;v=2;q=0.9, text/html;q=0.8", 1},
        {"text/html;q=1.5, application/json;q=0.1", 1},
        {"text/html;q=0.0000, application/json;q=0.1", 1},
        {",,;q=1, application/json", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int got = mx_negotiate_type(mx_slice_of(cases[i].accept), offers, 2);
        if (got != cases[i].want) {
            fail_msg("\"%s\": %d", cases[i].accept, got);
        }
    }
    assert_int_equal(mx_negotiate_type((struct mx_slice){0}, offers, 2), 0);
}

static void languages_are_chosen(void **state) {
    (void)state;
    const struct mx_slice offers[] = {
        MX_SLICE("en"), MX_SLICE("pt-BR"), MX_SLICE("de"), MX_SLICE("zh-Hant")};
    static const struct {
        const char *accept;
        int want;
    } cases[] = {
        {"", -1},
        {"de", 2},
        {"DE", 2},
        {"de-AT", 2},
        {"pt", 1},
        {"pt-PT", -1},
        {"fr, en;q=0.5", 0},
        {"fr-CH, fr;q=0.9, de;q=0.7, *;q=0.5", 2},
        {"*", 0},
        {"en;q=0, *", 1},
        {"zh-Hant-TW, en;q=0.9", 3},
        {"den", -1},
        {"*;q=0.5, de", 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int got = mx_negotiate_language(mx_slice_of(cases[i].accept), offers, 4);
        if (got != cases[i].want) {
            fail_msg("\"%s\": %d", cases[i].accept, got);
        }
    }
}

static void codings_are_chosen(void **state) {
    (void)state;
    static const struct {
        const char *accept;
        enum mx_encoding want;
    } cases[] = {
        {"", MX_ENCODING_IDENTITY},
        {"gzip, deflate, br", MX_ENCODING_BROTLI},
        {"gzip, deflate", MX_ENCODING_GZIP},
        {"br;q=0.5, gzip", MX_ENCODING_GZIP},
        {"*", MX_ENCODING_BROTLI},
        {"*, br;q=0", MX_ENCODING_GZIP},
        {"gzip;q=0", MX_ENCODING_IDENTITY},
        {"identity, gzip;q=0.5", MX_ENCODING_IDENTITY},
        {"deflate, zstd", MX_ENCODING_IDENTITY},
        {"GZIP", MX_ENCODING_GZIP},
        {"gzip;q=oops", MX_ENCODING_IDENTITY},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum mx_encoding got = mx_negotiate_encoding(mx_slice_of(cases[i].accept));
        if (got != cases[i].want) {
            fail_msg("\"%s\": %d", cases[i].accept, (int)got);
        }
    }
    assert_int_equal(mx_negotiate_encoding((struct mx_slice){0}), MX_ENCODING_IDENTITY);
}

static void file_names_have_types(void **state) {
    (void)state;
    assert_true(
        mx_slice_equal(mx_mime_of(MX_SLICE("a/b.CSS")), MX_SLICE("text/css; charset=utf-8")));
    assert_true(mx_slice_equal(mx_mime_of(MX_SLICE("a.tar.gz")), MX_SLICE("application/gzip")));
    struct mx_slice other = MX_SLICE("application/octet-stream");
    assert_true(mx_slice_equal(mx_mime_of(MX_SLICE("css")), other));
    assert_true(mx_slice_equal(mx_mime_of(MX_SLICE("a.css/b")), other));
    assert_true(mx_slice_equal(mx_mime_of(MX_SLICE("")), other));
    assert_true(mx_mime_is_passive(MX_SLICE("image/png")));
    assert_true(mx_mime_is_passive(MX_SLICE("text/plain; charset=utf-8")));
    assert_false(mx_mime_is_passive(MX_SLICE("image/svg+xml")));
    assert_false(mx_mime_is_passive(MX_SLICE("text/html")));
    assert_false(mx_mime_is_passive(MX_SLICE("application/pdf")));
    assert_false(mx_mime_is_passive(MX_SLICE("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_judged_in_their_order),
        cmocka_unit_test(without_validators_no_condition_holds_but_the_star),
        cmocka_unit_test(ranges_are_judged),
        cmocka_unit_test(several_ranges_make_a_multipart_body_of_the_length_told),
        cmocka_unit_test(types_are_chosen),
        cmocka_unit_test(languages_are_chosen),
        cmocka_unit_test(codings_are_chosen),
        cmocka_unit_test(file_names_have_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

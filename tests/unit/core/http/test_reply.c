// What leaves: heads, chunks, dates, entity tags.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/date.h"
#include "http/etag.h"
#include "http/reply.h"

static const struct mx_slice date = MX_SLICE("Sun, 06 Nov 1994 08:49:37 GMT");

static void assert_buf(const mx_buf *buf, const char *want) {
    if (!mx_slice_equal(mx_buf_slice(buf), mx_slice_of(want))) {
        fail_msg("got:\n%.*s\nnot:\n%s", (int)buf->len, buf->ptr, want);
    }
}

static void a_reply_is_written(void **state) {
    (void)state;
    const struct mx_reply_field fields[] = {
        {MX_SLICE("Content-Type"), MX_SLICE("text/html; charset=utf-8")},
        {MX_SLICE("Set-Cookie"), MX_SLICE("a=1")},
        {MX_SLICE("Set-Cookie"), MX_SLICE("b=\t\xc3\xa9")},
    };
    struct mx_reply reply = {.status = 200, .fields = fields, .field_count = 3, .date = date};
    mx_buf buf = {0};
    struct mx_error err;
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE("hello"), &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Content-Type: text/html; charset=utf-8\r\nSet-Cookie: a=1\r\n"
                     "Set-Cookie: b=\t\xc3\xa9\r\nContent-Length: 5\r\n\r\nhello");
    mx_buf_deinit(&buf);
}

static void connection_and_framing_follow_the_request(void **state) {
    (void)state;
    mx_buf buf = {0};
    struct mx_error err;
    struct mx_reply reply = {.status = 503, .close = true};
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE(""), &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                     "Content-Length: 0\r\n\r\n");
    mx_buf_clear(&buf);
    reply = (struct mx_reply){.status = 200, .keep_alive_1_0 = true, .body_len = 1234567890123};
    assert_int_equal(mx_reply_write_head(&buf, &reply, &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
                     "Content-Length: 1234567890123\r\n\r\n");
    mx_buf_clear(&buf);
    reply = (struct mx_reply){.status = 200, .framing = MX_REPLY_CHUNKED};
    assert_int_equal(mx_reply_write_head(&buf, &reply, &err), MX_OK);
    mx_reply_write_chunk(&buf, MX_SLICE("0123456789abcdefg"));
    mx_reply_write_chunk(&buf, MX_SLICE(""));
    mx_reply_write_end(&buf);
    assert_buf(&buf, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "11\r\n0123456789abcdefg\r\n0\r\n\r\n");
    mx_buf_clear(&buf);
    reply = (struct mx_reply){.status = 200, .framing = MX_REPLY_CLOSE, .keep_alive_1_0 = true};
    assert_int_equal(mx_reply_write_head(&buf, &reply, &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    mx_buf_deinit(&buf);
}

static void statuses_without_a_body_have_none(void **state) {
    (void)state;
    mx_buf buf = {0};
    struct mx_error err;
    struct mx_reply reply = {.status = 304};
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE("x"), &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 304 Not Modified\r\n\r\n");
    mx_buf_clear(&buf);
    reply.status = 204;
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE("x"), &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 204 No Content\r\n\r\n");
    mx_buf_clear(&buf);
    reply.status = 599;
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE(""), &err), MX_OK);
    assert_buf(&buf, "HTTP/1.1 599 Unknown\r\nContent-Length: 0\r\n\r\n");
    mx_buf_clear(&buf);
    mx_reply_write_continue(&buf);
    assert_buf(&buf, "HTTP/1.1 100 Continue\r\n\r\n");
    mx_buf_deinit(&buf);
}

static void nothing_can_be_smuggled_into_a_head(void **state) {
    (void)state;
    const struct mx_reply_field bad[] = {
        {MX_SLICE("X"), MX_SLICE("a\r\nSet-Cookie: b=c")},
        {MX_SLICE("X"), MX_SLICE("12345678\n")},
        {MX_SLICE("X"), MX_SLICE("\r1234567")},
        {MX_SLICE("X"), MX_SLICE("1234567\0")},
        {MX_SLICE("X"), MX_SLICE("a\x7f")},
        {MX_SLICE("X"), MX_SLICE("1234\x7f"
                                 "5678901")},
        {MX_SLICE("X"), MX_SLICE("\x1f")},
        {MX_SLICE(""), MX_SLICE("a")},
        {MX_SLICE("X Y"), MX_SLICE("a")},
        {MX_SLICE("X:"), MX_SLICE("a")},
        {MX_SLICE("X\r\nY"), MX_SLICE("a")},
        {MX_SLICE("content-LENGTH"), MX_SLICE("3")},
        {MX_SLICE("Transfer-Encoding"), MX_SLICE("chunked")},
        {MX_SLICE("Connection"), MX_SLICE("close")},
        {MX_SLICE("Date"), MX_SLICE("now")},
        {MX_SLICE("Upgrade"), MX_SLICE("h2c")},
    };
    mx_buf buf = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct mx_reply reply = {.status = 200, .fields = &bad[i], .field_count = 1};
        struct mx_error err;
        if (mx_reply_write(&buf, &reply, MX_SLICE("x"), &err) != MX_E_INVALID) {
            fail_msg("case %zu was written", i);
        }
        assert_int_equal(buf.len, 0);
    }
    struct mx_error err;
    struct mx_reply reply = {.status = 100};
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE(""), &err), MX_E_INVALID);
    reply.status = 600;
    assert_int_equal(mx_reply_write(&buf, &reply, MX_SLICE(""), &err), MX_E_INVALID);
    mx_buf_deinit(&buf);
}

// The fast test of eight bytes at a time agrees with the plain one, wherever the byte stands.
static void field_values_are_judged_alike_at_every_place(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 19; at++) {
            for (int around = 0; around < 3; around++) {
                char text[19];
                memset(text, "a\xff "[around], sizeof(text));
                text[at] = (char)c;
                bool good = (c >= ' ' && c != 0x7f) || c == '\t';
                if (mx_field_value_valid((struct mx_slice){text, sizeof(text)}) != good) {
                    fail_msg("byte %d at %zu was misjudged", c, at);
                }
            }
        }
    }
}

static void dates_are_written(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951827696, "Tue, 29 Feb 2000 12:34:56 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[MX_DATE_LEN];
        mx_date_format(cases[i].seconds, out);
        assert_memory_equal(out, cases[i].text, MX_DATE_LEN);
        int64_t back;
        assert_true(mx_date_parse((struct mx_slice){out, MX_DATE_LEN}, 0, &back));
        assert_true(back == cases[i].seconds);
    }
}

static void every_day_of_eight_centuries_survives_the_round_trip(void **state) {
    (void)state;
    for (int64_t day = -146097; day < 146097; day++) {
        char out[MX_DATE_LEN];
        int64_t back;
        mx_date_format(day * 86400 + 3661, out);
        assert_true(mx_date_parse((struct mx_slice){out, MX_DATE_LEN}, 0, &back));
        assert_true(back == day * 86400 + 3661);
    }
}

static void all_three_forms_of_a_date_are_read(void **state) {
    (void)state;
    int64_t now = 1700000000; // 2023
    int64_t got;
    assert_true(mx_date_parse(MX_SLICE("Sunday, 06-Nov-94 08:49:37 GMT"), now, &got));
    assert_true(got == 784111777);
    assert_true(mx_date_parse(MX_SLICE("Sun Nov  6 08:49:37 1994"), now, &got));
    assert_true(got == 784111777);
    assert_true(mx_date_parse(MX_SLICE("Wednesday, 01-Jan-70 00:00:00 GMT"), now, &got));
    assert_true(got == 3155760000); // 2070 is less than 50 years ahead
    assert_true(mx_date_parse(MX_SLICE("Sunday, 01-Jan-74 00:00:00 GMT"), now, &got));
    assert_true(got == 126230400); // 2074 would be more
    assert_true(mx_date_parse(MX_SLICE("Sat, 31 Dec 2016 23:59:60 GMT"), now, &got));
    assert_true(got == 1483228799);
    static const char *const bad[] = {"", "now", "Sun, 06 Nov 1994 08:49:37", "0",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1999 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Xun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Xov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun,  6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (mx_date_parse(mx_slice_of(bad[i]), now, &got)) {
            fail_msg("\"%s\" was taken for a date", bad[i]);
        }
    }
}

static void a_tag_differs_when_one_bit_does(void **state) {
    (void)state;
    enum { SIZE = 100 };
    char content[SIZE] = {0};
    static char tags[SIZE * 8 + 1][MX_ETAG_LEN];
    size_t count = 0;
    mx_etag_write((struct mx_slice){content, SIZE}, tags[count++]);
    for (size_t bit = 0; bit < SIZE * 8; bit++) {
        content[bit / 8] = (char)(1 << bit % 8);
        mx_etag_write((struct mx_slice){content, SIZE}, tags[count++]);
        content[bit / 8] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(mx_etag_valid((struct mx_slice){tags[i], MX_ETAG_LEN}));
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(tags[i], tags[k], MX_ETAG_LEN);
        }
    }
}

static int compare_tags(const void *a, const void *b) {
    return memcmp(a, b, MX_ETAG_LEN);
}

// What one word did, the next one must not undo: not in its lane, and not from lane to lane.
static void a_tag_differs_when_any_two_bits_do(void **state) {
    (void)state;
    enum { BYTES = 72, BITS = BYTES * 8, PAIRS = BITS * (BITS - 1) / 2 };
    char content[BYTES];
    memset(content, 'a', sizeof(content));
    static char tags[PAIRS][MX_ETAG_LEN];
    size_t count = 0;
    for (size_t i = 0; i < BITS; i++) {
        content[i / 8] ^= (char)(1 << i % 8);
        for (size_t k = 0; k < i; k++) {
            content[k / 8] ^= (char)(1 << k % 8);
            mx_etag_write((struct mx_slice){content, BYTES}, tags[count++]);
            content[k / 8] ^= (char)(1 << k % 8);
        }
        content[i / 8] ^= (char)(1 << i % 8);
    }
    qsort(tags, count, sizeof(tags[0]), compare_tags);
    for (size_t i = 1; i < count; i++) {
        assert_memory_not_equal(tags[i - 1], tags[i], MX_ETAG_LEN);
    }
}

static void a_tag_differs_when_the_length_does(void **state) {
    (void)state;
    static char zeros[200];
    static char tags[200][MX_ETAG_LEN];
    for (size_t len = 0; len < 200; len++) {
        mx_etag_write((struct mx_slice){zeros, len}, tags[len]);
        for (size_t k = 0; k < len; k++) {
            assert_memory_not_equal(tags[len], tags[k], MX_ETAG_LEN);
        }
    }
}

static void tags_are_compared_strongly_and_weakly(void **state) {
    (void)state;
    struct mx_slice strong = MX_SLICE("\"a\""), weak = MX_SLICE("W/\"a\""),
                    other = MX_SLICE("\"b\"");
    assert_true(mx_etag_equal_strong(strong, strong));
    assert_false(mx_etag_equal_strong(weak, weak));
    assert_false(mx_etag_equal_strong(strong, weak));
    assert_true(mx_etag_equal_weak(strong, weak));
    assert_true(mx_etag_equal_weak(weak, weak));
    assert_false(mx_etag_equal_weak(strong, other));
    assert_false(mx_etag_equal_weak(MX_SLICE("a"), MX_SLICE("a")));
    char out[MX_ETAG_MAX];
    size_t len = mx_etag_with_suffix(strong, MX_SLICE("gz"), out);
    assert_true(mx_slice_equal((struct mx_slice){out, len}, MX_SLICE("\"a-gz\"")));
    assert_int_equal(mx_etag_with_suffix(MX_SLICE("a"), MX_SLICE("gz"), out), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_written),
        cmocka_unit_test(connection_and_framing_follow_the_request),
        cmocka_unit_test(statuses_without_a_body_have_none),
        cmocka_unit_test(nothing_can_be_smuggled_into_a_head),
        cmocka_unit_test(field_values_are_judged_alike_at_every_place),
        cmocka_unit_test(dates_are_written),
        cmocka_unit_test(every_day_of_eight_centuries_survives_the_round_trip),
        cmocka_unit_test(all_three_forms_of_a_date_are_read),
        cmocka_unit_test(a_tag_differs_when_one_bit_does),
        cmocka_unit_test(a_tag_differs_when_any_two_bits_do),
        cmocka_unit_test(a_tag_differs_when_the_length_does),
        cmocka_unit_test(tags_are_compared_strongly_and_weakly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// Any bytes as the value of the fields that we take apart: cookies, media types, preferences, tags,
// dates, ranges, addresses.
#include <assert.h>

#include "http/content_type.h"
#include "http/cookie.h"
#include "http/date.h"
#include "http/etag.h"
#include "http/forwarded.h"
#include "http/negotiate.h"
#include "http/ranges.h"
#include "http/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cookies(struct mx_slice raw) {
    struct mx_cookies cookies = {.rest = raw};
    struct mx_cookie cookie;
    while (mx_cookies_next(&cookies, &cookie)) {
        assert(cookie.name.len > 0 && !memchr(cookie.name.ptr, '=', cookie.name.len));
        assert(cookie.value.len == 0 || !memchr(cookie.value.ptr, ';', cookie.value.len));
    }
    mx_buf buf = {0};
    struct mx_set_cookie set = {.name = MX_SLICE("a"), .value = raw, .max_age = -1};
    struct mx_error err;
    if (mx_set_cookie_write(&buf, &set, &err) == MX_OK) {
        assert(mx_field_value_valid(mx_buf_slice(&buf)));
        cookies.rest = mx_buf_slice(&buf);
        assert(mx_cookies_next(&cookies, &cookie) && mx_slice_equal(cookie.value, raw));
    } else {
        assert(buf.len == 0);
    }
    mx_buf_deinit(&buf);
}

static void check_preferences(struct mx_slice raw) {
    const struct mx_slice types[] = {MX_SLICE("text/html"), MX_SLICE("application/json")};
    const struct mx_slice languages[] = {MX_SLICE("en"), MX_SLICE("pt-BR")};
    int type = mx_negotiate_type(raw, types, 2);
    int language = mx_negotiate_language(raw, languages, 2);
    assert(type >= -1 && type < 2 && language >= -1 && language < 2);
    mx_negotiate_encoding(raw);
}

static void check_date(struct mx_slice raw) {
    int64_t seconds, back;
    if (mx_date_parse(raw, 1700000000, &seconds)) {
        char text[MX_DATE_LEN];
        mx_date_format(seconds, text);
        assert(mx_date_parse((struct mx_slice){text, MX_DATE_LEN}, 1700000000, &back));
        assert(back == seconds);
    }
}

// A request whose every interesting field has the value `raw`.
static void check_request(mx_arena *arena, struct mx_slice raw) {
    static const struct mx_slice names[] = {MX_SLICE("cookie"), MX_SLICE("range"),
        MX_SLICE("if-range"), MX_SLICE("if-none-match"), MX_SLICE("if-modified-since"),
        MX_SLICE("forwarded"), MX_SLICE("x-forwarded-for"), MX_SLICE("x-forwarded-host")};
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    struct mx_field fields[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        fields[i] = (struct mx_field){names[i], mx_slice_trim(raw), mx_field_key(names[i])};
    }
    struct mx_request request = {
        .host = MX_SLICE("a"), .path = MX_SLICE("/"), .fields = fields, .field_count = COUNT};
    struct mx_validators validators = {.etag = MX_SLICE("\"a\""), .last_modified = 784111777};
    mx_condition_check(&request, &validators);
    mx_cookie_find(&request, MX_SLICE("cart"));

    struct mx_ranges ranges;
    fields[2].name = MX_SLICE("x-none"); // without If-Range ranges count
    if (mx_ranges_check(&request, 1000, &validators, &ranges) == MX_RANGE_PART) {
        for (size_t i = 0; i < ranges.count; i++) {
            assert(ranges.ranges[i].first <= ranges.ranges[i].last && ranges.ranges[i].last < 1000);
            assert(i == 0 || ranges.ranges[i].first > ranges.ranges[i - 1].last + 1);
        }
    }

    for (int kind = MX_FORWARDED_X; kind <= MX_FORWARDED_STANDARD; kind++) {
        mx_proxies *proxies;
        struct mx_error err;
        int rc = mx_proxies_parse(
            MX_SLICE("unix private"), (enum mx_forwarded_kind)kind, &proxies, &err);
        assert(rc == MX_OK);
        struct mx_origin origin;
        mx_origin_find(proxies, NULL, false, &request, arena, &origin);
        assert(origin.host.len > 0);
        mx_proxies_destroy(proxies);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mx_slice raw = {(const char *)data, size};
    mx_arena *arena = mx_arena_create();
    struct mx_content_type type;
    struct mx_error err;
    if (mx_content_type_parse(arena, raw, &type, &err) == MX_OK) {
        assert(type.type.len >= 3 && memchr(type.type.ptr, '/', type.type.len));
    }
    check_cookies(raw);
    check_preferences(raw);
    check_date(raw);
    check_request(arena, raw);
    struct mx_network network;
    if (mx_network_parse(raw, &network, &err) == MX_OK) {
        assert(network.bits <= 128 && mx_network_has(&network, &network.address));
    }
    mx_arena_destroy(arena);
    return 0;
}

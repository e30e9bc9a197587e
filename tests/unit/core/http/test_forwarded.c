// Addresses, networks, and who is really asking.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/forwarded.h"
#include "platform/buf.h"

#include "given.h"

static struct mx_address address_of(const char *text) {
    struct mx_address address;
    if (!mx_address_parse(mx_slice_of(text), &address)) {
        fail_msg("\"%s\" is no address", text);
    }
    return address;
}

static void addresses_are_read_and_written(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"[::1]", "::1"},
        {"::ffff:10.0.0.1", "10.0.0.1"},
    };
    for (size_t i = 0; i < 4; i++) {
        struct mx_address address = address_of(cases[i][0]);
        char out[MX_ADDRESS_MAX];
        size_t len = mx_address_format(&address, out);
        assert_true(mx_slice_equal((struct mx_slice){out, len}, mx_slice_of(cases[i][1])));
    }
    static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
        "[1.2.3.4]", "::1::", "fe80::1%eth0", "a", "[::1", " 1.2.3.4", "1.2.3.4:80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct mx_address address;
        if (mx_address_parse(mx_slice_of(bad[i]), &address)) {
            fail_msg("\"%s\" was taken for an address", bad[i]);
        }
    }
}

static void networks_hold_their_addresses(void **state) {
    (void)state;
    static const struct {
        const char *network;
        const char *address;
        bool inside;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::10.0.0.1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"192.0.2.4/30", "192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.8", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "8.8.8.8", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_network network;
        struct mx_error err;
        if (mx_network_parse(mx_slice_of(cases[i].network), &network, &err) < 0) {
            fail_msg("%s", err.text);
        }
        struct mx_address address = address_of(cases[i].address);
        if (mx_network_has(&network, &address) != cases[i].inside) {
            fail_msg("%s in %s", cases[i].address, cases[i].network);
        }
    }
    static const char *const bad[] = {
        "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "x/8", "/8", "1::1/64"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct mx_network network;
        struct mx_error err;
        assert_int_equal(mx_network_parse(mx_slice_of(bad[i]), &network, &err), MX_E_INVALID);
    }
}

struct expected {
    const char *peer; // NULL: a Unix socket
    const char *fields;
    const char *remote; // NULL: not known
    bool secure;
    const char *host;
};

static void check(const char *trusted, enum mx_forwarded_kind kind, const struct expected *want) {
    mx_proxies *proxies;
    struct mx_error err;
    assert_int_equal(mx_proxies_parse(mx_slice_of(trusted), kind, &proxies, &err), MX_OK);
    struct given given = given_request("GET", want->fields);
    struct mx_address peer = {0};
    if (want->peer) {
        peer = address_of(want->peer);
    }
    struct mx_origin origin;
    mx_origin_find(proxies, want->peer ? &peer : NULL, false, given.request, given.arena, &origin);
    if (origin.has_remote != (want->remote != NULL)) {
        fail_msg("remote for: %s", want->fields);
    }
    if (want->remote) {
        struct mx_address remote = address_of(want->remote);
        if (!mx_address_equal(&remote, &origin.remote)) {
            char out[MX_ADDRESS_MAX];
            mx_address_format(&origin.remote, out);
            fail_msg("%s, not %s, for: %s", out, want->remote, want->fields);
        }
    }
    if (origin.is_secure != want->secure || !mx_slice_equal(origin.host, mx_slice_of(want->host))) {
        fail_msg("secure %d, host %.*s for: %s", origin.is_secure, (int)origin.host.len,
            origin.host.ptr, want->fields);
    }
    given_clear(&given);
    mx_proxies_destroy(proxies);
}

static void x_fields_are_believed_from_trusted_peers_only(void **state) {
    (void)state;
    static const struct expected cases[] = {
        {"10.0.0.1", "", "10.0.0.1", false, "shop.test"},
        {"10.0.0.1",
            "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
            "X-Forwarded-Host: www.test\r\n",
            "192.0.2.1", true, "www.test"},
        {"203.0.113.9", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n", "203.0.113.9",
            false, "shop.test"},
        // what the client itself wrote stands on the left, and is not reached
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, 192.0.2.1\r\n", "192.0.2.1", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 127.0.0.1, 192.0.2.1, 10.0.0.2\r\n", "192.0.2.1", false,
            "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1",
            false, "shop.test"},
        // all are proxies: the left-most one asks for itself
        {"10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, nonsense\r\n", "10.0.0.1", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, nonsense, 10.0.0.2\r\n", "10.0.0.2", false,
            "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1:4711\r\n", "192.0.2.1", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-Proto: http, https\r\n", "10.0.0.1", true, "shop.test"},
        {"10.0.0.1", "X-Forwarded-Proto: https, http\r\n", "10.0.0.1", false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-Host: evil.test/path\r\n", "10.0.0.1", false, "shop.test"},
        {"10.0.0.1", "Forwarded: for=192.0.2.1;proto=https\r\n", "10.0.0.1", false, "shop.test"},
        {NULL, "X-Forwarded-For: 192.0.2.1\r\n", NULL, false, "shop.test"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check("loopback, private", MX_FORWARDED_X, &cases[i]);
    }
    static const struct expected unix_peer = {
        NULL, "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1", false, "shop.test"};
    check("unix", MX_FORWARDED_X, &unix_peer);
    check("", MX_FORWARDED_X, &cases[0]);
}

static void the_standard_field_is_believed_from_trusted_peers_only(void **state) {
    (void)state;
    static const struct expected cases[] = {
        {"10.0.0.1", "Forwarded: for=192.0.2.1;proto=https;host=www.test\r\n", "192.0.2.1", true,
            "www.test"},
        {"10.0.0.1", "Forwarded: For=\"[2001:db8::1]:4711\" ; Proto=https\r\n", "2001:db8::1", true,
            "shop.test"},
        {"10.0.0.1", "Forwarded: for=1.1.1.1;host=evil, for=192.0.2.1;proto=http\r\n", "192.0.2.1",
            false, "shop.test"},
        {"10.0.0.1", "Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2\r\n", "192.0.2.1", true,
            "shop.test"},
        {"10.0.0.1", "Forwarded: for=1.1.1.1, for=unknown\r\n", "10.0.0.1", false, "shop.test"},
        {"10.0.0.1", "Forwarded: for=1.1.1.1, for=_hidden;proto=https\r\n", "10.0.0.1", true,
            "shop.test"},
        {"10.0.0.1", "Forwarded: for=1.1.1.1, for=\"broken\r\n", "10.0.0.1", false, "shop.test"},
        {"10.0.0.1", "Forwarded: for=1.1.1.1;ext=\"a,b\\\"\", for=192.0.2.1\r\n", "192.0.2.1",
            false, "shop.test"},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n", "10.0.0.1", false, "shop.test"},
        {"8.8.8.8", "Forwarded: for=192.0.2.1\r\n", "8.8.8.8", false, "shop.test"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check("10.0.0.0/8", MX_FORWARDED_STANDARD, &cases[i]);
    }
}

static void a_chain_without_end_keeps_its_last_elements(void **state) {
    (void)state;
    mx_buf fields = {0};
    mx_buf_append_text(&fields, "X-Forwarded-For: 1.1.1.1");
    for (int i = 0; i < 200; i++) {
        mx_buf_append_text(&fields, ", 192.0.2.7");
    }
    mx_buf_append_text(&fields, ", 10.0.0.2\r\n");
    struct expected want = {"10.0.0.1", mx_buf_text(&fields), "192.0.2.7", false, "shop.test"};
    check("private", MX_FORWARDED_X, &want);
    mx_buf_deinit(&fields);
}

static void mistakes_in_the_list_of_proxies_are_told(void **state) {
    (void)state;
    mx_proxies *proxies;
    struct mx_error err;
    assert_int_equal(
        mx_proxies_parse(MX_SLICE("loopback, 10.0.0.1/8"), MX_FORWARDED_X, &proxies, &err),
        MX_E_INVALID);
    assert_non_null(strstr(err.text, "10.0.0.1/8"));
    assert_int_equal(
        mx_proxies_parse(MX_SLICE("nginx"), MX_FORWARDED_X, &proxies, &err), MX_E_INVALID);
    mx_buf many = {0};
    for (int i = 0; i < 65; i++) {
        mx_buf_append_text(&many, "10.0.0.1 ");
    }
    assert_int_equal(
        mx_proxies_parse(mx_buf_slice(&many), MX_FORWARDED_X, &proxies, &err), MX_E_LIMIT);
    mx_buf_deinit(&many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(networks_hold_their_addresses),
        cmocka_unit_test(x_fields_are_believed_from_trusted_peers_only),
        cmocka_unit_test(the_standard_field_is_believed_from_trusted_peers_only),
        cmocka_unit_test(a_chain_without_end_keeps_its_last_elements),
        cmocka_unit_test(mistakes_in_the_list_of_proxies_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

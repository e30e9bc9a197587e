// Which addresses count as public: the registries, address by address, with their edges.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "client/reach.h"

struct row {
    const char *address;
    const char *kind; // NULL: public
};

static const struct row rows[] = {
    // This machine
    {"127.0.0.1", "loopback"},
    {"127.0.0.53", "loopback"},
    {"127.255.255.255", "loopback"},
    {"126.255.255.255", NULL},
    {"128.0.0.0", NULL},
    {"::1", "loopback"},
    {"0.0.0.0", "unspecified"},
    {"0.0.0.1", "reserved"},
    {"0.255.255.255", "reserved"},
    {"1.0.0.0", NULL},
    {"::", "unspecified"},
    // Networks of houses and firms
    {"9.255.255.255", NULL},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"11.0.0.0", NULL},
    {"172.15.255.255", NULL},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"172.32.0.0", NULL},
    {"192.167.255.255", NULL},
    {"192.168.0.0", "private"},
    {"192.168.255.255", "private"},
    {"192.169.0.0", NULL},
    {"fc00::1", "private"},
    {"fdff:ffff::1", "private"},
    {"fbff::1", "reserved"},
    {"fec0::1", "private"},
    // Behind a provider's NAT
    {"100.63.255.255", NULL},
    {"100.64.0.0", "shared"},
    {"100.127.255.255", "shared"},
    {"100.128.0.0", NULL},
    // The wire
    {"169.253.255.255", NULL},
    {"169.254.0.1", "link-local"},
    {"169.255.0.0", NULL},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    // Where clouds keep secrets
    {"169.254.169.254", "metadata"},
    {"100.100.100.200", "metadata"},
    {"192.0.0.192", "metadata"},
    {"168.63.129.16", "metadata"},
    {"168.63.129.17", NULL},
    {"fd00:ec2::254", "metadata"},
    // To many at once
    {"223.255.255.255", NULL},
    {"224.0.0.1", "multicast"},
    {"239.255.255.255", "multicast"},
    {"ff02::1", "multicast"},
    {"ff0e::1", "multicast"},
    {"255.255.255.255", "broadcast"},
    // To nobody
    {"192.0.0.1", "reserved"},
    {"192.0.1.0", NULL},
    {"192.0.2.1", "documentation"},
    {"192.88.99.1", "reserved"},
    {"198.17.255.255", NULL},
    {"198.18.0.0", "reserved"},
    {"198.19.255.255", "reserved"},
    {"198.20.0.0", NULL},
    {"198.51.100.1", "documentation"},
    {"203.0.113.1", "documentation"},
    {"240.0.0.1", "reserved"},
    {"255.255.255.254", "reserved"},
    {"100::1", "reserved"},
    {"2001:db8::1", "documentation"},
    {"3fff::1", "documentation"},
    {"4000::1", "reserved"},
    {"1fff::1", "reserved"},
    {"5f00::1", "reserved"},
    // An IPv4 address in another dress
    {"::ffff:127.0.0.1", "loopback"},
    {"::ffff:10.0.0.1", "private"},
    {"::ffff:169.254.169.254", "metadata"},
    {"::ffff:8.8.8.8", NULL},
    {"::127.0.0.1", "reserved"}, // compatible
    {"::8.8.8.8", "reserved"},
    {"::ffff:0:127.0.0.1", "reserved"}, // translated
    {"64:ff9b::127.0.0.1", "loopback"}, // NAT64
    {"64:ff9b::192.168.1.1", "private"},
    {"64:ff9b::169.254.169.254", "metadata"},
    {"64:ff9b::8.8.8.8", NULL},
    {"64:ff9b:1::8.8.8.8", "reserved"}, // somebody's own NAT64
    {"2002:7f00:1::1", "loopback"},     // 6to4
    {"2002:a00:1::1", "private"},
    {"2002:a9fe:a9fe::1", "metadata"},
    {"2002:808:808::1", NULL},
    {"2001:0:a00:1::1", "reserved"}, // Teredo, whatever is inside
    {"2001:0:4136:e378:8000:63bf:f5ff:fffe", "reserved"},
    {"2600::5efe:a00:1", "private"}, // ISATAP
    {"2600::200:5efe:7f00:1", "loopback"},
    {"2600::5efe:808:808", NULL},
    {"fe80::5efe:808:808", "link-local"},
    // The rest of the world
    {"8.8.8.8", NULL},
    {"93.184.216.34", NULL},
    {"2001:4860:4860::8888", NULL},
    {"2001:200::1", NULL},
    {"2001:1ff:ffff::1", "reserved"},
    {"2606:4700::1111", NULL},
    {"2a00:1450:4001:82b::200e", NULL},
    {"3ffe::1", NULL},
    {"3fff:1000::1", NULL},
};

static struct sockaddr_storage parse(const char *text) {
    struct sockaddr_storage address;
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&address;
    memset(&address, 0, sizeof(address));
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        address.ss_family = AF_INET;
    } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        address.ss_family = AF_INET6;
    } else {
        fail_msg("%s is no address", text);
    }
    return address;
}

static void each_address_is_known_for_what_it_is(void **state) {
    (void)state;
    assert_true(sizeof(rows) / sizeof(rows[0]) >= 60);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage address = parse(rows[i].address);
        const char *kind = mx_reach_refusal((struct sockaddr *)(void *)&address);
        const char *wanted = rows[i].kind;
        if ((kind == NULL) != (wanted == NULL) || (kind && strcmp(kind, wanted) != 0)) {
            fail_msg("%s is %s, not %s", rows[i].address, kind ? kind : "public",
                wanted ? wanted : "public");
        }
    }
}

static void what_is_no_internet_address_is_refused(void **state) {
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    char text[MX_REACH_TEXT];
    assert_string_equal(mx_reach_refusal((struct sockaddr *)(void *)&local), "no internet");
    mx_reach_format((struct sockaddr *)(void *)&local, text);
    assert_string_equal(text, "an address of another kind");
}

static void loopback_is_this_machine_in_every_dress(void **state) {
    (void)state;
    static const struct row cases[] = {{"127.0.0.1", ""}, {"127.9.9.9", ""}, {"::1", ""},
        {"::ffff:127.0.0.1", ""}, {"10.0.0.1", NULL}, {"0.0.0.0", NULL}, {"8.8.8.8", NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_storage address = parse(cases[i].address);
        assert_int_equal(
            mx_reach_is_loopback((struct sockaddr *)(void *)&address), cases[i].kind != NULL);
    }
}

static void addresses_are_written_as_usual(void **state) {
    (void)state;
    static const char *const cases[] = {"192.0.2.7", "2001:db8::7", "::1"};
    for (size_t i = 0; i < 3; i++) {
        char text[MX_REACH_TEXT];
        struct sockaddr_storage address = parse(cases[i]);
        mx_reach_format((struct sockaddr *)(void *)&address, text);
        assert_string_equal(text, cases[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_is_known_for_what_it_is),
        cmocka_unit_test(what_is_no_internet_address_is_refused),
        cmocka_unit_test(loopback_is_this_machine_in_every_dress),
        cmocka_unit_test(addresses_are_written_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

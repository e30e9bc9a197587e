// What the door refuses: places that are not listed, addresses that are not public, however a
// request gets there, and everything that would smuggle something into one.
#include "given.h"

#include <netinet/in.h>

// --- another internet ---------------------------------------------------------------------------

// Only the server's port on 127.0.0.1 is public; names are as the test says, answer by answer.
struct internet {
    unsigned public_port;
    const char *answers[4]; // the last one stays
    int asked;
};

static bool fake_is_public(void *ctx, const struct sockaddr *address) {
    const struct internet *internet = ctx;
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    return address->sa_family == AF_INET && four->sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
           ntohs(four->sin_port) == internet->public_port;
}

static bool fake_resolve(void *ctx, const char *host, mx_buf *addresses) {
    struct internet *internet = ctx;
    int last = 3;
    while (last > 0 && !internet->answers[last]) {
        last--;
    }
    if (strcmp(host, "shop.test") != 0 || !internet->answers[0]) {
        return false;
    }
    mx_buf_append_text(
        addresses, internet->answers[internet->asked < last ? internet->asked : last]);
    internet->asked++;
    return true;
}

struct guarded {
    struct internet internet;
    struct mx_client_fake fake;
    struct given *given;
    char name[64];
    struct mx_client_place places[4];
};

static void guarded_open(struct guarded *guarded) {
    memset(guarded, 0, sizeof(*guarded));
    guarded->fake = (struct mx_client_fake){fake_resolve, fake_is_public, &guarded->internet};
    guarded->given = given_open((struct mx_client_options){.fake = &guarded->fake});
    guarded->internet.public_port = guarded->given->server.port;
    snprintf(guarded->name, sizeof(guarded->name), "shop.test:%u", guarded->given->server.port);
    memcpy(guarded->places, guarded->given->places, sizeof(guarded->given->places));
    guarded->places[3] = (struct mx_client_place){mx_slice_of(guarded->name), true};
}

static struct outcome guarded_ask(struct guarded *guarded, const char *url, unsigned redirects) {
    struct outcome outcome = {.done = 0};
    struct mx_client_request request = given_request(guarded->given, url);
    request.places = guarded->places;
    request.place_count = 4;
    request.redirect_max = redirects;
    given_ask(guarded->given, &request, &outcome);
    return outcome;
}

static const char *shop_url(struct guarded *guarded, const char *path) {
    char *url = guarded->given->urls[guarded->given->url_count++ % 8];
    snprintf(url, 512, "http://%s%s", guarded->name, path);
    return url;
}

static void a_private_address_is_refused_though_it_is_listed(void **state) {
    (void)state;
    struct guarded guarded;
    guarded_open(&guarded);
    struct given *given = guarded.given;
    struct outcome outcome = guarded_ask(&guarded, given_url(given, &given->server, "/hello"), 0);
    assert_int_equal(outcome.status, 200); // the fake internet works
    outcome_clear(&outcome);
    outcome = guarded_ask(&guarded, given_url(given, &given->other, "/hello"), 0);
    assert_says(&outcome, MX_E_INVALID, "127.0.0.1 (loopback): only public addresses");
    assert_int_equal(given->other.connections, 0);
    given_close(given);
}

static void a_redirect_to_a_private_address_is_refused(void **state) {
    (void)state;
    struct guarded guarded;
    guarded_open(&guarded);
    struct given *given = guarded.given;
    char path[600];
    snprintf(path, sizeof(path), "/r/302/%s", given_url(given, &given->other, "/hello"));
    struct outcome outcome = guarded_ask(&guarded, given_url(given, &given->server, path), 5);
    assert_says(&outcome, MX_E_INVALID, "(loopback)");
    assert_int_equal(given->server.requests, 1);
    assert_int_equal(given->other.connections, 0);
    given_close(given);
}

static void a_name_that_leads_to_a_private_address_is_refused(void **state) {
    (void)state;
    static const char *const answers[] = {
        "127.0.0.2", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.2", "fd00::1"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct guarded guarded;
        guarded_open(&guarded);
        guarded.internet.answers[0] = answers[i];
        struct outcome outcome = guarded_ask(&guarded, shop_url(&guarded, "/hello"), 0);
        assert_says(&outcome, MX_E_INVALID, "only public addresses may be reached");
        assert_int_equal(guarded.given->server.connections, 0);
        given_close(guarded.given);
    }
}

static void a_name_is_judged_anew_when_its_address_changes(void **state) {
    (void)state;
    struct guarded guarded;
    guarded_open(&guarded);
    guarded.internet.answers[0] = "127.0.0.1"; // public here
    guarded.internet.answers[1] = "127.0.0.2";
    struct outcome outcome = guarded_ask(&guarded, shop_url(&guarded, "/close"), 0);
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    outcome = guarded_ask(&guarded, shop_url(&guarded, "/hello"), 0);
    assert_says(&outcome, MX_E_INVALID, "127.0.0.2 (loopback)");
    assert_int_equal(guarded.given->server.requests, 1);
    given_close(guarded.given);
}

static void a_name_is_judged_anew_at_a_redirect(void **state) {
    (void)state;
    struct guarded guarded;
    guarded_open(&guarded);
    guarded.internet.answers[0] = "127.0.0.1";
    guarded.internet.answers[1] = "127.0.0.2";
    struct outcome outcome = guarded_ask(&guarded, shop_url(&guarded, "/rc/302//hello"), 5);
    assert_says(&outcome, MX_E_INVALID, "127.0.0.2 (loopback)");
    assert_int_equal(guarded.given->server.requests, 1);
    outcome_clear(&outcome);
    // On a connection that stays open the next hop goes where the first was judged.
    guarded.internet.asked = 0;
    outcome = guarded_ask(&guarded, shop_url(&guarded, "/r/302//hello"), 5);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(guarded.given->server.connections, 2);
    outcome_clear(&outcome);
    given_close(guarded.given);
}

static void one_good_address_of_several_is_enough(void **state) {
    (void)state;
    struct guarded guarded;
    guarded_open(&guarded);
    guarded.internet.answers[0] = "127.0.0.2,10.0.0.1,127.0.0.1";
    struct outcome outcome = guarded_ask(&guarded, shop_url(&guarded, "/hello"), 0);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(guarded.given->server.connections, 1);
    outcome_clear(&outcome);
    given_close(guarded.given);
}

// --- the list -----------------------------------------------------------------------------------

static bool resolve_nowhere(void *ctx, const char *host, mx_buf *addresses) {
    (void)ctx;
    (void)host;
    mx_buf_append_text(addresses, "192.0.2.1");
    return true;
}

static void only_listed_places_are_reached(void **state) {
    (void)state;
    static const struct {
        const char *url;
        const char *place;
        bool plain;
        const char *says; // NULL: allowed
    } cases[] = {
        {"https://api.test.example/", "api.test.example", false, NULL},
        {"https://API.Test.Example/", "api.test.EXAMPLE", false, NULL},
        {"https://api.test.example:443/", "api.test.example", false, NULL},
        {"https://api.test.example:8443/", "api.test.example:8443", false, NULL},
        {"https://api.test.example/", "api.test.example:8443", false, "not on the allow-list"},
        {"https://api.test.example:8443/", "api.test.example", false, "not on the allow-list"},
        {"http://api.test.example/", "api.test.example", true, NULL},
        {"http://api.test.example/", "api.test.example", false, "use https"},
        {"https://a.test.example/", "*.test.example", false, NULL},
        {"https://a.b.test.example/", "*.test.example", false, NULL},
        {"https://test.example/", "*.test.example", false, "not on the allow-list"},
        {"https://eviltest.example/", "*.test.example", false, "not on the allow-list"},
        {"https://a.test.example.evil.example/", "*.test.example", false, "not on the allow"},
        {"https://api.test.example.evil.example/", "api.test.example", false, "not on the allow"},
        {"https://api.test.example@evil.example/", "api.test.example", false, "user name"},
        {"https://evil.example/?api.test.example", "api.test.example", false, "not on the allow"},
        {"https://evil.example\\@api.test.example/", "api.test.example", false, ""},
        {"https://[2001:db8::1]:8443/", "[2001:db8::1]:8443", false, NULL},
        {"https://[2001:DB8:0::1]/", "[2001:db8::1]", false, NULL},
        {"https://0x7f.1/", "127.0.0.1", false, NULL}, // allowed here, refused at the connection
        {"https://017700000001/", "example.com", false, "127.0.0.1:443 is not on"},
        {"https://api.test.example/", "*", false, "cannot stand in an allow-list"},
        {"https://api.test.example/", "*.example", false, "cannot stand in an allow-list"},
        {"https://api.test.example/", "*.0.0.1", false, "cannot stand in an allow-list"},
        {"https://api.test.example/", "api.*.example", false, "cannot stand in an allow-list"},
        {"https://api.test.example/", "https://api.test.example", false, "cannot stand"},
        {"https://api.test.example/", "api.test.example:0", false, "cannot stand"},
        {"https://api.test.example/", "api.test.example:99999", false, "cannot stand"},
        {"https://api.test.example/", "", false, "cannot stand"},
    };
    struct mx_client_fake fake = {.resolve = resolve_nowhere};
    struct given *given = given_open((struct mx_client_options){.fake = &fake});
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_client_place place = {mx_slice_of(cases[i].place), cases[i].plain};
        struct mx_client_request request = given_request(given, cases[i].url);
        struct outcome outcome = {.done = 0};
        request.places = &place;
        request.place_count = 1;
        if (cases[i].says) {
            assert_refused(given, &request, cases[i].says);
        } else {
            given_start(given, &request, &outcome);
            mx_client_cancel(given->drive.client, outcome.transfer);
        }
    }
    given_close(given);
}

// --- what a request may not say -----------------------------------------------------------------

static void urls_that_are_none_are_refused(void **state) {
    (void)state;
    static const struct row {
        const char *url;
        const char *says;
    } cases[] = {
        {"", "missing"},
        {"/path", "no absolute URL"},
        {"api.test.example/", "no absolute URL"},
        {"ftp://127.0.0.1/", "must begin with https://"},
        {"file:///etc/passwd", "must begin with https://"},
        {"gopher://127.0.0.1:25/_x", "must begin with https://"},
        {"smtp://127.0.0.1/", "must begin with https://"},
        {"http://user@127.0.0.1/", "user name"},
        {"http://user:word@127.0.0.1/", "user name"},
        {"http://:word@127.0.0.1/", "user name"},
        {"http://127.0.0.1/#top", "fragment"},
        {"http://127.0.0.1/a b", "escape it"},
        {"http://127.0.0.1/\r\nX: y", "escape it"},
        {"http://m\xc3\xbcller.example/", "xn--"},
        {"http://127.0.0.1:99999/", "no absolute URL"},
        {"http://127.0.0.1:0/", "port 0"},
        {"http://[fe80::1%25eth0]/", "no name of a host"},
        {"http://a..b/", "no name of a host"},
        {"http://exa%20mple/", ""},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_client_request request = given_request(given, cases[i].url);
        assert_refused(given, &request, cases[i].says);
    }
    struct mx_client_request request = given_request(given, "");
    request.url = (struct mx_slice){"http://127.0.0.1/\0x", 19};
    assert_refused(given, &request, "escape it");
    char longest[8193];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "http://127.0.0.1/", 17);
    request.url = (struct mx_slice){longest, sizeof(longest)};
    assert_refused(given, &request, "longer than 8192 bytes");
    given_close(given);
}

static void fields_that_would_smuggle_are_refused(void **state) {
    (void)state;
    static const struct {
        struct mx_slice name;
        struct mx_slice value;
        const char *says;
    } cases[] = {
        {{"X-A", 3}, {"1\r\nX-B: 2", 9}, "line break"},
        {{"X-A", 3}, {"1\nX-B: 2", 8}, "line break"},
        {{"X-A", 3}, {"1\rX-B: 2", 8}, "line break"},
        {{"X-A", 3}, {"1\0", 2}, "control character"},
        {{"X-A", 3}, {"1\x7f", 2}, "control character"},
        {{"X-A\r\nX-B", 8}, {"1", 1}, "no name of a header field"},
        {{"X-A\0", 4}, {"1", 1}, "no name of a header field"},
        {{"X A", 3}, {"1", 1}, "no name of a header field"},
        {{"X-A:", 4}, {"1", 1}, "no name of a header field"},
        {{"", 0}, {"1", 1}, "no name of a header field"},
        {{"Host", 4}, {"evil.example", 12}, "sets the field 'Host' itself"},
        {{"content-length", 14}, {"0", 1}, "itself"},
        {{"Transfer-Encoding", 17}, {"chunked", 7}, "itself"},
        {{"Connection", 10}, {"close", 5}, "itself"},
        {{"Proxy-Authorization", 19}, {"x", 1}, "itself"},
    };
    struct given *given = given_private();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mx_client_field field = {cases[i].name, cases[i].value};
        struct mx_client_request request =
            given_request(given, given_url(given, &given->server, "/echo"));
        request.fields = &field;
        request.field_count = 1;
        assert_refused(given, &request, cases[i].says);
    }
    assert_int_equal(given->server.connections, 0);
    given_close(given);
}

static void methods_pins_and_limits_are_checked(void **state) {
    (void)state;
    static const char *const methods[] = {
        "", "get", "GET /", "CONNECT", "TRACE", "GET\r\n", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH"};
    static const char *const pins[] = {"/etc/passwd", "sha256//short=", "sha1//AAAA",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;x"};
    struct given *given = given_private();
    struct mx_client_request request =
        given_request(given, given_url(given, &given->server, "/echo"));
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        request.method = mx_slice_of(methods[i]);
        assert_refused(given, &request, "no method that may be sent");
    }
    request.method = MX_SLICE("HEAD");
    request.body = MX_SLICE("x");
    assert_refused(given, &request, "HEAD has no body");
    request.method = MX_SLICE("GET");
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        request.pin = mx_slice_of(pins[i]);
        assert_refused(given, &request, "a pin is sha256//");
    }
    request.pin = (struct mx_slice){NULL, 0};
    request.total_ms = 0;
    assert_refused(given, &request, "total_ms is missing");
    given_close(given);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_address_is_refused_though_it_is_listed),
        cmocka_unit_test(a_redirect_to_a_private_address_is_refused),
        cmocka_unit_test(a_name_that_leads_to_a_private_address_is_refused),
        cmocka_unit_test(a_name_is_judged_anew_when_its_address_changes),
        cmocka_unit_test(a_name_is_judged_anew_at_a_redirect),
        cmocka_unit_test(one_good_address_of_several_is_enough),
        cmocka_unit_test(only_listed_places_are_reached),
        cmocka_unit_test(urls_that_are_none_are_refused),
        cmocka_unit_test(fields_that_would_smuggle_are_refused),
        cmocka_unit_test(methods_pins_and_limits_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

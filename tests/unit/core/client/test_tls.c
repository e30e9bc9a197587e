// TLS: who is believed. The server shows a certificate made for the test; clients differ in whom
// they trust.
#include <signal.h>

#include "given.h"
#include "temp_folder.h"
#include "tls_server.h"

struct secure {
    struct given *given;
    struct tls_identity identity;
    struct temp_folder folder;
    const char *ca_file;
};

static void secure_open(struct secure *secure, const char *names, long days) {
    signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
    memset(secure, 0, sizeof(*secure));
    temp_folder_make(&secure->folder);
    secure->ca_file = temp_path(&secure->folder, "ca.pem");
    tls_identity_init(&secure->identity, names, days);
    tls_write_certificate(&secure->identity, secure->ca_file);
    secure->given = given_open((struct mx_client_options){
        .allow_private = true, .ca_file = secure->ca_file, .user_agent = "Merx/test"});
    struct given *given = secure->given;
    net_stop(&given->server);
    net_init(&given->server, http_serve);
    tls_use(&given->server, &secure->identity, false);
    net_start(&given->server);
    given_places(given);
}

static void secure_close(struct secure *secure) {
    struct given *given = secure->given;
    SSL_CTX *context = given->server.tls;
    given_close(given);
    SSL_CTX_free(context);
    tls_identity_deinit(&secure->identity);
    temp_folder_remove(&secure->folder);
}

static struct outcome secure_ask(struct secure *secure, const char *host, const char *pin) {
    struct outcome outcome = {.done = 0};
    char *url = secure->given->urls[secure->given->url_count++ % 8];
    snprintf(url, 512, "https://%s:%u/hello", host, secure->given->server.port);
    struct mx_client_request request = given_request(secure->given, url);
    request.pin = mx_slice_of(pin);
    given_ask(secure->given, &request, &outcome);
    return outcome;
}

static void a_trusted_certificate_for_the_name_is_believed(void **state) {
    (void)state;
    struct secure secure;
    secure_open(&secure, "DNS:localhost,IP:127.0.0.1", 30);
    struct outcome outcome = secure_ask(&secure, "127.0.0.1", "");
    assert_int_equal(outcome.status, 200);
    assert_string_equal(mx_buf_text(&outcome.body), "hello");
    outcome_clear(&outcome);
    secure_close(&secure);
}

static void a_certificate_for_another_name_is_not(void **state) {
    (void)state;
    struct secure secure;
    secure_open(&secure, "DNS:other.example", 30);
    struct outcome outcome = secure_ask(&secure, "127.0.0.1", "");
    assert_says(&outcome, MX_E_SYSTEM, "certificate that cannot be trusted");
    assert_int_equal(secure.given->server.requests, 0);
    secure_close(&secure);
}

static void an_expired_certificate_is_not(void **state) {
    (void)state;
    struct secure secure;
    secure_open(&secure, "IP:127.0.0.1", -1);
    struct outcome outcome = secure_ask(&secure, "127.0.0.1", "");
    assert_says(&outcome, MX_E_SYSTEM, "certificate that cannot be trusted");
    secure_close(&secure);
}

static void a_certificate_of_nobody_known_is_not(void **state) {
    (void)state;
    struct secure secure;
    secure_open(&secure, "IP:127.0.0.1", 30);
    struct given *given = secure.given;
    drive_close(&given->drive);
    drive_open(&given->drive, (struct mx_client_options){.allow_private = true}); // the system's
    struct outcome outcome = secure_ask(&secure, "127.0.0.1", "");
    assert_says(&outcome, MX_E_SYSTEM, "certificate that cannot be trusted");
    assert_int_equal(given->server.requests, 0);
    secure_close(&secure);
}

static void a_pinned_key_must_be_the_one(void **state) {
    (void)state;
    static const char other[] = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    struct secure secure;
    char both[160];
    secure_open(&secure, "IP:127.0.0.1", 30);
    struct outcome outcome = secure_ask(&secure, "127.0.0.1", secure.identity.pin);
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    // Also on a connection that is open already.
    outcome = secure_ask(&secure, "127.0.0.1", other);
    assert_says(&outcome, MX_E_SYSTEM, "another key than the pinned one");
    assert_int_equal(secure.given->server.requests, 1);
    outcome_clear(&outcome);
    snprintf(both, sizeof(both), "%s;%s", other, secure.identity.pin);
    outcome = secure_ask(&secure, "127.0.0.1", both);
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    secure_close(&secure);
}

static void old_tls_is_refused(void **state) {
    (void)state;
    struct secure secure;
    secure_open(&secure, "IP:127.0.0.1", 30);
    SSL_CTX_set_security_level(secure.given->server.tls, 0);
    SSL_CTX_set_max_proto_version(secure.given->server.tls, TLS1_1_VERSION);
    struct outcome outcome = secure_ask(&secure, "127.0.0.1", "");
    assert_says(&outcome, MX_E_SYSTEM, "no TLS that is good enough");
    secure_close(&secure);
}

static void a_server_without_tls_is_an_error(void **state) {
    (void)state;
    struct secure secure;
    secure_open(&secure, "IP:127.0.0.1", 30);
    struct outcome outcome = {.done = 0};
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/hello", secure.given->other.port);
    struct mx_client_request request = given_request(secure.given, url);
    request.total_ms = 500; // the server waits for the end of a line
    given_ask(secure.given, &request, &outcome);
    assert_int_equal(outcome.status, 0);
    secure_close(&secure);
}

static void a_redirect_from_https_to_http_leaves_secrets_behind(void **state) {
    (void)state;
    struct secure secure;
    struct outcome outcome = {.done = 0};
    struct mx_client_field field = {MX_SLICE("Authorization"), MX_SLICE("Bearer s3cret")};
    char url[256];
    secure_open(&secure, "IP:127.0.0.1", 30);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/r/302/http://127.0.0.1:%u/echo",
        secure.given->server.port, secure.given->other.port);
    struct mx_client_request request = given_request(secure.given, url);
    request.fields = &field;
    request.field_count = 1;
    request.redirect_max = 1;
    given_ask(secure.given, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_null(strstr(mx_buf_text(&outcome.body), "s3cret"));
    outcome_clear(&outcome);
    secure.given->places[1].plain = false;
    given_ask(secure.given, &request, &outcome);
    assert_says(&outcome, MX_E_INVALID, "use https");
    secure_close(&secure);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_certificate_for_the_name_is_believed),
        cmocka_unit_test(a_certificate_for_another_name_is_not),
        cmocka_unit_test(an_expired_certificate_is_not),
        cmocka_unit_test(a_certificate_of_nobody_known_is_not),
        cmocka_unit_test(a_pinned_key_must_be_the_one),
        cmocka_unit_test(old_tls_is_refused),
        cmocka_unit_test(a_server_without_tls_is_an_error),
        cmocka_unit_test(a_redirect_from_https_to_http_leaves_secrets_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

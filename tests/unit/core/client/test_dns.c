// Names, by a DNS of the test: getaddrinfo() below is the one that libcurl calls, on threads of its
// own.
#include "given.h"

#include <netdb.h>

static _Atomic int asking; // calls under way
static _Atomic int asked;
static const char *_Atomic answer = "127.0.0.1";
static _Atomic unsigned delay_ms;

static int make_answer(const char *text, const char *service, struct addrinfo **out) {
    struct {
        struct addrinfo info;
        struct sockaddr_in address;
    } *made = calloc(1, sizeof(*made));
    made->address.sin_family = AF_INET;
    made->address.sin_port = htons((uint16_t)strtoul(service ? service : "0", NULL, 10));
    inet_pton(AF_INET, text, &made->address.sin_addr);
    made->info = (struct addrinfo){
        .ai_family = AF_INET,
        .ai_socktype = SOCK_STREAM,
        .ai_addrlen = sizeof(made->address),
        .ai_addr = (struct sockaddr *)(void *)&made->address,
    };
    *out = &made->info;
    return 0;
}

int getaddrinfo(
    const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
    (void)host;
    (void)hints;
    asking++;
    asked++;
    net_sleep(delay_ms);
    const char *text = answer;
    int rc = text ? make_answer(text, service, out) : EAI_NONAME;
    asking--;
    return rc;
}

void freeaddrinfo(struct addrinfo *info) {
    free(info);
}

static struct mx_client_request ask_name(struct given *given) {
    static char url[64];
    static char host[64];
    static struct mx_client_place place;
    snprintf(url, sizeof(url), "http://shop.test:%u/hello", given->server.port);
    snprintf(host, sizeof(host), "shop.test:%u", given->server.port);
    place = (struct mx_client_place){mx_slice_of(host), true};
    struct mx_client_request request = given_request(given, url);
    request.places = &place;
    request.place_count = 1;
    return request;
}

static void a_name_is_found(void **state) {
    (void)state;
    struct given *given = given_private();
    struct mx_client_request request = ask_name(given);
    struct outcome outcome = {.done = 0};
    given_ask(given, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(asked, 1);
    outcome_clear(&outcome);
    given_close(given);
}

static void a_name_of_a_private_address_is_refused(void **state) {
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0"};
    for (size_t i = 0; i < 4; i++) {
        struct given *given = given_open((struct mx_client_options){.allow_private = false});
        struct mx_client_request request = ask_name(given);
        struct outcome outcome = {.done = 0};
        answer = addresses[i];
        given_ask(given, &request, &outcome);
        assert_says(&outcome, MX_E_INVALID, addresses[i]);
        assert_int_equal(given->server.connections, 0);
        given_close(given);
    }
    answer = "127.0.0.1";
}

static void a_name_that_nobody_knows_is_an_error(void **state) {
    (void)state;
    struct given *given = given_private();
    struct mx_client_request request = ask_name(given);
    struct outcome outcome = {.done = 0};
    answer = NULL;
    given_ask(given, &request, &outcome);
    assert_says(&outcome, MX_E_SYSTEM, "has no address");
    answer = "127.0.0.1";
    given_close(given);
}

static void a_dns_that_hangs_holds_up_nobody(void **state) {
    (void)state;
    struct given *given = given_private();
    struct mx_client_request slow = ask_name(given);
    struct mx_client_request quick =
        given_request(given, given_url(given, &given->server, "/hello"));
    struct outcome outcomes[3] = {{.done = 0}};
    delay_ms = 1500;
    slow.total_ms = 100;
    given_start(given, &slow, &outcomes[0]);
    slow.total_ms = 5000;
    given_start(given, &slow, &outcomes[1]); // still asking when all ends
    given_start(given, &quick, &outcomes[2]);
    drive_until(&given->drive, &outcomes[2], 1);
    assert_int_equal(outcomes[2].status, 200);
    drive_until(&given->drive, &outcomes[0], 1);
    assert_says(&outcomes[0], MX_E_BUSY, "longer than it may");
    outcome_clear(&outcomes[2]);
    assert_in_range(given->drive.longest_ms, 0, 1000);
    int64_t begun = drive_now();
    given_close(given);
    assert_in_range(drive_now() - begun, 0, 1000);
    assert_true(asking > 0);
    assert_int_equal(outcomes[1].done, 0);
    while (asking > 0) { // its threads clean up behind themselves
        net_sleep(5);
    }
    net_sleep(50);
    delay_ms = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_found),
        cmocka_unit_test(a_name_of_a_private_address_is_refused),
        cmocka_unit_test(a_name_that_nobody_knows_is_an_error),
        cmocka_unit_test(a_dns_that_hangs_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

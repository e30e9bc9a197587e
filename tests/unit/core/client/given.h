// A web server and a client that may reach it: what the tests of requests begin with.
#pragma once

#include "client_fixture.h"
#include "http_server.h"

struct given {
    struct drive drive;
    struct net_server server;
    struct net_server other;
    struct mx_client_place places[3]; // the server, the other, localhost on the server's port
    char hosts[3][64];
    char urls[8][512];
    int url_count;
};

static inline void given_places(struct given *given) {
    snprintf(given->hosts[0], 64, "127.0.0.1:%u", given->server.port);
    snprintf(given->hosts[1], 64, "127.0.0.1:%u", given->other.port);
    snprintf(given->hosts[2], 64, "localhost:%u", given->server.port);
    for (int i = 0; i < 3; i++) {
        given->places[i] = (struct mx_client_place){mx_slice_of(given->hosts[i]), true};
    }
}

static inline struct given *given_open(struct mx_client_options options) {
    struct given *given = mx_alloc(sizeof(*given));
    net_init(&given->server, http_serve);
    net_init(&given->other, http_serve);
    net_start(&given->server);
    net_start(&given->other);
    given_places(given);
    drive_open(&given->drive, options);
    return given;
}

static inline struct given *given_private(void) {
    return given_open((struct mx_client_options){.allow_private = true, .user_agent = "Merx/test"});
}

static inline void given_close(struct given *given) {
    drive_close(&given->drive);
    net_stop(&given->server);
    net_stop(&given->other);
    mx_free(given);
}

// A URL of `server`, kept until the end.
static inline const char *given_url(
    struct given *given, const struct net_server *server, const char *path) {
    char *url = given->urls[given->url_count++ % 8];
    snprintf(url, 512, "http://127.0.0.1:%u%s", server->port, path);
    return url;
}

static inline struct mx_client_request given_request(struct given *given, const char *url) {
    return (struct mx_client_request){
        .method = MX_SLICE("GET"),
        .url = mx_slice_of(url),
        .places = given->places,
        .place_count = 3,
        .connect_ms = 5000,
        .total_ms = 10000,
        .body_max = 65536,
    };
}

static inline void given_start(
    struct given *given, const struct mx_client_request *request, struct outcome *outcome) {
    struct mx_error err;
    if (mx_client_send(
            given->drive.client, request, outcome_take, outcome, &outcome->transfer, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(outcome->done, 0); // never from within the start
}

static inline void given_ask(
    struct given *given, const struct mx_client_request *request, struct outcome *outcome) {
    given_start(given, request, outcome);
    drive_until(&given->drive, outcome, 1);
}

// GETs a path of the server.
static inline struct outcome given_get(struct given *given, const char *path) {
    struct outcome outcome = {.done = 0};
    struct mx_client_request request = given_request(given, given_url(given, &given->server, path));
    given_ask(given, &request, &outcome);
    return outcome;
}

// The request must be refused at once, saying `text`.
static inline void assert_refused(
    struct given *given, const struct mx_client_request *request, const char *text) {
    struct outcome outcome = {.done = 0};
    struct mx_error err;
    int rc = mx_client_send(
        given->drive.client, request, outcome_take, &outcome, &outcome.transfer, &err);
    if (rc != MX_E_INVALID || !strstr(err.text, text)) {
        fail_msg("%d: '%s' does not say '%s'", rc, rc < 0 ? err.text : "", text);
    }
    assert_int_equal(outcome.done, 0);
}

// A request from its text, for tests of what looks at requests.
#pragma once

#include "http/parser.h"

struct given {
    mx_parser *parser;
    mx_arena *arena;
    const struct mx_request *request;
};

static inline int given_head(void *ctx, const struct mx_request *request, uint64_t *body_max) {
    (void)ctx;
    (void)request;
    (void)body_max;
    return 0;
}

static inline int given_body(void *ctx, struct mx_slice piece) {
    (void)ctx;
    (void)piece;
    return 0;
}

// Parses "GET / HTTP/1.1", a Host and `fields` (each ending in CR LF). Give it to given_clear().
static inline struct given given_request(const char *method, const char *fields) {
    static const struct mx_http_limits limits = {
        .head_max = 16384, .target_max = 8192, .field_max = 100};
    struct mx_parser_handler handler = {.on_head = given_head, .on_body = given_body};
    struct given given = {
        .parser = mx_parser_create(&limits, &handler), .arena = mx_arena_create()};
    mx_parser_begin(given.parser, given.arena);
    const char *pieces[] = {method, " / HTTP/1.1\r\nHost: shop.test\r\n", fields, "\r\n"};
    for (size_t i = 0; i < 4; i++) {
        size_t used;
        mx_parser_feed(given.parser, mx_slice_of(pieces[i]), &used);
    }
    given.request = mx_parser_request(given.parser);
    return given;
}

static inline void given_clear(struct given *given) {
    mx_parser_destroy(given->parser);
    mx_arena_destroy(given->arena);
}

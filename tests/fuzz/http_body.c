// Any bytes as a chunked body: what comes out must not depend on how the bytes were cut, and never
// exceeds what was accepted.
#include <assert.h>
#include <stdlib.h>

#include "http/parser.h"
#include "platform/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 64 };

static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

static int on_head(void *ctx, const struct mx_request *request, uint64_t *body_max) {
    (void)ctx;
    assert(request->is_chunked);
    *body_max = BODY_MAX;
    return 0;
}

static int on_body(void *ctx, struct mx_slice piece) {
    mx_buf_append_slice(ctx, piece);
    return 0;
}

struct outcome {
    mx_buf body;
    size_t used; // when the body was complete
    enum mx_parser_state state;
    int status;
};

static struct outcome read_in_steps(const uint8_t *data, size_t size, size_t step) {
    static const struct mx_http_limits limits = {
        .head_max = 600, .target_max = 200, .field_max = 8};
    struct outcome outcome = {0};
    struct mx_parser_handler handler = {
        .on_head = on_head, .on_body = on_body, .ctx = &outcome.body};
    mx_arena *arena = mx_arena_create();
    mx_parser *parser = mx_parser_create(&limits, &handler);
    mx_parser_begin(parser, arena);
    size_t used;
    outcome.state = mx_parser_feed(parser, MX_SLICE(head), &used);
    assert(outcome.state == MX_PARSER_BODY && used == sizeof(head) - 1);
    for (size_t at = 0; at < size && outcome.state == MX_PARSER_BODY; at += used) {
        size_t len = size - at < step ? size - at : step;
        char *piece = malloc(len);
        assert(piece);
        memcpy(piece, data + at, len);
        outcome.state = mx_parser_feed(parser, (struct mx_slice){piece, len}, &used);
        free(piece);
        outcome.used = at + used;
    }
    assert(outcome.body.len == mx_parser_body_seen(parser) && outcome.body.len <= BODY_MAX);
    if (outcome.state == MX_PARSER_REFUSED) {
        outcome.status = mx_parser_refusal(parser).status;
        assert(outcome.status == 400 || outcome.status == 413);
    }
    mx_parser_destroy(parser);
    mx_arena_destroy(arena);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4096) {
        return 0; // beyond that the bound on framing may strike one piece earlier
    }
    struct outcome whole = read_in_steps(data, size, size + 1);
    for (size_t step = 1; step <= 5; step += 4) {
        struct outcome pieces = read_in_steps(data, size, step);
        assert(whole.state == pieces.state && whole.status == pieces.status);
        if (whole.state == MX_PARSER_DONE) {
            assert(whole.used == pieces.used);
            assert(mx_slice_equal(mx_buf_slice(&whole.body), mx_buf_slice(&pieces.body)));
        }
        mx_buf_deinit(&pieces.body);
    }
    mx_buf_deinit(&whole.body);
    return 0;
}

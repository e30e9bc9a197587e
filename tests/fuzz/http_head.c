// Any bytes as requests: what is understood must keep the promises of http/request.h, and must not
// depend on how the bytes were cut.
#include <assert.h>
#include <stdlib.h>

#include "http/parser.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mx_http_limits limits = {.head_max = 600, .target_max = 200, .field_max = 8};

struct outcome {
    mx_arena *arena;
    struct mx_request request;
    size_t requests;
    enum mx_parser_state state;
    int status;
};

static void check_request(const struct mx_request *request) {
    assert(request->host.len > 0);
    assert(mx_utf8_valid(request->path));
    assert(!memchr(request->path.ptr, '\0', request->path.len));
    assert(request->path.ptr[0] == '/' || mx_slice_equal(request->path, MX_SLICE("*")));
    assert(request->target.len <= limits.target_max);
    assert(request->field_count <= limits.field_max);
    assert(!request->is_chunked || request->body_len == 0);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct mx_field *field = &request->fields[i];
        assert(field->name.len > 0);
        assert(mx_request_header(request, field->name).ptr != NULL || field->value.len == 0);
        assert(field->value.len == 0 || !memchr(field->value.ptr, '\n', field->value.len));
    }
}

static int on_head(void *ctx, const struct mx_request *request, uint64_t *body_max) {
    struct outcome *outcome = ctx;
    check_request(request);
    outcome->request = *request;
    *body_max = 100;
    return 0;
}

static int on_body(void *ctx, struct mx_slice piece) {
    (void)ctx;
    assert(piece.len <= 100);
    return 0;
}

// Reads the bytes in pieces of `step`, each in a block of its own.
static struct outcome read_in_steps(const uint8_t *data, size_t size, size_t step) {
    struct outcome outcome = {.arena = mx_arena_create()};
    struct mx_parser_handler handler = {.on_head = on_head, .on_body = on_body, .ctx = &outcome};
    mx_parser *parser = mx_parser_create(&limits, &handler);
    mx_parser_begin(parser, outcome.arena);
    for (size_t at = 0; at < size && outcome.state != MX_PARSER_REFUSED;) {
        size_t len = size - at < step ? size - at : step;
        char *piece = malloc(len);
        assert(piece);
        memcpy(piece, data + at, len);
        size_t used;
        outcome.state = mx_parser_feed(parser, (struct mx_slice){piece, len}, &used);
        assert(used <= len && (used == len || outcome.state >= MX_PARSER_DONE));
        free(piece);
        at += used;
        if (outcome.state == MX_PARSER_DONE) {
            outcome.requests++;
            mx_parser_begin(parser, outcome.arena);
        } else if (outcome.state == MX_PARSER_REFUSED) {
            outcome.status = mx_parser_refusal(parser).status;
        }
    }
    mx_parser_destroy(parser);
    return outcome;
}

// A limit that is passed and a malformed byte behind it: either may be named.
static bool has_two_faults(const struct outcome *a, const struct outcome *b) {
    int lower = a->status < b->status ? a->status : b->status;
    int higher = a->status < b->status ? b->status : a->status;
    return lower == 400 && (higher == 414 || higher == 431);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct outcome whole = read_in_steps(data, size, size + 1);
    for (size_t step = 1; step <= 7; step += 6) {
        struct outcome pieces = read_in_steps(data, size, step);
        assert(whole.state == pieces.state);
        assert(whole.status == pieces.status || has_two_faults(&whole, &pieces));
        assert(whole.requests == pieces.requests);
        assert(whole.request.field_count == pieces.request.field_count);
        assert(mx_slice_equal(whole.request.path, pieces.request.path));
        assert(mx_slice_equal(whole.request.host, pieces.request.host));
        assert(mx_slice_equal(whole.request.query, pieces.request.query));
        mx_arena_destroy(pieces.arena);
    }
    mx_arena_destroy(whole.arena);
    return 0;
}

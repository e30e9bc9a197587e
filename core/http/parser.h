// Requests from bytes, however the bytes are cut: llhttp in its strict form, behind our own limits
// and rules. A parser serves one connection; after a refusal the connection must be closed.
#pragma once

#include "http/request.h"

typedef struct mx_parser mx_parser;

struct mx_http_limits {
    size_t head_max;   // bytes of request line and fields; more is 431
    size_t target_max; // bytes of the target; more is 414
    size_t field_max;  // how many fields; more is 431
};

struct mx_parser_handler {
    // The head is complete and by the rules. Writes into `*body_max` how many bytes of body are
    // accepted (it is 0 before) and returns 0, or returns a status (400 to 599) to refuse. Here is
    // the place to send "100 Continue" when `request->expects_continue`, but only if body_len fits.
    int (*on_head)(void *ctx, const struct mx_request *request, uint64_t *body_max);
    // A piece of the body, borrowed for the call. Returns 0, or a status to refuse.
    int (*on_body)(void *ctx, struct mx_slice piece);
    void *ctx; // borrowed: must outlive the parser
};

enum mx_parser_state {
    MX_PARSER_HEAD,    // wants more bytes of the head
    MX_PARSER_BODY,    // the head is known, wants more bytes of the body
    MX_PARSER_DONE,    // one whole request was read; begin again for the next
    MX_PARSER_REFUSED, // see mx_parser_refusal(); answer and close
};

struct mx_refusal {
    int status;         // 400, 413, 414, 415, 417, 431, 501, 505, or what the handler said
    const char *reason; // one sentence, static
};

// A parser, owned by the caller: give it to mx_parser_destroy(). `limits` and `handler` are copied.
mx_parser *mx_parser_create(
    const struct mx_http_limits *limits, const struct mx_parser_handler *handler);

// Frees `parser`, which may be NULL.
void mx_parser_destroy(mx_parser *parser);

// Starts the next request. What is understood goes into `arena`, borrowed until the next begin.
void mx_parser_begin(mx_parser *parser, mx_arena *arena);

// Reads from `bytes` and writes how many were used into `*used`: all of them, unless the request
// ended earlier (the rest is the next one) or was refused. In the states DONE and REFUSED nothing
// more is used. Whether a request is refused never depends on how the bytes are cut; which of
// several faults is named may.
enum mx_parser_state mx_parser_feed(mx_parser *parser, struct mx_slice bytes, size_t *used);

enum mx_parser_state mx_parser_state(const mx_parser *parser);

// True while not a byte of the request has arrived (blank lines do not count): closing the
// connection now cuts nothing off.
bool mx_parser_is_idle(const mx_parser *parser);

// The request. Complete from on_head on; before that NULL.
const struct mx_request *mx_parser_request(const mx_parser *parser);

// The request as far as its method and its fields, once they are complete, refused or not: enough
// to say an error in the client's words. Before that NULL.
const struct mx_request *mx_parser_head(const mx_parser *parser);

// Why the request was refused. Only in the state REFUSED.
struct mx_refusal mx_parser_refusal(const mx_parser *parser);

// How many bytes of body came so far, without chunk framing.
uint64_t mx_parser_body_seen(const mx_parser *parser);

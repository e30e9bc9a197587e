// Drives llhttp. The method is read by us, because llhttp cannot tell a method it does not know
// from garbage. From the target on llhttp reads the bytes where they lie; what it finds is noted as
// offsets from the start of the target, so that a head may arrive in any number of pieces. Only
// when the head is complete is it copied, once, into the arena, and the offsets become slices.
#include "http/parser.h"

#include <assert.h>

#include <llhttp.h>

#include "http/content_type.h"
#include "http/head.h"
#include "platform/alloc.h"
#include "platform/buf.h"

enum {
    METHOD_MAX = 32,       // longer ones are nobody's
    BLANK_LINE_MAX = 4,    // before a request; RFC 9112, 2.2 asks for at least one
    FRAMING_FREE = 8192,   // bytes of chunk extensions, padding and trailers a body may have,
    FRAMING_PER_CHUNK = 64 // and so many more for each chunk
};

struct span {
    uint32_t at; // counted from the start of the target
    uint32_t len;
};

struct field_span {
    struct span name;
    struct span value;
};

struct mx_parser {
    llhttp_t llhttp;
    struct mx_http_limits limits;
    struct mx_parser_handler handler;
    enum mx_parser_state state;
    struct mx_refusal refusal;
    mx_arena *arena; // borrowed until the next begin

    char method_name[METHOD_MAX];
    size_t method_len;
    bool has_method; // and llhttp has seen it
    bool has_cr;     // the first half of a blank line
    int blank_lines;

    const char *piece; // what llhttp is reading now
    size_t head_seen;  // bytes of head before `piece`, without the method
    mx_buf head;       // those bytes
    struct span target;
    char protocol[4];
    size_t protocol_len;
    char version[3];
    size_t version_len;
    bool version_done;
    bool name_done;
    struct field_span *fields; // room for limits.field_max
    size_t field_count;

    struct mx_request request;
    bool has_head; // the fields of the request are there
    bool has_request;
    uint64_t body_max;
    uint64_t body_seen; // content
    uint64_t wire_seen; // content and framing
    uint64_t chunks;
};

static int refuse(mx_parser *parser, int status, const char *reason) {
    if (parser->state != MX_PARSER_REFUSED) {
        parser->state = MX_PARSER_REFUSED;
        parser->refusal = (struct mx_refusal){status, reason};
    }
    return HPE_USER;
}

static bool is_trailing(const llhttp_t *llhttp) {
    return (llhttp->flags & F_TRAILING) != 0;
}

static uint32_t offset_of(const mx_parser *parser, const char *at) {
    return (uint32_t)(parser->head_seen + (size_t)(at - parser->piece));
}

static void extend(mx_parser *parser, struct span *span, const char *at, size_t len) {
    if (span->len == 0) {
        span->at = offset_of(parser, at);
    }
    span->len += (uint32_t)len;
}

static int on_target_read(llhttp_t *llhttp, const char *at, size_t len) {
    mx_parser *parser = llhttp->data;
    if (parser->target.len == 0 && offset_of(parser, at) != 0) {
        return refuse(parser, 400, "One space must stand between method and target.");
    }
    extend(parser, &parser->target, at, len);
    if (parser->target.len > parser->limits.target_max) {
        return refuse(parser, 414, "The target is too long.");
    }
    return 0;
}

static int on_protocol_read(llhttp_t *llhttp, const char *at, size_t len) {
    mx_parser *parser = llhttp->data;
    if (parser->protocol_len == 0 && offset_of(parser, at) != parser->target.len + 1) {
        return refuse(parser, 400, "One space must stand between target and version.");
    }
    for (size_t i = 0; i < len; i++) {
        if (parser->protocol_len == 4 || at[i] != "HTTP"[parser->protocol_len]) {
            return refuse(parser, 400, "Only HTTP is spoken here.");
        }
        parser->protocol_len++;
    }
    return 0;
}

static int on_version_read(llhttp_t *llhttp, const char *at, size_t len) {
    mx_parser *parser = llhttp->data;
    for (size_t i = 0; i < len && parser->version_len < sizeof(parser->version); i++) {
        parser->version[parser->version_len++] = at[i];
    }
    return 0;
}

static int on_version_completed(llhttp_t *llhttp) {
    mx_parser *parser = llhttp->data;
    parser->version_done = true;
    if (llhttp->http_major != 1 || llhttp->http_minor > 1) {
        return refuse(parser, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    }
    return 0;
}

static int on_field_name_read(llhttp_t *llhttp, const char *at, size_t len) {
    mx_parser *parser = llhttp->data;
    if (is_trailing(llhttp)) {
        return 0; // trailers are bounded and ignored
    }
    if (!parser->version_done) {
        return refuse(parser, 400, "The version of HTTP is missing.");
    }
    if (parser->name_done || parser->field_count == 0) {
        if (parser->field_count == parser->limits.field_max) {
            return refuse(parser, 431, "The request has too many fields.");
        }
        parser->fields[parser->field_count++] = (struct field_span){0};
        parser->name_done = false;
    }
    extend(parser, &parser->fields[parser->field_count - 1].name, at, len);
    return 0;
}

static int on_field_name_completed(llhttp_t *llhttp) {
    mx_parser *parser = llhttp->data;
    parser->name_done = true;
    return 0;
}

static int on_field_value_read(llhttp_t *llhttp, const char *at, size_t len) {
    mx_parser *parser = llhttp->data;
    if (!is_trailing(llhttp) && len > 0) {
        extend(parser, &parser->fields[parser->field_count - 1].value, at, len);
    }
    return 0;
}

static int on_head_completed(llhttp_t *llhttp) {
    llhttp->upgrade = 0; // an offer to speak something else, which we ignore
    return HPE_PAUSED;
}

static int on_chunk_begun(llhttp_t *llhttp) {
    mx_parser *parser = llhttp->data;
    parser->chunks++;
    if (llhttp->content_length > parser->body_max - parser->body_seen) {
        return refuse(parser, 413, "The body is larger than this place accepts.");
    }
    return 0;
}

static int on_body_read(llhttp_t *llhttp, const char *at, size_t len) {
    mx_parser *parser = llhttp->data;
    assert(len <= parser->body_max - parser->body_seen); // by Content-Length or on_chunk_begun
    parser->body_seen += len;
    int status = parser->handler.on_body(parser->handler.ctx, (struct mx_slice){at, len});
    return status == 0 ? 0 : refuse(parser, status, "The body was not accepted.");
}

static int on_message_completed(llhttp_t *llhttp) {
    mx_parser *parser = llhttp->data;
    parser->state = MX_PARSER_DONE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_target_read,
    .on_protocol = on_protocol_read,
    .on_version = on_version_read,
    .on_version_complete = on_version_completed,
    .on_header_field = on_field_name_read,
    .on_header_field_complete = on_field_name_completed,
    .on_header_value = on_field_value_read,
    .on_headers_complete = on_head_completed,
    .on_chunk_header = on_chunk_begun,
    .on_body = on_body_read,
    .on_message_complete = on_message_completed,
};

static bool is_unknown_version(const mx_parser *parser) {
    const char *v = parser->version;
    return parser->version_len == 3 && v[0] >= '0' && v[0] <= '9' && v[1] == '.' && v[2] >= '0' &&
           v[2] <= '9';
}

static void refuse_version(mx_parser *parser) {
    if (parser->version_done) {
        refuse(parser, 400, "Lines must end in CR LF, and only there.");
    } else if (is_unknown_version(parser)) {
        refuse(parser, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    } else {
        refuse(parser, 400, "The version of HTTP is malformed.");
    }
}

// Says in our words what llhttp disliked.
static void refuse_as_llhttp(mx_parser *parser, llhttp_errno_t code) {
    switch (code) {
    case HPE_INVALID_URL: refuse(parser, 400, "The target is malformed."); break;
    case HPE_INVALID_VERSION: refuse_version(parser); break;
    case HPE_INVALID_CONSTANT: refuse(parser, 400, "The request line is malformed."); break;
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        refuse(parser, 400, "Content-Length is malformed, repeated or not allowed here.");
        break;
    case HPE_INVALID_TRANSFER_ENCODING:
        refuse(parser, 400, "Transfer-Encoding is malformed or not allowed here.");
        break;
    case HPE_INVALID_CHUNK_SIZE: refuse(parser, 400, "A chunk size is malformed."); break;
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED:
    case HPE_STRICT: refuse(parser, 400, "Lines must end in CR LF, and only there."); break;
    case HPE_INVALID_HEADER_TOKEN:
        refuse(parser, 400, "A field has a character it must not have.");
        break;
    case HPE_UNEXPECTED_SPACE: refuse(parser, 400, "Fields must not be folded."); break;
    default: refuse(parser, 400, "The request is malformed."); break;
    }
}

// Lets llhttp read `bytes` and returns how many it took. True in `*paused` when a callback stopped
// it.
static size_t run(mx_parser *parser, struct mx_slice bytes, bool *paused) {
    parser->piece = bytes.ptr;
    llhttp_errno_t code = llhttp_execute(&parser->llhttp, bytes.ptr, bytes.len);
    *paused = code == HPE_PAUSED;
    if (code == HPE_OK) {
        return bytes.len;
    }
    if (!*paused) {
        refuse_as_llhttp(parser, code);
    }
    return (size_t)(llhttp_get_error_pos(&parser->llhttp) - bytes.ptr);
}

// The method is known: hands it to llhttp, which thereby stands before the target.
static void accept_method(mx_parser *parser) {
    struct mx_slice name = {parser->method_name, parser->method_len};
    if (mx_slice_equal(name, MX_SLICE("PRI"))) {
        refuse(parser, 505, "HTTP/2 is not spoken here; use HTTP/1.1.");
        return;
    }
    if (!mx_method_find(name, &parser->request.method)) {
        refuse(parser, 501, "This method is not served here.");
        return;
    }
    bool paused;
    run(parser, name, &paused);
    run(parser, MX_SLICE(" "), &paused);
    parser->has_method = true;
}

// Takes one byte of a blank line. False when `c` begins the method instead.
static bool take_blank(mx_parser *parser, char c) {
    if (parser->has_cr && c != '\n') {
        refuse(parser, 400, "Lines must end in CR LF, and only there.");
        return true;
    }
    if (c != '\r' && c != '\n') {
        return false;
    }
    if (c == '\n' && !parser->has_cr) {
        refuse(parser, 400, "Lines must end in CR LF, and only there.");
    } else if (c == '\n' && ++parser->blank_lines > BLANK_LINE_MAX) {
        refuse(parser, 400, "Too many blank lines stand before the request.");
    }
    parser->has_cr = c == '\r';
    return true;
}

// Reads blank lines and the method; returns how many bytes it took.
static size_t read_method(mx_parser *parser, struct mx_slice bytes) {
    size_t at = 0;
    while (at < bytes.len && !parser->has_method && parser->state == MX_PARSER_HEAD) {
        char c = bytes.ptr[at++];
        if (parser->method_len == 0 && take_blank(parser, c)) {
            continue;
        }
        if (c == ' ' && parser->method_len > 0) {
            accept_method(parser);
        } else if (!mx_token_valid((struct mx_slice){&c, 1})) {
            refuse(parser, 400, "A request must begin with a method.");
        } else if (parser->method_len == METHOD_MAX) {
            refuse(parser, 501, "This method is not served here.");
        } else {
            parser->method_name[parser->method_len++] = c;
        }
    }
    return at;
}

static struct mx_slice slice_of(const char *head, struct span span) {
    return (struct mx_slice){head + span.at, span.len};
}

// Copies the head, of which `last` is the end, into the arena and makes the request of it. Returns
// its fields, which may still be changed.
static struct mx_field *build_request(mx_parser *parser, struct mx_slice last) {
    struct mx_request *request = &parser->request;
    char *head = mx_arena_take(parser->arena, parser->head.len + last.len);
    if (parser->head.len > 0) {
        memcpy(head, parser->head.ptr, parser->head.len);
    }
    memcpy(head + parser->head.len, last.ptr, last.len);

    struct mx_field *fields =
        mx_arena_take(parser->arena, (parser->field_count + 1) * sizeof(*fields));
    for (size_t i = 0; i < parser->field_count; i++) {
        fields[i].name = slice_of(head, parser->fields[i].name);
        fields[i].value = mx_slice_trim(slice_of(head, parser->fields[i].value));
        fields[i].key = mx_field_key(fields[i].name);
    }
    request->fields = fields;
    request->field_count = parser->field_count;
    request->target = slice_of(head, parser->target);
    request->is_http_1_0 = parser->llhttp.http_minor == 0;
    unsigned flags = parser->llhttp.flags;
    bool may_keep = !request->is_http_1_0 || (flags & F_CONNECTION_KEEP_ALIVE) != 0;
    request->keep_alive = may_keep && (flags & F_CONNECTION_CLOSE) == 0;
    return fields;
}

// True when llhttp will look for the body where mx_head_judge() found it.
static bool agrees_with_llhttp(const mx_parser *parser) {
    bool chunked = (parser->llhttp.flags & F_CHUNKED) != 0;
    return chunked == parser->request.is_chunked &&
           (chunked || parser->llhttp.content_length == parser->request.body_len);
}

// The head is complete: judges it and asks the caller about the body.
static void finish_head(mx_parser *parser, struct mx_slice last) {
    struct mx_field *fields = build_request(parser, last);
    parser->has_head = true;
    struct mx_request *request = &parser->request;
    struct mx_refusal refusal;
    mx_head_judge(request, fields, parser->arena, &refusal);
    if (refusal.status == 0 && !agrees_with_llhttp(parser)) {
        refusal = (struct mx_refusal){400, "The length of the body is not clear."};
    }
    if (refusal.status != 0) {
        refuse(parser, refusal.status, refusal.reason);
        return;
    }
    parser->has_request = true;
    int status = parser->handler.on_head(parser->handler.ctx, request, &parser->body_max);
    if (status != 0) {
        refuse(parser, status, "The request was not accepted.");
    } else if (request->body_len > parser->body_max) {
        refuse(parser, 413, "The body is larger than this place accepts.");
    } else if (!request->is_chunked && request->body_len == 0) {
        parser->state = MX_PARSER_DONE;
    } else {
        parser->state = MX_PARSER_BODY;
        llhttp_resume(&parser->llhttp);
    }
}

// A line that ends behind the target is a request of HTTP/0.9, which llhttp would take. It says so
// itself, but only one byte later.
static bool is_http_0_9(const mx_parser *parser, struct mx_slice took) {
    bool line_ended = took.len > 0 && took.ptr[took.len - 1] == '\n';
    return parser->protocol_len == 0 && (line_ended || parser->llhttp.http_minor == 9);
}

// Reads from a head that is not complete; returns how many bytes it took.
static size_t read_head(mx_parser *parser, struct mx_slice bytes) {
    size_t head_max = parser->limits.head_max - parser->method_len - 1;
    if (bytes.len > head_max - parser->head_seen) {
        bytes.len = head_max - parser->head_seen;
    }
    bool paused;
    size_t took = run(parser, bytes, &paused);
    if (parser->state != MX_PARSER_HEAD) {
        return took;
    }
    if (is_http_0_9(parser, (struct mx_slice){bytes.ptr, took})) {
        refuse(parser, 400, "The version of HTTP is missing.");
        return took;
    }
    if (paused) {
        finish_head(parser, (struct mx_slice){bytes.ptr, took});
        return took;
    }
    parser->head_seen += took;
    mx_buf_append(&parser->head, bytes.ptr, took);
    if (parser->head_seen == head_max) {
        refuse(parser, 431, "The head of the request is too large.");
    }
    return took;
}

static size_t read_body(mx_parser *parser, struct mx_slice bytes) {
    bool paused;
    size_t took = run(parser, bytes, &paused);
    parser->wire_seen += took;
    uint64_t framing = parser->wire_seen - parser->body_seen;
    if (framing > FRAMING_FREE + FRAMING_PER_CHUNK * parser->chunks) {
        refuse(parser, 400, "Chunk extensions or trailers are too long.");
    }
    return took;
}

mx_parser *mx_parser_create(
    const struct mx_http_limits *limits, const struct mx_parser_handler *handler) {
    assert(limits->head_max > METHOD_MAX + limits->target_max && limits->head_max < UINT32_MAX);
    mx_parser *parser = mx_alloc(sizeof(*parser));
    parser->limits = *limits;
    parser->handler = *handler;
    parser->fields = mx_alloc(limits->field_max * sizeof(*parser->fields));
    return parser;
}

void mx_parser_destroy(mx_parser *parser) {
    if (!parser) {
        return;
    }
    mx_buf_deinit(&parser->head);
    mx_free(parser->fields);
    mx_free(parser);
}

void mx_parser_begin(mx_parser *parser, mx_arena *arena) {
    mx_parser fresh = {
        .limits = parser->limits,
        .handler = parser->handler,
        .head = parser->head,
        .fields = parser->fields,
        .arena = arena,
        .state = MX_PARSER_HEAD,
    };
    *parser = fresh;
    mx_buf_clear(&parser->head);
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
    parser->llhttp.data = parser;
}

enum mx_parser_state mx_parser_feed(mx_parser *parser, struct mx_slice bytes, size_t *used) {
    assert(parser->arena); // begun
    size_t at = 0;
    while (at < bytes.len && (parser->state == MX_PARSER_HEAD || parser->state == MX_PARSER_BODY)) {
        struct mx_slice rest = {bytes.ptr + at, bytes.len - at};
        if (parser->state == MX_PARSER_BODY) {
            at += read_body(parser, rest);
        } else if (parser->has_method) {
            at += read_head(parser, rest);
        } else {
            at += read_method(parser, rest);
        }
    }
    *used = at;
    return parser->state;
}

enum mx_parser_state mx_parser_state(const mx_parser *parser) {
    return parser->state;
}

bool mx_parser_is_idle(const mx_parser *parser) {
    return parser->state == MX_PARSER_HEAD && parser->method_len == 0;
}

const struct mx_request *mx_parser_request(const mx_parser *parser) {
    return parser->has_request ? &parser->request : NULL;
}

const struct mx_request *mx_parser_head(const mx_parser *parser) {
    return parser->has_head ? &parser->request : NULL;
}

struct mx_refusal mx_parser_refusal(const mx_parser *parser) {
    assert(parser->state == MX_PARSER_REFUSED);
    return parser->refusal;
}

uint64_t mx_parser_body_seen(const mx_parser *parser) {
    return parser->body_seen;
}

// Replies: what Lua said, made whole (validators, ranges, compression), and the server's own
// errors.
#include "server/exchange.h"

#include <assert.h>

#include "http/etag.h"
#include "http/ranges.h"

enum {
    OWN_FIELDS = 6,
    TOGETHER = 8192, // a body up to this is copied behind its head: one piece is cheaper to write
};

struct fields {
    struct mx_reply_field list[MX_LIMIT_REPLY_FIELDS + MX_LIMIT_COOKIES_SET + OWN_FIELDS];
    size_t count;
};

static void add_field(struct fields *fields, struct mx_slice name, struct mx_slice value) {
    fields->list[fields->count++] = (struct mx_reply_field){name, value};
}

struct mx_slice mx_answer_date(struct mx_worker *worker) {
    int64_t second = mx_now_ms(worker->lane.shared->world) / 1000;
    if (second != worker->date_second) {
        mx_date_format(second, worker->date);
        worker->date_second = second;
    }
    return (struct mx_slice){worker->date, MX_DATE_LEN};
}

// --- sending ----------------------------------------------------------------------------------

int mx_answer_try(mx_exchange *exchange, const struct mx_answer *answer, struct mx_error *err) {
    struct mx_worker *worker = exchange->worker;
    const struct mx_request *request = mx_parser_head(exchange->parser);
    bool is_head = request && request->method == MX_METHOD_HEAD;
    struct mx_reply reply = {
        .status = answer->status,
        .fields = answer->fields,
        .field_count = answer->field_count,
        .framing = MX_REPLY_LENGTH,
        .body_len = answer->body.len,
        .close = !exchange->keep_alive || worker->is_draining,
        .keep_alive_1_0 = request && request->is_http_1_0 && exchange->keep_alive,
        .date = mx_answer_date(worker),
    };
    mx_buf_clear(&worker->head);
    int rc = mx_reply_write_head(&worker->head, &reply, err);
    if (rc < 0) {
        return rc;
    }
    struct mx_slice pieces[2] = {mx_buf_slice(&worker->head), answer->body};
    pieces[1].len = is_head ? 0 : pieces[1].len;
    if (pieces[1].len > 0 && pieces[1].len <= TOGETHER && !answer->hold) {
        mx_buf_append_slice(&worker->head, pieces[1]);
        pieces[0] = mx_buf_slice(&worker->head);
        pieces[1].len = 0;
    }
    if (exchange->stream) {
        mx_stream_write(exchange->stream, pieces, 2, answer->hold);
    } else if (answer->hold) {
        answer->hold->release(answer->hold->ctx);
    }
    mx_exchange_end(exchange, answer->status, pieces[0].len + pieces[1].len);
    return MX_OK;
}

void mx_answer_send(mx_exchange *exchange, const struct mx_answer *answer) {
    struct mx_error err;
    int rc = mx_answer_try(exchange, answer, &err);
    assert(rc == MX_OK && "the server's own fields are valid");
    (void)rc;
}

// --- errors -----------------------------------------------------------------------------------

static bool is_json(struct mx_slice content_type) {
    struct mx_slice type = mx_slice_trim(mx_slice_cut(&content_type, ';'));
    return mx_slice_equal_nocase(type, MX_SLICE("application/json"));
}

bool mx_answer_is_problem(const mx_exchange *exchange) {
    const struct mx_request *request = mx_parser_head(exchange->parser);
    if (!request) {
        return false;
    }
    static const struct mx_slice offers[] = {
        MX_SLICE("text/html"), MX_SLICE("application/problem+json"), MX_SLICE("application/json")};
    struct mx_slice accept = mx_request_header(request, MX_SLICE("accept"));
    return mx_slice_starts_with(request->path, MX_SLICE("/api/")) ||
           is_json(mx_request_header(request, MX_SLICE("content-type"))) ||
           (accept.ptr && mx_negotiate_type(accept, offers, 3) > 0);
}

// RFC 9457, and the two names that scripts of shops look for. The words are ours: nothing to
// escape.
static void write_problem(mx_exchange *exchange, int status, const char *detail, mx_buf *out) {
    const char *title = mx_status_text(status);
    const char *words = detail ? detail : title;
    mx_buf_append_format(out,
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
        "\"message\":\"%s\",\"description\":\"%s\"",
        title, status, words, words, words);
    struct mx_slice id = mx_exchange_id(exchange);
    mx_buf_append_format(out, ",\"instance\":\"urn:merx:request:%.*s\"}\n", (int)id.len, id.ptr);
}

static void write_page(mx_exchange *exchange, int status, const char *detail, mx_buf *out) {
    const char *title = mx_status_text(status);
    mx_buf_append_format(out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n<h1>%s</h1>\n",
        title, title);
    if (detail) {
        mx_buf_append_format(out, "<p>%s</p>\n", detail);
    }
    struct mx_slice id = mx_exchange_id(exchange);
    mx_buf_append_format(
        out, "<p><small>%d &middot; %.*s</small></p>\n</html>\n", status, (int)id.len, id.ptr);
}

void mx_answer_plain_error(mx_exchange *exchange, int status, const char *detail) {
    bool is_problem = mx_answer_is_problem(exchange);
    struct fields fields;
    fields.count = 0;
    add_field(&fields, MX_SLICE("Content-Type"),
        is_problem ? MX_SLICE("application/problem+json") : MX_SLICE("text/html; charset=utf-8"));
    add_field(&fields, MX_SLICE("Cache-Control"), MX_SLICE("no-store"));
    add_field(&fields, MX_SLICE("X-Content-Type-Options"), MX_SLICE("nosniff"));
    add_field(&fields, MX_SLICE("Content-Security-Policy"), MX_SLICE("default-src 'none'"));
    if (status == 503) {
        add_field(&fields, MX_SLICE("Retry-After"), MX_SLICE("2"));
    } else if (status == 415) { // a body was encoded: what would have been taken
        add_field(&fields, MX_SLICE("Accept-Encoding"), MX_SLICE("identity"));
    }
    mx_buf body = {0};
    (is_problem ? write_problem : write_page)(exchange, status, detail, &body);
    struct mx_answer answer = {
        .status = status,
        .fields = fields.list,
        .field_count = fields.count,
        .body = mx_buf_slice(&body),
    };
    mx_answer_send(exchange, &answer);
    mx_buf_deinit(&body);
}

void mx_answer_methods(mx_exchange *exchange) {
    bool is_asked = exchange->request->method == MX_METHOD_OPTIONS;
    struct mx_reply_field fields[] = {{MX_SLICE("Allow"), MX_SLICE("GET, HEAD, OPTIONS")}};
    struct mx_answer answer = {.status = is_asked ? 204 : 405, .fields = fields, .field_count = 1};
    mx_answer_send(exchange, &answer);
}

// --- ranges -----------------------------------------------------------------------------------

static void send_one_range(mx_exchange *exchange, const struct mx_answer *whole,
    struct mx_range range, struct fields *fields) {
    mx_buf text = {0};
    mx_range_write(&text, range, whole->body.len);
    add_field(fields, MX_SLICE("Content-Range"), mx_buf_slice(&text));
    struct mx_answer part = {
        .status = 206,
        .fields = fields->list,
        .field_count = fields->count,
        .body = {whole->body.ptr + range.first, (size_t)(range.last - range.first + 1)},
        .hold = whole->hold,
    };
    mx_answer_send(exchange, &part);
    mx_buf_deinit(&text);
}

static void send_many_ranges(mx_exchange *exchange, const struct mx_answer *whole,
    const struct mx_ranges *ranges, struct fields *fields) {
    unsigned char random[16];
    char boundary[32];
    mx_random(mx_world_real(), random, sizeof(random));
    for (size_t i = 0; i < sizeof(boundary); i++) {
        boundary[i] = "0123456789abcdef"[random[i / 2] >> (i % 2 * 4) & 15];
    }
    struct mx_slice name = {boundary, sizeof(boundary)};
    struct mx_slice type = whole->fields[0].value;
    mx_buf body = {0};
    mx_buf type_text = {0};
    for (size_t i = 0; i < ranges->count; i++) {
        struct mx_range range = ranges->ranges[i];
        mx_range_write_part(&body, name, type, range, whole->body.len);
        mx_buf_append(&body, whole->body.ptr + range.first, (size_t)(range.last - range.first + 1));
    }
    mx_range_write_end(&body, name);
    mx_buf_append_text(&type_text, "multipart/byteranges; boundary=");
    mx_buf_append_slice(&type_text, name);
    fields->list[0].value = mx_buf_slice(&type_text);
    struct mx_answer answer = {
        .status = 206,
        .fields = fields->list,
        .field_count = fields->count,
        .body = mx_buf_slice(&body),
    };
    mx_answer_send(exchange, &answer);
    if (whole->hold) {
        whole->hold->release(whole->hold->ctx);
    }
    mx_buf_deinit(&body);
    mx_buf_deinit(&type_text);
}

static void send_no_range(mx_exchange *exchange, const struct mx_answer *whole) {
    mx_buf text = {0};
    mx_range_write_unsatisfied(&text, whole->body.len);
    struct mx_reply_field field = {MX_SLICE("Content-Range"), mx_buf_slice(&text)};
    struct mx_answer answer = {.status = 416, .fields = &field, .field_count = 1};
    mx_answer_send(exchange, &answer);
    if (whole->hold) {
        whole->hold->release(whole->hold->ctx);
    }
    mx_buf_deinit(&text);
}

static bool send_ranges(
    mx_exchange *exchange, const struct mx_answer *answer, const struct mx_validators *validators) {
    struct mx_ranges ranges;
    struct fields fields;
    fields.count = 0;
    for (size_t i = 0; i < answer->field_count; i++) {
        add_field(&fields, answer->fields[i].name, answer->fields[i].value);
    }
    switch (mx_ranges_check(exchange->request, answer->body.len, validators, &ranges)) {
    case MX_RANGE_WHOLE: return false;
    case MX_RANGE_UNSATISFIABLE: send_no_range(exchange, answer); return true;
    case MX_RANGE_PART: break;
    }
    if (ranges.count == 1) {
        send_one_range(exchange, answer, ranges.ranges[0], &fields);
    } else {
        send_many_ranges(exchange, answer, &ranges, &fields);
    }
    return true;
}

bool mx_answer_ranges(
    mx_exchange *exchange, const struct mx_answer *answer, const struct mx_validators *validators) {
    return exchange->request->method == MX_METHOD_GET &&
           mx_request_header(exchange->request, MX_SLICE("range")).ptr &&
           send_ranges(exchange, answer, validators);
}

// --- what Lua replied -------------------------------------------------------------------------

// What the reply's fields say that the server has to know.
struct said {
    struct mx_slice type;
    struct mx_slice etag;
    bool is_encoded;  // Lua did it itself
    bool is_fleeting; // nobody may keep it, so nobody can ask whether it changed
    bool has_nosniff;
    bool has_referrer;
    bool has_retry;
    bool has_type;
};

static bool is_name(struct mx_slice name, struct mx_slice wanted) {
    return name.len == wanted.len && mx_slice_equal_nocase(name, wanted);
}

// Sorts one field out: into `said`, or into `fields` for the wire.
static void take_field(
    mx_exchange *exchange, const struct mx_pair *pair, struct said *said, struct fields *fields) {
    struct mx_slice name = pair->name;
    switch (name.len) {
    case 4:
        if (is_name(name, MX_SLICE("etag"))) {
            said->etag = pair->value;
            return;
        }
        break;
    case 10: // Merx-Route: the template of the route, for numbers and the access log
        if (is_name(name, MX_SLICE("merx-route"))) {
            exchange->route = mx_arena_copy(exchange->arena, pair->value);
            return;
        }
        break;
    case 11: said->has_retry |= is_name(name, MX_SLICE("retry-after")); break;
    case 12:
        if (is_name(name, MX_SLICE("content-type"))) {
            said->type = pair->value;
            said->has_type = true;
            return;
        }
        break;
    case 13:
        said->is_fleeting |= is_name(name, MX_SLICE("cache-control")) &&
                             mx_slice_equal(pair->value, MX_SLICE("no-store"));
        break;
    case 15: said->has_referrer |= is_name(name, MX_SLICE("referrer-policy")); break;
    case 16: said->is_encoded |= is_name(name, MX_SLICE("content-encoding")); break;
    case 22: said->has_nosniff |= is_name(name, MX_SLICE("x-content-type-options")); break;
    default: break;
    }
    add_field(fields, name, pair->value);
}

static void add_defaults(int status, const struct said *said, struct fields *fields) {
    if (status == 503 && !said->has_retry) {
        add_field(fields, MX_SLICE("Retry-After"), MX_SLICE("2"));
    }
    if (!said->has_nosniff) {
        add_field(fields, MX_SLICE("X-Content-Type-Options"), MX_SLICE("nosniff"));
    }
    if (!said->has_referrer) {
        add_field(fields, MX_SLICE("Referrer-Policy"), MX_SLICE("strict-origin-when-cross-origin"));
    }
}

static enum mx_encoding choose_encoding(
    mx_exchange *exchange, const struct said *said, size_t len) {
    if (!mx_shared_settings(exchange->worker->lane.shared)->compress || said->is_encoded ||
        !mx_compress_is_worth(said->type, len)) {
        return MX_ENCODING_IDENTITY;
    }
    return mx_negotiate_encoding(
        mx_request_joined(exchange->request, MX_SLICE("accept-encoding"), exchange->arena));
}

static int send_not_modified(mx_exchange *exchange, const struct mx_answer *answer,
    enum mx_condition condition, struct mx_error *err) {
    struct mx_answer unchanged = *answer;
    unchanged.status = condition == MX_CONDITION_FAILED ? 412 : 304;
    unchanged.body = (struct mx_slice){0};
    unchanged.fields++; // without Content-Type
    unchanged.field_count--;
    mx_tally_add(exchange->worker->lane.tally, MX_COUNT_NOT_MODIFIED, 1);
    return mx_answer_try(exchange, &unchanged, err);
}

// A 200 for GET or HEAD: conditions, ranges, a smaller form.
static int send_readable(mx_exchange *exchange, const struct mx_reply_spec *spec, struct said *said,
    struct fields *fields, struct mx_error *err) {
    char etag_own[MX_ETAG_MAX];
    char etag_sent[MX_ETAG_MAX];
    mx_buf packed = {0};
    struct mx_slice body = spec->body;
    bool is_varied = !said->is_encoded &&
                     mx_shared_settings(exchange->worker->lane.shared)->compress &&
                     mx_compress_is_worth(said->type, body.len);
    enum mx_encoding encoding = choose_encoding(exchange, said, body.len);
    if (encoding != MX_ENCODING_IDENTITY &&
        mx_compress(exchange->worker->quick, encoding, body, &packed, err) != MX_OK) {
        encoding = MX_ENCODING_IDENTITY;
    }
    if (!said->etag.ptr && body.len > 0 && !said->is_fleeting) {
        mx_etag_write(body, etag_own);
        said->etag = (struct mx_slice){etag_own, MX_ETAG_LEN};
    }
    if (said->etag.ptr && encoding != MX_ENCODING_IDENTITY) {
        size_t len = mx_etag_with_suffix(said->etag, mx_encoding_name(encoding), etag_sent);
        said->etag = (struct mx_slice){etag_sent, len};
    }
    if (said->etag.len > 0) {
        add_field(fields, MX_SLICE("ETag"), said->etag);
    }
    if (is_varied) {
        add_field(fields, MX_SLICE("Vary"), MX_SLICE("Accept-Encoding"));
    }
    struct mx_answer answer = {
        .status = 200,
        .fields = fields->list,
        .field_count = fields->count,
        .body = encoding == MX_ENCODING_IDENTITY ? body : mx_buf_slice(&packed),
    };
    struct mx_validators validators = {
        .etag = said->etag,
        .last_modified = -1,
        .now = exchange->worker->date_second,
    };
    enum mx_condition condition = mx_condition_check(exchange->request, &validators);
    if (condition == MX_CONDITION_SEND && encoding != MX_ENCODING_IDENTITY) {
        add_field(fields, MX_SLICE("Content-Encoding"), mx_encoding_name(encoding));
        answer.field_count = fields->count;
    }
    bool is_whole = encoding != MX_ENCODING_IDENTITY || said->is_encoded;
    int rc = MX_OK;
    if (condition != MX_CONDITION_SEND) {
        rc = send_not_modified(exchange, &answer, condition, err);
    } else if (is_whole || !mx_answer_ranges(exchange, &answer, &validators)) {
        rc = mx_answer_try(exchange, &answer, err);
    }
    mx_buf_deinit(&packed);
    return rc;
}

static int send_plain(mx_exchange *exchange, const struct mx_reply_spec *spec,
    const struct said *said, struct fields *fields, struct mx_error *err) {
    if (said->etag.ptr) {
        add_field(fields, MX_SLICE("ETag"), said->etag);
    }
    struct mx_answer answer = {
        .status = spec->status,
        .fields = fields->list,
        .field_count = fields->count,
        .body = mx_status_is_bodiless(spec->status) ? (struct mx_slice){0} : spec->body,
    };
    return mx_answer_try(exchange, &answer, err);
}

static int send_shared(mx_exchange *exchange, const struct mx_reply_spec *spec,
    const struct said *said, const struct fields *fields, struct mx_error *err) {
    struct mx_page page = {
        .key = exchange->page_key,
        .deps = &spec->deps,
        .content_type = said->type,
        .fields = fields->list + 1,
        .field_count = fields->count - 1,
        .body = spec->body,
        .note = spec->note,
    };
    struct mx_cache_entry *entry = NULL;
    int rc = mx_page_store(exchange, &page, &entry, err);
    if (rc == MX_OK) {
        mx_page_send(exchange, entry);
    }
    return rc;
}

int mx_answer_lua(mx_exchange *exchange, const struct mx_reply_spec *spec, struct mx_error *err) {
    struct said said = {0};
    struct fields fields;
    fields.count = 1; // the first one is Content-Type's
    if (spec->header_count > MX_LIMIT_REPLY_FIELDS) {
        return mx_fail(err, MX_E_LIMIT, "a reply has at most %d fields", MX_LIMIT_REPLY_FIELDS);
    }
    for (size_t i = 0; i < spec->header_count; i++) {
        take_field(exchange, &spec->headers[i], &said, &fields);
    }
    add_defaults(spec->status, &said, &fields);
    for (size_t i = 0; i < exchange->cookie_count; i++) {
        add_field(&fields, MX_SLICE("Set-Cookie"), exchange->cookies[i]);
    }
    if (!said.has_type) {
        said.type = MX_SLICE("text/html; charset=utf-8");
    }
    fields.list[0] = (struct mx_reply_field){MX_SLICE("Content-Type"), said.type};
    if (exchange->route.len == 0) {
        exchange->route = MX_SLICE("lua");
    }
    bool is_read = spec->status == 200 && (exchange->request->method == MX_METHOD_GET ||
                                              exchange->request->method == MX_METHOD_HEAD);
    if (is_read && spec->shared && exchange->page_key.ptr && exchange->cookie_count == 0 &&
        !said.is_encoded && !said.etag.ptr) {
        return send_shared(exchange, spec, &said, &fields, err);
    }
    if (spec->body.len == 0 && !said.has_type) {
        memmove(fields.list, fields.list + 1, --fields.count * sizeof(fields.list[0]));
        return send_plain(exchange, spec, &said, &fields, err);
    }
    return is_read ? send_readable(exchange, spec, &said, &fields, err)
                   : send_plain(exchange, spec, &said, &fields, err);
}

// The socket's side of an exchange: bytes to the parser, one request at a time, patience and its
// end.
#include "server/exchange.h"

#include <assert.h>
#include <stdio.h>

#include "crypto/token.h"
#include "platform/alloc.h"
#include "platform/log.h"
#include "server/activity.h"

enum { KEPT_BUFFER = 16 * 1024 }; // an idle connection keeps no larger one

static uint64_t now_ns(void) {
    return mx_mono_ns(mx_world_real());
}

// --- life -------------------------------------------------------------------------------------

void mx_exchange_hold(mx_exchange *exchange) {
    exchange->holds++;
}

void mx_exchange_unhold(mx_exchange *exchange) {
    assert(exchange->holds > 0 && "every hold is let go once");
    if (--exchange->holds > 0) {
        return;
    }
    struct mx_worker *worker = exchange->worker;
    if (exchange->previous) {
        exchange->previous->next = exchange->next;
    } else {
        worker->exchanges = exchange->next;
    }
    if (exchange->next) {
        exchange->next->previous = exchange->previous;
    }
    mx_upload_destroy(exchange->upload);
    mx_parser_destroy(exchange->parser);
    mx_arena_destroy(exchange->arena);
    mx_buf_deinit(&exchange->ahead);
    mx_buf_deinit(&exchange->body);
    mx_free(exchange);
    if (worker->is_draining && !worker->exchanges) {
        mx_loop_stop(worker->lane.loop);
    }
}

static void drop_stream(mx_exchange *exchange) {
    if (exchange->stream) {
        exchange->state = MX_EXCHANGE_ENDING;
        mx_deadline_clear(exchange->worker->lane.loop, &exchange->deadline);
        mx_stream_close(exchange->stream);
        exchange->stream = NULL;
    }
}

// Sends what waits, then closes.
static void say_goodbye(mx_exchange *exchange) {
    exchange->state = MX_EXCHANGE_ENDING;
    mx_deadline_clear(exchange->worker->lane.loop, &exchange->deadline);
    mx_stream_finish(exchange->stream);
}

static void begin_reading(mx_exchange *exchange) {
    mx_arena_reset(exchange->arena);
    mx_parser_begin(exchange->parser, exchange->arena);
    exchange->request = NULL;
    exchange->head_due = 0;
    exchange->state = MX_EXCHANGE_READING;
}

static void forget_request(mx_exchange *exchange) {
    mx_upload_destroy(exchange->upload);
    exchange->upload = NULL;
    if (exchange->body.cap > KEPT_BUFFER) {
        mx_buf_deinit(&exchange->body);
    }
    mx_buf_clear(&exchange->body);
    exchange->form = (struct mx_form){0};
    exchange->is_form_read = false;
    exchange->is_upload_refused = false;
    exchange->is_origin_known = false;
    exchange->id = (struct mx_slice){0};
    exchange->is_failing = false;
    exchange->cookie_count = 0;
    exchange->page_key = (struct mx_slice){0};
    exchange->route = (struct mx_slice){0};
}

// --- patience ---------------------------------------------------------------------------------

static void on_deadline(void *ctx) {
    mx_exchange *exchange = ctx;
    struct mx_worker *worker = exchange->worker;
    switch (exchange->state) {
    case MX_EXCHANGE_READING:
        if (mx_parser_is_idle(exchange->parser)) {
            drop_stream(exchange); // nothing is cut off
            return;
        }
        mx_tally_add(worker->lane.tally, MX_COUNT_TIMEOUTS, 1);
        exchange->state = MX_EXCHANGE_BUSY;
        exchange->keep_alive = false;
        mx_answer_error(exchange, 408, "The request took too long to arrive.");
        return;
    case MX_EXCHANGE_BUSY:
        if (exchange->file) {
            drop_stream(exchange); // half of it is out already
            return;
        }
        mx_tally_add(worker->lane.tally, MX_COUNT_TIMEOUTS, 1);
        mx_log_warn("request %.*s was given up: no answer in time",
            (int)mx_exchange_id(exchange).len, mx_exchange_id(exchange).ptr);
        mx_exchange_abandon(exchange);
        exchange->keep_alive = false;
        mx_answer_error(exchange, 504, "The answer took too long.");
        return;
    case MX_EXCHANGE_SENDING:
    case MX_EXCHANGE_ENDING:
        mx_tally_add(worker->lane.tally, MX_COUNT_TIMEOUTS, 1);
        drop_stream(exchange); // it does not read
        return;
    }
}

void mx_exchange_set_patience(mx_exchange *exchange, uint64_t ms) {
    mx_deadline_set(exchange->worker->lane.loop, &exchange->deadline, ms, on_deadline, exchange);
}

// A head must be complete `head_ms` after its first byte, however the bytes trickle; a body needs
// 1,000 bytes a second after a grace.
static void set_reading_patience(mx_exchange *exchange) {
    const struct mx_settings *settings = mx_shared_settings(exchange->worker->lane.shared);
    uint64_t now = mx_loop_now(exchange->worker->lane.loop);
    if (mx_parser_is_idle(exchange->parser)) {
        mx_exchange_set_patience(exchange, settings->idle_ms);
        return;
    }
    if (exchange->head_due == 0) {
        exchange->head_due = now + settings->head_ms;
    }
    uint64_t due = exchange->head_due;
    if (exchange->request) {
        due += MX_LIMIT_BODY_MS + mx_parser_body_seen(exchange->parser);
    }
    mx_exchange_set_patience(exchange, due > now ? due - now : 0);
}

// --- reading ----------------------------------------------------------------------------------

static bool is_upload_path(const struct mx_settings *settings, struct mx_slice path) {
    struct mx_slice rest = settings->upload_paths;
    while (rest.ptr) {
        struct mx_slice prefix = mx_slice_trim(mx_slice_cut(&rest, ','));
        if (prefix.len > 0 && mx_slice_starts_with(path, prefix)) {
            return true;
        }
    }
    return false;
}

// Multipart bodies are read while they come: their files go to disk and not into memory.
static int begin_upload(mx_exchange *exchange, const struct mx_request *request) {
    static const struct mx_slice name = {"content-type", 12};
    struct mx_slice value = mx_request_header(request, name);
    struct mx_shared *shared = exchange->worker->lane.shared;
    struct mx_content_type type;
    struct mx_error err;
    if (!value.ptr || value.len < 10 || (value.ptr[0] | 0x20) != 'm') {
        return 0;
    }
    if (mx_content_type_parse(exchange->arena, value, &type, &err) < 0 ||
        !mx_slice_equal(type.type, MX_SLICE("multipart/form-data"))) {
        return 0; // whoever reads the body will judge it
    }
    struct mx_form_limits limits = {
        .field_max = MX_LIMIT_FORM_FIELDS,
        .name_max = MX_LIMIT_FORM_NAME_BYTES,
        .value_max = MX_LIMIT_FORM_VALUE_BYTES,
        .file_max = MX_LIMIT_FORM_FILES,
        .file_len_max = mx_shared_settings(shared)->upload_max,
    };
    if (mx_upload_create(
            exchange->arena, &type, &limits, shared->uploads, &exchange->upload, &err) < 0) {
        return err.code == MX_E_SYSTEM ? 503 : 400;
    }
    return 0;
}

static int on_head_parsed(void *ctx, const struct mx_request *request, uint64_t *body_max) {
    mx_exchange *exchange = ctx;
    const struct mx_settings *settings = mx_shared_settings(exchange->worker->lane.shared);
    exchange->request = request;
    if (!request->is_chunked && request->body_len == 0) {
        return 0;
    }
    int status = begin_upload(exchange, request);
    if (status != 0) {
        return status;
    }
    *body_max = exchange->upload && is_upload_path(settings, request->path) ? settings->upload_max
                                                                            : settings->body_max;
    if (request->expects_continue && request->body_len <= *body_max) {
        mx_buf go_on = {0};
        mx_reply_write_continue(&go_on);
        struct mx_slice piece = mx_buf_slice(&go_on);
        mx_stream_write(exchange->stream, &piece, 1, NULL);
        mx_buf_deinit(&go_on);
    }
    return 0;
}

static int on_body_parsed(void *ctx, struct mx_slice piece) {
    mx_exchange *exchange = ctx;
    if (!exchange->upload) {
        mx_buf_append_slice(&exchange->body, piece);
        return 0;
    }
    if (exchange->is_upload_refused) {
        return 0; // the rest is swallowed, and Lua will be told
    }
    if (mx_upload_feed(exchange->upload, piece, &exchange->upload_error) < 0) {
        exchange->is_upload_refused = true;
    }
    return 0;
}

static void refuse(mx_exchange *exchange) {
    struct mx_refusal refusal = mx_parser_refusal(exchange->parser);
    mx_tally_add(exchange->worker->lane.tally, MX_COUNT_REFUSED, 1);
    exchange->state = MX_EXCHANGE_BUSY;
    exchange->keep_alive = false;
    mx_answer_error(exchange, refusal.status, refusal.reason);
}

// Feeds the parser until a request is at work or the bytes are used up; keeps the rest.
static void consume(mx_exchange *exchange, struct mx_slice bytes) {
    exchange->is_feeding = true;
    while (bytes.len > 0 && exchange->stream && exchange->state == MX_EXCHANGE_READING) {
        size_t used = 0;
        enum mx_parser_state state = mx_parser_feed(exchange->parser, bytes, &used);
        bytes.ptr += used;
        bytes.len -= used;
        if (state == MX_PARSER_REFUSED) {
            refuse(exchange);
        } else if (state == MX_PARSER_DONE) {
            exchange->request = mx_parser_request(exchange->parser);
            exchange->began_ns = now_ns();
            exchange->state = MX_EXCHANGE_BUSY;
            exchange->keep_alive = exchange->request->keep_alive && !exchange->worker->is_draining;
            mx_exchange_begin(exchange);
            if (exchange->state == MX_EXCHANGE_BUSY) {
                mx_exchange_set_patience(
                    exchange, mx_shared_settings(exchange->worker->lane.shared)->handler_ms);
            }
        }
    }
    exchange->is_feeding = false;
    if (!exchange->stream || exchange->state == MX_EXCHANGE_ENDING) {
        return;
    }
    if (exchange->state == MX_EXCHANGE_READING) {
        set_reading_patience(exchange);
    } else if (bytes.len > 0) {
        mx_buf_append_slice(&exchange->ahead, bytes);
    }
}

static void consume_ahead(mx_exchange *exchange) {
    if (exchange->state != MX_EXCHANGE_READING || exchange->ahead.len == 0 || !exchange->stream) {
        return;
    }
    mx_buf taken = exchange->ahead; // consume() may put the rest back
    exchange->ahead = (mx_buf){0};
    mx_stream_resume(exchange->stream);
    consume(exchange, mx_buf_slice(&taken));
    mx_buf_deinit(&taken);
}

static void on_letter_read(struct mx_letter *letter) {
    mx_exchange *exchange = (mx_exchange *)((char *)letter - offsetof(mx_exchange, letter));
    exchange->is_posted = false;
    consume_ahead(exchange);
    mx_exchange_unhold(exchange);
}

// --- events of the stream ---------------------------------------------------------------------

static void on_stream_data(void *ctx, struct mx_slice bytes) {
    mx_exchange *exchange = ctx;
    if (exchange->state == MX_EXCHANGE_READING && exchange->ahead.len == 0) {
        mx_exchange_hold(exchange);
        consume(exchange, bytes);
        mx_exchange_unhold(exchange);
        return;
    }
    mx_buf_append_slice(&exchange->ahead, bytes);
    if (exchange->ahead.len > MX_LIMIT_PIPELINE_BYTES) {
        mx_stream_pause(exchange->stream);
    }
}

static void on_stream_ended(void *ctx, bool broken) {
    mx_exchange *exchange = ctx;
    exchange->peer_ended = true;
    mx_exchange_hold(exchange);
    if (broken) {
        drop_stream(exchange);
        mx_exchange_abandon(exchange);
    } else if (exchange->state == MX_EXCHANGE_READING && exchange->ahead.len == 0) {
        say_goodbye(exchange); // the last reply may still be on its way
    }
    mx_exchange_unhold(exchange); // a busy one still answers
}

static void on_stream_drained(void *ctx) {
    mx_exchange *exchange = ctx;
    if (exchange->file) {
        mx_static_go_on(exchange);
        return;
    }
    if (exchange->state != MX_EXCHANGE_SENDING) {
        return;
    }
    begin_reading(exchange);
    mx_exchange_hold(exchange);
    if (exchange->peer_ended && exchange->ahead.len == 0) {
        say_goodbye(exchange);
    } else {
        set_reading_patience(exchange);
        consume_ahead(exchange);
    }
    mx_exchange_unhold(exchange);
}

static void on_stream_closed(void *ctx) {
    mx_exchange *exchange = ctx;
    struct mx_worker *worker = exchange->worker;
    mx_deadline_clear(worker->lane.loop, &exchange->deadline);
    exchange->stream = NULL;
    mx_static_stop(exchange);
    atomic_fetch_sub_explicit(&worker->lane.shared->connections, 1, memory_order_relaxed);
    mx_tally_add(worker->lane.tally, MX_COUNT_CONNECTIONS_CLOSED, 1);
    mx_exchange_unhold(exchange);
}

static const struct mx_stream_events stream_events = {
    .data = on_stream_data,
    .ended = on_stream_ended,
    .drained = on_stream_drained,
    .closed = on_stream_closed,
};

// --- from outside -----------------------------------------------------------------------------

void mx_exchange_accept(
    struct mx_worker *worker, int fd, const struct mx_peer *peer, bool is_admin) {
    static const struct mx_http_limits limits = {
        MX_LIMIT_HEAD_BYTES, MX_LIMIT_TARGET_BYTES, MX_LIMIT_HEAD_FIELDS};
    struct mx_shared *shared = worker->lane.shared;
    mx_exchange *exchange = mx_alloc(sizeof(*exchange));
    exchange->worker = worker;
    exchange->peer = *peer;
    exchange->is_admin = is_admin;
    exchange->letter.fn = on_letter_read;
    struct mx_parser_handler handler = {on_head_parsed, on_body_parsed, exchange};
    exchange->parser = mx_parser_create(&limits, &handler);
    exchange->arena = mx_arena_create();
    exchange->next = worker->exchanges;
    if (exchange->next) {
        exchange->next->previous = exchange;
    }
    worker->exchanges = exchange;
    exchange->holds = 1; // the stream's
    struct mx_error err;
    int64_t count = 1 + atomic_fetch_add_explicit(&shared->connections, 1, memory_order_relaxed);
    if (mx_stream_open(worker->lane.loop, fd, &stream_events, exchange, &exchange->stream, &err) <
        0) {
        mx_log_warn("a connection was lost: %s", err.text);
        on_stream_closed(exchange);
        return;
    }
    mx_tally_add(worker->lane.tally, MX_COUNT_CONNECTIONS_OPENED, 1);
    begin_reading(exchange);
    if (count > mx_shared_settings(shared)->connections_max) {
        mx_tally_add(worker->lane.tally, MX_COUNT_CONNECTIONS_SHED, 1);
        exchange->state = MX_EXCHANGE_BUSY;
        mx_answer_error(exchange, 503, "There are too many visitors. Please try again soon.");
        return;
    }
    mx_exchange_set_patience(
        exchange, mx_shared_settings(shared)->head_ms); // a new connection says something soon
}

// A segment that opens something to whoever has it: an order, a link of the back office. Handles
// have no capitals, so they never look like one.
static bool is_token(struct mx_slice segment) {
    bool has_capital = false;
    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.ptr[i];
        bool is_capital = c >= 'A' && c <= 'Z';
        has_capital = has_capital || is_capital;
        if (!is_capital && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
            c != '_') {
            return false;
        }
    }
    return segment.len == MX_TOKEN_LEN && has_capital;
}

// The path with "TOKEN" in the place of tokens.
static void append_without_tokens(mx_buf *out, struct mx_slice path) {
    while (path.ptr) {
        struct mx_slice segment = mx_slice_cut(&path, '/');
        mx_buf_append_slice(out, is_token(segment) ? MX_SLICE("TOKEN") : segment);
        if (path.ptr) {
            mx_buf_append_slice(out, MX_SLICE("/"));
        }
    }
}

static void write_access_log(mx_exchange *exchange, int status, uint64_t us, uint64_t sent) {
    const struct mx_request *request = exchange->request;
    mx_buf path = {0};
    append_without_tokens(&path, request->path);
    char numbers[3][24];
    snprintf(numbers[0], sizeof(numbers[0]), "%d", status);
    snprintf(numbers[1], sizeof(numbers[1]), "%llu.%03u", (unsigned long long)(us / 1000),
        (unsigned)(us % 1000));
    snprintf(numbers[2], sizeof(numbers[2]), "%llu", (unsigned long long)sent);
    struct mx_log_field fields[] = {
        {"request_id", mx_exchange_id(exchange), false},
        {"method", mx_method_name(request->method), false},
        {"path", mx_buf_slice(&path), false}, // without the query, which may hold secrets
        {"route", exchange->route, false},
        {"status", mx_slice_of(numbers[0]), true},
        {"dur_ms", mx_slice_of(numbers[1]), true},
        {"bytes", mx_slice_of(numbers[2]), true},
        {"remote", mx_exchange_remote(exchange), false},
    };
    mx_log_event(MX_LOG_INFO, MX_SLICE("request"), fields, sizeof(fields) / sizeof(fields[0]));
    mx_buf_deinit(&path);
}

static void count(mx_exchange *exchange, int status, uint64_t sent) {
    mx_tally *tally = exchange->worker->lane.tally;
    mx_tally_add(tally, MX_COUNT_BYTES_SENT, sent);
    if (!exchange->request || exchange->began_ns == 0) {
        return; // refused before it was a request
    }
    uint64_t us = (now_ns() - exchange->began_ns) / 1000;
    struct mx_slice route = exchange->route.len > 0 ? exchange->route : MX_SLICE("none");
    mx_tally_request(tally, route, status, us);
    mx_activity_sample(exchange, route, status, us);
    if (mx_shared_settings(exchange->worker->lane.shared)->access_log) {
        write_access_log(exchange, status, us, sent);
    }
}

void mx_exchange_end(mx_exchange *exchange, int status, uint64_t sent) {
    count(exchange, status, sent);
    exchange->has_served = true;
    exchange->began_ns = 0;
    forget_request(exchange);
    if (!exchange->stream) {
        return;
    }
    if (!exchange->keep_alive || exchange->worker->is_draining) {
        say_goodbye(exchange);
        return;
    }
    size_t queued = mx_stream_queued(exchange->stream);
    if (queued >= MX_STREAM_HIGH_WATER) {
        exchange->state = MX_EXCHANGE_SENDING;
        mx_exchange_set_patience(exchange, MX_LIMIT_SEND_MS + queued);
        return;
    }
    begin_reading(exchange);
    if (exchange->is_feeding) {
        return; // consume() goes on
    }
    if (exchange->ahead.len > 0) {
        exchange->is_posted = true;
        mx_exchange_hold(exchange);
        mx_mailbox_post(exchange->worker->lane.mailbox, &exchange->letter);
    } else if (exchange->peer_ended) {
        say_goodbye(exchange);
        return;
    }
    set_reading_patience(exchange);
}

void mx_exchange_drain(mx_exchange *exchange) {
    bool is_idle = exchange->stream && exchange->state == MX_EXCHANGE_READING &&
                   mx_parser_is_idle(exchange->parser) && exchange->ahead.len == 0;
    if (is_idle && exchange->has_served) {
        say_goodbye(exchange);
    } else if (is_idle) {
        mx_exchange_set_patience(exchange, MX_LIMIT_NEWCOMER_MS);
    }
}

void mx_exchange_drop(mx_exchange *exchange) {
    mx_exchange_hold(exchange);
    drop_stream(exchange);
    mx_exchange_cancel(exchange);
    mx_exchange_unhold(exchange);
}

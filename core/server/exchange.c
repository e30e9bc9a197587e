// From a whole request to whoever answers it, and the request as Lua reads it.
#include "server/exchange.h"

#include <assert.h>

#include "http/url.h"
#include "platform/alloc.h"

// --- Lua --------------------------------------------------------------------------------------

// Parts the run from its exchange, which was answered or given up.
static void part(struct mx_run *run) {
    mx_exchange *exchange = run->exchange;
    if (exchange) {
        run->exchange = NULL;
        exchange->run = NULL;
        mx_exchange_unhold(exchange);
    }
}

static void on_task_ended(void *ctx, const struct mx_task_result *result) {
    struct mx_run *run = ctx;
    mx_exchange *exchange = run->exchange;
    if (exchange) {
        mx_exchange_hold(exchange);
        part(run);
        if (run->status != 0) {
            mx_answer_plain_error(exchange, run->status, NULL);
        } else { // without an error the handler forgot to answer, which is a bug as well
            mx_answer_error(exchange, result->code == MX_E_LIMIT ? 503 : 500, NULL);
        }
        mx_exchange_unhold(exchange);
    }
    mx_free(run);
}

static void start_task(mx_exchange *exchange, enum mx_entry entry, int status) {
    struct mx_run *run = mx_alloc(sizeof(*run));
    run->worker = exchange->worker;
    run->exchange = exchange;
    run->status = status;
    exchange->run = run;
    mx_exchange_hold(exchange);
    struct mx_arg arg = {.kind = MX_ARG_EXCHANGE, .exchange = exchange, .integer = status};
    mx_task *task = mx_task_start(exchange->worker->lane.script, entry, &arg, on_task_ended, run);
    if (task) {
        run->task = task;
    }
}

void mx_answer_error(mx_exchange *exchange, int status, const char *detail) {
    if (!exchange->request || exchange->is_failing || mx_answer_is_problem(exchange)) {
        mx_answer_plain_error(exchange, status, detail);
        return;
    }
    exchange->is_failing = true;
    exchange->page_key = (struct mx_slice){0}; // an error is nobody else's page
    exchange->cookie_count = 0;
    mx_exchange_set_patience(
        exchange, mx_shared_settings(exchange->worker->lane.shared)->handler_ms);
    start_task(exchange, MX_ENTRY_ERROR, status);
}

void mx_exchange_cancel(mx_exchange *exchange) {
    struct mx_run *run = exchange->run;
    if (run && run->task) {
        mx_task *task = run->task;
        part(run);
        mx_task_cancel(task); // on_task_ended() will not be called
        mx_free(run);
    }
}

// A reader's task is dropped; one that may change something runs to its end, unheard, unless it is
// late for a client that still waits.
void mx_exchange_abandon(mx_exchange *exchange) {
    bool is_safe = exchange->request && (exchange->request->method == MX_METHOD_GET ||
                                            exchange->request->method == MX_METHOD_HEAD);
    if (exchange->stream || is_safe) {
        mx_exchange_cancel(exchange);
    }
}

void mx_exchange_begin(mx_exchange *exchange) {
    mx_exchange_hold(exchange);
    if (!mx_static_answer(exchange) && !mx_health_answer(exchange)) {
        mx_page_key_find(exchange);
        if (exchange->page_key.ptr == NULL || !mx_page_send_cached(exchange)) {
            start_task(exchange, MX_ENTRY_REQUEST, 0);
        }
    }
    mx_exchange_unhold(exchange);
}

// --- what is known about it -------------------------------------------------------------------

const struct mx_origin *mx_exchange_origin(mx_exchange *exchange) {
    if (!exchange->is_origin_known) {
        struct mx_address peer;
        memcpy(peer.bytes, exchange->peer.address, sizeof(peer.bytes));
        mx_origin_find(mx_shared_settings(exchange->worker->lane.shared)->proxies,
            exchange->peer.is_local ? NULL : &peer, false, exchange->request, exchange->arena,
            &exchange->origin);
        exchange->remote_len = 0;
        exchange->is_origin_known = true;
    }
    return &exchange->origin;
}

struct mx_slice mx_exchange_remote(mx_exchange *exchange) {
    const struct mx_origin *origin = mx_exchange_origin(exchange);
    if (exchange->remote_len == 0 && origin->has_remote) {
        exchange->remote_len = mx_address_format(&origin->remote, exchange->remote);
    }
    return (struct mx_slice){exchange->remote, exchange->remote_len};
}

static bool is_plain_id(struct mx_slice id) {
    if (id.len < 8 || id.len > MX_LIMIT_REQUEST_ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool ok = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
                  c == '_';
        if (!ok) {
            return false;
        }
    }
    return true;
}

// 16 hex digits: a number of this worker behind a salt of this process.
static struct mx_slice make_id(struct mx_worker *worker, mx_arena *arena) {
    static const char digits[] = "0123456789abcdef";
    uint64_t number = worker->id_salt + worker->next_id++ * 0x9e3779b97f4a7c15u;
    char *text = mx_arena_take(arena, 16);
    for (int i = 15; i >= 0; i--) {
        text[i] = digits[number & 15];
        number >>= 4;
    }
    return (struct mx_slice){text, 16};
}

struct mx_slice mx_exchange_id(mx_exchange *exchange) {
    if (exchange->id.ptr) {
        return exchange->id;
    }
    struct mx_address peer;
    memcpy(peer.bytes, exchange->peer.address, sizeof(peer.bytes));
    struct mx_slice given = {0};
    if (exchange->request &&
        mx_proxies_trust(mx_shared_settings(exchange->worker->lane.shared)->proxies,
            exchange->peer.is_local ? NULL : &peer)) {
        given = mx_request_header(exchange->request, MX_SLICE("x-request-id"));
    }
    exchange->id =
        given.ptr && is_plain_id(given) ? given : make_id(exchange->worker, exchange->arena);
    return exchange->id;
}

// --- the request as Lua reads it --------------------------------------------------------------

static struct mx_slice op_field(mx_exchange *exchange, enum mx_request_field field) {
    const struct mx_request *request = exchange->request;
    switch (field) {
    case MX_REQUEST_METHOD: return mx_method_name(request->method);
    case MX_REQUEST_PATH: return request->path;
    case MX_REQUEST_TARGET: return request->target;
    case MX_REQUEST_QUERY: return request->query;
    case MX_REQUEST_HOST: return mx_exchange_origin(exchange)->host;
    case MX_REQUEST_SCHEME:
        return mx_exchange_origin(exchange)->is_secure ? MX_SLICE("https") : MX_SLICE("http");
    case MX_REQUEST_REMOTE: return mx_exchange_remote(exchange);
    case MX_REQUEST_ID: return mx_exchange_id(exchange);
    }
    assert(!"no such field");
    return (struct mx_slice){0};
}

static bool op_is_secure(mx_exchange *exchange) {
    return mx_exchange_origin(exchange)->is_secure;
}

static struct mx_slice op_header(mx_exchange *exchange, struct mx_slice name) {
    return mx_request_joined(exchange->request, name, exchange->arena);
}

static struct mx_slice op_cookie(mx_exchange *exchange, struct mx_slice name) {
    return mx_cookie_find_own(exchange->request, name, mx_exchange_origin(exchange)->is_secure);
}

static bool op_arg(mx_exchange *exchange, size_t index, struct mx_pair *out) {
    struct mx_query query = {.rest = exchange->request->query};
    struct mx_query_pair pair;
    struct mx_error err;
    for (;;) {
        int rc = mx_query_next(&query, exchange->arena, &pair, &err);
        if (rc == 0) {
            return false;
        }
        if (rc > 0 && index-- == 0) { // what is not UTF-8 does not count
            *out = (struct mx_pair){pair.name, pair.value};
            return true;
        }
    }
}

static int op_form(mx_exchange *exchange, struct mx_error *err) {
    if (exchange->is_form_read) {
        return MX_OK;
    }
    if (exchange->is_upload_refused) {
        *err = exchange->upload_error;
        return err->code;
    }
    int rc = MX_OK;
    if (exchange->upload) {
        rc = mx_upload_finish(exchange->upload, &exchange->form, err);
    } else {
        struct mx_slice value = mx_request_header(exchange->request, MX_SLICE("content-type"));
        struct mx_form_limits limits = {
            .field_max = MX_LIMIT_FORM_FIELDS,
            .name_max = MX_LIMIT_FORM_NAME_BYTES,
            .value_max = MX_LIMIT_FORM_VALUE_BYTES,
        };
        struct mx_content_type type = {0};
        if (value.ptr && mx_content_type_parse(exchange->arena, value, &type, err) < 0) {
            return err->code;
        }
        if (!mx_slice_equal(type.type, MX_SLICE("application/x-www-form-urlencoded"))) {
            return mx_fail(err, MX_E_INVALID,
                "the body is no form: send "
                "application/x-www-form-urlencoded or multipart/form-data");
        }
        rc = mx_form_parse(
            exchange->arena, mx_buf_slice(&exchange->body), &limits, &exchange->form, err);
    }
    exchange->is_form_read = rc == MX_OK;
    return rc;
}

static bool op_form_item(mx_exchange *exchange, size_t index, struct mx_form_item *out) {
    if (index >= exchange->form.count) {
        return false;
    }
    const struct mx_form_field *field = &exchange->form.fields[index];
    *out = (struct mx_form_item){
        .name = field->name,
        .value = field->value,
        .path = field->is_file ? field->path : (struct mx_slice){0},
        .filename = field->filename,
        .type = field->type,
        .size = field->size,
    };
    return true;
}

static struct mx_slice op_body(mx_exchange *exchange) {
    return mx_buf_slice(&exchange->body);
}

static int op_set_cookie(
    mx_exchange *exchange, const struct mx_cookie_spec *cookie, struct mx_error *err) {
    if (exchange->cookie_count == MX_LIMIT_COOKIES_SET) {
        return mx_fail(err, MX_E_LIMIT, "a reply sets at most %d cookies", MX_LIMIT_COOKIES_SET);
    }
    bool secure = mx_exchange_origin(exchange)->is_secure;
    bool whole_site = cookie->path.len == 0 || mx_slice_equal(cookie->path, MX_SLICE("/"));
    struct mx_set_cookie set = {
        .name = cookie->name,
        .value = cookie->value,
        .path = cookie->path,
        .max_age = cookie->max_age,
        .http_only = cookie->http_only,
        .secure = secure,
        .host_only = secure && whole_site,
        .same_site = cookie->same_site,
    };
    mx_buf text = {0};
    int rc = mx_set_cookie_write(&text, &set, err);
    if (rc == MX_OK) {
        exchange->cookies[exchange->cookie_count++] =
            mx_arena_copy(exchange->arena, mx_buf_slice(&text));
    }
    mx_buf_deinit(&text);
    return rc;
}

static int op_reply(mx_exchange *exchange, const struct mx_reply_spec *spec, struct mx_error *err) {
    struct mx_run *run = exchange->run;
    mx_exchange_hold(exchange);
    int rc = mx_answer_lua(exchange, spec, err);
    if (rc == MX_OK && run) {
        part(run); // on_task_ended() finds nothing to answer
    }
    mx_exchange_unhold(exchange);
    return rc;
}

const struct mx_exchange_ops *mx_exchange_ops(void) {
    static const struct mx_exchange_ops ops = {
        .field = op_field,
        .is_secure = op_is_secure,
        .header = op_header,
        .cookie = op_cookie,
        .arg = op_arg,
        .form = op_form,
        .form_item = op_form_item,
        .body = op_body,
        .set_cookie = op_set_cookie,
        .reply = op_reply,
    };
    return &ops;
}

// Whole pages that every visitor who has nothing of their own may share: made once by Lua, then
// served from memory. The bytes of a form are laid out so that a 304 is a piece of the 200:
//
//   HTTP/1.1 200 OK · Content-Type [· Content-Encoding] · Content-Length | ETag · kept fields |
//   body
//
// Date, Connection and the empty line are put in between when it is sent.
#include "server/exchange.h"

#include <assert.h>

#include "http/etag.h"
#include "http/url.h"
#include "server/activity.h"

enum { TOGETHER = 8192 }; // a body up to this is copied: one piece is cheaper to write

#ifdef MX_SMALL_BUFFERS
enum { BY_REFERENCE = 1 };
#else
enum { BY_REFERENCE = 32 * 1024 }; // from here on a third call of the kernel is cheaper than a copy
#endif

static const struct mx_slice status_line = MX_SLICE("HTTP/1.1 200 OK\r\n");
static const struct mx_slice status_line_304 = MX_SLICE("HTTP/1.1 304 Not Modified\r\n");

// --- the key ----------------------------------------------------------------------------------

static void put(char **at, struct mx_slice text) {
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
        *at += text.len;
    }
    *(*at)++ = '\0'; // no part can hold one
}

static size_t find_rule(const struct mx_slice *names, size_t count, struct mx_slice name) {
    size_t i = 0;
    while (i < count && !mx_slice_equal(names[i], name)) {
        i++;
    }
    return i;
}

// True when a cookie says that this visitor has something of their own. Both spellings count.
static bool is_private(const mx_exchange *exchange, const struct mx_page_rules *rules) {
    for (size_t i = 0; i < rules->private_count; i++) {
        if (mx_cookie_find_own(exchange->request, rules->private_cookies[i], false).len > 0 ||
            mx_cookie_find_own(exchange->request, rules->private_cookies[i], true).len > 0) {
            return true;
        }
    }
    return false;
}

enum { QUERY_MAX = 16 };

// The parameters by rule, so that their order in the URL does not matter. False when there is one
// that no rule names, or one twice.
static bool sort_query(
    mx_exchange *exchange, const struct mx_page_rules *rules, struct mx_slice values[QUERY_MAX]) {
    struct mx_query query = {.rest = exchange->request->query};
    struct mx_query_pair pair;
    struct mx_error err;
    int rc;
    while ((rc = mx_query_next(&query, exchange->arena, &pair, &err)) > 0) {
        size_t rule = find_rule(rules->query, rules->query_count, pair.name);
        if (rule >= rules->query_count || rule >= QUERY_MAX || values[rule].ptr) {
            return false;
        }
        values[rule] = pair.value;
    }
    return rc == 0;
}

void mx_page_key_find(mx_exchange *exchange) {
    const struct mx_page_rules *rules = &exchange->worker->lane.rules;
    const struct mx_request *request = exchange->request;
    struct mx_slice values[QUERY_MAX] = {{0}};
    bool may_read = request->method == MX_METHOD_GET || request->method == MX_METHOD_HEAD;
    bool is_asset = mx_slice_starts_with(request->path, MX_SLICE("/assets/")); // the same for all
    bool has_cookies = !is_asset && mx_request_header(request, MX_SLICE("cookie")).ptr != NULL;
    if (!rules->is_configured || !may_read || exchange->body.len > 0 ||
        mx_request_header(request, MX_SLICE("authorization")).ptr ||
        (has_cookies && is_private(exchange, rules)) ||
        (request->query.len > 0 && !sort_query(exchange, rules, values))) {
        return;
    }
    const struct mx_origin *origin = mx_exchange_origin(exchange);
    size_t size = 32 + origin->host.len + request->path.len;
    for (size_t i = 0; i < rules->query_count && i < QUERY_MAX; i++) {
        size += values[i].len + 2;
    }
    struct mx_slice cookies[QUERY_MAX] = {{0}};
    for (size_t i = 0; i < rules->key_count && i < QUERY_MAX; i++) {
        if (has_cookies) {
            cookies[i] = mx_cookie_find_own(request, rules->key_cookies[i], origin->is_secure);
        }
        size += cookies[i].len + 1;
    }
    char *key = mx_arena_take(exchange->arena, size);
    char *at = key;
    uint64_t pages =
        atomic_load_explicit(&exchange->worker->lane.shared->pages, memory_order_relaxed);
    *at++ = 'p';
    memcpy(at, &pages, sizeof(pages));
    at += sizeof(pages);
    *at++ = origin->is_secure ? 's' : 'h';
    put(&at, origin->host);
    put(&at, request->path);
    for (size_t i = 0; i < rules->query_count && i < QUERY_MAX; i++) {
        *at++ = values[i].ptr ? '=' : '-';
        put(&at, values[i]);
    }
    for (size_t i = 0; i < rules->key_count && i < QUERY_MAX; i++) {
        put(&at, cookies[i]);
    }
    exchange->page_key = (struct mx_slice){key, (size_t)(at - key)};
}

// --- forms of a page --------------------------------------------------------------------------

// Writes the form for `encoding`; `kept` are lines with their ends.
static void lay_out(struct mx_cache_variant *out, enum mx_encoding encoding, struct mx_slice type,
    struct mx_slice etag, struct mx_slice kept, struct mx_slice body) {
    mx_buf *bytes = &out->bytes;
    mx_buf_reserve(bytes, 256 + type.len + kept.len + body.len);
    mx_buf_append_slice(bytes, status_line);
    mx_buf_append_slice(bytes, MX_SLICE("Content-Type: "));
    out->type_at = (uint32_t)bytes->len;
    out->type_len = (uint32_t)type.len;
    mx_buf_append_slice(bytes, type);
    if (encoding != MX_ENCODING_IDENTITY) {
        mx_buf_append_slice(bytes, MX_SLICE("\r\nContent-Encoding: "));
        mx_buf_append_slice(bytes, mx_encoding_name(encoding));
    }
    mx_buf_append_slice(bytes, MX_SLICE("\r\nContent-Length: "));
    mx_buf_append_int(bytes, (int64_t)body.len);
    mx_buf_append_slice(bytes, MX_SLICE("\r\n"));
    out->kept_at = (uint32_t)bytes->len;
    mx_buf_append_slice(bytes, MX_SLICE("ETag: "));
    out->etag_at = (uint32_t)bytes->len;
    out->etag_len = (uint32_t)etag.len;
    mx_buf_append_slice(bytes, etag);
    mx_buf_append_slice(bytes, MX_SLICE("\r\n"));
    mx_buf_append_slice(bytes, kept);
    out->head_len = (uint32_t)bytes->len;
    mx_buf_append_slice(bytes, body);
}

static struct mx_slice part(const struct mx_cache_variant *variant, size_t at, size_t len) {
    return (struct mx_slice){variant->bytes.ptr + at, len};
}

static struct mx_slice body_of(const struct mx_cache_variant *variant) {
    return part(variant, variant->head_len, variant->bytes.len - variant->head_len);
}

// The form for `encoding`, made when nobody needed it before; the plain one when that is not
// smaller.
static const struct mx_cache_variant *find_form(
    mx_exchange *exchange, struct mx_cache_entry *entry, enum mx_encoding encoding) {
    const struct mx_cache_variant *plain = mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
    if (encoding == MX_ENCODING_IDENTITY) {
        return plain;
    }
    const struct mx_cache_variant *found = mx_cache_variant_find(entry, encoding);
    if (found) {
        return found;
    }
    struct mx_cache_variant made = {0};
    struct mx_error err;
    mx_buf packed = {0};
    char etag[MX_ETAG_MAX];
    if (mx_compress(exchange->worker->thorough, encoding, body_of(plain), &packed, &err) < 0) {
        mx_buf_deinit(&packed);
        return plain;
    }
    size_t etag_len = mx_etag_with_suffix(
        part(plain, plain->etag_at, plain->etag_len), mx_encoding_name(encoding), etag);
    size_t kept_at = plain->etag_at + plain->etag_len + 2;
    lay_out(&made, encoding, part(plain, plain->type_at, plain->type_len),
        (struct mx_slice){etag, etag_len}, part(plain, kept_at, plain->head_len - kept_at),
        mx_buf_slice(&packed));
    mx_buf_deinit(&packed);
    return mx_cache_variant_add(exchange->worker->lane.shared->cache, entry, encoding, &made);
}

// --- sending ----------------------------------------------------------------------------------

static void on_page_sent(void *ctx) {
    mx_cache_release(ctx);
}

// Appends Date, Connection and the empty line.
static void write_tail(mx_exchange *exchange, mx_buf *head) {
    struct mx_worker *worker = exchange->worker;
    mx_buf_append_slice(head, MX_SLICE("Date: "));
    mx_buf_append_slice(head, mx_answer_date(worker));
    if (!exchange->keep_alive || worker->is_draining) {
        mx_buf_append_slice(head, MX_SLICE("\r\nConnection: close\r\n\r\n"));
    } else if (exchange->request->is_http_1_0) {
        mx_buf_append_slice(head, MX_SLICE("\r\nConnection: keep-alive\r\n\r\n"));
    } else {
        mx_buf_append_slice(head, MX_SLICE("\r\n\r\n"));
    }
}

enum { KEPT_MAX = MX_LIMIT_REPLY_FIELDS + 8 };

// The fields that a form was laid out with, from ETag on, read back: a part needs them as the whole
// does. What lives for how long, and what must not run, is said there.
static size_t read_kept(const struct mx_cache_variant *form, struct mx_reply_field *out) {
    struct mx_slice rest = part(form, form->kept_at, form->head_len - form->kept_at);
    size_t count = 0;
    while (rest.len > 0) {
        struct mx_slice value = mx_slice_cut(&rest, '\n');
        struct mx_slice name = mx_slice_cut(&value, ':');
        assert(count < KEPT_MAX && value.len > 1 && value.ptr[value.len - 1] == '\r');
        value.len--;
        out[count++] = (struct mx_reply_field){name, mx_slice_trim(value)};
    }
    return count;
}

// Parts of the plain form. False: there is no Range that counts.
static bool send_parts(mx_exchange *exchange, struct mx_cache_entry *entry,
    const struct mx_cache_variant *form, const struct mx_validators *validators) {
    if (!mx_request_header(exchange->request, MX_SLICE("range")).ptr) {
        return false;
    }
    struct mx_reply_field fields[1 + KEPT_MAX] = {
        {MX_SLICE("Content-Type"), part(form, form->type_at, form->type_len)}};
    struct mx_stream_hold hold = {.release = on_page_sent, .ctx = entry};
    struct mx_answer answer = {
        .status = 200,
        .fields = fields,
        .field_count = 1 + read_kept(form, fields + 1),
        .body = body_of(form),
        .hold = &hold,
    };
    return mx_answer_ranges(exchange, &answer, validators);
}

void mx_page_send(mx_exchange *exchange, struct mx_cache_entry *entry) {
    const struct mx_request *request = exchange->request;
    enum mx_encoding encoding = MX_ENCODING_IDENTITY;
    if (entry->is_worth_compressing) {
        encoding = mx_negotiate_encoding(
            mx_request_joined(request, MX_SLICE("accept-encoding"), exchange->arena));
    }
    const struct mx_cache_variant *form = find_form(exchange, entry, encoding);
    bool is_plain = form == mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
    struct mx_validators validators = {
        .etag = part(form, form->etag_at, form->etag_len), .last_modified = -1};
    enum mx_condition condition = mx_condition_check(request, &validators);
    if (condition == MX_CONDITION_FAILED) {
        mx_cache_release(entry);
        mx_answer_error(exchange, 412, NULL);
        return;
    }
    if (condition == MX_CONDITION_SEND && is_plain &&
        send_parts(exchange, entry, form, &validators)) {
        return;
    }
    mx_buf *head = &exchange->worker->head;
    mx_buf_clear(head);
    bool is_sent = condition == MX_CONDITION_SEND;
    if (is_sent) {
        mx_buf_append_slice(head, part(form, 0, form->head_len));
    } else {
        mx_buf_append_slice(head, status_line_304);
        mx_buf_append_slice(head, part(form, form->kept_at, form->head_len - form->kept_at));
        mx_tally_add(exchange->worker->lane.tally, MX_COUNT_NOT_MODIFIED, 1);
    }
    write_tail(exchange, head);
    struct mx_slice body = body_of(form);
    body.len = is_sent && request->method != MX_METHOD_HEAD ? body.len : 0;
    if (body.len <= TOGETHER) {
        mx_buf_append_slice(head, body);
        body.len = 0;
    }
    struct mx_slice pieces[2] = {mx_buf_slice(head), body};
    struct mx_stream_hold hold = {.release = on_page_sent, .ctx = entry};
    struct mx_stream_file file = {.fd = -1, .at = form->head_len};
    if (body.len >= BY_REFERENCE) {
        file.fd = mx_cache_variant_file(exchange->worker->lane.shared->cache, entry, form);
        hold.file = file.fd >= 0 ? &file : NULL;
    }
    if (exchange->stream) {
        mx_stream_write(exchange->stream, pieces, 2, &hold);
    } else {
        mx_cache_release(entry);
    }
    mx_exchange_end(exchange, is_sent ? 200 : 304, pieces[0].len + body.len);
}

bool mx_page_send_cached(mx_exchange *exchange) {
    struct mx_shared *shared = exchange->worker->lane.shared;
    struct mx_cache_entry *entry =
        mx_cache_acquire(shared->cache, exchange->page_key, mx_now_ms(shared->world));
    if (!entry) {
        return false;
    }
    exchange->route = MX_SLICE("cache");
    mx_tally_add(exchange->worker->lane.tally, MX_COUNT_PAGES_FROM_CACHE, 1);
    mx_activity_page_seen(exchange, atomic_load_explicit(&entry->note, memory_order_relaxed));
    mx_page_send(exchange, entry);
    return true;
}

int mx_page_store(mx_exchange *exchange, const struct mx_page *page, struct mx_cache_entry **out,
    struct mx_error *err) {
    struct mx_shared *shared = exchange->worker->lane.shared;
    bool is_worth = mx_shared_settings(shared)->compress &&
                    mx_compress_is_worth(page->content_type, page->body.len);
    mx_buf lines = {0};
    // A 304 has no framing, so what the writer makes of it is the status line and our fields.
    struct mx_reply reply = {
        .status = 304, .fields = page->fields, .field_count = page->field_count};
    int rc = mx_reply_write_head(&lines, &reply, err);
    if (rc == MX_OK && !mx_field_value_valid(page->content_type)) {
        rc = mx_fail(err, MX_E_INVALID, "Content-Type holds a control character");
    }
    if (rc < 0) {
        mx_buf_deinit(&lines);
        return rc;
    }
    lines.len -= 2; // the empty line comes later
    if (is_worth) {
        mx_buf_append_slice(&lines, MX_SLICE("Vary: Accept-Encoding\r\n"));
    }
    char etag[MX_ETAG_LEN];
    struct mx_cache_variant plain = {0};
    mx_etag_write(page->body, etag);
    lay_out(&plain, MX_ENCODING_IDENTITY, page->content_type, (struct mx_slice){etag, MX_ETAG_LEN},
        (struct mx_slice){lines.ptr + status_line_304.len, lines.len - status_line_304.len},
        page->body);
    mx_buf_deinit(&lines);
    *out = mx_cache_store(shared->cache, page->key, page->deps, page->version, &plain, is_worth);
    atomic_store_explicit(&(*out)->note, page->note, memory_order_relaxed);
    return MX_OK;
}

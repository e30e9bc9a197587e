// HTTP: what a request may say, how libcurl is told, and where a redirect may lead.
#include "client/internal.h"

// Fields that libcurl writes, or that would change how the connection is used.
static const char *const reserved[] = {"accept-encoding", "connection", "content-length", "expect",
    "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade"};

// All that another server may be told.
static const char *const harmless[] = {"accept", "accept-language"};

static bool is_one_of(struct mx_slice name, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (mx_slice_equal_nocase(name, mx_slice_of(list[i]))) {
            return true;
        }
    }
    return false;
}

// --- checks -------------------------------------------------------------------------------------

static bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static int check_method(struct mx_slice method, bool has_body, struct mx_error *err) {
    bool is_good = method.len > 0 && method.len < 32;
    for (size_t i = 0; i < method.len; i++) {
        is_good = is_good && method.ptr[i] >= 'A' && method.ptr[i] <= 'Z';
    }
    if (!is_good || mx_slice_equal(method, MX_SLICE("CONNECT")) ||
        mx_slice_equal(method, MX_SLICE("TRACE"))) {
        return mx_fail(err, MX_E_INVALID,
            "'%.*s' is no method that may be sent: use GET, POST, PUT, PATCH, DELETE or HEAD",
            method.len < 32 ? (int)method.len : 32, method.ptr ? method.ptr : "");
    }
    if (has_body && mx_slice_equal(method, MX_SLICE("HEAD"))) {
        return mx_fail(err, MX_E_INVALID, "HEAD has no body: leave it out, or use another method");
    }
    return MX_OK;
}

static bool is_value(struct mx_slice value) {
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static int check_field(const struct mx_client_field *field, struct mx_error *err) {
    int shown = field->name.len < 60 ? (int)field->name.len : 60;
    if (!is_token(field->name)) {
        return mx_fail(err, MX_E_INVALID,
            "'%.*s' is no name of a header field: letters, digits and hyphens", shown,
            field->name.ptr ? field->name.ptr : "");
    }
    if (is_one_of(field->name, reserved, sizeof(reserved) / sizeof(reserved[0]))) {
        return mx_fail(err, MX_E_INVALID, "the client sets the field '%.*s' itself: leave it out",
            shown, field->name.ptr);
    }
    if (!is_value(field->value)) {
        return mx_fail(err, MX_E_INVALID,
            "the field '%.*s' has a line break or another control character in its value", shown,
            field->name.ptr);
    }
    return MX_OK;
}

static int check_fields(const struct mx_client_request *request, struct mx_error *err) {
    size_t bytes = 0;
    int rc = MX_OK;
    if (request->field_count > MX_CLIENT_FIELDS_MAX) {
        return mx_fail(
            err, MX_E_INVALID, "at most %d header fields may be sent", MX_CLIENT_FIELDS_MAX);
    }
    for (size_t i = 0; i < request->field_count && rc == MX_OK; i++) {
        rc = check_field(&request->fields[i], err);
        bytes += request->fields[i].name.len + request->fields[i].value.len + 4;
    }
    if (rc == MX_OK && bytes > MX_CLIENT_HEAD_MAX) {
        rc = mx_fail(err, MX_E_INVALID, "the header fields are longer than %d KiB together",
            MX_CLIENT_HEAD_MAX / 1024);
    }
    return rc;
}

// Anything else would be the name of a file to libcurl.
static int check_pin(struct mx_slice pin, struct mx_error *err) {
    enum { DIGEST = 44 }; // base64 of 32 bytes
    static const struct mx_slice scheme = {"sha256//", 8};
    struct mx_slice rest = pin;
    bool is_good = true;
    while (rest.len > 0 && is_good) {
        struct mx_slice one = mx_slice_cut(&rest, ';');
        is_good = one.len == scheme.len + DIGEST && mx_slice_starts_with(one, scheme) &&
                  one.ptr[one.len - 1] == '=';
        for (size_t i = scheme.len; is_good && i + 1 < one.len; i++) {
            char c = one.ptr[i];
            is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
        }
    }
    return is_good ? MX_OK
                   : mx_fail(err, MX_E_INVALID,
                         "a pin is sha256//, then 44 characters of base64; several with ';'");
}

static int check(const struct mx_client_request *request, struct mx_error *err) {
    int rc = check_method(request->method, request->body.len > 0, err);
    if (rc == MX_OK) {
        rc = check_fields(request, err);
    }
    if (rc == MX_OK) {
        rc = check_pin(request->pin, err);
    }
    if (rc == MX_OK && request->total_ms == 0) {
        rc = mx_fail(err, MX_E_INVALID, "say how long it may take: total_ms is missing");
    }
    return rc;
}

// --- making it ----------------------------------------------------------------------------------

static int copy_places(
    mx_transfer *transfer, const struct mx_client_request *request, struct mx_error *err) {
    struct mx_http *http = &transfer->http;
    http->places =
        mx_arena_take(transfer->arena, (request->place_count + 1) * sizeof(*http->places));
    for (size_t i = 0; i < request->place_count; i++) {
        struct mx_client_place copy = request->places[i];
        copy.host = mx_arena_copy(transfer->arena, copy.host);
        int rc = mx_place_parse(&copy, &http->places[i], err);
        if (rc < 0) {
            return rc;
        }
    }
    http->place_count = request->place_count;
    return MX_OK;
}

static void copy_content(mx_transfer *transfer, const struct mx_client_request *request) {
    struct mx_http *http = &transfer->http;
    mx_arena *arena = transfer->arena;
    http->fields = mx_arena_take(arena, (request->field_count + 1) * sizeof(*http->fields));
    for (size_t i = 0; i < request->field_count; i++) {
        http->fields[i].name = mx_arena_copy(arena, request->fields[i].name);
        http->fields[i].value = mx_arena_copy(arena, request->fields[i].value);
    }
    http->field_count = request->field_count;
    http->method = mx_arena_copy(arena, request->method).ptr;
    http->body = mx_arena_copy(arena, request->body);
    http->connect_ms = request->connect_ms;
    http->redirect_max = request->redirect_max;
    transfer->answer.body_max = request->body_max;
}

// host:port, by which transfers queue and messages speak.
static void name_host(mx_transfer *transfer) {
    const struct mx_target *target = &transfer->http.target;
    mx_buf text = {0};
    mx_buf_append_format(&text, "%s:%u", target->host, target->port);
    transfer->host = mx_arena_copy(transfer->arena, mx_buf_slice(&text)).ptr;
    mx_buf_deinit(&text);
}

static void set_once(mx_transfer *transfer, const struct mx_client_request *request) {
    CURL *easy = transfer->easy;
    MX_EASY_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    MX_EASY_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    MX_EASY_SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
    MX_EASY_SET(easy, CURLOPT_USERAGENT, transfer->client->options.user_agent);
    if (request->pin.len > 0) {
        MX_EASY_SET(
            easy, CURLOPT_PINNEDPUBLICKEY, mx_arena_copy(transfer->arena, request->pin).ptr);
    }
}

int mx_client_send(mx_client *client, const struct mx_client_request *request, mx_client_fn fn,
    void *ctx, mx_transfer **out, struct mx_error *err) {
    int rc = check(request, err);
    if (rc < 0) {
        return rc;
    }
    mx_transfer *transfer = mx_transfer_create(client, MX_KIND_REQUEST, request->total_ms);
    rc = copy_places(transfer, request, err);
    if (rc == MX_OK) {
        rc = mx_target_parse(request->url, NULL, &transfer->http.target, err);
    }
    if (rc == MX_OK) {
        rc = mx_target_check(
            &transfer->http.target, transfer->http.places, transfer->http.place_count, err);
    }
    if (rc < 0) {
        goto out;
    }
    copy_content(transfer, request);
    name_host(transfer);
    set_once(transfer, request);
    mx_request_prepare(transfer);
    rc = mx_transfer_submit(transfer, &request->pool, fn, ctx, out, err);
    if (rc == MX_OK) {
        transfer = NULL; // handed over
    }
out:
    mx_transfer_destroy(transfer);
    return rc;
}

// --- a hop --------------------------------------------------------------------------------------

static bool has_body(const struct mx_http *http) {
    return http->body.len > 0 || strcmp(http->method, "POST") == 0 ||
           strcmp(http->method, "PUT") == 0 || strcmp(http->method, "PATCH") == 0;
}

static void add_field(mx_transfer *transfer, const struct mx_client_field *field) {
    mx_buf line = {0};
    mx_buf_append_slice(&line, field->name);
    mx_buf_append_text(&line, field->value.len > 0 ? ": " : ";"); // ";": libcurl's empty value
    mx_buf_append_slice(&line, field->value);
    mx_list_add(&transfer->fields, mx_buf_text(&line));
    mx_buf_deinit(&line);
}

static bool may_send(const struct mx_http *http, struct mx_slice name) {
    struct mx_slice start = {name.ptr, name.len < 8 ? name.len : 8};
    bool is_about_body = mx_slice_equal_nocase(start, MX_SLICE("content-"));
    return !(http->is_bodyless && is_about_body) &&
           (!http->is_elsewhere ||
               is_one_of(name, harmless, sizeof(harmless) / sizeof(harmless[0])));
}

static void list_fields(mx_transfer *transfer) {
    const struct mx_http *http = &transfer->http;
    bool is_typed = false;
    curl_slist_free_all(transfer->fields);
    transfer->fields = NULL;
    for (size_t i = 0; i < http->field_count; i++) {
        struct mx_slice name = http->fields[i].name;
        if (may_send(http, name)) {
            add_field(transfer, &http->fields[i]);
            is_typed = is_typed || mx_slice_equal_nocase(name, MX_SLICE("content-type"));
        }
    }
    mx_list_add(&transfer->fields, "Expect:"); // no wait for 100
    if (!is_typed) {
        mx_list_add(&transfer->fields, "Content-Type:"); // libcurl would call it a form
    }
    MX_EASY_SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->fields);
}

// Methods that may be sent twice without harm.
static bool is_safe(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

void mx_request_prepare(mx_transfer *transfer) {
    struct mx_http *http = &transfer->http;
    CURL *easy = transfer->easy;
    bool is_head = strcmp(http->method, "HEAD") == 0;
    MX_EASY_SET(easy, CURLOPT_CURLU, http->target.url);
    MX_EASY_SET(easy, CURLOPT_NOBODY, (long)is_head);
    if (has_body(http)) {
        MX_EASY_SET(easy, CURLOPT_POST, 1L);
        MX_EASY_SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->body.len);
        MX_EASY_SET(easy, CURLOPT_POSTFIELDS, http->body.len > 0 ? http->body.ptr : "");
    } else if (!is_head) {
        MX_EASY_SET(easy, CURLOPT_HTTPGET, 1L);
    }
    MX_EASY_SET(easy, CURLOPT_CUSTOMREQUEST, is_head ? NULL : http->method);
    // libcurl sends once more what an open connection did not answer, though it may have arrived.
    MX_EASY_SET(easy, CURLOPT_FRESH_CONNECT, (long)!is_safe(http->method));
    list_fields(transfer);
}

// --- redirects ----------------------------------------------------------------------------------

static bool is_redirect(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void change_method(struct mx_http *http, long status) {
    bool is_post = strcmp(http->method, "POST") == 0;
    bool is_head = strcmp(http->method, "HEAD") == 0;
    if ((status == 303 && !is_head) || (status < 303 && is_post)) {
        http->method = "GET";
        http->body = (struct mx_slice){NULL, 0};
        http->is_bodyless = true;
    }
}

static int move_to(mx_transfer *transfer, struct mx_target *next, long status) {
    struct mx_http *http = &transfer->http;
    int rc = mx_target_check(next, http->places, http->place_count, &transfer->fault);
    if (rc < 0) {
        return rc;
    }
    change_method(http, status);
    if (!mx_target_same(next, &http->target)) {
        if (has_body(http)) {
            return mx_fail(&transfer->fault, MX_E_INVALID,
                "what is meant for one server is not given to another (%.90s:%u): use that address",
                next->host, next->port);
        }
        http->is_elsewhere = true;
    }
    mx_target_deinit(&http->target);
    http->target = *next;
    *next = (struct mx_target){.url = NULL}; // handed over
    name_host(transfer);
    return MX_OK;
}

// The hop after `location`; says in `fault` why there is none.
static int enter_next(mx_transfer *transfer, struct mx_slice location, long status) {
    struct mx_target next = {.url = NULL};
    int rc = mx_target_parse(location, &transfer->http.target, &next, &transfer->fault);
    if (rc == MX_OK) {
        rc = move_to(transfer, &next, status);
    }
    if (rc < 0) {
        struct mx_error why = transfer->fault;
        mx_fail(&transfer->fault, why.code, "%.60s redirects: %s", transfer->host, why.text);
    }
    mx_target_deinit(&next);
    return rc;
}

int mx_request_follow(mx_transfer *transfer) {
    struct mx_http *http = &transfer->http;
    struct mx_slice location = mx_answer_find(&transfer->answer, MX_SLICE("location"));
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (http->redirect_max == 0 || !is_redirect(status) || location.len == 0) {
        return 0;
    }
    if (http->redirects == http->redirect_max) {
        return mx_fail(&transfer->fault, MX_E_LIMIT,
            "%.100s redirects more than %u times: use the address that it means", transfer->host,
            http->redirect_max);
    }
    http->redirects++;
    int rc = enter_next(transfer, location, status);
    if (rc < 0) {
        return rc;
    }
    mx_answer_clear(&transfer->answer);
    transfer->answer.head_bytes = 0;
    mx_request_prepare(transfer);
    return 1;
}

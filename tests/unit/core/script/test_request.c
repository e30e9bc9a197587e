// Requests as Lua sees them, over a made-up exchange.
#include "script_fixture.h"

#include "script/request.h"

struct mx_exchange {
    int status;
    char headers[8][2][64];
    size_t header_count;
    char body[256];
    size_t tags;
    uint64_t seq;
    bool shared;
    bool took_buf;
    struct mx_cookie_spec cookie;
    char cookie_name[32];
    bool form_fails;
};

static struct mx_slice field(mx_exchange *exchange, enum mx_request_field which) {
    static const char *const values[] = {
        "GET", "/a b", "/a%20b?x=1&x=2", "x=1&x=2", "shop.test", "https", "192.0.2.1", "r1"};
    (void)exchange;
    return mx_slice_of(values[which]);
}

static bool is_secure(mx_exchange *exchange) {
    (void)exchange;
    return true;
}

static struct mx_slice header(mx_exchange *exchange, struct mx_slice name) {
    (void)exchange;
    bool is_accept = mx_slice_equal_nocase(name, MX_SLICE("accept"));
    return is_accept ? MX_SLICE("text/html") : (struct mx_slice){NULL, 0};
}

static struct mx_slice cookie(mx_exchange *exchange, struct mx_slice name) {
    (void)exchange;
    return mx_slice_equal(name, MX_SLICE("cart")) ? MX_SLICE("c1") : (struct mx_slice){NULL, 0};
}

static bool arg(mx_exchange *exchange, size_t index, struct mx_pair *out) {
    (void)exchange;
    *out = (struct mx_pair){MX_SLICE("x"), index == 0 ? MX_SLICE("1") : MX_SLICE("2")};
    return index < 2;
}

static int form(mx_exchange *exchange, struct mx_error *err) {
    return exchange->form_fails ? mx_fail(err, MX_E_INVALID, "broken form") : MX_OK;
}

static bool form_item(mx_exchange *exchange, size_t index, struct mx_form_item *out) {
    (void)exchange;
    *out = (struct mx_form_item){.name = MX_SLICE("note"), .value = MX_SLICE("hello")};
    if (index == 1) {
        *out = (struct mx_form_item){.name = MX_SLICE("photo"),
            .path = MX_SLICE("/tmp/x"),
            .filename = MX_SLICE("a.png"),
            .type = MX_SLICE("image/png"),
            .size = 12};
    }
    return index < 2;
}

static struct mx_slice body(mx_exchange *exchange) {
    (void)exchange;
    return MX_SLICE("{\"a\":[1,2]}");
}

static int set_cookie(
    mx_exchange *exchange, const struct mx_cookie_spec *spec, struct mx_error *err) {
    (void)err;
    exchange->cookie = *spec;
    snprintf(exchange->cookie_name, sizeof(exchange->cookie_name), "%.*s", (int)spec->name.len,
        spec->name.ptr);
    return MX_OK;
}

static int reply(mx_exchange *exchange, const struct mx_reply_spec *spec, struct mx_error *err) {
    (void)err;
    exchange->status = spec->status;
    exchange->header_count = spec->header_count;
    for (size_t i = 0; i < spec->header_count && i < 8; i++) {
        snprintf(exchange->headers[i][0], 64, "%.*s", (int)spec->headers[i].name.len,
            spec->headers[i].name.ptr);
        snprintf(exchange->headers[i][1], 64, "%.*s", (int)spec->headers[i].value.len,
            spec->headers[i].value.ptr);
    }
    snprintf(exchange->body, sizeof(exchange->body), "%.*s", (int)spec->body.len, spec->body.ptr);
    exchange->shared = spec->shared;
    exchange->tags = spec->deps.count;
    exchange->seq = spec->deps.seq;
    if (spec->body_buf) {
        mx_buf_deinit(spec->body_buf); // taken
        exchange->took_buf = true;
    }
    return MX_OK;
}

static const struct mx_exchange_ops ops = {
    .field = field,
    .is_secure = is_secure,
    .header = header,
    .cookie = cookie,
    .arg = arg,
    .form = form,
    .form_item = form_item,
    .body = body,
    .set_cookie = set_cookie,
    .reply = reply,
};

// Runs `handler`, the body of a function of `req`, as a request.
static void serve(struct script_fixture *f, mx_exchange *exchange, const char *handler) {
    char boot[2048];
    snprintf(boot, sizeof(boot),
        "local task, buf, cache = require('native.task'), require('native.buf'), "
        "require('native.cache')\n"
        "return { request = function(req)\n%s\nend }",
        handler);
    f->services.exchange_ops = &ops;
    f->seq = 11;
    fixture_boot(f, boot);
    struct mx_arg request = {.kind = MX_ARG_EXCHANGE, .exchange = exchange};
    mx_task_start(f->script, MX_ENTRY_REQUEST, &request, fixture_done, f);
}

static void expect_well(struct script_fixture *f) {
    if (f->done != 1 || f->result.code != MX_OK) {
        fail_msg("ended %d times: %s", f->done, f->result.err.text);
    }
}

static void everything_of_a_request_can_be_read(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_exchange exchange = {0};
    serve(f, &exchange,
        "assert(req.method == 'GET' and req.path == '/a b' and req.target == '/a%20b?x=1&x=2')\n"
        "assert(req.query == 'x=1&x=2' and req.host == 'shop.test' and req.scheme == 'https')\n"
        "assert(req.remote == '192.0.2.1' and req.id == 'r1' and req.secure == true)\n"
        "assert(req:header('Accept') == 'text/html' and req:header('nothing') == nil)\n"
        "assert(req:cookie('cart') == 'c1' and req:cookie('none') == nil)\n"
        "assert(req:arg('x') == '1' and req:arg('y') == nil and #req:args() == 2 and "
        "req:args()[2].value == '2')\n"
        "local form = req:form()\n"
        "assert(form[1].value == 'hello' and form[2].file.filename == 'a.png' and "
        "form[2].file.size == 12)\n"
        "assert(req:body() == '{\"a\":[1,2]}' and req:json().a[2] == 2 and req.nothing == nil)");
    expect_well(f);
    fixture_destroy(f);
}

static void a_broken_form_is_nil_and_the_error(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_exchange exchange = {.form_fails = true};
    serve(
        f, &exchange, "local form, err = req:form() assert(form == nil and err.code == 'invalid')");
    expect_well(f);
    fixture_destroy(f);
}

static void a_reply_carries_status_headers_and_body(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_exchange exchange = {0};
    serve(f, &exchange,
        "req:set_cookie('session', 't', { max_age = 60, same_site = 'strict' })\n"
        "assert(req:reply(200, { ['Content-Type'] = 'text/html', Age = 5, Link = { 'a', 'b' } }, "
        "'hi'))");
    expect_well(f);
    assert_int_equal(exchange.status, 200);
    assert_int_equal(exchange.header_count, 4);
    assert_string_equal(exchange.body, "hi");
    assert_string_equal(exchange.cookie_name, "session");
    assert_int_equal(exchange.cookie.max_age, 60);
    assert_int_equal(exchange.cookie.same_site, MX_SAME_SITE_STRICT);
    assert_true(exchange.cookie.http_only);
    fixture_destroy(f);
}

static void a_shared_reply_carries_what_was_read(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_exchange exchange = {0};
    serve(f, &exchange,
        "cache.read('product:1') cache.open() cache.read('theme') cache.close()\n"
        "local page = buf.new():put('<p>'):esc('<&>')\n"
        "assert(req:reply(200, nil, page, { shared = true }))");
    expect_well(f);
    assert_true(exchange.shared);
    assert_true(exchange.took_buf);
    assert_int_equal(exchange.tags, 2);
    assert_int_equal(exchange.seq, 11);
    assert_string_equal(exchange.body, "<p>&lt;&amp;&gt;");
    fixture_destroy(f);
}

static void after_the_reply_the_request_is_a_clean_error(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_exchange exchange = {0};
    serve(f, &exchange,
        "req:reply(204)\n"
        "local ok, err = pcall(req.reply, req, 204)\n"
        "assert(not ok and err:find('has been answered'), err)\n"
        "assert(not pcall(function() return req.path end))");
    expect_well(f);
    fixture_destroy(f);
}

static void a_request_that_has_gone_is_a_clean_error(void **state) {
    (void)state;
    struct script_fixture *f = fixture_create();
    mx_exchange exchange = {0};
    serve(f, &exchange,
        "task.spawn(function() task.sleep(1) local ok = pcall(req.reply, req, 204) assert(not ok) "
        "end)\n"
        "task.sleep(1)");
    assert_int_equal(f->waiting_count, 2);
    mx_task_cancel(f->waiting[0]); // the visitor went away
    struct mx_arg nothing = {.kind = MX_ARG_NIL};
    fixture_answer(f, &nothing);
    fixture_answer(f, &nothing);
    assert_int_equal(exchange.status, 0);
    struct mx_script_stats stats;
    mx_script_stats_get(f->script, &stats);
    assert_int_equal(stats.failures, 0);
    fixture_destroy(f);
}

static void headers_cannot_be_split(void **state) {
    (void)state;
    static const char *const handlers[] = {
        "req:reply(200, { Location = '/\\r\\nSet-Cookie: a=b' })",
        "req:reply(200, { ['X\\nY'] = 'z' })",
        "req:reply(200, { Link = { 'a\\0b' } })",
        "req:reply(200, { [1] = 'x' })",
        "req:reply(200, { X = true })",
        "req:reply(99)",
        "cache.open() req:reply(200, nil, 'x', { shared = true })",
        "req:set_cookie('a', 'b', { same_site = 'maybe' })",
    };
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        struct script_fixture *f = fixture_create();
        mx_exchange exchange = {0};
        serve(f, &exchange, handlers[i]);
        assert_int_equal(f->result.code, MX_E_SYSTEM);
        assert_int_equal(exchange.status, 0);
        fixture_destroy(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_form_is_nil_and_the_error),
        cmocka_unit_test(a_reply_carries_status_headers_and_body),
        cmocka_unit_test(a_request_that_has_gone_is_a_clean_error),
        cmocka_unit_test(a_shared_reply_carries_what_was_read),
        cmocka_unit_test(after_the_reply_the_request_is_a_clean_error),
        cmocka_unit_test(everything_of_a_request_can_be_read),
        cmocka_unit_test(headers_cannot_be_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

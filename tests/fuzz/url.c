// Any bytes as a path, a query and a host.
#include <assert.h>

#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// True when `path` has a segment that normalising must remove.
static bool has_odd_segment(struct mx_slice path) {
    struct mx_slice rest = {path.ptr + 1, path.len - 1};
    while (rest.len > 0) {
        struct mx_slice segment = mx_slice_cut(&rest, '/');
        if (segment.len == 0 || mx_slice_equal(segment, MX_SLICE(".")) ||
            mx_slice_equal(segment, MX_SLICE(".."))) {
            return true;
        }
    }
    return false;
}

static void check_path(mx_arena *arena, struct mx_slice raw) {
    struct mx_slice path;
    struct mx_error err;
    if (mx_url_normalise(arena, raw, &path, &err) < 0) {
        assert(err.code == MX_E_INVALID && err.text[0]);
        return;
    }
    assert(path.len > 0 && path.len <= raw.len && path.ptr[0] == '/');
    assert(mx_utf8_valid(path) && !has_odd_segment(path));
    assert(!memchr(path.ptr, '\0', path.len) && !memchr(path.ptr, '\\', path.len));

    // Escaped and read again it is the same path.
    mx_buf buf = {0};
    mx_url_escape_path(&buf, path);
    struct mx_slice again;
    assert(mx_url_normalise(arena, mx_buf_slice(&buf), &again, &err) == MX_OK);
    assert(mx_slice_equal(path, again));
    mx_buf_deinit(&buf);
}

static void check_query(mx_arena *arena, struct mx_slice raw) {
    struct mx_query query = {.rest = raw};
    struct mx_query_pair pair;
    struct mx_error err;
    size_t pairs = 0;
    int rc;
    while ((rc = mx_query_next(&query, arena, &pair, &err)) != 0) {
        assert(++pairs <= raw.len);
        if (rc == 1) {
            assert(mx_utf8_valid(pair.name) && mx_utf8_valid(pair.value) && pair.value.ptr);
        }
    }
    mx_query_find(raw, MX_SLICE("q"), arena);
}

static void check_escape(mx_arena *arena, struct mx_slice raw) {
    mx_buf buf = {0};
    mx_url_escape(&buf, raw);
    struct mx_slice back;
    struct mx_error err;
    assert(mx_url_decode(arena, mx_buf_slice(&buf), true, &back, &err) == MX_OK);
    assert(mx_slice_equal(back, raw));
    mx_buf_deinit(&buf);
    mx_url_decode(arena, raw, false, &back, &err);
}

static void check_host(struct mx_slice raw) {
    struct mx_slice host;
    unsigned port;
    struct mx_error err;
    if (mx_url_parse_host(raw, &host, &port, &err) == MX_OK) {
        assert(host.len > 0 && host.len <= raw.len && port <= 65535);
        assert(!memchr(host.ptr, '/', host.len) && !memchr(host.ptr, '@', host.len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mx_slice raw = {(const char *)data, size};
    mx_arena *arena = mx_arena_create();
    check_path(arena, raw);
    check_query(arena, raw);
    check_escape(arena, raw);
    check_host(raw);
    mx_arena_destroy(arena);
    return 0;
}

#include "http/cookie.h"

#include "http/content_type.h"
#include "http/reply.h"

static const struct mx_slice own_prefix = MX_SLICE("__Host-");

bool mx_cookies_next(struct mx_cookies *cookies, struct mx_cookie *out) {
    while (cookies->rest.len > 0) {
        struct mx_slice value = mx_slice_cut(&cookies->rest, ';');
        if (value.len == 0 || !memchr(value.ptr, '=', value.len)) {
            continue;
        }
        out->name = mx_slice_trim(mx_slice_cut(&value, '='));
        value = mx_slice_trim(value);
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
            value = (struct mx_slice){value.ptr + 1, value.len - 2};
        }
        out->value = value;
        if (out->name.len > 0) {
            return true;
        }
    }
    return false;
}

// The first cookie whose name is `prefix` and `name` together.
static struct mx_slice find(
    const struct mx_request *request, struct mx_slice prefix, struct mx_slice name) {
    size_t position = 0;
    const struct mx_field *field;
    while ((field = mx_request_next(request, MX_SLICE("cookie"), &position))) {
        struct mx_cookies cookies = {.rest = field->value};
        struct mx_cookie cookie;
        while (mx_cookies_next(&cookies, &cookie)) {
            if (cookie.name.len == prefix.len + name.len &&
                mx_slice_starts_with(cookie.name, prefix) &&
                memcmp(cookie.name.ptr + prefix.len, name.ptr, name.len) == 0) {
                return cookie.value;
            }
        }
    }
    return (struct mx_slice){0};
}

struct mx_slice mx_cookie_find(const struct mx_request *request, struct mx_slice name) {
    return find(request, (struct mx_slice){0}, name);
}

struct mx_slice mx_cookie_find_own(
    const struct mx_request *request, struct mx_slice name, bool secure) {
    return find(request, secure ? own_prefix : (struct mx_slice){0}, name);
}

// RFC 6265, 4.1.1: visible ASCII without quote, comma, semicolon and backslash.
static bool is_cookie_value(struct mx_slice value) {
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\') {
            return false;
        }
    }
    return true;
}

static bool is_attribute_value(struct mx_slice value) {
    return mx_field_value_valid(value) && (value.len == 0 || !memchr(value.ptr, ';', value.len));
}

static int check_cookie(const struct mx_set_cookie *cookie, struct mx_error *err) {
    bool root = cookie->path.len == 0 || mx_slice_equal(cookie->path, MX_SLICE("/"));
    if (!mx_token_valid(cookie->name)) {
        return mx_fail(err, MX_E_INVALID, "a cookie's name must be a token");
    }
    if (mx_slice_starts_with(cookie->name, MX_SLICE("__"))) {
        return mx_fail(err, MX_E_INVALID, "a cookie's name must not begin with __");
    }
    if (!is_cookie_value(cookie->value)) {
        return mx_fail(err, MX_E_INVALID,
            "a cookie's value must be visible ASCII without quotes, commas, semicolons and "
            "backslashes: encode it");
    }
    if (!is_attribute_value(cookie->path) || !is_attribute_value(cookie->domain)) {
        return mx_fail(err, MX_E_INVALID, "a cookie's path or domain holds a forbidden character");
    }
    if (cookie->host_only && (!cookie->secure || !root || cookie->domain.len > 0)) {
        return mx_fail(err, MX_E_INVALID,
            "a __Host- cookie must be secure, for the path /, and without a domain");
    }
    if (cookie->same_site == MX_SAME_SITE_NONE && !cookie->secure) {
        return mx_fail(err, MX_E_INVALID, "SameSite=None needs a secure cookie");
    }
    return MX_OK;
}

int mx_set_cookie_write(mx_buf *buf, const struct mx_set_cookie *cookie, struct mx_error *err) {
    static const struct mx_slice same_site[] = {
        [MX_SAME_SITE_LAX] = MX_SLICE("; SameSite=Lax"),
        [MX_SAME_SITE_STRICT] = MX_SLICE("; SameSite=Strict"),
        [MX_SAME_SITE_NONE] = MX_SLICE("; SameSite=None"),
    };
    int rc = check_cookie(cookie, err);
    if (rc < 0) {
        return rc;
    }
    if (cookie->host_only) {
        mx_buf_append_slice(buf, own_prefix);
    }
    mx_buf_append_slice(buf, cookie->name);
    mx_buf_append_char(buf, '=');
    mx_buf_append_slice(buf, cookie->value);
    mx_buf_append_slice(buf, MX_SLICE("; Path="));
    mx_buf_append_slice(buf, cookie->path.len > 0 ? cookie->path : MX_SLICE("/"));
    if (cookie->domain.len > 0) {
        mx_buf_append_slice(buf, MX_SLICE("; Domain="));
        mx_buf_append_slice(buf, cookie->domain);
    }
    if (cookie->max_age >= 0) {
        mx_buf_append_slice(buf, MX_SLICE("; Max-Age="));
        mx_buf_append_int(buf, cookie->max_age);
    }
    if (cookie->http_only) {
        mx_buf_append_slice(buf, MX_SLICE("; HttpOnly"));
    }
    if (cookie->secure) {
        mx_buf_append_slice(buf, MX_SLICE("; Secure"));
    }
    mx_buf_append_slice(buf, same_site[cookie->same_site]);
    return MX_OK;
}

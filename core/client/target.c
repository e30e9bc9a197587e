// Addresses of requests and the list of what is allowed. libcurl reads a URL once; what is checked
// here is that reading, and the same one is what it connects to.
#include <assert.h>
#include <stdlib.h>

#include "client/internal.h"

enum { SHOWN_MAX = 120, PORT_MAX = 65535 };

// --- hosts --------------------------------------------------------------------------------------

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool mx_host_is_name(struct mx_slice host) {
    if (host.len == 0 || host.len > MX_CLIENT_HOST_MAX || host.ptr[0] == '.' ||
        host.ptr[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        bool is_double_dot = host.ptr[i] == '.' && host.ptr[i - 1] == '.';
        if (!is_name_char(host.ptr[i]) || is_double_dot) {
            return false;
        }
    }
    return true;
}

// "[2001:db8::7]"; whether the groups make sense, the connection will tell.
static bool is_bracketed(struct mx_slice host) {
    if (host.len < 4 || host.len > MX_REACH_TEXT || host.ptr[0] != '[' ||
        host.ptr[host.len - 1] != ']') {
        return false;
    }
    for (size_t i = 1; i + 1 < host.len; i++) {
        char c = host.ptr[i];
        bool is_hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        if (!is_hex && c != ':' && c != '.') {
            return false;
        }
    }
    return true;
}

// Whether the last label is a number, so that the host is an address.
static bool is_number(struct mx_slice host) {
    size_t at = host.len;
    while (at > 0 && host.ptr[at - 1] >= '0' && host.ptr[at - 1] <= '9') {
        at--;
    }
    return at < host.len && (at == 0 || host.ptr[at - 1] == '.');
}

// --- reading ------------------------------------------------------------------------------------

static int check_length(struct mx_slice text, struct mx_error *err) {
    if (text.len == 0 || text.len > MX_CLIENT_URL_MAX) {
        return mx_fail(err, MX_E_INVALID,
            text.len ? "the URL is longer than %d bytes" : "the URL is missing (at most %d bytes)",
            MX_CLIENT_URL_MAX);
    }
    return MX_OK;
}

// Of a redirect only NUL counts here: what else servers write is escaped as browsers do.
static int check_bytes(struct mx_slice text, bool is_redirect, struct mx_error *err) {
    for (size_t i = 0; i < text.len; i++) {
        bool is_odd = text.ptr[i] <= ' ' || text.ptr[i] > '~';
        if (text.ptr[i] == '\0' || (is_odd && !is_redirect)) {
            return mx_fail(err, MX_E_INVALID,
                "the URL has a space, a control character or one that is not ASCII at byte %zu: "
                "escape it as %%XX, and write names of hosts as xn--...",
                i + 1);
        }
    }
    return MX_OK;
}

static bool has_part(CURLU *url, CURLUPart part) {
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

static int read_scheme(struct mx_target *target, struct mx_error *err) {
    char *scheme = NULL;
    CURLUcode rc = curl_url_get(target->url, CURLUPART_SCHEME, &scheme, 0);
    bool is_plain = rc == CURLUE_OK && strcmp(scheme, "http") == 0;
    bool is_known = is_plain || (rc == CURLUE_OK && strcmp(scheme, "https") == 0);
    curl_free(scheme);
    target->is_plain = is_plain;
    return is_known ? MX_OK
                    : mx_fail(err, MX_E_INVALID,
                          "the URL must begin with https:// (or http://, "
                          "where the allow-list permits it)");
}

static int read_host(struct mx_target *target, struct mx_error *err) {
    char *port = NULL;
    if (curl_url_get(target->url, CURLUPART_HOST, &target->host, 0) != CURLUE_OK) {
        return mx_fail(err, MX_E_INVALID, "the URL names no host");
    }
    for (char *c = target->host; *c; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    }
    struct mx_slice host = mx_slice_of(target->host);
    if ((!mx_host_is_name(host) && !is_bracketed(host)) ||
        has_part(target->url, CURLUPART_ZONEID)) {
        return mx_fail(err, MX_E_INVALID,
            "'%.*s' is no name of a host: letters, digits, dots and hyphens; others as xn--...",
            SHOWN_MAX, target->host);
    }
    if (curl_url_get(target->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        target->port = (unsigned)strtoul(port, NULL, 10); // libcurl has checked it
    }
    curl_free(port);
    return target->port > 0 ? MX_OK : mx_fail(err, MX_E_INVALID, "port 0 cannot be reached");
}

// libcurl's own reading, of `text` alone or from where `base` is.
static int read_url(struct mx_slice text, const struct mx_target *base, struct mx_target *target,
    struct mx_error *err) {
    mx_buf copy = {0};
    mx_buf_append_slice(&copy, text);
    target->url = base ? curl_url_dup(base->url) : curl_url();
    assert(target->url && "there is memory for a URL");
    CURLUcode rc =
        curl_url_set(target->url, CURLUPART_URL, mx_buf_text(&copy), base ? CURLU_URLENCODE : 0);
    mx_buf_deinit(&copy);
    if (rc != CURLUE_OK) {
        return mx_fail(err, MX_E_INVALID, "'%.*s' is no absolute URL (%s): write https://host/path",
            text.len < SHOWN_MAX ? (int)text.len : SHOWN_MAX, text.ptr, curl_url_strerror(rc));
    }
    if (base) { // where a page is opened is no matter of ours
        curl_url_set(target->url, CURLUPART_FRAGMENT, NULL, 0);
    }
    return MX_OK;
}

int mx_target_parse(struct mx_slice text, const struct mx_target *base, struct mx_target *out,
    struct mx_error *err) {
    struct mx_target target = {.url = NULL};
    int rc = check_length(text, err);
    if (rc == MX_OK) {
        rc = check_bytes(text, base != NULL, err);
    }
    if (rc == MX_OK) {
        rc = read_url(text, base, &target, err);
    }
    if (rc == MX_OK) {
        rc = read_scheme(&target, err);
    }
    if (rc == MX_OK &&
        (has_part(target.url, CURLUPART_USER) || has_part(target.url, CURLUPART_PASSWORD))) {
        rc = mx_fail(
            err, MX_E_INVALID, "the URL has a user name in it: send credentials in a header field");
    }
    if (rc == MX_OK && has_part(target.url, CURLUPART_FRAGMENT)) {
        rc = mx_fail(
            err, MX_E_INVALID, "the URL has a fragment, which is never sent: leave out '#...'");
    }
    if (rc == MX_OK) {
        rc = read_host(&target, err);
    }
    if (rc < 0) {
        mx_target_deinit(&target);
        return rc;
    }
    *out = target;
    return MX_OK;
}

void mx_target_deinit(struct mx_target *target) {
    curl_url_cleanup(target->url);
    curl_free(target->host);
    target->url = NULL;
    target->host = NULL;
}

bool mx_target_same(const struct mx_target *a, const struct mx_target *b) {
    return a->is_plain == b->is_plain && a->port == b->port && strcmp(a->host, b->host) == 0;
}

// --- the list -----------------------------------------------------------------------------------

// Cuts ":8443" off.
static bool cut_port(struct mx_slice *host, unsigned *port) {
    const char *colon = NULL;
    for (size_t i = host->len; i > 0 && host->ptr[i - 1] != ']' && !colon; i--) {
        colon = host->ptr[i - 1] == ':' ? host->ptr + i - 1 : NULL;
    }
    if (!colon) {
        return true;
    }
    uint64_t number = 0;
    struct mx_slice digits = {colon + 1, host->len - (size_t)(colon + 1 - host->ptr)};
    host->len = (size_t)(colon - host->ptr);
    bool is_port = mx_slice_to_u64(digits, PORT_MAX, &number) && number > 0;
    *port = (unsigned)number;
    return is_port;
}

int mx_place_parse(
    const struct mx_client_place *place, struct mx_place *out, struct mx_error *err) {
    struct mx_slice host = place->host;
    *out = (struct mx_place){.is_plain = place->plain};
    bool is_good = cut_port(&host, &out->port);
    out->is_wild = host.len > 2 && host.ptr[0] == '*' && host.ptr[1] == '.';
    if (out->is_wild) {
        host.ptr++;
        host.len--;
        struct mx_slice rest = {host.ptr + 1, host.len - 1};
        is_good =
            is_good && mx_host_is_name(rest) && memchr(rest.ptr, '.', rest.len) && !is_number(rest);
    } else {
        is_good = is_good && (mx_host_is_name(host) || is_bracketed(host));
    }
    out->host = host;
    if (!is_good) {
        return mx_fail(err, MX_E_INVALID,
            "'%.*s' cannot stand in an allow-list: write api.example.com, *.example.com or "
            "api.example.com:8443",
            place->host.len < SHOWN_MAX ? (int)place->host.len : SHOWN_MAX, place->host.ptr);
    }
    return MX_OK;
}

static bool allows_host(const struct mx_place *place, const struct mx_target *target) {
    struct mx_slice host = mx_slice_of(target->host);
    if (!place->is_wild) {
        return mx_slice_equal_nocase(host, place->host);
    }
    if (host.len <= place->host.len || is_number(host)) {
        return false;
    }
    struct mx_slice end = {host.ptr + host.len - place->host.len, place->host.len};
    return mx_slice_equal_nocase(end, place->host);
}

static bool allows_port(const struct mx_place *place, const struct mx_target *target) {
    unsigned own = target->is_plain ? 80 : 443;
    return target->port == (place->port ? place->port : own);
}

// "a.example, b.example, ..."
static void name_places(const struct mx_place *places, size_t count, char out[SHOWN_MAX]) {
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && len < SHOWN_MAX; i++) {
        int added = snprintf(out + len, SHOWN_MAX - len, "%s%s%.*s", i > 0 ? ", " : "",
            places[i].is_wild ? "*" : "", (int)places[i].host.len, places[i].host.ptr);
        len += added > 0 ? (size_t)added : 0;
    }
}

int mx_target_check(const struct mx_target *target, const struct mx_place *places, size_t count,
    struct mx_error *err) {
    bool needs_tls = false;
    char named[SHOWN_MAX];
    for (size_t i = 0; i < count; i++) {
        bool is_too_plain = target->is_plain && !places[i].is_plain;
        bool is_host = allows_host(&places[i], target);
        if (is_host && !is_too_plain && allows_port(&places[i], target)) {
            return MX_OK;
        }
        needs_tls = needs_tls || (is_host && is_too_plain);
    }
    if (needs_tls) {
        return mx_fail(err, MX_E_INVALID,
            "http://%.*s is refused: use https, or mark the place as plain", SHOWN_MAX,
            target->host);
    }
    if (count == 0) {
        return mx_fail(err, MX_E_INVALID, "the allow-list is empty: add '%.*s' to it", SHOWN_MAX,
            target->host);
    }
    name_places(places, count, named);
    return mx_fail(err, MX_E_INVALID, "%.90s:%u is not on the allow-list (%s): add it there",
        target->host, target->port, named);
}

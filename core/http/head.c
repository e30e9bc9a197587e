// The rules that decide where a request ends and whom it is for are stricter than the RFC wherever
// two programs could read the same bytes in two ways: that is what request smuggling lives on.
#include "http/head.h"

#include <assert.h>

#include "http/url.h"

// The fields that decide about the message, and how often each occurs.
struct framing {
    struct mx_slice host;
    struct mx_slice length;
    struct mx_slice coding;
    struct mx_slice expect;
    size_t hosts;
    size_t lengths;
    size_t codings;
    size_t expects;
    bool is_encoded; // the body has a Content-Encoding
};

static void refuse(struct mx_refusal *refusal, int status, const char *reason) {
    *refusal = (struct mx_refusal){status, reason};
}

static void note(
    struct mx_slice *value, size_t *count, const struct mx_field *field, struct mx_slice name) {
    if (mx_slice_equal_nocase(field->name, name)) {
        *value = field->value;
        (*count)++;
    }
}

// True when a Content-Encoding names one: "identity" is none.
static bool has_encoding(struct mx_slice list) {
    while (list.ptr) {
        struct mx_slice name = mx_slice_trim(mx_slice_cut(&list, ','));
        if (name.len > 0 && !mx_slice_equal_nocase(name, MX_SLICE("identity"))) {
            return true;
        }
    }
    return false;
}

static struct framing find_framing(const struct mx_request *request) {
    struct framing found = {0};
    for (size_t i = 0; i < request->field_count; i++) {
        const struct mx_field *field = &request->fields[i];
        switch (field->name.len) {
        case 4: note(&found.host, &found.hosts, field, MX_SLICE("host")); break;
        case 6: note(&found.expect, &found.expects, field, MX_SLICE("expect")); break;
        case 14: note(&found.length, &found.lengths, field, MX_SLICE("content-length")); break;
        case 16:
            found.is_encoded |= mx_slice_equal_nocase(field->name, MX_SLICE("content-encoding")) &&
                                has_encoding(field->value);
            break;
        case 17: note(&found.coding, &found.codings, field, MX_SLICE("transfer-encoding")); break;
        default: break;
        }
    }
    return found;
}

static void judge_coding(
    struct mx_request *request, const struct framing *found, struct mx_refusal *refusal) {
    if (found->lengths > 0) {
        refuse(refusal, 400, "Transfer-Encoding and Content-Length must not come together.");
    } else if (request->is_http_1_0) {
        refuse(refusal, 400, "HTTP/1.0 has no Transfer-Encoding.");
    } else if (found->codings > 1) {
        refuse(refusal, 400, "Transfer-Encoding must be given once.");
    } else if (!mx_slice_equal_nocase(found->coding, MX_SLICE("chunked"))) {
        refuse(refusal, 501, "The only Transfer-Encoding served here is chunked.");
    }
    request->is_chunked = true;
}

static void judge_length(
    struct mx_request *request, const struct framing *found, struct mx_refusal *refusal) {
    if (found->lengths > 1) {
        refuse(refusal, 400, "Content-Length must be given once.");
    } else if (!mx_slice_to_u64(found->length, INT64_MAX, &request->body_len)) {
        refuse(refusal, 400, "Content-Length must be a decimal number.");
    }
}

static void judge_expect(
    struct mx_request *request, const struct framing *found, struct mx_refusal *refusal) {
    if (request->is_http_1_0) {
        return; // RFC 9110, 10.1.1: ignored
    }
    if (found->expects > 1 || !mx_slice_equal_nocase(found->expect, MX_SLICE("100-continue"))) {
        refuse(refusal, 417, "The only expectation served here is 100-continue.");
    }
    request->expects_continue = request->is_chunked || request->body_len > 0;
}

// An authority in lower case, or an empty slice when it is none.
static struct mx_slice lower_authority(mx_arena *arena, struct mx_slice authority) {
    struct mx_slice host;
    unsigned port;
    struct mx_error err;
    if (authority.len > 255 || mx_url_parse_host(authority, &host, &port, &err) < 0) {
        return (struct mx_slice){0};
    }
    for (size_t i = 0; i < authority.len; i++) {
        if (authority.ptr[i] >= 'A' && authority.ptr[i] <= 'Z') {
            char *lower = mx_arena_take(arena, authority.len);
            for (size_t k = 0; k < authority.len; k++) {
                char c = authority.ptr[k];
                lower[k] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
            }
            return (struct mx_slice){lower, authority.len};
        }
    }
    return authority;
}

// True when two authorities in lower case name the same place; a missing port is the scheme's own.
static bool is_same_place(struct mx_slice a, struct mx_slice b, unsigned default_port) {
    struct mx_slice host_a, host_b;
    unsigned port_a, port_b;
    struct mx_error err;
    if (mx_url_parse_host(a, &host_a, &port_a, &err) < 0 ||
        mx_url_parse_host(b, &host_b, &port_b, &err) < 0) {
        return false;
    }
    port_a = port_a ? port_a : default_port;
    port_b = port_b ? port_b : default_port;
    return port_a == port_b && mx_slice_equal(host_a, host_b);
}

// Splits "http://authority/path". False when `target` has another form.
static bool cut_absolute(struct mx_slice target, struct mx_slice *scheme,
    struct mx_slice *authority, struct mx_slice *rest) {
    static const struct mx_slice schemes[] = {MX_SLICE("http"), MX_SLICE("https")};
    for (size_t i = 0; i < 2; i++) {
        size_t len = schemes[i].len;
        if (target.len > len + 3 && memcmp(target.ptr + len, "://", 3) == 0 &&
            mx_slice_equal_nocase((struct mx_slice){target.ptr, len}, schemes[i])) {
            size_t at = len + 3;
            size_t end = at;
            while (end < target.len && target.ptr[end] != '/' && target.ptr[end] != '?') {
                end++;
            }
            *scheme = schemes[i];
            *authority = (struct mx_slice){target.ptr + at, end - at};
            *rest = (struct mx_slice){target.ptr + end, target.len - end};
            return true;
        }
    }
    return false;
}

// Makes the authority of the target the host (RFC 9112, 3.2.2), in the Host field as well: whoever
// reads either must see the same place.
static void replace_host(
    struct mx_request *request, struct mx_field *fields, struct mx_slice authority) {
    request->host = authority;
    for (size_t i = 0; i < request->field_count; i++) {
        if (mx_slice_equal_nocase(fields[i].name, MX_SLICE("host"))) {
            fields[i].value = authority;
        }
    }
}

// Checks the authority of an absolute target and leaves the rest in `*rest`.
static void judge_absolute(struct mx_request *request, struct mx_field *fields, mx_arena *arena,
    struct mx_slice *rest, struct mx_refusal *refusal) {
    struct mx_slice authority;
    if (!cut_absolute(request->target, &request->scheme, &authority, rest)) {
        refuse(refusal, 400, "The target must be a path, or an http or https URL.");
        return;
    }
    authority = lower_authority(arena, authority);
    unsigned port = request->scheme.len == 5 ? 443 : 80;
    if (authority.len == 0) {
        refuse(refusal, 400, "The host in the target is malformed.");
    } else if (!is_same_place(authority, request->host, port)) {
        replace_host(request, fields, authority);
    }
}

// True for what may stand in a target: visible ASCII but "#"; in paths also without the characters
// that programs are known to read as something else.
static bool has_target_characters(struct mx_slice text, bool is_path) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '#') {
            return false;
        }
        if (is_path && (c == '"' || c == '<' || c == '>' || c == '\\' || c == '`')) {
            return false;
        }
    }
    return true;
}

static void judge_path(
    struct mx_request *request, mx_arena *arena, struct mx_slice rest, struct mx_refusal *refusal) {
    struct mx_slice query = rest;
    struct mx_slice path = mx_slice_cut(&query, '?');
    request->query = query;
    if (path.len == 0) { // "http://host" and "http://host?query"
        bool asks_server = request->method == MX_METHOD_OPTIONS && !query.ptr;
        request->path = asks_server ? MX_SLICE("*") : MX_SLICE("/");
    }
    struct mx_error err;
    if (!has_target_characters(path, true) || !has_target_characters(query, false)) {
        refuse(refusal, 400, "The target holds a character that must be escaped.");
    } else if (path.len > 0 && mx_url_normalise(arena, path, &request->path, &err) < 0) {
        refuse(refusal, 400,
            "The path must be escaped UTF-8 without control characters, escaped slashes or steps "
            "above the root.");
    }
}

static void judge_target(struct mx_request *request, struct mx_field *fields, mx_arena *arena,
    struct mx_refusal *refusal) {
    struct mx_slice rest = request->target;
    if (mx_slice_equal(rest, MX_SLICE("*"))) {
        request->path = rest;
        if (request->method != MX_METHOD_OPTIONS) {
            refuse(refusal, 400, "Only OPTIONS may ask for \"*\".");
        }
        return;
    }
    if (rest.len == 0 || rest.ptr[0] != '/') {
        judge_absolute(request, fields, arena, &rest, refusal);
    }
    if (refusal->status == 0) {
        judge_path(request, arena, rest, refusal);
    }
}

void mx_head_judge(struct mx_request *request, struct mx_field *fields, mx_arena *arena,
    struct mx_refusal *refusal) {
    assert(request->fields == fields);
    struct framing found = find_framing(request);
    *refusal = (struct mx_refusal){0};
    if (found.hosts != 1) {
        refuse(refusal, 400, "Exactly one Host field is needed, in HTTP/1.0 as well.");
        return;
    }
    request->host = lower_authority(arena, found.host);
    if (request->host.len == 0) {
        refuse(refusal, 400, "Host must be a name or an address, with or without a port.");
        return;
    }
    if (found.codings > 0) {
        judge_coding(request, &found, refusal);
    } else if (found.lengths > 0) {
        judge_length(request, &found, refusal);
    }
    if (refusal->status == 0) {
        judge_target(request, fields, arena, refusal);
    }
    if (refusal->status == 0 && found.is_encoded &&
        (request->is_chunked || request->body_len > 0)) {
        refuse(
            refusal, 415, "Bodies are not unpacked here: send it plain, without Content-Encoding.");
    }
    if (refusal->status == 0 && found.expects > 0) {
        judge_expect(request, &found, refusal);
    }
}

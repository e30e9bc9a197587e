// One request, as it was understood: what the parser gives to the rest of the program.
// All slices point into the request's arena and live as long as it does.
#pragma once

#include "platform/arena.h"
#include "platform/slice.h"

enum mx_method {
    MX_METHOD_GET,
    MX_METHOD_HEAD,
    MX_METHOD_POST,
    MX_METHOD_PUT,
    MX_METHOD_PATCH,
    MX_METHOD_DELETE,
    MX_METHOD_OPTIONS,
    MX_METHOD_COUNT,
};

// A header field. Values are trimmed; `key` speeds up the search by name.
struct mx_field {
    struct mx_slice name;
    struct mx_slice value;
    uint32_t key;
};

struct mx_request {
    enum mx_method method;
    bool is_http_1_0;
    bool keep_alive;        // the client wants (and may have) another request on this connection
    bool expects_continue;  // waits for "100 Continue" before it sends the body
    bool is_chunked;        // the body's length is not known before its end
    uint64_t body_len;      // Content-Length; 0 when there is none
    struct mx_slice target; // as sent
    struct mx_slice path;   // decoded and normalised: begins with "/", or is "*"
    struct mx_slice query;  // as sent, without "?"; ptr is NULL when there is no "?"
    struct mx_slice host;   // lower case, with ":port" when sent; never empty
    struct mx_slice scheme; // of an absolute target, "http" or "https"; else empty
    const struct mx_field *fields;
    size_t field_count;
};

// "GET", "HEAD", ...
struct mx_slice mx_method_name(enum mx_method method);

// The method of that name (case matters). False when we do not serve it.
bool mx_method_find(struct mx_slice name, enum mx_method *out);

// The value of the first field `name`, compared without case. `ptr` is NULL when there is none.
struct mx_slice mx_request_header(const struct mx_request *request, struct mx_slice name);

// The next field `name` at or behind `*position`, which moves past it. NULL when there is none.
const struct mx_field *mx_request_next(
    const struct mx_request *request, struct mx_slice name, size_t *position);

// All fields `name` as one list, joined by ", " in `arena` when there are several (RFC 9110, 5.3).
// `ptr` is NULL when there is none.
struct mx_slice mx_request_joined(
    const struct mx_request *request, struct mx_slice name, mx_arena *arena);

// The search key of a field name; equal names without case have equal keys.
static inline uint32_t mx_field_key(struct mx_slice name) {
    if (name.len == 0) {
        return 0;
    }
    uint32_t first = (unsigned char)name.ptr[0] | 0x20u;
    uint32_t middle = (unsigned char)name.ptr[name.len / 2] | 0x20u;
    uint32_t last = (unsigned char)name.ptr[name.len - 1] | 0x20u;
    return (uint32_t)(name.len & 0xff) | first << 8 | middle << 16 | last << 24;
}

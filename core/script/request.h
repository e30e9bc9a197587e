// A request as Lua sees it, seen from below: the functions that core/server implements so that
// bind_request.c can read and answer an exchange without knowing sockets.
#pragma once

#include "http/cookie.h"
#include "script/services.h"

enum mx_request_field {
    MX_REQUEST_METHOD,
    MX_REQUEST_PATH,   // decoded and normalised
    MX_REQUEST_TARGET, // raw
    MX_REQUEST_QUERY,  // raw, without "?"
    MX_REQUEST_HOST,
    MX_REQUEST_SCHEME,
    MX_REQUEST_REMOTE, // address of the visitor as text
    MX_REQUEST_ID,
};

// One field of a form. A file has a `path` (a temporary file that the exchange owns).
struct mx_form_item {
    struct mx_slice name;
    struct mx_slice value; // empty for a file
    struct mx_slice path;  // ptr NULL: not a file
    struct mx_slice filename;
    struct mx_slice type;
    uint64_t size;
};

struct mx_cookie_spec {
    struct mx_slice name;
    struct mx_slice value;
    struct mx_slice path; // "/" when not given
    int64_t max_age;      // seconds; 0 deletes; -1: until the browser closes
    bool http_only;
    enum mx_same_site same_site;
};

struct mx_reply_spec {
    int status;
    const struct mx_pair *headers; // borrowed for the call, in order, names as given
    size_t header_count;
    struct mx_slice body; // borrowed for the call
    mx_buf *body_buf;     // holds `body` when not NULL: the callee may take the bytes and zero it
    bool shared;          // the page cache may keep it, with `deps`
    struct mx_cache_deps deps;
    uint64_t note; // what a visitor does who sees the page when it is shared; 0: nothing
};

// All slices are borrowed until the exchange ends. An absent thing has ptr NULL.
struct mx_exchange_ops {
    struct mx_slice (*field)(mx_exchange *exchange, enum mx_request_field field);
    bool (*is_secure)(mx_exchange *exchange);
    struct mx_slice (*header)(mx_exchange *exchange, struct mx_slice name); // any case
    struct mx_slice (*cookie)(mx_exchange *exchange, struct mx_slice name); // finds __Host- too
    // The query parameter number `index` (from 0), decoded; false past the last.
    bool (*arg)(mx_exchange *exchange, size_t index, struct mx_pair *out);
    // Parses the body as a form (once); then form_item() counts from 0 to false.
    int (*form)(mx_exchange *exchange, struct mx_error *err);
    bool (*form_item)(mx_exchange *exchange, size_t index, struct mx_form_item *out);
    struct mx_slice (*body)(mx_exchange *exchange);
    // Adds Set-Cookie to the coming reply.
    int (*set_cookie)(
        mx_exchange *exchange, const struct mx_cookie_spec *cookie, struct mx_error *err);
    // Answers. After MX_OK Lua never touches the exchange again.
    int (*reply)(mx_exchange *exchange, const struct mx_reply_spec *reply, struct mx_error *err);
};

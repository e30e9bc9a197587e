// Cookies (RFC 6265bis): reading what a client sends, writing Set-Cookie.
#pragma once

#include "http/request.h"
#include "platform/buf.h"
#include "platform/error.h"

struct mx_cookie {
    struct mx_slice name;
    struct mx_slice value; // without the quotes around it
};

// Walks over the value of a Cookie field. Start with {.rest = value}.
struct mx_cookies {
    struct mx_slice rest;
};

// Reads the next cookie; false at the end. Parts that are no cookie are skipped. Nothing is
// decoded.
bool mx_cookies_next(struct mx_cookies *cookies, struct mx_cookie *out);

// The value of cookie `name` (case matters), from all Cookie fields, the first one. `ptr` is NULL
// when there is none.
struct mx_slice mx_cookie_find(const struct mx_request *request, struct mx_slice name);

// As mx_cookie_find(), but with `secure` only the spelling "__Host-name", which no other host and
// no plain connection can have set; without it only the bare one.
struct mx_slice mx_cookie_find_own(
    const struct mx_request *request, struct mx_slice name, bool secure);

enum mx_same_site { MX_SAME_SITE_LAX, MX_SAME_SITE_STRICT, MX_SAME_SITE_NONE };

struct mx_set_cookie {
    struct mx_slice name; // without "__Host-"
    struct mx_slice value;
    struct mx_slice path;   // "/" when empty
    struct mx_slice domain; // none when empty; never together with `host_only`
    int64_t max_age;        // seconds; 0 deletes; negative: until the browser closes
    bool http_only;
    bool secure;
    bool host_only; // adds "__Host-" to the name: needs secure and the path "/"
    enum mx_same_site same_site;
};

// Appends the value of a Set-Cookie field. MX_E_INVALID, with `buf` as before, for a name or value
// that a cookie cannot hold, and for attributes that browsers would refuse together.
int mx_set_cookie_write(mx_buf *buf, const struct mx_set_cookie *cookie, struct mx_error *err);

// URLs: taking apart, decoding, normalising, escaping.
#pragma once

#include "platform/arena.h"
#include "platform/buf.h"
#include "platform/error.h"

// Decodes and normalises the path of a request: "%41" becomes "A", "." and ".." segments and
// doubled slashes go. Refused: no "/" at the start, a broken escape, an escaped "/" or "\", control
// characters, text that is not UTF-8, ".." above the root. `*out` is borrowed from `arena`, or is
// `raw` itself when there was nothing to change.
int mx_url_normalise(
    mx_arena *arena, struct mx_slice raw, struct mx_slice *out, struct mx_error *err);

// Name and value of one part of a query.
struct mx_query_pair {
    struct mx_slice name;
    struct mx_slice value;
};

// Walks over "a=1&b=2". Start with {.rest = query}.
struct mx_query {
    struct mx_slice rest;
};

// Reads the next pair that is not empty: 1 and `*out`, or 0 at the end. "+" is a space; a "%" that
// begins no escape stands for itself. MX_E_INVALID for a pair that is not UTF-8 or holds NUL; the
// walk can go on behind it. Decoded text is borrowed from `arena`.
int mx_query_next(
    struct mx_query *query, mx_arena *arena, struct mx_query_pair *out, struct mx_error *err);

// The first value of `name`. `ptr` is NULL when there is none; pairs that are not UTF-8 are
// skipped.
struct mx_slice mx_query_find(struct mx_slice query, struct mx_slice name, mx_arena *arena);

// Decodes "%41"; with `plus_is_space` also "+". MX_E_INVALID for a broken escape. Any bytes may
// come out. `*out` is borrowed from `arena`, or is `raw` itself.
int mx_url_decode(mx_arena *arena, struct mx_slice raw, bool plus_is_space, struct mx_slice *out,
    struct mx_error *err);

// Appends `text` with everything but letters, digits and "-._~" escaped: good for one segment, a
// query name or value.
void mx_url_escape(mx_buf *buf, struct mx_slice text);

// As mx_url_escape(), but leaves "/" alone: good for a whole path.
void mx_url_escape_path(mx_buf *buf, struct mx_slice path);

// Appends "name=value" to a URL in `buf`, with "?" or "&" before it. `has_query` is kept up to
// date.
void mx_url_add_query(mx_buf *buf, bool *has_query, struct mx_slice name, struct mx_slice value);

// Host and port of an authority ("shop.test:8080", "[::1]"). MX_E_INVALID for user names, escapes,
// empty hosts, ports above 65535. `*port` is 0 when there is none.
int mx_url_parse_host(
    struct mx_slice authority, struct mx_slice *host, unsigned *port, struct mx_error *err);

// True for bytes that are UTF-8 (no overlong forms, no surrogates).
bool mx_utf8_valid(struct mx_slice text);

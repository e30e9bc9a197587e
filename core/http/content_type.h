// Media types with parameters: "text/html; charset=utf-8".
#pragma once

#include "platform/arena.h"
#include "platform/error.h"

struct mx_content_type {
    struct mx_slice type;     // lower case: "multipart/form-data"
    struct mx_slice charset;  // lower case; empty when not given
    struct mx_slice boundary; // empty when not given
};

// Parses `value`. Texts are borrowed from `arena` or `value`. MX_E_INVALID when it is no media
// type, or a parameter is given twice.
int mx_content_type_parse(
    mx_arena *arena, struct mx_slice value, struct mx_content_type *out, struct mx_error *err);

struct mx_parameter {
    struct mx_slice name;
    struct mx_slice value; // unquoted, borrowed from the arena or the text
};

// Walks over "; name=value; other=\"quoted\"". Start `*rest` behind the first word. Returns 1 and
// `*out`, 0 at the end, MX_E_INVALID when it is malformed. Used by all fields of that form.
int mx_parameter_next(
    struct mx_slice *rest, mx_arena *arena, struct mx_parameter *out, struct mx_error *err);

// True when all of `text` is a token (RFC 9110, 5.6.2) and not empty.
bool mx_token_valid(struct mx_slice text);

// Forms: names and values in the order they were sent. What upload.h reads from multipart bodies
// has the same shape, so that nobody above needs to know how a form travelled.
#pragma once

#include "platform/arena.h"
#include "platform/error.h"

struct mx_form_limits {
    size_t field_max;      // how many fields (files included)
    size_t name_max;       // bytes of one name
    size_t value_max;      // bytes of one text value
    size_t file_max;       // how many files
    uint64_t file_len_max; // bytes of one file
};

struct mx_form_field {
    struct mx_slice name;
    struct mx_slice value; // empty for a file
    bool is_file;
    struct mx_slice path;     // of the temporary file, NUL-terminated
    struct mx_slice filename; // made harmless: no folders, no control characters; may be empty
    struct mx_slice type;     // as the client says; "application/octet-stream" when it does not
    uint64_t size;
};

struct mx_form {
    struct mx_form_field *fields; // borrowed from the arena
    size_t count;
};

// Parses an application/x-www-form-urlencoded body. MX_E_LIMIT above a limit, MX_E_INVALID for text
// that is not UTF-8 or holds NUL.
int mx_form_parse(mx_arena *arena, struct mx_slice body, const struct mx_form_limits *limits,
    struct mx_form *out, struct mx_error *err);

// The first text field `name`. `ptr` is NULL when there is none.
struct mx_slice mx_form_find(const struct mx_form *form, struct mx_slice name);

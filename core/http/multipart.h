// Multipart bodies (RFC 2046, RFC 7578), streamed: parts are announced, their bytes passed on as
// they come, nothing is kept but the header of the part at hand.
#pragma once

#include "platform/arena.h"
#include "platform/error.h"

typedef struct mx_multipart mx_multipart;

struct mx_multipart_limits {
    size_t part_max;   // how many parts
    size_t header_max; // bytes of one part's header
};

// The header of one part of a form. Texts are borrowed until on_part_ended.
struct mx_part {
    struct mx_slice name;
    struct mx_slice filename; // made harmless; empty for "filename=\"\""
    bool has_filename;
    struct mx_slice type;    // lower case; "text/plain" when not given
    struct mx_slice charset; // lower case; empty when not given
};

// Each returns 0, or a negative code with `err` filled, which ends the parsing.
struct mx_multipart_handler {
    int (*on_part_begun)(void *ctx, const struct mx_part *part, struct mx_error *err);
    int (*on_part_data)(void *ctx, struct mx_slice piece, struct mx_error *err);
    int (*on_part_ended)(void *ctx, struct mx_error *err);
    void *ctx; // borrowed: must outlive the parser
};

// A parser for bodies with `boundary` (copied), owned by the caller. MX_E_INVALID when the boundary
// is empty, longer than 70 characters or not made of the characters it may have.
int mx_multipart_create(struct mx_slice boundary, const struct mx_multipart_limits *limits,
    const struct mx_multipart_handler *handler, mx_multipart **out, struct mx_error *err);

// Frees `parser`, which may be NULL.
void mx_multipart_destroy(mx_multipart *parser);

// Reads the next bytes of the body.
int mx_multipart_feed(mx_multipart *parser, struct mx_slice bytes, struct mx_error *err);

// Says that the body is over. MX_E_INVALID when it was cut short.
int mx_multipart_finish(mx_multipart *parser, struct mx_error *err);

// A file name that is safe to show and to keep: what stands behind the last "/" or "\", without
// control characters, leading dots and trailing dots or spaces, at most 200 bytes. Borrowed from
// `arena`; may be empty.
struct mx_slice mx_filename_clean(mx_arena *arena, struct mx_slice filename);

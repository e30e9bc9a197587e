// Smaller replies. One compressor a thread; its memory is kept from reply to reply.
#pragma once

#include "http/negotiate.h"
#include "platform/buf.h"
#include "platform/error.h"

typedef struct mx_compressor mx_compressor;

enum { MX_COMPRESS_MIN = 860 }; // below this one packet carries it anyway

struct mx_compress_options {
    int gzip_level;     // 1 to 9; 0: 5
    int brotli_quality; // 1 to 11; 0: 4
};

// A compressor, owned by the caller. `options` may be NULL.
mx_compressor *mx_compressor_create(const struct mx_compress_options *options);

// Frees `compressor`, which may be NULL.
void mx_compressor_destroy(mx_compressor *compressor);

// Appends `content` compressed. MX_E_CONFLICT, with `out` as before, when that would not be
// smaller: send it as it is. MX_E_SYSTEM when a library refused.
int mx_compress(mx_compressor *compressor, enum mx_encoding encoding, struct mx_slice content,
    mx_buf *out, struct mx_error *err);

// True when content of this type and length is worth compressing: such replies carry "Vary:
// Accept-Encoding", whether they were compressed or not.
bool mx_compress_is_worth(struct mx_slice content_type, size_t len);

// Parts of a thing (RFC 9110, 14).
#pragma once

#include "http/conditional.h"
#include "platform/buf.h"

struct mx_range {
    uint64_t first;
    uint64_t last; // included
};

enum { MX_RANGE_MAX = 8 };

enum mx_range_verdict {
    MX_RANGE_WHOLE,         // no usable Range: 200 with everything
    MX_RANGE_PART,          // 206 with `ranges`
    MX_RANGE_UNSATISFIABLE, // 416 with "Content-Range: bytes */size"
};

struct mx_ranges {
    struct mx_range ranges[MX_RANGE_MAX];
    size_t count;
};

// Judges Range and If-Range of a GET for a thing of `size` bytes. Ranges that overlap or touch are
// joined; a request for more than MX_RANGE_MAX parts, or in another unit, is answered whole.
enum mx_range_verdict mx_ranges_check(const struct mx_request *request, uint64_t size,
    const struct mx_validators *validators, struct mx_ranges *out);

// Appends "bytes 0-99/1234".
void mx_range_write(mx_buf *buf, struct mx_range range, uint64_t size);

// Appends "bytes */1234".
void mx_range_write_unsatisfied(mx_buf *buf, uint64_t size);

// For several ranges the type is "multipart/byteranges; boundary=..." and the body is, for each
// range, mx_range_write_part() and its bytes, and mx_range_write_end() at last. The boundary must
// not occur in the content: take 128 random bits in hex.
void mx_range_write_part(mx_buf *buf, struct mx_slice boundary, struct mx_slice type,
    struct mx_range range, uint64_t size);
void mx_range_write_end(mx_buf *buf, struct mx_slice boundary);

// The length of that body.
uint64_t mx_range_body_len(
    const struct mx_ranges *ranges, struct mx_slice boundary, struct mx_slice type, uint64_t size);

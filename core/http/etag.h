// Entity tags (RFC 9110, 8.8.3).
#pragma once

#include "platform/slice.h"

enum { MX_ETAG_LEN = 24 }; // two quotes, 22 characters of base64url

// Writes a strong tag for `content`: 128 bits that differ when the content does. Against accidents,
// not against somebody who makes two contents meet on purpose.
void mx_etag_write(struct mx_slice content, char out[MX_ETAG_LEN]);

// The tag of another form of the same content: `suffix` ("gz", "br") stands before the last quote.
// Returns the length.
enum { MX_ETAG_MAX = 40 };
size_t mx_etag_with_suffix(struct mx_slice etag, struct mx_slice suffix, char out[MX_ETAG_MAX]);

// True when `etag` has the form "..." or W/"...".
bool mx_etag_valid(struct mx_slice etag);

// Strong comparison: equal, and neither is weak. Weak comparison: equal without W/.
bool mx_etag_equal_strong(struct mx_slice a, struct mx_slice b);
bool mx_etag_equal_weak(struct mx_slice a, struct mx_slice b);

// Bytes as text and back: hex, base64, base64url. Decoding is strict and in constant time, so it
// may be used on secrets: no spaces, right padding, no stray bits.
#pragma once

#include "platform/buf.h"

// Append to `out`; lower case hex; base64url without padding.
void mx_hex_encode(struct mx_slice data, mx_buf *out);
void mx_base64_encode(struct mx_slice data, mx_buf *out);
void mx_base64url_encode(struct mx_slice data, mx_buf *out);

// False leaves `out` as it was.
bool mx_hex_decode(struct mx_slice text, mx_buf *out);
bool mx_base64_decode(struct mx_slice text, mx_buf *out);
bool mx_base64url_decode(struct mx_slice text, mx_buf *out);

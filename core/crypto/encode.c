// libsodium's encoders, which take the same time for all bytes of one length. Its decoders skip
// nothing here (no ignored characters), and stray bits at the end are refused.
#include "crypto/encode.h"

#include <sodium.h>

void mx_hex_encode(struct mx_slice data, mx_buf *out) {
    size_t size = 2 * data.len + 1; // with its NUL
    sodium_bin2hex(mx_buf_reserve(out, size), size, (const unsigned char *)data.ptr, data.len);
    out->len += size - 1;
}

static void encode(struct mx_slice data, int variant, mx_buf *out) {
    size_t size = sodium_base64_encoded_len(data.len, variant); // with its NUL
    char *at = mx_buf_reserve(out, size);
    sodium_bin2base64(at, size, (const unsigned char *)data.ptr, data.len, variant);
    out->len += strlen(at);
}

void mx_base64_encode(struct mx_slice data, mx_buf *out) {
    encode(data, sodium_base64_VARIANT_ORIGINAL, out);
}

void mx_base64url_encode(struct mx_slice data, mx_buf *out) {
    encode(data, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}

bool mx_hex_decode(struct mx_slice text, mx_buf *out) {
    size_t len = 0;
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, text.len / 2 + 1);
    const char *end = NULL;
    if (sodium_hex2bin(at, text.len / 2 + 1, text.ptr, text.len, NULL, &len, &end) != 0 ||
        end != text.ptr + text.len) {
        return false;
    }
    out->len += len;
    return true;
}

static bool decode(struct mx_slice text, int variant, mx_buf *out) {
    size_t len = 0, size = text.len / 4 * 3 + 3;
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, size);
    const char *end = NULL;
    if (sodium_base642bin(at, size, text.ptr, text.len, NULL, &len, &end, variant) != 0 ||
        end != text.ptr + text.len) {
        return false;
    }
    out->len += len;
    return true;
}

bool mx_base64_decode(struct mx_slice text, mx_buf *out) {
    return decode(text, sodium_base64_VARIANT_ORIGINAL, out);
}

bool mx_base64url_decode(struct mx_slice text, mx_buf *out) {
    return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}

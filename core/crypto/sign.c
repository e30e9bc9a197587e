// A signed value: base64url(value) "." base64url(key number and 16 bytes of keyed BLAKE2b). The key
// is derived for the purpose, so a value signed for one is nothing for another.
#include "crypto/sign.h"

#include <stdio.h>

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/equal.h"

enum { MAC_SIZE = 16, MARK_SIZE = 1 + MAC_SIZE, PURPOSE_SIZE = 80 };

// The number and MAC of `value`, signed with key `number`.
static int make_mark(const mx_keyring *ring, int number, const char *purpose, struct mx_slice value,
    unsigned char out[MARK_SIZE], struct mx_error *err) {
    char full[PURPOSE_SIZE];
    unsigned char key[MX_KEY_SIZE];
    int len = snprintf(full, sizeof(full), "sign:%s", purpose);
    if (len < 0 || (size_t)len >= sizeof(full)) {
        return mx_fail(
            err, MX_E_INVALID, "the purpose of a signature has at most %d bytes", PURPOSE_SIZE - 6);
    }
    int rc = mx_keyring_derive(ring, number, full, key, err);
    if (rc < 0) {
        return rc;
    }
    out[0] = (unsigned char)number;
    crypto_generichash(out + 1, MAC_SIZE, (const unsigned char *)(value.ptr ? value.ptr : ""),
        value.len, key, sizeof(key));
    mx_secret_wipe(key, sizeof(key));
    return MX_OK;
}

int mx_sign(const mx_keyring *ring, const char *purpose, struct mx_slice value, mx_buf *out,
    struct mx_error *err) {
    unsigned char mark[MARK_SIZE];
    int rc = make_mark(ring, mx_keyring_newest(ring), purpose, value, mark, err);
    if (rc < 0) {
        return rc;
    }
    mx_base64url_encode(value, out);
    mx_buf_append_char(out, '.');
    mx_base64url_encode((struct mx_slice){(const char *)mark, sizeof(mark)}, out);
    return MX_OK;
}

static bool check_mark(
    const mx_keyring *ring, const char *purpose, struct mx_slice value, struct mx_slice mark) {
    unsigned char expected[MARK_SIZE];
    struct mx_error ignored;
    return mark.len == MARK_SIZE &&
           make_mark(ring, (unsigned char)mark.ptr[0], purpose, value, expected, &ignored) ==
               MX_OK &&
           mx_secret_equal((struct mx_slice){(const char *)expected, sizeof(expected)}, mark);
}

int mx_verify(const mx_keyring *ring, const char *purpose, struct mx_slice text, mx_buf *out,
    struct mx_error *err) {
    mx_buf value = {0}, mark = {0};
    struct mx_slice rest = text;
    struct mx_slice body = mx_slice_cut(&rest, '.');
    bool good = rest.ptr && mx_base64url_decode(body, &value) && mx_base64url_decode(rest, &mark) &&
                check_mark(ring, purpose, mx_buf_slice(&value), mx_buf_slice(&mark));
    if (good) {
        mx_buf_append_slice(out, mx_buf_slice(&value));
    }
    mx_buf_deinit(&value);
    mx_buf_deinit(&mark);
    return good ? MX_OK : mx_fail(err, MX_E_INVALID, "the signed value was altered");
}

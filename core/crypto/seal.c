// A sealed value: form (1 byte), key number (1), nonce (24), cipher text and tag. Form and number
// are authenticated together with the name.
#include "crypto/seal.h"

#include <sodium.h>

#include "crypto/equal.h"

enum {
    FORM = 1,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    HEAD_SIZE = 2 + NONCE_SIZE,
};

static const char purpose[] = "seal";

static void format_associated(unsigned char number, struct mx_slice name, mx_buf *out) {
    mx_buf_append_char(out, FORM);
    mx_buf_append_char(out, (char)number);
    mx_buf_append_slice(out, name);
}

int mx_seal(const mx_keyring *ring, const struct mx_world *world, struct mx_slice name,
    struct mx_slice plain, mx_buf *out, struct mx_error *err) {
    unsigned char key[MX_KEY_SIZE], nonce[NONCE_SIZE];
    unsigned char number = (unsigned char)mx_keyring_newest(ring);
    int rc = mx_keyring_derive(ring, number, purpose, key, err);
    if (rc < 0) {
        return rc;
    }
    mx_buf associated = {0};
    format_associated(number, name, &associated);
    mx_random(world, nonce, sizeof(nonce));

    mx_buf_append_char(out, FORM);
    mx_buf_append_char(out, (char)number);
    mx_buf_append(out, (const char *)nonce, sizeof(nonce));
    unsigned long long len = 0;
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, plain.len + TAG_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at, &len,
        (const unsigned char *)(plain.ptr ? plain.ptr : ""), plain.len,
        (const unsigned char *)associated.ptr, associated.len, NULL, nonce, key);
    out->len += (size_t)len;
    mx_buf_deinit(&associated);
    mx_secret_wipe(key, sizeof(key));
    return MX_OK;
}

int mx_unseal(const mx_keyring *ring, struct mx_slice name, struct mx_slice sealed, mx_buf *out,
    struct mx_error *err) {
    if (sealed.len < HEAD_SIZE + TAG_SIZE || sealed.ptr[0] != FORM) {
        return mx_fail(err, MX_E_INVALID, "this is no sealed value");
    }
    unsigned char key[MX_KEY_SIZE];
    unsigned char number = (unsigned char)sealed.ptr[1];
    if (mx_keyring_derive(ring, number, purpose, key, err) < 0) {
        return mx_fail(err, MX_E_INVALID,
            "the value was sealed with key %d, which is not in the key file", number);
    }
    mx_buf associated = {0};
    format_associated(number, name, &associated);
    const unsigned char *nonce = (const unsigned char *)sealed.ptr + 2;
    unsigned long long len = 0;
    int rc = MX_OK;
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, sealed.len);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(at, &len, NULL, nonce + NONCE_SIZE,
            sealed.len - HEAD_SIZE, (const unsigned char *)associated.ptr, associated.len, nonce,
            key) != 0) {
        rc = mx_fail(err, MX_E_INVALID,
            "the sealed value does not open: it was altered, moved, or sealed with another key");
        len = 0;
    }
    out->len += (size_t)len;
    mx_buf_deinit(&associated);
    mx_secret_wipe(key, sizeof(key));
    return rc;
}

bool mx_sealed_by_newest(const mx_keyring *ring, struct mx_slice sealed) {
    return sealed.len >= HEAD_SIZE + TAG_SIZE && sealed.ptr[0] == FORM &&
           (unsigned char)sealed.ptr[1] == mx_keyring_newest(ring);
}

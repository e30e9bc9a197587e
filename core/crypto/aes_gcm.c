#include "crypto/aes_gcm.h"

#include <limits.h>

#include <openssl/evp.h>

enum { NONCE_SIZE = 12 };

static const EVP_CIPHER *cipher_for(size_t key_len) {
    switch (key_len) {
    case 16: return EVP_aes_128_gcm();
    case 24: return EVP_aes_192_gcm();
    case 32: return EVP_aes_256_gcm();
    default: return NULL;
    }
}

static int check_input(struct mx_slice key, struct mx_slice nonce, struct mx_slice associated,
    struct mx_slice data, struct mx_error *err) {
    if (!cipher_for(key.len)) {
        return mx_fail(err, MX_E_INVALID, "an AES key has 16, 24 or 32 bytes, not %zu", key.len);
    }
    if (nonce.len != NONCE_SIZE) {
        return mx_fail(err, MX_E_INVALID, "an AES-GCM nonce has 12 bytes, not %zu", nonce.len);
    }
    if (associated.len > INT_MAX || data.len > INT_MAX - MX_AES_GCM_TAG_SIZE) {
        return mx_fail(err, MX_E_LIMIT, "the data is too long for AES-GCM");
    }
    return MX_OK;
}

static const unsigned char *bytes(struct mx_slice slice) {
    return (const unsigned char *)(slice.ptr ? slice.ptr : "");
}

// Feeds key, nonce and associated data: what both directions have in common.
static bool begin(EVP_CIPHER_CTX *ctx, bool sealing, struct mx_slice key, struct mx_slice nonce,
    struct mx_slice associated) {
    int len = 0;
    return EVP_CipherInit_ex2(ctx, cipher_for(key.len), bytes(key), bytes(nonce), sealing, NULL) ==
               1 &&
           (associated.len == 0 ||
               EVP_CipherUpdate(ctx, NULL, &len, bytes(associated), (int)associated.len) == 1);
}

int mx_aes_gcm_seal(struct mx_slice key, struct mx_slice nonce, struct mx_slice associated,
    struct mx_slice plain, mx_buf *out, struct mx_error *err) {
    int rc = check_input(key, nonce, associated, plain, err);
    if (rc < 0) {
        return rc;
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, plain.len + MX_AES_GCM_TAG_SIZE);
    int len = 0, last = 0;
    if (ctx && begin(ctx, true, key, nonce, associated) &&
        EVP_CipherUpdate(ctx, at, &len, bytes(plain), (int)plain.len) == 1 &&
        EVP_CipherFinal_ex(ctx, at + len, &last) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, MX_AES_GCM_TAG_SIZE, at + len) == 1) {
        out->len += (size_t)len + MX_AES_GCM_TAG_SIZE;
    } else {
        rc = mx_fail(err, MX_E_SYSTEM, "libcrypto cannot encrypt with AES-GCM");
    }
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

int mx_aes_gcm_open(struct mx_slice key, struct mx_slice nonce, struct mx_slice associated,
    struct mx_slice sealed, mx_buf *out, struct mx_error *err) {
    int rc = check_input(key, nonce, associated, sealed, err);
    if (rc < 0) {
        return rc;
    }
    if (sealed.len < MX_AES_GCM_TAG_SIZE) {
        return mx_fail(err, MX_E_INVALID, "the AES-GCM cipher text is too short");
    }
    size_t size = sealed.len - MX_AES_GCM_TAG_SIZE;
    unsigned char tag[MX_AES_GCM_TAG_SIZE];
    memcpy(tag, sealed.ptr + size, sizeof(tag)); // the library takes no const pointer
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, size + 1);
    int len = 0, last = 0;
    if (ctx && begin(ctx, false, key, nonce, associated) &&
        EVP_CipherUpdate(ctx, at, &len, bytes(sealed), (int)size) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) == 1 &&
        EVP_CipherFinal_ex(ctx, at + len, &last) == 1) {
        out->len += (size_t)len;
    } else {
        OPENSSL_cleanse(at, size); // nothing of what did not authenticate
        rc = mx_fail(err, MX_E_INVALID, "the AES-GCM cipher text does not authenticate");
    }
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

enum { PIECE = 65536, BLAKE2B_KEY_MAX = 64 };

static const unsigned char *bytes(struct mx_slice slice) {
    return (const unsigned char *)(slice.ptr ? slice.ptr : "");
}

void mx_sha256(struct mx_slice data, unsigned char out[MX_SHA256_SIZE]) {
    crypto_hash_sha256(out, bytes(data), data.len);
}

void mx_sha512(struct mx_slice data, unsigned char out[MX_SHA512_SIZE]) {
    crypto_hash_sha512(out, bytes(data), data.len);
}

int mx_blake2b(struct mx_slice key, struct mx_slice data, unsigned char out[MX_BLAKE2B_SIZE],
    struct mx_error *err) {
    if (key.len > BLAKE2B_KEY_MAX) {
        return mx_fail(err, MX_E_INVALID, "a BLAKE2b key has at most %d bytes", BLAKE2B_KEY_MAX);
    }
    crypto_generichash(out, MX_BLAKE2B_SIZE, bytes(data), data.len, bytes(key), key.len);
    return MX_OK;
}

void mx_siphash(const unsigned char key[MX_SIPHASH_KEY_SIZE], struct mx_slice data,
    unsigned char out[MX_SIPHASH_SIZE]) {
    crypto_shorthash_siphashx24(out, bytes(data), data.len, key);
}

// libcrypto's only use here: libsodium has no SHA-1, on purpose.
void mx_hmac_sha1(struct mx_slice key, struct mx_slice data, unsigned char out[MX_SHA1_SIZE]) {
    static const unsigned char no_key[1];
    const void *key_ptr = key.len > 0 ? (const void *)key.ptr : no_key; // NULL would reuse a key
    int key_len = (int)key.len;
    unsigned char hashed[MX_SHA1_SIZE];
    if (key.len > INT32_MAX) { // what HMAC itself does with any key longer than a block
        EVP_Digest(key.ptr, key.len, hashed, NULL, EVP_sha1(), NULL);
        key_ptr = hashed;
        key_len = MX_SHA1_SIZE;
    }
    HMAC(EVP_sha1(), key_ptr, key_len, bytes(data), data.len, out, NULL);
}

void mx_hmac_sha256(struct mx_slice key, struct mx_slice data, unsigned char out[MX_SHA256_SIZE]) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes(key), key.len);
    crypto_auth_hmacsha256_update(&state, bytes(data), data.len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

void mx_hmac_sha512(struct mx_slice key, struct mx_slice data, unsigned char out[MX_SHA512_SIZE]) {
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, bytes(key), key.len);
    crypto_auth_hmacsha512_update(&state, bytes(data), data.len);
    crypto_auth_hmacsha512_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

static int hash_descriptor(
    int fd, const char *path, unsigned char out[MX_SHA256_SIZE], struct mx_error *err) {
    crypto_hash_sha256_state state;
    unsigned char piece[PIECE];
    crypto_hash_sha256_init(&state);
    for (;;) {
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mx_fail_errno(err, errno, "cannot read %s", path);
        }
        if (got == 0) {
            crypto_hash_sha256_final(&state, out);
            return MX_OK;
        }
        crypto_hash_sha256_update(&state, piece, (unsigned long long)got);
    }
}

int mx_sha256_file(const char *path, unsigned char out[MX_SHA256_SIZE], struct mx_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot read %s", path);
    }
    int rc = hash_descriptor(fd, path, out, err);
    close(fd);
    return rc;
}

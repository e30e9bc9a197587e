#include "crypto/password.h"

#include <sodium.h>

#include "crypto/init.h"

_Static_assert(crypto_pwhash_argon2id_STRBYTES <= MX_PASSWORD_HASH_SIZE, "a hash fits its buffer");

// OWASP's least for Argon2id. Hashes that were made with less are made anew at the next login.
enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };

int mx_password_hash(
    struct mx_slice password, char out[MX_PASSWORD_HASH_SIZE], struct mx_error *err) {
    mx_crypto_init();
    if (password.len > MX_PASSWORD_MAX) {
        return mx_fail(err, MX_E_INVALID, "a password has at most %d characters", MX_PASSWORD_MAX);
    }
    memset(out, 0, MX_PASSWORD_HASH_SIZE);
    const char *ptr = password.ptr ? password.ptr : "";
    if (crypto_pwhash_argon2id_str(out, ptr, password.len, PASSES, MEMORY) != 0) {
        return mx_fail(err, MX_E_SYSTEM, "there is not enough memory to hash a password");
    }
    return MX_OK;
}

// libsodium reads a NUL-terminated text. False when it is too long to be one of our hashes.
static bool copy_hash(struct mx_slice hash, char out[MX_PASSWORD_HASH_SIZE]) {
    if (hash.len == 0 || hash.len >= MX_PASSWORD_HASH_SIZE) {
        return false;
    }
    memset(out, 0, MX_PASSWORD_HASH_SIZE);
    memcpy(out, hash.ptr, hash.len);
    return true;
}

bool mx_password_verify(struct mx_slice hash, struct mx_slice password) {
    char text[MX_PASSWORD_HASH_SIZE];
    mx_crypto_init();
    if (password.len > MX_PASSWORD_MAX || !copy_hash(hash, text)) {
        return false;
    }
    const char *ptr = password.ptr ? password.ptr : "";
    return crypto_pwhash_argon2id_str_verify(text, ptr, password.len) == 0;
}

void mx_password_verify_nobody(struct mx_slice password) {
    unsigned char key[32];
    static const unsigned char salt[crypto_pwhash_argon2id_SALTBYTES] = {1};
    mx_crypto_init();
    size_t len = password.len > MX_PASSWORD_MAX ? 0 : password.len;
    const char *ptr = password.ptr ? password.ptr : "";
    // A failure (no memory) is as quick for accounts that exist.
    if (crypto_pwhash_argon2id(key, sizeof(key), ptr, len, salt, PASSES, MEMORY,
            crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0) {
        sodium_memzero(key, sizeof(key));
    }
}

bool mx_password_needs_rehash(struct mx_slice hash) {
    char text[MX_PASSWORD_HASH_SIZE];
    return !copy_hash(hash, text) ||
           crypto_pwhash_argon2id_str_needs_rehash(text, PASSES, MEMORY) != 0;
}

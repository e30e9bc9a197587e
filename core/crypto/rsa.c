#include "crypto/rsa.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/pem.h"

static const unsigned char *bytes(struct mx_slice slice) {
    return (const unsigned char *)(slice.ptr ? slice.ptr : "");
}

int mx_rsa_sign(
    struct mx_slice private_key, struct mx_slice message, mx_buf *out, struct mx_error *err) {
    EVP_PKEY *key = NULL;
    int rc = mx_pem_private_key(private_key, &key, err);
    if (rc < 0) {
        return rc;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(key);
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, len);
    if (ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, at, &len, bytes(message), message.len) == 1) {
        out->len += len;
    } else {
        rc = mx_fail(err, MX_E_SYSTEM, "libcrypto cannot sign with this key");
    }
    ERR_clear_error();
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return rc;
}

int mx_rsa_verify(struct mx_slice public_key, struct mx_slice message, struct mx_slice signature,
    struct mx_error *err) {
    EVP_PKEY *key = NULL;
    int rc = mx_pem_public_key(public_key, &key, err);
    if (rc < 0) {
        return rc;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1) {
        rc = mx_fail(err, MX_E_SYSTEM, "libcrypto cannot verify with this key");
    } else if (EVP_DigestVerify(
                   ctx, bytes(signature), signature.len, bytes(message), message.len) != 1) {
        rc = mx_fail(err, MX_E_INVALID, "the RSA signature is wrong");
    }
    ERR_clear_error();
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return rc;
}

#include "crypto/pem.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "crypto/encode.h"
#include "platform/buf.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, TEXT_MAX = 64 * 1024 };

static bool contains(struct mx_slice text, const char *word) {
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_armoured(struct mx_slice text) {
    return contains(text, "-----BEGIN ");
}

int mx_pem_no_passphrase(char *out, int size, int writing, void *ctx) {
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

// Base64 without its armour, line breaks and all, into DER.
static bool decode_bare(struct mx_slice text, mx_buf *out) {
    mx_buf tight = {0};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
            mx_buf_append_char(&tight, c);
        }
    }
    bool good = tight.len > 0 && mx_base64_decode(mx_buf_slice(&tight), out);
    if (tight.ptr) {
        sodium_memzero(tight.ptr, tight.len);
    }
    mx_buf_deinit(&tight);
    return good;
}

static EVP_PKEY *read_private(struct mx_slice text) {
    if (is_armoured(text)) {
        BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, mx_pem_no_passphrase, NULL);
        BIO_free(bio);
        return key;
    }
    mx_buf der = {0};
    EVP_PKEY *key = NULL;
    if (decode_bare(text, &der)) { // PKCS #8 or PKCS #1
        const unsigned char *at = (const unsigned char *)der.ptr;
        key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
        sodium_memzero(der.ptr, der.len);
    }
    mx_buf_deinit(&der);
    return key;
}

static X509 *read_certificate(struct mx_slice text) {
    if (is_armoured(text)) {
        BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
        X509 *certificate = PEM_read_bio_X509(bio, NULL, mx_pem_no_passphrase, NULL);
        BIO_free(bio);
        return certificate;
    }
    mx_buf der = {0};
    X509 *certificate = NULL;
    if (decode_bare(text, &der)) {
        const unsigned char *at = (const unsigned char *)der.ptr;
        certificate = d2i_X509(NULL, &at, (long)der.len);
    }
    mx_buf_deinit(&der);
    return certificate;
}

static EVP_PKEY *key_of_certificate(struct mx_slice text) {
    X509 *certificate = read_certificate(text);
    EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;
    X509_free(certificate);
    return key;
}

static EVP_PKEY *read_bare_public(struct mx_slice text) {
    mx_buf der = {0};
    EVP_PKEY *key = NULL;
    if (decode_bare(text, &der)) {
        const unsigned char *at = (const unsigned char *)der.ptr;
        key = d2i_PUBKEY(NULL, &at, (long)der.len);
        if (!key) { // PKCS #1
            at = (const unsigned char *)der.ptr;
            key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
        }
    }
    mx_buf_deinit(&der);
    return key ? key : key_of_certificate(text);
}

static EVP_PKEY *read_armoured_pkcs1(struct mx_slice text) {
    unsigned char *der = NULL;
    long len = 0;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    EVP_PKEY *key = NULL;
    if (PEM_bytes_read_bio(&der, &len, NULL, "RSA PUBLIC KEY", bio, mx_pem_no_passphrase, NULL) ==
        1) {
        const unsigned char *at = der;
        key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len);
    }
    OPENSSL_free(der);
    BIO_free(bio);
    return key;
}

static EVP_PKEY *read_public(struct mx_slice text) {
    if (!is_armoured(text)) {
        return read_bare_public(text);
    }
    if (contains(text, "BEGIN CERTIFICATE")) {
        return key_of_certificate(text);
    }
    if (contains(text, "BEGIN RSA PUBLIC KEY")) {
        return read_armoured_pkcs1(text);
    }
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, mx_pem_no_passphrase, NULL);
    BIO_free(bio);
    return key;
}

// Takes `key`: hands it on or frees it.
static int check_key(EVP_PKEY *key, const char *what, EVP_PKEY **out, struct mx_error *err) {
    ERR_clear_error(); // the library keeps a queue for each thread
    if (!key) {
        return mx_fail(err, MX_E_INVALID,
            "this is no %s: PEM text without passphrase, or its base64, is needed", what);
    }
    int bits = EVP_PKEY_get_bits(key);
    if (!EVP_PKEY_is_a(key, "RSA") || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
        EVP_PKEY_free(key);
        return mx_fail(err, MX_E_INVALID, "the %s is not RSA of %d to %d bits", what, RSA_BITS_MIN,
            RSA_BITS_MAX);
    }
    *out = key;
    return MX_OK;
}

static int check_length(struct mx_slice text, struct mx_error *err) {
    return text.len > 0 && text.len <= TEXT_MAX
               ? MX_OK
               : mx_fail(err, MX_E_INVALID, "a key or certificate has 1 to %d bytes", TEXT_MAX);
}

int mx_pem_private_key(struct mx_slice text, EVP_PKEY **out, struct mx_error *err) {
    int rc = check_length(text, err);
    return rc < 0 ? rc : check_key(read_private(text), "private key", out, err);
}

int mx_pem_public_key(struct mx_slice text, EVP_PKEY **out, struct mx_error *err) {
    int rc = check_length(text, err);
    return rc < 0 ? rc : check_key(read_public(text), "public key or certificate", out, err);
}

int mx_pem_certificate(struct mx_slice text, X509 **out, struct mx_error *err) {
    int rc = check_length(text, err);
    if (rc < 0) {
        return rc;
    }
    *out = read_certificate(text);
    ERR_clear_error();
    return *out ? MX_OK : mx_fail(err, MX_E_INVALID, "this is no certificate: PEM text is needed");
}

// Certificates of payment providers: their key, their number, and who vouches for them.
#include <stdio.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "crypto/pem.h"
#include "crypto/rsa.h"

static bool read_time(const ASN1_TIME *value, int64_t *out) {
    struct tm tm;
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool good = epoch && ASN1_TIME_to_tm(value, &tm) == 1 &&
                ASN1_TIME_diff(&days, &seconds, epoch, value) == 1;
    ASN1_TIME_free(epoch);
    *out = good ? ((int64_t)days * 86400 + seconds) * 1000 : 0;
    return good;
}

static bool read_serial(X509 *certificate, char out[64]) {
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *text = number ? BN_bn2hex(number) : NULL;
    bool good = text && strlen(text) < 64;
    snprintf(out, 64, "%s", good ? text : "");
    OPENSSL_free(text);
    BN_free(number);
    return good;
}

static bool append_key(X509 *certificate, mx_buf *out) {
    EVP_PKEY *key = X509_get_pubkey(certificate);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool good = key && bio && PEM_write_bio_PUBKEY(bio, key) == 1;
    if (good) {
        long len = BIO_get_mem_data(bio, &text);
        mx_buf_append(out, text, (size_t)len);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return good;
}

int mx_certificate_read(
    struct mx_slice certificate, mx_buf *out, struct mx_certificate *info, struct mx_error *err) {
    X509 *parsed = NULL;
    int rc = mx_pem_certificate(certificate, &parsed, err);
    if (rc < 0) {
        return rc;
    }
    bool good = true;
    if (info) {
        good = read_serial(parsed, info->serial) &&
               read_time(X509_get0_notBefore(parsed), &info->not_before_ms) &&
               read_time(X509_get0_notAfter(parsed), &info->not_after_ms);
    }
    if (good && out) {
        good = append_key(parsed, out);
    }
    ERR_clear_error();
    X509_free(parsed);
    return good ? MX_OK : mx_fail(err, MX_E_INVALID, "the certificate cannot be read");
}

// Every certificate in a PEM text.
static STACK_OF(X509) * read_all(struct mx_slice text) {
    STACK_OF(X509) *list = sk_X509_new_null();
    BIO *bio = BIO_new_mem_buf(text.ptr ? text.ptr : "", (int)text.len);
    X509 *certificate;
    while (list && bio &&
           (certificate = PEM_read_bio_X509(bio, NULL, mx_pem_no_passphrase, NULL)) != NULL) {
        sk_X509_push(list, certificate);
    }
    ERR_clear_error();
    BIO_free(bio);
    return list;
}

static X509_STORE *make_store(STACK_OF(X509) * roots, int64_t now_ms) {
    X509_STORE *store = X509_STORE_new();
    for (int i = 0; store && i < sk_X509_num(roots); i++) {
        X509_STORE_add_cert(store, sk_X509_value(roots, i));
    }
    if (store) {
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(now_ms / 1000));
        // What the caller trusts may be any certificate of the chain, not only its very root.
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    }
    return store;
}

int mx_certificate_check(struct mx_slice certificate, struct mx_slice chain, struct mx_slice roots,
    int64_t now_ms, struct mx_error *err) {
    enum { TEXT_MAX = 1024 * 1024 };
    if (chain.len > TEXT_MAX || roots.len > TEXT_MAX) {
        return mx_fail(err, MX_E_INVALID, "a list of certificates has at most %d bytes", TEXT_MAX);
    }
    X509 *leaf = NULL;
    int rc = mx_pem_certificate(certificate, &leaf, err);
    if (rc < 0) {
        return rc;
    }
    STACK_OF(X509) *trusted = read_all(roots), *between = read_all(chain);
    X509_STORE *store = make_store(trusted, now_ms);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!ctx || !store || X509_STORE_CTX_init(ctx, store, leaf, between) != 1) {
        rc = mx_fail(err, MX_E_SYSTEM, "libcrypto cannot check certificates");
    } else if (X509_verify_cert(ctx) != 1) {
        rc = mx_fail(err, MX_E_INVALID, "the certificate is not trusted: %s",
            X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    }
    ERR_clear_error();
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_pop_free(trusted, X509_free);
    sk_X509_pop_free(between, X509_free);
    X509_free(leaf);
    return rc;
}

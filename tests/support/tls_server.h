// TLS for a net_server, with a certificate made for the test.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net_server.h"

struct tls_identity {
    EVP_PKEY *key;
    X509 *certificate;
    char pin[64]; // sha256//…
};

static inline void tls_add_extension(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert(extension && "OpenSSL knows the extension");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static inline void tls_name_pin(struct tls_identity *identity) {
    unsigned char *der = NULL;
    unsigned char digest[32];
    unsigned char text[48];
    int len = i2d_PUBKEY(identity->key, &der);
    EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
    EVP_EncodeBlock(text, digest, sizeof(digest));
    snprintf(identity->pin, sizeof(identity->pin), "sha256//%s", (const char *)text);
    OPENSSL_free(der);
}

// Signed by itself, for `names` ("DNS:localhost,IP:127.0.0.1"), good until `days` from now.
static inline void tls_identity_init(struct tls_identity *identity, const char *names, long days) {
    X509 *certificate = X509_new();
    identity->key = EVP_EC_gen("P-256");
    identity->certificate = certificate;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -30L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86400);
    X509_set_pubkey(certificate, identity->key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *)"Merx test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    tls_add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    tls_add_extension(certificate, NID_subject_alt_name, names);
    X509_sign(certificate, identity->key, EVP_sha256());
    tls_name_pin(identity);
}

static inline void tls_identity_deinit(struct tls_identity *identity) {
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

// Writes the certificate to the file `path`.
static inline void tls_write_certificate(const struct tls_identity *identity, const char *path) {
    FILE *file = fopen(path, "w");
    assert(file && "the folder of a test can be written");
    PEM_write_X509(file, identity->certificate);
    fclose(file);
}

static inline bool tls_begin(struct net_conn *conn) {
    conn->tls = SSL_new(conn->server->tls);
    SSL_set_fd(conn->tls, conn->fd);
    bool is_done = SSL_accept(conn->tls) == 1;
    ERR_clear_error();
    return is_done;
}

static inline ssize_t tls_read(struct net_conn *conn, char *out, size_t size) {
    return conn->tls ? SSL_read(conn->tls, out, (int)size) : net_plain_read(conn, out, size);
}

static inline ssize_t tls_write(struct net_conn *conn, const char *bytes, size_t len) {
    return conn->tls ? SSL_write(conn->tls, bytes, (int)len) : net_plain_write(conn, bytes, len);
}

static inline void tls_end(struct net_conn *conn) {
    ERR_clear_error();
    SSL_free(conn->tls);
}

// After net_init(): TLS from the first byte, or with `later` when the server calls tls_begin().
static inline void tls_use(struct net_server *server, struct tls_identity *identity, bool later) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, identity->certificate);
    SSL_CTX_use_PrivateKey(context, identity->key);
    server->tls = context;
    server->begin = later ? NULL : tls_begin;
    server->read = tls_read;
    server->write = tls_write;
    server->end = tls_end;
}

// After net_stop().
static inline void tls_drop(struct net_server *server) {
    SSL_CTX_free(server->tls);
}

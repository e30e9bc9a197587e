// RSA signatures as payment providers use them: PKCS #1 v1.5 with SHA-256.
//
// Keys are PEM (PKCS #1, PKCS #8, SubjectPublicKeyInfo), or the bare base64 in between, as some
// providers hand it out. Less than 2048 bits is refused.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

// Appends the raw signature to `out`.
int mx_rsa_sign(
    struct mx_slice private_key, struct mx_slice message, mx_buf *out, struct mx_error *err);

// `public_key` may also be a certificate. MX_E_INVALID for a wrong signature or a bad key; the
// text says which.
int mx_rsa_verify(struct mx_slice public_key, struct mx_slice message, struct mx_slice signature,
    struct mx_error *err);

struct mx_certificate {
    char serial[64]; // upper case hex
    int64_t not_before_ms;
    int64_t not_after_ms;
};

// Appends the certificate's public key as PEM to `out` (which may be NULL) and fills `info` (which
// may be NULL).
int mx_certificate_read(
    struct mx_slice certificate, mx_buf *out, struct mx_certificate *info, struct mx_error *err);

// Whether `certificate` is signed by `roots` (PEM, several are fine), through `chain` (may be
// empty), and valid at `now_ms`.
int mx_certificate_check(struct mx_slice certificate, struct mx_slice chain, struct mx_slice roots,
    int64_t now_ms, struct mx_error *err);

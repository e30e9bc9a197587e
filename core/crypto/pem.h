// Keys and certificates as text, in the forms in which people and providers have them.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "platform/error.h"
#include "platform/slice.h"

// Each result is owned: free it with EVP_PKEY_free() or X509_free(). MX_E_INVALID says what is
// wrong. Keys are RSA of at least 2048 bits.
int mx_pem_private_key(struct mx_slice text, EVP_PKEY **out, struct mx_error *err);
int mx_pem_public_key(struct mx_slice text, EVP_PKEY **out, struct mx_error *err);
int mx_pem_certificate(struct mx_slice text, X509 **out, struct mx_error *err);

// For libcrypto's PEM readers: no passphrase. Without it they would ask on the terminal.
int mx_pem_no_passphrase(char *out, int size, int writing, void *ctx);

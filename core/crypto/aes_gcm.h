// AES-GCM as payment providers use it. For our own secrets see seal.h.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

enum { MX_AES_GCM_TAG_SIZE = 16 };

// Appends cipher text and tag to `out`. `key` is 16, 24 or 32 bytes; `nonce` 12, never used twice.
int mx_aes_gcm_seal(struct mx_slice key, struct mx_slice nonce, struct mx_slice associated,
    struct mx_slice plain, mx_buf *out, struct mx_error *err);

// Appends the plain text to `out`. MX_E_INVALID when it does not authenticate.
int mx_aes_gcm_open(struct mx_slice key, struct mx_slice nonce, struct mx_slice associated,
    struct mx_slice sealed, mx_buf *out, struct mx_error *err);

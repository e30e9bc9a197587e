// Values that travel through a visitor's hands and come back unaltered: cookies, cursors.
// Readable by anyone; only for one purpose each.
#pragma once

#include "crypto/keyring.h"

// Appends the signed form of `value` to `out`: base64url text and ".".
int mx_sign(const mx_keyring *ring, const char *purpose, struct mx_slice value, mx_buf *out,
    struct mx_error *err);

// Appends the value to `out`. MX_E_INVALID for whatever we did not sign for this purpose.
int mx_verify(const mx_keyring *ring, const char *purpose, struct mx_slice text, mx_buf *out,
    struct mx_error *err);

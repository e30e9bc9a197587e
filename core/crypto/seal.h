// Secrets at rest: XChaCha20-Poly1305 under the keyring, bound to a name.
#pragma once

#include "crypto/keyring.h"

// Appends the sealed form of `plain` to `out`. `name` (as "plugin|key|scope") is not stored, but
// opening needs the same one: a sealed value moved elsewhere does not open.
int mx_seal(const mx_keyring *ring, const struct mx_world *world, struct mx_slice name,
    struct mx_slice plain, mx_buf *out, struct mx_error *err);

// Appends the plain value to `out`. MX_E_INVALID when it was altered, moved, or sealed with a key
// that is not in the ring.
int mx_unseal(const mx_keyring *ring, struct mx_slice name, struct mx_slice sealed, mx_buf *out,
    struct mx_error *err);

// Whether the newest key sealed it; if not, seal it again after a rotation.
bool mx_sealed_by_newest(const mx_keyring *ring, struct mx_slice sealed);

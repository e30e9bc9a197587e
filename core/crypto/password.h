// Password hashes: Argon2id, 19 MiB, 2 passes. About 12 ms each: for the pool, not for a loop.
#pragma once

#include <stdbool.h>

#include "platform/error.h"
#include "platform/slice.h"

enum {
    MX_PASSWORD_HASH_SIZE = 128, // with the NUL
    MX_PASSWORD_MAX = 1024,      // longer ones are refused, not cut
};

// A hash with its own salt and parameters, as text.
int mx_password_hash(
    struct mx_slice password, char out[MX_PASSWORD_HASH_SIZE], struct mx_error *err);

// False also for a hash that is none.
bool mx_password_verify(struct mx_slice hash, struct mx_slice password);

// Takes as long as a verification and is never right: for accounts that do not exist, so that the
// answer's time does not tell.
void mx_password_verify_nobody(struct mx_slice password);

// The hash was made with weaker parameters than today's.
bool mx_password_needs_rehash(struct mx_slice hash);

// Random names: secrets of 256 bits, and identifiers.
#pragma once

#include "platform/slice.h"
#include "platform/world.h"

enum {
    MX_TOKEN_LEN = 43, // base64url of 32 bytes
    MX_TOKEN_HASH_SIZE = 32,
    MX_UUID_LEN = 36,
};

// A new secret as text, with a NUL.
void mx_token_create(const struct mx_world *world, char out[MX_TOKEN_LEN + 1]);

// What is stored instead of a token: BLAKE2b-256 of its text.
void mx_token_hash(struct mx_slice token, unsigned char out[MX_TOKEN_HASH_SIZE]);

// A UUID version 7 (time first, so that new ones are neighbours in an index), with a NUL.
void mx_uuid_create(const struct mx_world *world, char out[MX_UUID_LEN + 1]);

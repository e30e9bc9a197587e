// Digests and keyed digests, as raw bytes.
#pragma once

#include "platform/error.h"
#include "platform/slice.h"

enum { MX_SHA1_SIZE = 20, MX_SHA256_SIZE = 32, MX_SHA512_SIZE = 64, MX_BLAKE2B_SIZE = 32 };

void mx_sha256(struct mx_slice data, unsigned char out[MX_SHA256_SIZE]);
void mx_sha512(struct mx_slice data, unsigned char out[MX_SHA512_SIZE]);

// BLAKE2b-256. `key` may be empty; at most 64 bytes.
int mx_blake2b(struct mx_slice key, struct mx_slice data, unsigned char out[MX_BLAKE2B_SIZE],
    struct mx_error *err);

// Keys of any length. SHA-1 only where a protocol leaves no choice (TOTP, old providers).
void mx_hmac_sha1(struct mx_slice key, struct mx_slice data, unsigned char out[MX_SHA1_SIZE]);
void mx_hmac_sha256(struct mx_slice key, struct mx_slice data, unsigned char out[MX_SHA256_SIZE]);
void mx_hmac_sha512(struct mx_slice key, struct mx_slice data, unsigned char out[MX_SHA512_SIZE]);

// SipHash-2-4 with 128 bits: for short texts that are found again in memory, under a secret key.
enum { MX_SIPHASH_KEY_SIZE = 16, MX_SIPHASH_SIZE = 16 };
void mx_siphash(const unsigned char key[MX_SIPHASH_KEY_SIZE], struct mx_slice data,
    unsigned char out[MX_SIPHASH_SIZE]);

// SHA-256 of a file, in pieces.
int mx_sha256_file(const char *path, unsigned char out[MX_SHA256_SIZE], struct mx_error *err);

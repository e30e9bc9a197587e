// SHA-256, for the checksums of migrations and archives. The room does not see core/crypto.
#pragma once

#include <stdint.h>

#include "platform/slice.h"

enum { MX_CHECKSUM_SIZE = 32, MX_CHECKSUM_BLOCK = 64 };

struct mx_checksum {
    uint32_t state[8];
    unsigned char rest[MX_CHECKSUM_BLOCK]; // begun, not full
    size_t rest_len;
    uint64_t total;
};

// In pieces: begin, add as often as needed, end. The digest is lower case hex, with a NUL.
void mx_checksum_begin(struct mx_checksum *sum);
void mx_checksum_add(struct mx_checksum *sum, struct mx_slice data);
void mx_checksum_end(struct mx_checksum *sum, char out[2 * MX_CHECKSUM_SIZE + 1]);

// At once.
void mx_checksum_hex(struct mx_slice data, char out[2 * MX_CHECKSUM_SIZE + 1]);

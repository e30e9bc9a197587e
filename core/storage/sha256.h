// SHA-256, for the checksums of migrations. The room does not see core/crypto.
#pragma once

#include "platform/slice.h"

enum { MX_CHECKSUM_SIZE = 32 };

// The digest as lower case hex, with a NUL.
void mx_checksum_hex(struct mx_slice data, char out[2 * MX_CHECKSUM_SIZE + 1]);

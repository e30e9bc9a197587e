#include "crypto/token.h"

#include <sodium.h>

enum { TOKEN_BYTES = 32 };

_Static_assert(crypto_generichash_BYTES == MX_TOKEN_HASH_SIZE, "BLAKE2b-256");

void mx_token_create(const struct mx_world *world, char out[MX_TOKEN_LEN + 1]) {
    unsigned char bytes[TOKEN_BYTES];
    mx_random(world, bytes, sizeof(bytes));
    sodium_bin2base64(
        out, MX_TOKEN_LEN + 1, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof(bytes));
}

void mx_token_hash(struct mx_slice token, unsigned char out[MX_TOKEN_HASH_SIZE]) {
    const unsigned char *ptr = (const unsigned char *)(token.ptr ? token.ptr : "");
    crypto_generichash(out, MX_TOKEN_HASH_SIZE, ptr, token.len, NULL, 0);
}

void mx_uuid_create(const struct mx_world *world, char out[MX_UUID_LEN + 1]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    mx_random(world, bytes, sizeof(bytes));
    uint64_t now = (uint64_t)mx_now_ms(world);
    for (int i = 0; i < 6; i++) {
        bytes[i] = (unsigned char)(now >> (40 - 8 * i));
    }
    bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0f)); // version 7
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f)); // the variant of RFC 9562
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
}

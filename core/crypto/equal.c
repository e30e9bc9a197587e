#include "crypto/equal.h"

#include <sodium.h>

bool mx_secret_equal(struct mx_slice a, struct mx_slice b) {
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void mx_secret_wipe(void *ptr, size_t size) {
    sodium_memzero(ptr, size);
}

#include "crypto/init.h"

#include <stdlib.h>

#include <sodium.h>

#include "platform/log.h"

void mx_crypto_init(void) {
    if (sodium_init() < 0) { // 0 at first, 1 later; safe from any thread
        mx_log_error("libsodium cannot start: the system has no random source");
        abort();
    }
}

// libsodium wants one call before any other. Used by this room only.
#pragma once

// Ends the process when the library cannot start: no secret could be made then.
void mx_crypto_init(void);

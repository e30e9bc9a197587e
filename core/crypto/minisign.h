// Signatures of files in the formats of minisign: keys, secret keys under a password, signatures
// with a trusted comment. What is made here the stock program verifies, and the other way round.
#pragma once

#include <stdbool.h>

#include "platform/buf.h"
#include "platform/error.h"
#include "platform/world.h"

enum {
    MX_MINISIGN_ID_SIZE = 8,
    MX_MINISIGN_ID_TEXT = 2 * MX_MINISIGN_ID_SIZE + 1, // with the NUL
    MX_MINISIGN_COMMENT_MAX = 1024,
};

struct mx_minisign_public {
    unsigned char id[MX_MINISIGN_ID_SIZE];
    unsigned char key[32];
};

// Wipe it with mx_secret_wipe() when it is no longer needed.
struct mx_minisign_secret {
    unsigned char id[MX_MINISIGN_ID_SIZE];
    unsigned char key[64];
};

// A signature that was read; nothing of it is verified yet.
struct mx_minisign_signature {
    unsigned char id[MX_MINISIGN_ID_SIZE];
    bool is_prehashed; // "ED": over BLAKE2b-512 of the file, else "Ed": over the file itself
    unsigned char signature[64];
    unsigned char global[64];
    struct mx_slice comment; // the trusted one, borrowed from the text
};

// A fresh pair.
void mx_minisign_create(const struct mx_world *world, struct mx_minisign_secret *secret,
    struct mx_minisign_public *out);
void mx_minisign_public_of(const struct mx_minisign_secret *secret, struct mx_minisign_public *out);

// The id of a key as people see it: 16 hex digits.
void mx_minisign_id_text(
    const unsigned char id[MX_MINISIGN_ID_SIZE], char out[MX_MINISIGN_ID_TEXT]);

// Key files. Of a public key the line of base64 alone is enough.
int mx_minisign_public_read(
    struct mx_slice text, struct mx_minisign_public *out, struct mx_error *err);
void mx_minisign_public_write(const struct mx_minisign_public *key, mx_buf *out);

// An empty password leaves the secret key readable. Wrong password: MX_E_INVALID.
int mx_minisign_secret_read(struct mx_slice text, struct mx_slice password,
    struct mx_minisign_secret *out, struct mx_error *err);
int mx_minisign_secret_write(const struct mx_minisign_secret *secret, struct mx_slice password,
    const struct mx_world *world, mx_buf *out, struct mx_error *err);

// Whether a password opens this secret key.
bool mx_minisign_secret_is_locked(struct mx_slice text);

// Appends a signature file. `comment` is one line, which the signature covers, too.
int mx_minisign_sign(const struct mx_minisign_secret *secret, struct mx_slice message,
    struct mx_slice comment, bool prehashed, mx_buf *out, struct mx_error *err);

// Takes apart; refuses everything but the four lines.
int mx_minisign_signature_read(
    struct mx_slice text, struct mx_minisign_signature *out, struct mx_error *err);

// MX_E_INVALID says which of the three is wrong: the key, the file or the trusted comment.
int mx_minisign_verify(const struct mx_minisign_public *key,
    const struct mx_minisign_signature *signature, struct mx_slice message, struct mx_error *err);

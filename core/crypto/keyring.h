// The shop's secret keys, from one file that only its owner may read.
//
// The newest key seals and signs; older ones still open and verify. Each has a number, 1 to 255.
#pragma once

#include <stddef.h>

#include "platform/buf.h"
#include "platform/error.h"
#include "platform/world.h"

typedef struct mx_keyring mx_keyring;

enum { MX_KEY_SIZE = 32 };

// Reads the key file. Refuses a link, a file others may read or write, or of another user, and
// damaged content. MX_E_MISSING when there is none. `*out` is owned: give it to mx_keyring_close().
int mx_keyring_open(const char *path, mx_keyring **out, struct mx_error *err);

// Makes a new file (mode 0600) with one fresh key; MX_E_CONFLICT when there is one.
int mx_keyring_create(
    const char *path, const struct mx_world *world, mx_keyring **out, struct mx_error *err);

// Wipes the keys. `ring` may be NULL.
void mx_keyring_close(mx_keyring *ring);

// Adds a fresh key, which becomes the newest, and rewrites the file. Not while another thread uses
// this ring: reading it is safe from any thread, changing it is not.
int mx_keyring_rotate(mx_keyring *ring, const struct mx_world *world, struct mx_error *err);

// The number of the newest key.
int mx_keyring_newest(const mx_keyring *ring);

// The key for one purpose, derived from key `number`. MX_E_MISSING for an unknown number.
int mx_keyring_derive(const mx_keyring *ring, int number, const char *purpose,
    unsigned char out[MX_KEY_SIZE], struct mx_error *err);

// The file's content under a passphrase (Argon2id, XChaCha20-Poly1305), to travel with a backup,
// and back into a new file at `path`. Wrong passphrase: MX_E_INVALID.
int mx_keyring_export(const mx_keyring *ring, struct mx_slice passphrase,
    const struct mx_world *world, mx_buf *out, struct mx_error *err);
int mx_keyring_import(const char *path, struct mx_slice passphrase, struct mx_slice exported,
    mx_keyring **out, struct mx_error *err);

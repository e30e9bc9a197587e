// The data folder: made, locked, its database brought up to date.
#pragma once

#include "crypto/keyring.h"
#include "server/options.h"
#include "storage/db.h"
#include "storage/lock.h"

struct mx_folder {
    mx_lock *lock;
    mx_db *db; // read-write
    mx_keyring *keyring;
    char *database; // path of shop.db
    char *uploads;  // where files of forms wait; empty at the start
};

// Opens everything, also when that means to make it. On failure `*out` is as after close.
// MX_E_CONFLICT: another process has the folder.
int mx_folder_open(const mx_options *options, struct mx_folder *out, struct mx_error *err);

// `folder` may be zeroed.
void mx_folder_close(struct mx_folder *folder);

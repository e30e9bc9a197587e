// One process for a data folder: an flock that the system drops with its holder.
#pragma once

#include "platform/error.h"

typedef struct mx_lock mx_lock;

// Takes the lock file at `path`, without waiting. MX_E_CONFLICT names the process that holds it.
// `*out` is owned: give it to mx_lock_release().
int mx_lock_acquire(const char *path, mx_lock **out, struct mx_error *err);

// Lets go. `lock` may be NULL. The file stays: removing it would race with the next holder.
void mx_lock_release(mx_lock *lock);

// The process that holds `path` now, or 0.
long mx_lock_holder(const char *path);

// Copies of a live database, and the checks before one is put back.
#pragma once

#include "storage/db.h"

// Bytes written so far of about `total`. False stops the copy with MX_E_LIMIT.
typedef bool (*mx_backup_fn)(void *ctx, uint64_t done, uint64_t total);

// Copies the database at `from` to `to`, which must not exist, on a connection of its own: a
// consistent, compact picture of one moment, while others read and write. Whole or not at all.
// `fn` may be NULL.
int mx_backup_database(const char *from, const char *to, bool allow_old_deps, mx_backup_fn fn,
    void *ctx, struct mx_error *err);

struct mx_backup_info {
    int schema_version;
    uint64_t bytes;
};

// Whether `path` may take the place of a database: it is ours, undamaged, its references hold, and
// its schema is at most `schema_newest` (0: any).
int mx_backup_check(const char *path, int schema_newest, bool allow_old_deps,
    struct mx_backup_info *out, struct mx_error *err);

// The files of a migrations folder: NNNN_name.sql.
#pragma once

#include "storage/migrate.h"

// Fills the report's list, sorted by number, nothing applied. Refuses other .sql names, two files
// of one number, and number 0. Names that do not end in ".sql" are skipped.
int mx_migration_folder_read(const char *dir, struct mx_migrate_report *out, struct mx_error *err);

// Appends the text of one file; refuses it when it is not the one that was listed.
int mx_migration_read(
    const char *dir, const struct mx_migration *file, mx_buf *out, struct mx_error *err);

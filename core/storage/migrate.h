// Brings a database up to date from a folder of NNNN_name.sql files, forward only.
//
// Each file runs in one transaction with foreign keys off and is followed by a check of them. The
// table schema_migrations keeps what ran, and user_version the highest number. A copy of the file
// is made first and removed when all went well. Killed anywhere, a second run finishes.
#pragma once

#include "platform/buf.h"
#include "storage/db.h"

struct mx_migration {
    int number;
    char name[96];      // file name without number and ".sql"
    char checksum[65];  // SHA-256 of the file, hex
    int64_t applied_at; // milliseconds UTC; 0: not yet
};

struct mx_migrate_options {
    const char *dir; // borrowed for the call
    int64_t now_ms;  // for applied_at
    bool no_copy;    // do not copy the file first: tests, plugins' own tables
    // A plugin's migrations: run under its grant, recorded in <prefix>schema_migrations, without
    // touching user_version. NULL: ours.
    const struct mx_db_owner *owner;
};

struct mx_migrate_report {
    struct mx_migration *list; // all of the folder, by number; owned
    int count;
    int applied; // how many this run applied
};

// Applies what is missing. Refuses an applied file that was edited, a number above the newest file,
// a gap behind an applied one and two files of one number. On failure the report holds what is
// done.
int mx_migrate_run(mx_db *db, const struct mx_migrate_options *options,
    struct mx_migrate_report *out, struct mx_error *err);

// Only says what is applied and what is missing.
int mx_migrate_list(mx_db *db, const struct mx_migrate_options *options,
    struct mx_migrate_report *out, struct mx_error *err);

// The highest number in `dir`, for mx_db_options.schema_newest; 0 when it has no file.
int mx_migrate_newest(const char *dir, int *out, struct mx_error *err);

// Frees what a report holds. It may be zeroed.
void mx_migrate_report_deinit(struct mx_migrate_report *report);

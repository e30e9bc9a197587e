// Looks for damage in a database. Changes nothing.
#pragma once

#include "platform/buf.h"
#include "storage/db.h"

enum mx_fsck_depth {
    MX_FSCK_QUICK, // quick_check: pages and rows, not indexes against tables
    MX_FSCK_FULL,  // integrity_check and foreign_key_check
};

struct mx_fsck_report {
    mx_buf problems; // one a line; owned
    int count;       // of problems
    int64_t pages;
    int64_t free_pages;
    int64_t page_size;
    int64_t wal_bytes;
    int schema_version;
};

// MX_OK when it could look, whatever it found: see `count`. Stops at 100 problems.
int mx_fsck_run(
    mx_db *db, enum mx_fsck_depth depth, struct mx_fsck_report *out, struct mx_error *err);

// Frees what a report holds. It may be zeroed.
void mx_fsck_report_deinit(struct mx_fsck_report *report);

// SQLite's own checks, gathered into one report.
#include "storage/fsck.h"

#include "storage/internal.h"

enum { PROBLEMS_MAX = 100 };

static void add_problem(struct mx_fsck_report *report, struct mx_slice text) {
    mx_buf_append_slice(&report->problems, text);
    mx_buf_append_char(&report->problems, '\n');
    report->count++;
}

// Damage so deep that SQLite cannot even look is a finding, too.
static int count_corruption(
    const mx_db *db, int rc, struct mx_fsck_report *report, const struct mx_error *err) {
    if (rc >= 0 || (db->last_code & 0xff) != SQLITE_CORRUPT) {
        return rc;
    }
    add_problem(report, mx_slice_of(err->text));
    return MX_OK;
}

// Rows of text, of which a single "ok" is good news.
static int check_pages(
    mx_db *db, const char *sql, struct mx_fsck_report *out, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_prepare(db, mx_slice_of(sql), &stmt, err);
    while (rc >= 0 && (rc = mx_stmt_step(stmt, err)) == MX_STMT_ROW) {
        struct mx_slice text = mx_stmt_column_text(stmt, 0);
        if (!mx_slice_equal(text, MX_SLICE("ok"))) {
            add_problem(out, text);
        }
    }
    mx_stmt_close(stmt);
    return count_corruption(db, rc, out, err);
}

static int check_references(mx_db *db, struct mx_fsck_report *out, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_prepare(db, MX_SLICE("PRAGMA foreign_key_check"), &stmt, err);
    while (rc >= 0 && out->count < PROBLEMS_MAX && (rc = mx_stmt_step(stmt, err)) == MX_STMT_ROW) {
        struct mx_slice table = mx_stmt_column_text(stmt, 0), parent = mx_stmt_column_text(stmt, 2);
        mx_buf_append_format(&out->problems,
            "row %lld of %.*s refers to a row of %.*s that is not there\n",
            (long long)mx_stmt_column_int(stmt, 1), (int)table.len, table.ptr, (int)parent.len,
            parent.ptr);
        out->count++;
    }
    mx_stmt_close(stmt);
    rc = count_corruption(db, rc, out, err);
    return rc < 0 ? rc : MX_OK;
}

static int measure(mx_db *db, struct mx_fsck_report *out, struct mx_error *err) {
    int64_t version = 0;
    int rc = mx_db_int(db, "PRAGMA page_count", &out->pages, err);
    if (rc == MX_OK) {
        rc = mx_db_int(db, "PRAGMA freelist_count", &out->free_pages, err);
    }
    if (rc == MX_OK) {
        rc = mx_db_int(db, "PRAGMA page_size", &out->page_size, err);
    }
    if (rc == MX_OK) {
        rc = mx_db_int(db, "PRAGMA user_version", &version, err);
    }
    out->schema_version = (int)version;
    out->wal_bytes = (int64_t)mx_file_bytes(db->path, "-wal");
    return rc;
}

int mx_fsck_run(
    mx_db *db, enum mx_fsck_depth depth, struct mx_fsck_report *out, struct mx_error *err) {
    *out = (struct mx_fsck_report){0};
    const char *sql = depth == MX_FSCK_FULL ? "PRAGMA integrity_check(100)" // PROBLEMS_MAX
                                            : "PRAGMA quick_check(100)";
    int rc = measure(db, out, err);
    if (rc == MX_OK) {
        rc = check_pages(db, sql, out, err);
    }
    if (rc == MX_OK && depth == MX_FSCK_FULL) {
        rc = check_references(db, out, err);
    }
    mx_db_slice_end(db);
    return rc;
}

void mx_fsck_report_deinit(struct mx_fsck_report *report) {
    mx_buf_deinit(&report->problems);
}

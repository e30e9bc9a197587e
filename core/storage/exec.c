// Texts of several statements: run one after the other, and where the first one stands that fails.
#include "platform/slice.h"
#include "storage/internal.h"
#include "storage/scan.h"

static int line_at(const char *text, const char *at) {
    int line = 1;
    for (; text < at; text++) {
        line += *text == '\n';
    }
    return line;
}

// Steps the statement at `at` to its end. `*rest` is what follows it.
static int run_first(
    mx_db *db, const char *at, const char **rest, const char **failed, struct mx_error *err) {
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db->handle, at, -1, &stmt, rest);
    int offset = code == SQLITE_OK ? -1 : sqlite3_error_offset(db->handle);
    while (code == SQLITE_OK && stmt) {
        code = sqlite3_step(stmt);
        code = code == SQLITE_ROW ? SQLITE_OK : code;
    }
    int rc = code == SQLITE_OK || code == SQLITE_DONE ? MX_OK : mx_db_fail(db, err);
    *failed = offset > 0 ? at + offset : at;
    sqlite3_finalize(stmt);
    return rc;
}

int mx_db_exec_lines(mx_db *db, const char *sql, int *out_line, struct mx_error *err) {
    *out_line = 1;
    int rc = mx_guard_check(db, mx_slice_of(sql), err);
    if (rc < 0) {
        return rc;
    }
    db->refusal[0] = '\0';
    db->running = db->owner;
    db->running_sql = mx_slice_of(sql);
    const char *at = sql, *failed = sql;
    while (rc == MX_OK && *at != '\0') {
        at += mx_scan_blank(mx_slice_of(at));
        rc = run_first(db, at, &at, &failed, err);
    }
    db->running = NULL;
    if (rc < 0) {
        *out_line = line_at(sql, failed);
    }
    return rc;
}

int mx_db_exec(mx_db *db, const char *sql, struct mx_error *err) {
    int line;
    return mx_db_exec_lines(db, sql, &line, err);
}

// Prepared statements. Each knows whose it is: SQLite may prepare one again in the middle of a step
// (after a change of the schema), and the guard must then judge it as it did the first time.
#include "storage/stmt.h"

#include <assert.h>
#include <limits.h>

#include "platform/alloc.h"
#include "storage/internal.h"

struct mx_stmt {
    mx_db *db; // NULL once the connection is closed
    sqlite3_stmt *handle;
    const struct mx_db_owner *owner;
    bool text_is_clean; // for the guard
    int bind_code;      // the first failed bind
    bool is_stepped;
    mx_stmt *next, **link;                 // of db->statements
    mx_stmt *stepped_next, **stepped_link; // of db->stepped
};

static void mark_stepped(mx_stmt *stmt) {
    if (stmt->is_stepped) {
        return;
    }
    mx_db *db = stmt->db;
    stmt->is_stepped = true;
    stmt->stepped_next = db->stepped;
    stmt->stepped_link = &db->stepped;
    if (db->stepped) {
        db->stepped->stepped_link = &stmt->stepped_next;
    }
    db->stepped = stmt;
}

static void unmark_stepped(mx_stmt *stmt) {
    if (!stmt->is_stepped) {
        return;
    }
    *stmt->stepped_link = stmt->stepped_next;
    if (stmt->stepped_next) {
        stmt->stepped_next->stepped_link = stmt->stepped_link;
    }
    stmt->is_stepped = false;
}

static void link_statement(mx_stmt *stmt) {
    mx_db *db = stmt->db;
    stmt->next = db->statements;
    stmt->link = &db->statements;
    if (db->statements) {
        db->statements->link = &stmt->next;
    }
    db->statements = stmt;
    db->statement_count++;
}

static void detach(mx_stmt *stmt) {
    unmark_stepped(stmt);
    *stmt->link = stmt->next;
    if (stmt->next) {
        stmt->next->link = stmt->link;
    }
    stmt->db->statement_count--;
    sqlite3_finalize(stmt->handle);
    stmt->handle = NULL;
    stmt->db = NULL;
}

// Whether there is only space, comments and ";" behind the first statement.
static bool is_blank(mx_db *db, const char *tail, const char *end) {
    if (tail >= end) {
        return true;
    }
    sqlite3_stmt *rest = NULL;
    int code = sqlite3_prepare_v2(db->handle, tail, (int)(end - tail), &rest, NULL);
    bool blank = code == SQLITE_OK && rest == NULL;
    sqlite3_finalize(rest);
    return blank;
}

static int prepare(mx_db *db, struct mx_slice sql, sqlite3_stmt **out, struct mx_error *err) {
    if (sql.len > INT_MAX) {
        return mx_fail(err, MX_E_LIMIT, "the SQL text is too long");
    }
    const char *tail = NULL;
    db->refusal[0] = '\0';
    db->running = db->owner;
    db->running_sql = sql;
    int code = sqlite3_prepare_v3(
        db->handle, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT, out, &tail);
    int rc = MX_OK;
    if (code != SQLITE_OK) {
        rc = mx_db_fail(db, err);
    } else if (!*out) {
        rc = mx_fail(err, MX_E_INVALID, "there is no SQL statement in the text");
    } else if (!is_blank(db, tail, sql.ptr + sql.len)) {
        rc = mx_fail(err, MX_E_INVALID, "more than one SQL statement: prepare them one by one");
    }
    db->running = NULL;
    return rc;
}

int mx_stmt_prepare(mx_db *db, struct mx_slice sql, mx_stmt **out, struct mx_error *err) {
    int rc = mx_guard_check(db, sql, err);
    if (rc < 0) {
        return rc;
    }
    sqlite3_stmt *handle = NULL;
    rc = prepare(db, sql, &handle, err);
    if (rc < 0) {
        sqlite3_finalize(handle);
        return rc;
    }
    mx_stmt *stmt = mx_alloc(sizeof(*stmt));
    stmt->db = db;
    stmt->handle = handle;
    stmt->owner = db->owner;
    stmt->text_is_clean = db->text_is_clean;
    link_statement(stmt);
    *out = stmt;
    return MX_OK;
}

void mx_stmt_close(mx_stmt *stmt) {
    if (!stmt) {
        return;
    }
    if (stmt->db) {
        detach(stmt);
    }
    mx_free(stmt);
}

void mx_stmt_detach_all(mx_db *db) {
    while (db->statements) {
        detach(db->statements); // takes itself off the list
    }
}

const char *mx_stmt_sql(const mx_stmt *stmt) {
    return sqlite3_sql(stmt->handle);
}

bool mx_stmt_is_read_only(const mx_stmt *stmt) {
    return sqlite3_stmt_readonly(stmt->handle) != 0;
}

bool mx_stmt_is_stepped(const mx_stmt *stmt) {
    return stmt->is_stepped;
}

mx_db *mx_stmt_db(const mx_stmt *stmt) {
    return stmt->db;
}

int mx_stmt_param_count(const mx_stmt *stmt) {
    return sqlite3_bind_parameter_count(stmt->handle);
}

const char *mx_stmt_param_name(const mx_stmt *stmt, int param) {
    const char *name = sqlite3_bind_parameter_name(stmt->handle, param);
    return name && name[0] != '?' ? name + 1 : NULL;
}

int mx_stmt_param_index(const mx_stmt *stmt, struct mx_slice name) {
    int count = mx_stmt_param_count(stmt);
    for (int i = 1; i <= count; i++) {
        if (mx_slice_equal(mx_slice_of(mx_stmt_param_name(stmt, i)), name) && name.len > 0) {
            return i;
        }
    }
    return 0;
}

static void keep_bind_code(mx_stmt *stmt, int code) {
    if (stmt->bind_code == SQLITE_OK) {
        stmt->bind_code = code;
    }
}

void mx_stmt_bind_null(mx_stmt *stmt, int param) {
    keep_bind_code(stmt, sqlite3_bind_null(stmt->handle, param));
}

void mx_stmt_bind_int(mx_stmt *stmt, int param, int64_t value) {
    keep_bind_code(stmt, sqlite3_bind_int64(stmt->handle, param, value));
}

void mx_stmt_bind_real(mx_stmt *stmt, int param, double value) {
    keep_bind_code(stmt, sqlite3_bind_double(stmt->handle, param, value));
}

void mx_stmt_bind_text(mx_stmt *stmt, int param, struct mx_slice value) {
    const char *ptr = value.ptr ? value.ptr : ""; // a NULL pointer would bind NULL
    keep_bind_code(
        stmt, sqlite3_bind_text64(stmt->handle, param, ptr, value.len, SQLITE_STATIC, SQLITE_UTF8));
}

void mx_stmt_bind_blob(mx_stmt *stmt, int param, struct mx_slice value) {
    const char *ptr = value.ptr ? value.ptr : "";
    keep_bind_code(stmt, sqlite3_bind_blob64(stmt->handle, param, ptr, value.len, SQLITE_STATIC));
}

static int fail_from_bind(const mx_stmt *stmt, struct mx_error *err) {
    switch (stmt->bind_code) {
    case SQLITE_RANGE: return mx_fail(err, MX_E_INVALID, "the statement has no such parameter");
    case SQLITE_TOOBIG: return mx_fail(err, MX_E_LIMIT, "a value is too long for the database");
    case SQLITE_MISUSE:
        return mx_fail(err, MX_E_INVALID, "a value was bound to a statement that is running");
    default:
        return mx_fail(err, MX_E_SYSTEM, "binding failed: %s", sqlite3_errstr(stmt->bind_code));
    }
}

int mx_stmt_step(mx_stmt *stmt, struct mx_error *err) {
    mx_db *db = stmt->db;
    assert(db != NULL && "the connection is open");
    if (stmt->bind_code != SQLITE_OK) {
        return fail_from_bind(stmt, err);
    }
    if (db->mode == MX_DB_READ) {
        int rc = mx_db_slice_touch(db, err);
        if (rc < 0) {
            return rc;
        }
    }
    mark_stepped(stmt);
    db->refusal[0] = '\0';
    db->running = stmt->owner;
    if (stmt->owner) {
        db->running_sql = mx_slice_of(sqlite3_sql(stmt->handle));
        db->text_is_clean = stmt->text_is_clean;
    }
    int code = sqlite3_step(stmt->handle);
    db->running = NULL;
    if (code == SQLITE_ROW) {
        return MX_STMT_ROW;
    }
    return code == SQLITE_DONE ? MX_STMT_DONE : mx_db_fail(db, err);
}

int mx_stmt_run(mx_stmt *stmt, struct mx_error *err) {
    int rc = mx_stmt_step(stmt, err);
    while (rc == MX_STMT_ROW) {
        rc = mx_stmt_step(stmt, err);
    }
    mx_stmt_reset(stmt);
    return rc;
}

void mx_stmt_reset(mx_stmt *stmt) {
    if (!stmt->db) {
        return;
    }
    sqlite3_reset(stmt->handle); // repeats the failure of the last step, which was told
    sqlite3_clear_bindings(stmt->handle);
    stmt->bind_code = SQLITE_OK;
    unmark_stepped(stmt);
}

int mx_stmt_column_count(const mx_stmt *stmt) {
    return sqlite3_column_count(stmt->handle);
}

const char *mx_stmt_column_name(const mx_stmt *stmt, int column) {
    return sqlite3_column_name(stmt->handle, column);
}

enum mx_stmt_type mx_stmt_column_type(const mx_stmt *stmt, int column) {
    switch (sqlite3_column_type(stmt->handle, column)) {
    case SQLITE_INTEGER: return MX_STMT_INT;
    case SQLITE_FLOAT: return MX_STMT_REAL;
    case SQLITE_TEXT: return MX_STMT_TEXT;
    case SQLITE_BLOB: return MX_STMT_BLOB;
    default: return MX_STMT_NULL;
    }
}

// Of the value itself: each sqlite3_column_…() would look for it again.
void mx_stmt_column(const mx_stmt *stmt, int column, struct mx_stmt_value *out) {
    sqlite3_value *value = sqlite3_column_value(stmt->handle, column);
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: out->type = MX_STMT_NULL; break;
    case SQLITE_INTEGER:
        out->type = MX_STMT_INT;
        out->integer = sqlite3_value_int64(value);
        break;
    case SQLITE_FLOAT:
        out->type = MX_STMT_REAL;
        out->real = sqlite3_value_double(value);
        break;
    default: {
        bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
        const char *ptr = is_text ? (const char *)sqlite3_value_text(value)
                                  : sqlite3_value_blob(value); // before its length
        out->type = is_text ? MX_STMT_TEXT : MX_STMT_BLOB;
        out->bytes = (struct mx_slice){ptr ? ptr : "", (size_t)sqlite3_value_bytes(value)};
    }
    }
}

int64_t mx_stmt_column_int(const mx_stmt *stmt, int column) {
    return sqlite3_column_int64(stmt->handle, column);
}

double mx_stmt_column_real(const mx_stmt *stmt, int column) {
    return sqlite3_column_double(stmt->handle, column);
}

struct mx_slice mx_stmt_column_text(const mx_stmt *stmt, int column) {
    const char *ptr = (const char *)sqlite3_column_text(stmt->handle, column); // before its length
    return (struct mx_slice){ptr ? ptr : "", (size_t)sqlite3_column_bytes(stmt->handle, column)};
}

struct mx_slice mx_stmt_column_blob(const mx_stmt *stmt, int column) {
    const char *ptr = sqlite3_column_blob(stmt->handle, column);
    return (struct mx_slice){ptr ? ptr : "", (size_t)sqlite3_column_bytes(stmt->handle, column)};
}

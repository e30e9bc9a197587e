// Prepared statements: bind, step, read, reset.
#pragma once

#include "storage/db.h"

typedef struct mx_stmt mx_stmt;

enum mx_stmt_type { MX_STMT_NULL, MX_STMT_INT, MX_STMT_REAL, MX_STMT_TEXT, MX_STMT_BLOB };
enum { MX_STMT_DONE = 0, MX_STMT_ROW = 1 };

// Prepares the one statement in `sql` for as long as the connection lives.
// `*out` is owned: give it to mx_stmt_close(), before or after mx_db_close().
int mx_stmt_prepare(mx_db *db, struct mx_slice sql, mx_stmt **out, struct mx_error *err);

// Frees `stmt`, which may be NULL.
void mx_stmt_close(mx_stmt *stmt);

// The cached statement for this text and the current owner, prepared at first use. `*out` is
// borrowed until it is reset and the next call; reset it when done. The cache keeps the last 256.
int mx_stmt_cached(mx_db *db, struct mx_slice sql, mx_stmt **out, struct mx_error *err);

const char *mx_stmt_sql(const mx_stmt *stmt);
bool mx_stmt_is_read_only(const mx_stmt *stmt);

// Parameters count from 1. Names come without ":", "@" or "$"; NULL for a nameless one.
int mx_stmt_param_count(const mx_stmt *stmt);
const char *mx_stmt_param_name(const mx_stmt *stmt, int param);
// 0 when there is none of that name.
int mx_stmt_param_index(const mx_stmt *stmt, struct mx_slice name);

// Binding never fails by itself: the first mistake (no such parameter, too long) is kept and
// returned by the next step. Bytes are borrowed until mx_stmt_reset().
void mx_stmt_bind_null(mx_stmt *stmt, int param);
void mx_stmt_bind_int(mx_stmt *stmt, int param, int64_t value);
void mx_stmt_bind_real(mx_stmt *stmt, int param, double value);
void mx_stmt_bind_text(mx_stmt *stmt, int param, struct mx_slice value);
void mx_stmt_bind_blob(mx_stmt *stmt, int param, struct mx_slice value);

// MX_STMT_ROW, MX_STMT_DONE or a negative code. On a reader the first step opens the run slice.
// After a failure the statement must be reset.
int mx_stmt_step(mx_stmt *stmt, struct mx_error *err);

// Steps to the end and resets: for statements whose rows do not matter.
int mx_stmt_run(mx_stmt *stmt, struct mx_error *err);

// Ends the statement and forgets what was bound. Fine at any time.
void mx_stmt_reset(mx_stmt *stmt);

// Columns count from 0. Values are borrowed until the next step or reset.
int mx_stmt_column_count(const mx_stmt *stmt);
const char *mx_stmt_column_name(const mx_stmt *stmt, int column);
enum mx_stmt_type mx_stmt_column_type(const mx_stmt *stmt, int column);

// One column of the row, looked at once; `bytes` is borrowed until the next step or reset.
struct mx_stmt_value {
    enum mx_stmt_type type;
    int64_t integer;
    double real;
    struct mx_slice bytes; // of text and blob
};

void mx_stmt_column(const mx_stmt *stmt, int column, struct mx_stmt_value *out);
int64_t mx_stmt_column_int(const mx_stmt *stmt, int column);
double mx_stmt_column_real(const mx_stmt *stmt, int column);
struct mx_slice mx_stmt_column_text(const mx_stmt *stmt, int column);
struct mx_slice mx_stmt_column_blob(const mx_stmt *stmt, int column);

// The connection. NULL once it is closed: then only mx_stmt_close() is allowed.
mx_db *mx_stmt_db(const mx_stmt *stmt);

// What the files of this room know of each other. Included by core/storage only.
#pragma once

#include <sqlite3.h>

#include "storage/db.h"
#include "storage/owner.h"
#include "storage/stmt.h"

// The room's own transaction statements, prepared once a connection.
enum mx_db_verb {
    MX_DB_BEGIN,
    MX_DB_BEGIN_IMMEDIATE,
    MX_DB_COMMIT,
    MX_DB_ROLLBACK,
    MX_DB_JOB_BEGIN, // the writer's savepoint around each job
    MX_DB_JOB_RELEASE,
    MX_DB_JOB_ROLLBACK,
    MX_DB_VERB_COUNT,
};

struct mx_stmt_cache; // stmt_cache.c

// How a reader's file is mapped. SQLite's file points at `methods` until it is closed.
struct mx_mapping {
    sqlite3_io_methods methods;      // those of the file system, but for xUnfetch
    const sqlite3_io_methods *below; // theirs
    sqlite3_int64 most;              // no more of the file is mapped
    sqlite3_int64 bytes;             // of the file, when the mapping was last given up; or negative
};

struct mx_db {
    sqlite3 *handle;
    enum mx_db_mode mode;
    char *path; // owned

    const struct mx_db_owner *owner;   // for the next prepare
    const struct mx_db_owner *running; // whom the guard judges now: set around prepare and step
    struct mx_slice running_sql;       // and for which text
    bool text_is_clean;   // ... which names only what its owner may use (mx_guard_check)
    bool one_transaction; // a migration or job runs: no BEGIN, COMMIT, ROLLBACK
    uint64_t deadline_ns;
    char refusal[160]; // what the guard refused last

    sqlite3_stmt *verbs[MX_DB_VERB_COUNT];
    mx_stmt *statements; // all open ones
    mx_stmt *stepped;    // those stepped since their last reset
    size_t statement_count;
    struct mx_stmt_cache *cache;
    struct mx_mapping mapping;

    bool slice_open;
    void (*slice_fn)(void *ctx);
    void *slice_ctx;

    int busy_ms;
    int last_code; // extended
    int disk_code; // the first code since it was cleared that may mean the disk, not the SQL
    int last_errno;
};

// Opens without the limits that a connection for VACUUM INTO cannot live with.
int mx_db_open_for_copy(const struct mx_db_options *options, mx_db **out, struct mx_error *err);

// Describes the last failure of `db->handle` in `err`.
int mx_db_fail(mx_db *db, struct mx_error *err);

// mx_db_exec(), which also says in which line of `sql` it failed.
int mx_db_exec_lines(mx_db *db, const char *sql, int *out_line, struct mx_error *err);

// Runs one of the fixed statements.
int mx_db_do(mx_db *db, enum mx_db_verb verb, struct mx_error *err);

// Sets the authorizer and the progress handler, once for ever: setting them again would expire
// every cached statement.
void mx_guard_install(mx_db *db);

// From here on the mapping of `db`'s file, of at most `most` bytes, outlives the commits of others.
// Once, on a connection that reads. Without effect where the file system maps no files.
void mx_mapping_keep(mx_db *db, int64_t most);

// Before each prepare: refuses SQL of a plugin that the authorizer could not judge, and sets
// `text_is_clean`.
int mx_guard_check(mx_db *db, struct mx_slice sql, struct mx_error *err);

// Stepped since its last reset.
bool mx_stmt_is_stepped(const mx_stmt *stmt);

// Closes cached statements: those of `owner`, or with `all` every one.
void mx_stmt_cache_clear(mx_db *db, const struct mx_db_owner *owner, bool all);

// Lets go of all statements without freeing what callers still hold.
void mx_stmt_detach_all(mx_db *db);

// Refuses a path on a file system whose locks cannot be trusted.
int mx_filesystem_check(const char *path, struct mx_error *err);

// Of the file, 0 when there is none.
uint64_t mx_file_bytes(const char *path, const char *suffix);

// fsync() of a file or folder, and of the folder that holds `path`.
int mx_sync_path(const char *path, struct mx_error *err);
int mx_sync_folder_of(const char *path, struct mx_error *err);

// One SQLite connection, tuned and guarded. Knows SQL, knows nothing of Lua.
//
// A connection belongs to one thread. Failures are an `enum mx_code` and a text: BUSY (locked, disk
// full), CONFLICT (a constraint; the text is SQLite's), LIMIT (interrupted at the deadline),
// INVALID (bad SQL, refused by the guard), SYSTEM (the disk, a damaged file).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/error.h"
#include "platform/slice.h"

typedef struct mx_db mx_db;
struct mx_db_owner; // storage/owner.h

enum {
    MX_DB_APPLICATION_ID = 0x4d657278, // "Merx" in the file header: how we know our own files
    MX_DB_SQLITE_OLDEST = 3051003,     // before it a WAL reset could damage the file
};

enum mx_db_mode {
    MX_DB_READ,   // an existing file, query_only; steps open a run slice by themselves
    MX_DB_WRITE,  // made when missing, but not its folder
    MX_DB_MEMORY, // private, gone at close; `path` is ignored
};

struct mx_db_options {
    const char *path; // borrowed for the call
    enum mx_db_mode mode;
    bool relaxed;        // synchronous NORMAL: only for data that may lose its last second
    bool allow_old_deps; // start on an SQLite older than MX_DB_SQLITE_OLDEST
    int busy_ms;         // 0: 5000
    int cache_kib;       // 0: 16 MiB
    int64_t mmap_bytes;  // 0: 256 MiB for readers, none for writers; negative: none
    int schema_newest;   // refuse a file whose user_version is above it; 0: not checked
};

// Opens and tunes the database. `*out` is owned: give it to mx_db_close().
// Refuses an old SQLite, a network file system, a file that is not ours, a newer schema.
int mx_db_open(const struct mx_db_options *options, mx_db **out, struct mx_error *err);

// Closes `db`, which may be NULL, and every statement that is still open on it.
void mx_db_close(mx_db *db);

// Runs SQL that returns no rows; several statements with ";" between are fine.
int mx_db_exec(mx_db *db, const char *sql, struct mx_error *err);

// The first column of the first row as an integer. MX_E_MISSING without a row.
int mx_db_int(mx_db *db, const char *sql, int64_t *out, struct mx_error *err);

// BEGIN IMMEDIATE for what will write, BEGIN otherwise.
int mx_db_begin(mx_db *db, bool immediate, struct mx_error *err);
int mx_db_commit(mx_db *db, struct mx_error *err);
// Fine when the transaction is gone already.
int mx_db_rollback(mx_db *db, struct mx_error *err);

// Savepoints. `name` is letters, digits and "_", at most 32.
int mx_db_savepoint(mx_db *db, const char *name, struct mx_error *err);
int mx_db_release(mx_db *db, const char *name, struct mx_error *err);
int mx_db_rollback_to(mx_db *db, const char *name, struct mx_error *err);

// False also when SQLite ended the transaction by itself (interrupted, disk full).
bool mx_db_in_transaction(const mx_db *db);

// The read transaction of one run slice, on readers. mx_stmt_step() touches by itself: BEGIN at
// the first read. mx_db_slice_end() resets every stepped statement and commits; nothing read
// before it may be read after it. Without an open slice it does nothing.
int mx_db_slice_touch(mx_db *db, struct mx_error *err);
void mx_db_slice_end(mx_db *db);

// `fn(ctx)` is called right before the BEGIN of each slice: where the global sequence is read,
// so that it can only be too low. NULL takes it away.
void mx_db_slice_watch(mx_db *db, void (*fn)(void *ctx), void *ctx);

// Whose SQL is prepared from now on; NULL is our own. `owner` is borrowed until
// mx_db_owner_forget(). Returns the one before. A statement keeps the owner it was prepared for.
const struct mx_db_owner *mx_db_owner_set(mx_db *db, const struct mx_db_owner *owner);

// Closes every cached statement of `owner`; its own ones must be closed already.
void mx_db_owner_forget(mx_db *db, const struct mx_db_owner *owner);

// Statements that still run at `mono_ns` of CLOCK_MONOTONIC fail with MX_E_LIMIT; 0: no limit.
// Returns the deadline before.
uint64_t mx_db_deadline_set(mx_db *db, uint64_t mono_ns);

// Rows changed by the last finished statement, and since opening.
int64_t mx_db_changes(const mx_db *db);
int64_t mx_db_total_changes(const mx_db *db);
int64_t mx_db_last_id(const mx_db *db);

// SQLite's extended result code and errno of the last failure.
int mx_db_extended_code(const mx_db *db);
int mx_db_system_errno(const mx_db *db);

enum mx_db_mode mx_db_mode(const mx_db *db);
// The file; empty for memory. Borrowed from `db`.
const char *mx_db_path(const mx_db *db);

// How many statements are open, cached ones included. For tests and /metrics.
size_t mx_db_statements(const mx_db *db);

// Memory of the pages that are kept, now: quick. On the connection's own thread.
uint64_t mx_db_cache_bytes(const mx_db *db);

// "3.51.3": the library that runs.
const char *mx_db_version(void);

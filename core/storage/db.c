// Opening and tuning of a connection, its transactions, and what its failures mean.
#include "storage/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "platform/log.h"
#include "storage/internal.h"
#include "storage/tokenizer.h"

enum {
    DEFAULT_BUSY_MS = 5000,
    DEFAULT_CACHE_KIB = 16 * 1024,
    DEFAULT_READER_MMAP = 256 * 1024 * 1024,
    WAL_KEEP_BYTES = 56 * 1024 * 1024, // a longer WAL is cut when it starts anew
    LENGTH_MAX = 64 * 1024 * 1024,     // of one text or blob
    SQL_MAX = 1024 * 1024,
    SAVEPOINT_NAME_MAX = 32,
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

// Whoever opens a database tells of what is wrong with it in plain words; SQLite's own come second.
static _Thread_local bool is_opening;

static void on_library_logged(void *ctx, int code, const char *text) {
    (void)ctx;
    switch (is_opening ? SQLITE_OK : code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_NOMEM: mx_log_error("sqlite: %s (%d)", text, code); break;
    default: mx_log_debug("sqlite: %s (%d)", text, code); break; // the caller is told as well
    }
}

static void configure_library(void) {
    // Fails only when somebody has used the library before us; then its defaults do.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOG, on_library_logged, NULL);
}

const char *mx_db_version(void) {
    return sqlite3_libversion();
}

static enum mx_code code_of(const mx_db *db, int code) {
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL: return MX_E_BUSY;
    case SQLITE_CONSTRAINT: return MX_E_CONFLICT;
    case SQLITE_INTERRUPT:
    case SQLITE_TOOBIG: return MX_E_LIMIT;
    case SQLITE_READONLY: return db->mode == MX_DB_READ ? MX_E_INVALID : MX_E_SYSTEM;
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_NOTADB:
    case SQLITE_RANGE: return MX_E_INVALID;
    default: return MX_E_SYSTEM;
    }
}

static bool may_be_disk(int code) {
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return true;
    default: return false;
    }
}

int mx_db_fail(mx_db *db, struct mx_error *err) {
    int code = db->handle ? sqlite3_extended_errcode(db->handle) : SQLITE_NOMEM;
    db->last_code = code;
    db->last_errno = db->handle ? sqlite3_system_errno(db->handle) : 0;
    if (db->disk_code == SQLITE_OK && may_be_disk(code)) {
        db->disk_code = code;
    }
    enum mx_code result = code_of(db, code);
    const char *text = db->handle ? sqlite3_errmsg(db->handle) : "out of memory";
    switch (code & 0xff) {
    case SQLITE_FULL: return mx_fail(err, result, "the disk is full");
    case SQLITE_INTERRUPT: return mx_fail(err, result, "the statement ran past its time");
    case SQLITE_NOTADB:
        return mx_fail(err, result, "%.90s is damaged, or it never was a database", db->path);
    case SQLITE_CORRUPT: return mx_fail(err, result, "%.90s is damaged (%s)", db->path, text);
    case SQLITE_CONSTRAINT: return mx_fail(err, result, "%s", text);
    case SQLITE_AUTH:
        if (db->refusal[0]) {
            return mx_fail(err, result, "not allowed here: %s", db->refusal);
        }
        return mx_fail(err, result, "%s", text);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        if (db->last_errno != 0) {
            return mx_fail_errno(err, db->last_errno, "%s: %s", db->path, text);
        }
        return mx_fail(err, result, "%s: %s (%d)", db->path, text, code);
    default: return mx_fail(err, result, "%s", text);
    }
}

int mx_db_int(mx_db *db, const char *sql, int64_t *out, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_prepare(db, mx_slice_of(sql), &stmt, err);
    if (rc < 0) {
        return rc;
    }
    rc = mx_stmt_step(stmt, err);
    if (rc == MX_STMT_ROW) {
        *out = mx_stmt_column_int(stmt, 0);
        rc = MX_OK;
    } else if (rc == MX_STMT_DONE) {
        rc = mx_fail(err, MX_E_MISSING, "no row");
    }
    mx_stmt_close(stmt);
    return rc;
}

static int set_pragma(mx_db *db, const char *name, long long value, struct mx_error *err) {
    char sql[80];
    snprintf(sql, sizeof(sql), "PRAGMA %s = %lld", name, value);
    return mx_db_exec(db, sql, err);
}

// Reads a pragma as an integer, outside of any slice.
static int read_pragma(mx_db *db, const char *sql, int *out, struct mx_error *err) {
    sqlite3_stmt *stmt = NULL;
    int rc = MX_OK;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        rc = mx_db_fail(db, err);
    } else {
        *out = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return rc;
}

static int check_library(const struct mx_db_options *options, struct mx_error *err) {
    if (sqlite3_threadsafe() == 0) {
        return mx_fail(err, MX_E_SYSTEM, "this SQLite was built without threads");
    }
    if (sqlite3_libversion_number() < MX_DB_SQLITE_OLDEST && !options->allow_old_deps) {
        return mx_fail(err, MX_E_SYSTEM,
            "SQLite %s may damage the database (needs 3.51.3 or newer): install a newer one, or "
            "accept the risk with --allow-old-deps",
            sqlite3_libversion());
    }
    return MX_OK;
}

// Ours, empty (then it becomes ours), or refused. Nothing is changed in a file that is refused.
static int check_identity(mx_db *db, const struct mx_db_options *options, struct mx_error *err) {
    int id = 0, version = 0, objects = 0;
    int rc = read_pragma(db, "PRAGMA application_id", &id, err);
    if (rc == MX_OK) {
        rc = read_pragma(db, "PRAGMA user_version", &version, err);
    }
    if (rc == MX_OK) {
        rc = read_pragma(db, "SELECT count(*) FROM sqlite_schema", &objects, err);
    }
    if (rc < 0) {
        return rc;
    }
    bool is_empty = id == 0 && version == 0 && objects == 0;
    if (is_empty && db->mode != MX_DB_READ) {
        return set_pragma(db, "application_id", MX_DB_APPLICATION_ID, err);
    }
    if (id != MX_DB_APPLICATION_ID) {
        return mx_fail(err, MX_E_INVALID, "%s is not a Merx database: it is left alone", db->path);
    }
    if (options->schema_newest > 0 && version > options->schema_newest) {
        return mx_fail(err, MX_E_INVALID,
            "%s has schema %d, newer than this program knows (%d): use the newer Merx, or restore "
            "a backup made before the upgrade",
            db->path, version, options->schema_newest);
    }
    return MX_OK;
}

static int harden(mx_db *db, bool for_copy) {
    sqlite3 *handle = db->handle;
    int code = sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    code |= sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    code |= sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    code |= sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    // One plan for a statement, whatever is bound: otherwise `LIMIT ?` alone has it compiled anew
    // each time.
    code |= sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
    sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 16);
    sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
    if (!for_copy) { // VACUUM INTO attaches its target
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    }
    return code;
}

// Durability is what the shop is paid for: what was asked for is read back.
static int set_durability(mx_db *db, const struct mx_db_options *options, struct mx_error *err) {
    sqlite3_stmt *stmt = NULL;
    int rc = MX_OK;
    if (db->mode == MX_DB_WRITE) {
        bool is_wal = sqlite3_prepare_v2(
                          db->handle, "PRAGMA journal_mode = WAL", -1, &stmt, NULL) == SQLITE_OK &&
                      sqlite3_step(stmt) == SQLITE_ROW &&
                      strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
        if (!is_wal) {
            mx_db_fail(db, err); // notes the code
            rc = mx_fail(err, MX_E_SYSTEM, "%.90s: cannot use a write-ahead log: %s", db->path,
                sqlite3_errmsg(db->handle));
        }
        sqlite3_finalize(stmt);
    }
    int wanted = options->relaxed ? 1 : 2, level = 0;
    if (rc == MX_OK) {
        rc = set_pragma(db, "synchronous", wanted, err);
    }
    if (rc == MX_OK) {
        rc = read_pragma(db, "PRAGMA synchronous", &level, err);
    }
    if (rc == MX_OK && level < wanted) {
        rc = mx_fail(err, MX_E_SYSTEM, "%s: this SQLite does not sync its commits", db->path);
    }
    return rc;
}

static int apply_pragmas(mx_db *db, const struct mx_db_options *options, struct mx_error *err) {
    int64_t mmap_bytes = options->mmap_bytes;
    if (mmap_bytes == 0 && db->mode == MX_DB_READ) {
        mmap_bytes = DEFAULT_READER_MMAP; // not for writers: a disk error there must be a result
    }
    int rc = set_durability(db, options, err);
    if (rc == MX_OK) {
        rc = mx_db_exec(db, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY", err);
    }
    if (rc == MX_OK && db->mode != MX_DB_READ) { // readers look at a page again after each commit
        rc = mx_db_exec(db, "PRAGMA cell_size_check = ON", err);
    }
    if (rc == MX_OK) {
        int kib = options->cache_kib > 0 ? options->cache_kib : DEFAULT_CACHE_KIB;
        rc = set_pragma(db, "cache_size", -kib, err); // negative: KiB, not pages
    }
    if (rc == MX_OK) {
        rc = set_pragma(db, "mmap_size", mmap_bytes > 0 ? mmap_bytes : 0, err);
    }
    if (rc == MX_OK && db->mode == MX_DB_READ && mmap_bytes > 0) {
        mx_mapping_keep(db, mmap_bytes);
    }
    if (rc == MX_OK) {
        rc = set_pragma(db, "journal_size_limit", WAL_KEEP_BYTES, err);
    }
    if (rc == MX_OK && db->mode == MX_DB_READ) {
        rc = mx_db_exec(db, "PRAGMA query_only = ON", err);
    }
    return rc;
}

// Makes the file before SQLite does, so that nobody else may read it; SQLite gives the log the
// same mode. Never opens one that exists: closing it would drop this process's locks on it.
static int make_file(const char *path, struct mx_error *err) {
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EEXIST ? MX_OK : mx_fail_errno(err, errno, "cannot make %s", path);
    }
    close(fd);
    return MX_OK;
}

static int prepare_place(const struct mx_db_options *options, struct mx_error *err) {
    if (options->mode == MX_DB_MEMORY) {
        return MX_OK;
    }
    int rc = mx_filesystem_check(options->path, err);
    if (rc < 0) {
        return rc;
    }
    if (options->mode == MX_DB_WRITE) {
        return make_file(options->path, err);
    }
    if (access(options->path, F_OK) != 0) {
        return mx_fail(err, MX_E_MISSING, "there is no database at %s", options->path);
    }
    return MX_OK;
}

// Says of a database that cannot be opened because it is damaged what to do about it.
static int advise_on_damage(const mx_db *db, int rc, struct mx_error *err) {
    int code = db->disk_code & 0xff;
    if (rc < 0 && (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)) {
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof(err->text) - used,
            ". It was left as it is: keep a copy, and make a new folder of your last backup with "
            "merx restore FILE --data FOLDER");
    }
    return rc;
}

static int fail_cut_off(mx_db *db, uint64_t bytes, struct mx_error *err) {
    db->disk_code = SQLITE_CORRUPT;
    return mx_fail(err, MX_E_INVALID, "%.90s is damaged (cut off after %llu bytes)", db->path,
        (unsigned long long)bytes);
}

// SQLite takes a file that ends inside a page as if zeros stood there. While there is a log, a
// checkpoint may have been at it: then the log puts it right.
static int check_last_page(mx_db *db, uint64_t bytes, struct mx_error *err) {
    int page_size = 0;
    if (bytes == 0 || mx_file_bytes(db->path, "-wal") > 0) {
        return MX_OK;
    }
    int rc = read_pragma(db, "PRAGMA page_size", &page_size, err);
    if (rc == MX_OK && page_size > 0 && bytes % (uint64_t)page_size != 0) {
        rc = fail_cut_off(db, bytes, err);
    }
    return rc;
}

// Everything between opening a file and working with it. Looks before it changes anything.
static int tune(mx_db *db, const struct mx_db_options *options, struct mx_error *err) {
    enum { SMALLEST = 512 }; // SQLite takes a few bytes as nothing, and would begin anew
    uint64_t bytes = db->mode == MX_DB_MEMORY ? 0 : mx_file_bytes(db->path, "");
    int rc = bytes > 0 && bytes < SMALLEST ? fail_cut_off(db, bytes, err) : MX_OK;
    if (rc == MX_OK) {
        rc = check_identity(db, options, err);
    }
    if (rc == MX_OK) {
        rc = check_last_page(db, bytes, err);
    }
    if (rc == MX_OK) {
        rc = apply_pragmas(db, options, err);
    }
    if (rc == MX_OK) {
        rc = mx_tokenizer_register(db->handle, err);
    }
    return advise_on_damage(db, rc, err);
}

static int open_connection(
    const struct mx_db_options *options, bool for_copy, mx_db **out, struct mx_error *err) {
    pthread_once(&library_once, configure_library);
    int rc = check_library(options, err);
    if (rc == MX_OK) {
        rc = prepare_place(options, err);
    }
    if (rc < 0) {
        return rc;
    }
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (options->mode == MX_DB_READ ? SQLITE_OPEN_READONLY
                                             : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    mx_db *db = mx_alloc(sizeof(*db));
    db->mode = options->mode;
    db->path = mx_strdup(options->mode == MX_DB_MEMORY ? "" : options->path);

    const char *name = options->mode == MX_DB_MEMORY ? ":memory:" : options->path;
    if (sqlite3_open_v2(name, &db->handle, flags, NULL) != SQLITE_OK ||
        harden(db, for_copy) != SQLITE_OK) {
        rc = mx_db_fail(db, err);
        goto out;
    }
    db->busy_ms = options->busy_ms > 0 ? options->busy_ms : DEFAULT_BUSY_MS;
    sqlite3_busy_timeout(db->handle, db->busy_ms);
    mx_guard_install(db);
    is_opening = true;
    rc = tune(db, options, err);
    is_opening = false;
    if (rc < 0) {
        goto out;
    }
    *out = db;
    db = NULL; // handed over
out:
    mx_db_close(db);
    return rc;
}

int mx_db_open(const struct mx_db_options *options, mx_db **out, struct mx_error *err) {
    return open_connection(options, false, out, err);
}

int mx_db_open_for_copy(const struct mx_db_options *options, mx_db **out, struct mx_error *err) {
    return open_connection(options, true, out, err);
}

void mx_db_close(mx_db *db) {
    if (!db) {
        return;
    }
    mx_stmt_cache_clear(db, NULL, true);
    mx_stmt_detach_all(db);
    for (int i = 0; i < MX_DB_VERB_COUNT; i++) {
        sqlite3_finalize(db->verbs[i]);
    }
    sqlite3_close_v2(db->handle);
    mx_free(db->path);
    mx_free(db);
}

int mx_db_do(mx_db *db, enum mx_db_verb verb, struct mx_error *err) {
    static const char *const texts[MX_DB_VERB_COUNT] = {
        [MX_DB_BEGIN] = "BEGIN",
        [MX_DB_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
        [MX_DB_COMMIT] = "COMMIT",
        [MX_DB_ROLLBACK] = "ROLLBACK",
        [MX_DB_JOB_BEGIN] = "SAVEPOINT mx_job",
        [MX_DB_JOB_RELEASE] = "RELEASE mx_job",
        [MX_DB_JOB_ROLLBACK] = "ROLLBACK TO mx_job",
    };
    sqlite3_stmt **stmt = &db->verbs[verb];
    int code = SQLITE_OK;
    if (!*stmt) {
        code =
            sqlite3_prepare_v3(db->handle, texts[verb], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(*stmt);
    }
    int rc = code == SQLITE_DONE ? MX_OK : mx_db_fail(db, err);
    sqlite3_reset(*stmt); // repeats the result that `rc` has already
    return rc;
}

int mx_db_begin(mx_db *db, bool immediate, struct mx_error *err) {
    return mx_db_do(db, immediate ? MX_DB_BEGIN_IMMEDIATE : MX_DB_BEGIN, err);
}

int mx_db_commit(mx_db *db, struct mx_error *err) {
    return mx_db_do(db, MX_DB_COMMIT, err);
}

int mx_db_rollback(mx_db *db, struct mx_error *err) {
    return mx_db_in_transaction(db) ? mx_db_do(db, MX_DB_ROLLBACK, err) : MX_OK;
}

static int savepoint_verb(mx_db *db, const char *verb, const char *name, struct mx_error *err) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t len = strlen(name);
    if (len == 0 || len > SAVEPOINT_NAME_MAX || strspn(name, letters) != len) {
        return mx_fail(err, MX_E_INVALID, "a savepoint's name is 1 to %d letters, digits and \"_\"",
            SAVEPOINT_NAME_MAX);
    }
    char sql[64];
    snprintf(sql, sizeof(sql), "%s \"%s\"", verb, name);
    return mx_db_exec(db, sql, err);
}

int mx_db_savepoint(mx_db *db, const char *name, struct mx_error *err) {
    return savepoint_verb(db, "SAVEPOINT", name, err);
}

int mx_db_release(mx_db *db, const char *name, struct mx_error *err) {
    return savepoint_verb(db, "RELEASE", name, err);
}

int mx_db_rollback_to(mx_db *db, const char *name, struct mx_error *err) {
    return savepoint_verb(db, "ROLLBACK TO", name, err);
}

bool mx_db_in_transaction(const mx_db *db) {
    return sqlite3_get_autocommit(db->handle) == 0;
}

int mx_db_slice_touch(mx_db *db, struct mx_error *err) {
    if (db->mode != MX_DB_READ || db->slice_open || mx_db_in_transaction(db)) {
        return MX_OK;
    }
    if (db->slice_fn) {
        db->slice_fn(db->slice_ctx);
    }
    int rc = mx_db_do(db, MX_DB_BEGIN, err);
    db->slice_open = rc == MX_OK;
    return rc;
}

void mx_db_slice_end(mx_db *db) {
    if (!db->slice_open) {
        return;
    }
    while (db->stepped) {
        mx_stmt_reset(db->stepped); // takes itself off the list
    }
    struct mx_error err;
    db->slice_open = false;
    // A transaction that only read and has no running statement cannot fail to end.
    if (mx_db_in_transaction(db) && mx_db_do(db, MX_DB_COMMIT, &err) < 0) {
        mx_log_error("a read transaction did not end: %s", err.text);
        mx_db_rollback(db, &err);
    }
}

void mx_db_slice_watch(mx_db *db, void (*fn)(void *ctx), void *ctx) {
    db->slice_fn = fn;
    db->slice_ctx = ctx;
}

const struct mx_db_owner *mx_db_owner_set(mx_db *db, const struct mx_db_owner *owner) {
    const struct mx_db_owner *before = db->owner;
    db->owner = owner;
    return before;
}

uint64_t mx_db_deadline_set(mx_db *db, uint64_t mono_ns) {
    uint64_t before = db->deadline_ns;
    db->deadline_ns = mono_ns;
    return before;
}

int64_t mx_db_changes(const mx_db *db) {
    return sqlite3_changes64(db->handle);
}

int64_t mx_db_total_changes(const mx_db *db) {
    return sqlite3_total_changes64(db->handle);
}

int64_t mx_db_last_id(const mx_db *db) {
    return sqlite3_last_insert_rowid(db->handle);
}

int mx_db_extended_code(const mx_db *db) {
    return db->last_code;
}

int mx_db_system_errno(const mx_db *db) {
    return db->last_errno;
}

enum mx_db_mode mx_db_mode(const mx_db *db) {
    return db->mode;
}

const char *mx_db_path(const mx_db *db) {
    return db->path;
}

size_t mx_db_statements(const mx_db *db) {
    return db->statement_count;
}

uint64_t mx_db_cache_bytes(const mx_db *db) {
    int now = 0, most = 0;
    int code = sqlite3_db_status(db->handle, SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0);
    return code == SQLITE_OK && now > 0 ? (uint64_t)now : 0;
}

// VACUUM INTO a neighbour, then rename it: the copy is there whole or not at all.
#include "storage/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "storage/fsck.h"
#include "storage/internal.h"

enum { PATH_SIZE = 4096, STEPS_BETWEEN_REPORTS = 100000 };

struct progress {
    mx_backup_fn fn; // may be NULL
    void *ctx;
    const char *path;
    uint64_t total;
};

static int on_copy_progressed(void *ctx) {
    struct progress *progress = ctx;
    uint64_t done = mx_file_bytes(progress->path, "");
    return !progress->fn(progress->ctx, done, progress->total);
}

// VACUUM INTO refuses a file that is not empty; the empty one made here sets who may read it.
static int make_private(const char *path, struct mx_error *err) {
    if (unlink(path) != 0 && errno != ENOENT) {
        return mx_fail_errno(err, errno, "cannot remove %s", path);
    }
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot make %s", path);
    }
    close(fd);
    return MX_OK;
}

static int vacuum_into(mx_db *db, struct progress *progress, struct mx_error *err) {
    if (progress->fn) { // this connection is ours alone: no cached statement to expire
        sqlite3_progress_handler(db->handle, STEPS_BETWEEN_REPORTS, on_copy_progressed, progress);
    }
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_prepare(db, MX_SLICE("VACUUM INTO ?1"), &stmt, err);
    if (rc == MX_OK) {
        mx_stmt_bind_text(stmt, 1, mx_slice_of(progress->path));
        rc = mx_stmt_run(stmt, err);
    }
    mx_stmt_close(stmt);
    return rc;
}

static int copy_to(
    const char *from, bool allow_old_deps, struct progress *progress, struct mx_error *err) {
    // Read-write, though it only reads: query_only would forbid writing the copy, too.
    struct mx_db_options options = {
        .path = from, .mode = MX_DB_WRITE, .allow_old_deps = allow_old_deps, .cache_kib = 2048};
    mx_db *db = NULL;
    int rc = mx_db_open_for_copy(&options, &db, err);
    if (rc == MX_OK) {
        rc = vacuum_into(db, progress, err);
    }
    mx_db_close(db);
    return rc;
}

int mx_backup_database(const char *from, const char *to, bool allow_old_deps, mx_backup_fn fn,
    void *ctx, struct mx_error *err) {
    char part[PATH_SIZE];
    int len = snprintf(part, sizeof(part), "%s.part", to);
    if (len < 0 || (size_t)len >= sizeof(part)) {
        return mx_fail(err, MX_E_INVALID, "the path of the copy is too long");
    }
    if (access(from, F_OK) != 0) {
        return mx_fail(err, MX_E_MISSING, "there is no database at %s", from);
    }
    if (access(to, F_OK) == 0) {
        return mx_fail(err, MX_E_CONFLICT, "%s is there already: choose another name", to);
    }
    struct progress progress = {
        fn, ctx, part, mx_file_bytes(from, "") + mx_file_bytes(from, "-wal")};
    int rc = make_private(part, err);
    if (rc < 0) {
        return rc;
    }
    rc = copy_to(from, allow_old_deps, &progress, err);
    if (rc == MX_OK) {
        rc = mx_sync_path(part, err);
    }
    if (rc == MX_OK && rename(part, to) != 0) {
        rc = mx_fail_errno(err, errno, "cannot make %s", to);
    }
    if (rc < 0) {
        unlink(part);
        return rc;
    }
    return mx_sync_folder_of(to, err);
}

static int check_damage(mx_db *db, const char *path, struct mx_error *err) {
    struct mx_fsck_report report;
    int rc = mx_fsck_run(db, MX_FSCK_FULL, &report, err);
    if (rc == MX_OK && report.count > 0) {
        const char *first = mx_buf_text(&report.problems);
        rc = mx_fail(err, MX_E_INVALID, "%s is damaged (%d problem%s): %.*s", path, report.count,
            report.count == 1 ? "" : "s", (int)strcspn(first, "\n"), first);
    }
    mx_fsck_report_deinit(&report);
    return rc;
}

int mx_backup_check(const char *path, int schema_newest, bool allow_old_deps,
    struct mx_backup_info *out, struct mx_error *err) {
    struct mx_db_options options = {.path = path,
        .mode = MX_DB_READ,
        .allow_old_deps = allow_old_deps,
        .schema_newest = schema_newest};
    mx_db *db = NULL;
    int64_t version = 0;
    int rc = mx_db_open(&options, &db, err);
    if (rc == MX_OK) {
        rc = check_damage(db, path, err);
    }
    if (rc == MX_OK) {
        rc = mx_db_int(db, "PRAGMA user_version", &version, err);
    }
    if (rc == MX_OK) {
        *out = (struct mx_backup_info){(int)version, mx_file_bytes(path, "")};
    }
    mx_db_close(db);
    return rc;
}

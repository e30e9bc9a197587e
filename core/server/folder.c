// The order matters: nothing is touched before the lock is held.
#include "server/folder.h"

#include <stdio.h>
#include <string.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "platform/log.h"
#include "storage/migrate.h"

enum { PATH_SIZE = 1024 };

static int join(const char *folder, const char *name, char out[PATH_SIZE], struct mx_error *err) {
    int len = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
    if (len < 0 || len >= PATH_SIZE) {
        return mx_fail(err, MX_E_INVALID, "the path %.60s… is too long", folder);
    }
    return MX_OK;
}

static int open_keyring(const char *path, mx_keyring **out, struct mx_error *err) {
    int rc = mx_keyring_open(path, out, err);
    if (rc == MX_E_MISSING) {
        mx_log_info("made a new secret key: %s; keep a copy of it elsewhere", path);
        rc = mx_keyring_create(path, mx_world_real(), out, err);
    }
    return rc;
}

static int migrate(const mx_options *options, const char *dir, mx_db *db, struct mx_error *err) {
    struct mx_migrate_options wanted = {.dir = dir, .now_ms = mx_now_ms(mx_world_real())};
    struct mx_migrate_report report = {0};
    bool may_run = mx_options_flag(options, MX_OPT_MIGRATE);
    int rc = may_run ? mx_migrate_run(db, &wanted, &report, err)
                     : mx_migrate_list(db, &wanted, &report, err);
    for (int i = 0; rc == MX_OK && i < report.count; i++) {
        if (report.list[i].applied_at == 0) {
            rc = mx_fail(err, MX_E_CONFLICT, "migration %04d_%s is missing: start with --migrate",
                report.list[i].number, report.list[i].name);
        }
    }
    if (rc == MX_OK && report.applied > 0) {
        mx_log_info("applied %d migration%s", report.applied, report.applied == 1 ? "" : "s");
    }
    mx_migrate_report_deinit(&report);
    return rc;
}

static uint64_t size_of(const char *data, const char *name) {
    char path[PATH_SIZE];
    struct mx_file_info info;
    struct mx_error err;
    bool is_there =
        join(data, name, path, &err) == MX_OK && mx_file_stat(path, &info, &err) == MX_OK;
    return is_there ? info.size : 0;
}

// Without a database a new shop is begun, but not where one has been: an empty file beside what a
// shop leaves is one that was cut off.
static int check_not_lost(const char *data, struct mx_error *err) {
    static const char *const traces[] = {"shop.db-wal", "activity.db"};
    if (size_of(data, "shop.db") > 0) {
        return MX_OK;
    }
    for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
        if (size_of(data, traces[i]) > 0) {
            return mx_fail(err, MX_E_INVALID,
                "%.70s/shop.db is missing or empty, but %s is there: a shop was lost. Make a new "
                "folder of your last backup with merx restore FILE --data FOLDER",
                data, traces[i]);
        }
    }
    return MX_OK;
}

static int open_database(
    const mx_options *options, const char *path, mx_db **out, struct mx_error *err) {
    char dir[PATH_SIZE];
    struct mx_db_options wanted = {
        .path = path,
        .mode = MX_DB_WRITE,
        .allow_old_deps = mx_options_flag(options, MX_OPT_ALLOW_OLD_DEPS),
    };
    struct mx_file_info info;
    if (join(mx_options_text(options, MX_OPT_SHARE), "sql/migrations", dir, err) < 0) {
        return err->code;
    }
    bool has_migrations = mx_file_stat(dir, &info, err) == MX_OK;
    if (has_migrations && mx_migrate_newest(dir, &wanted.schema_newest, err) < 0) {
        return err->code;
    }
    int rc = mx_db_open(&wanted, out, err);
    return rc < 0 || !has_migrations ? rc : migrate(options, dir, *out, err);
}

// What was left there by a process that was killed belongs to nobody.
static int empty_uploads(const char *path, struct mx_error *err) {
    int rc = mx_file_remove(path, err);
    return rc < 0 ? rc : mx_dir_make(path, 0700, err);
}

int mx_folder_open(const mx_options *options, struct mx_folder *out, struct mx_error *err) {
    const char *data = mx_options_text(options, MX_OPT_DATA);
    char path[PATH_SIZE];
    memset(out, 0, sizeof(*out));
    int rc = mx_dir_make(data, 0700, err);
    if (rc == MX_OK) {
        rc = join(data, "merx.lock", path, err);
    }
    if (rc == MX_OK) {
        rc = mx_lock_acquire(path, &out->lock, err);
    }
    if (rc == MX_OK) {
        rc = join(data, "merx.key", path, err);
    }
    if (rc == MX_OK) {
        rc = open_keyring(path, &out->keyring, err);
    }
    if (rc == MX_OK) {
        rc = join(data, "tmp", path, err);
    }
    if (rc == MX_OK) {
        out->uploads = mx_strdup(path);
        rc = empty_uploads(path, err);
    }
    if (rc == MX_OK) {
        rc = join(data, "shop.db", path, err);
    }
    if (rc == MX_OK) {
        rc = check_not_lost(data, err);
    }
    if (rc == MX_OK) {
        out->database = mx_strdup(path);
        rc = open_database(options, path, &out->db, err);
    }
    if (rc < 0) {
        mx_folder_close(out);
    }
    return rc;
}

void mx_folder_close(struct mx_folder *folder) {
    mx_db_close(folder->db);
    mx_keyring_close(folder->keyring);
    mx_lock_release(folder->lock);
    mx_free(folder->database);
    mx_free(folder->uploads);
    memset(folder, 0, sizeof(*folder));
}

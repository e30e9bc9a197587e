// The migration runner. Its state is in the database itself, so a kill leaves nothing to repair:
// each file's changes and its record are one transaction.
#include "storage/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "storage/backup.h"
#include "storage/internal.h"
#include "storage/migration_folder.h"

enum { PATH_SIZE = 4096, TABLE_SIZE = 160 };

// One run.
struct run {
    mx_db *db;
    const struct mx_migrate_options *options;
    struct mx_migrate_report *report;
    char table[TABLE_SIZE]; // where applied ones are recorded
    int newest_applied;
};

static int name_table(struct run *run, struct mx_error *err) {
    const char *prefix = run->options->owner ? run->options->owner->prefix : "";
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    if (strspn(prefix, letters) != strlen(prefix) || strlen(prefix) > TABLE_SIZE / 2) {
        return mx_fail(err, MX_E_INVALID, "%s cannot be the beginning of a table's name", prefix);
    }
    snprintf(run->table, sizeof(run->table), "%sschema_migrations", prefix);
    return MX_OK;
}

// Prepares SQL with the table's name between `before` and `after`.
static int prepare_for_table(const struct run *run, const char *before, const char *after,
    mx_stmt **out, struct mx_error *err) {
    mx_buf sql = {0};
    mx_buf_append_format(&sql, "%s %s %s", before, run->table, after);
    int rc = mx_stmt_prepare(run->db, mx_buf_slice(&sql), out, err);
    mx_buf_deinit(&sql);
    return rc;
}

static int make_table(const struct run *run, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = prepare_for_table(run, "CREATE TABLE IF NOT EXISTS",
        "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
        "applied_at INTEGER NOT NULL) STRICT",
        &stmt, err);
    if (rc == MX_OK) {
        rc = mx_stmt_run(stmt, err);
    }
    mx_stmt_close(stmt);
    return rc;
}

static int has_table(const struct run *run, bool *out, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_prepare(run->db,
        MX_SLICE("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1"), &stmt, err);
    if (rc == MX_OK) {
        mx_stmt_bind_text(stmt, 1, mx_slice_of(run->table));
        rc = mx_stmt_step(stmt, err);
    }
    *out = rc == MX_STMT_ROW;
    mx_stmt_close(stmt);
    return rc < 0 ? rc : MX_OK;
}

static struct mx_migration *find(struct mx_migrate_report *report, int number) {
    for (int i = 0; i < report->count; i++) {
        if (report->list[i].number == number) {
            return &report->list[i];
        }
    }
    return NULL;
}

// One recorded migration against its file.
static int compare_record(struct run *run, const mx_stmt *row, struct mx_error *err) {
    int number = (int)mx_stmt_column_int(row, 0);
    struct mx_migration *file = find(run->report, number);
    if (!file) {
        return run->options->owner
                   ? mx_fail(err, MX_E_INVALID,
                         "the tables have migration %04d of a later version, which this one lacks: "
                         "it must have all that were ever published",
                         number)
                   : mx_fail(err, MX_E_INVALID,
                         "the database has migration %04d, which this program does not know: use "
                         "the newer Merx, or restore a backup made before the upgrade",
                         number);
    }
    if (!mx_slice_equal(mx_stmt_column_text(row, 1), mx_slice_of(file->checksum))) {
        return mx_fail(err, MX_E_CONFLICT,
            "migration %04d_%s.sql was edited after it was applied: put the old text back and "
            "write a new migration",
            number, file->name);
    }
    file->applied_at = mx_stmt_column_int(row, 2);
    run->newest_applied = number;
    return MX_OK;
}

static int compare_records(struct run *run, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = prepare_for_table(
        run, "SELECT number, checksum, applied_at FROM", "ORDER BY number", &stmt, err);
    while (rc >= 0 && (rc = mx_stmt_step(stmt, err)) == MX_STMT_ROW) {
        rc = compare_record(run, stmt, err);
    }
    mx_stmt_close(stmt);
    return rc;
}

// A file with a lower number than an applied one came too late: it would run in another order here
// than everywhere else.
static int check_sequence(const struct run *run, struct mx_error *err) {
    for (int i = 0; i < run->report->count; i++) {
        const struct mx_migration *file = &run->report->list[i];
        if (file->applied_at == 0 && file->number < run->newest_applied) {
            return mx_fail(err, MX_E_CONFLICT,
                "migration %04d_%s.sql is new, but %04d is applied already: give it a number "
                "above %04d",
                file->number, file->name, run->newest_applied, run->newest_applied);
        }
    }
    return MX_OK;
}

// Fills the report and finds out what is applied.
static int look(struct run *run, struct mx_error *err) {
    bool recorded = false;
    int rc = name_table(run, err);
    if (rc == MX_OK) {
        rc = mx_migration_folder_read(run->options->dir, run->report, err);
    }
    if (rc == MX_OK) {
        rc = has_table(run, &recorded, err);
    }
    if (rc == MX_OK && recorded) {
        rc = compare_records(run, err);
    }
    return rc == MX_OK ? check_sequence(run, err) : rc;
}

static int record(const struct run *run, const struct mx_migration *file, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = prepare_for_table(run, "INSERT INTO",
        "(number, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)", &stmt, err);
    if (rc == MX_OK) {
        mx_stmt_bind_int(stmt, 1, file->number);
        mx_stmt_bind_text(stmt, 2, mx_slice_of(file->name));
        mx_stmt_bind_text(stmt, 3, mx_slice_of(file->checksum));
        mx_stmt_bind_int(stmt, 4, run->options->now_ms);
        rc = mx_stmt_run(stmt, err);
    }
    mx_stmt_close(stmt);
    return rc;
}

static int check_references(mx_db *db, const struct mx_migration *file, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_prepare(db, MX_SLICE("PRAGMA foreign_key_check"), &stmt, err);
    if (rc == MX_OK) {
        rc = mx_stmt_step(stmt, err);
    }
    if (rc == MX_STMT_ROW) {
        struct mx_slice table = mx_stmt_column_text(stmt, 0), parent = mx_stmt_column_text(stmt, 2);
        rc = mx_fail(err, MX_E_CONFLICT,
            "migration %04d_%s.sql leaves rows of %.*s that refer to missing rows of %.*s",
            file->number, file->name, (int)table.len, table.ptr, (int)parent.len, parent.ptr);
    }
    mx_stmt_close(stmt);
    return rc;
}

// The file's own statements: as its owner, and inside the one transaction.
static int run_text(const struct run *run, const struct mx_migration *file, struct mx_error *err) {
    mx_buf text = {0};
    int rc = mx_migration_read(run->options->dir, file, &text, err);
    if (rc == MX_OK) {
        const struct mx_db_owner *before = mx_db_owner_set(run->db, run->options->owner);
        run->db->one_transaction = true;
        int line;
        rc = mx_db_exec_lines(run->db, mx_buf_text(&text), &line, err);
        run->db->one_transaction = false;
        mx_db_owner_set(run->db, before);
        if (rc < 0) {
            struct mx_error cause = *err;
            rc = mx_fail(err, cause.code, "migration %04d_%s.sql:%d: %s", file->number, file->name,
                line, cause.text);
        }
    }
    mx_buf_deinit(&text);
    return rc;
}

static int set_version(const struct run *run, int number, struct mx_error *err) {
    if (run->options->owner) {
        return MX_OK;
    }
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", number);
    return mx_db_exec(run->db, sql, err);
}

static int apply(const struct run *run, struct mx_migration *file, struct mx_error *err) {
    int rc = mx_db_begin(run->db, true, err);
    if (rc < 0) {
        return rc;
    }
    rc = make_table(run, err);
    if (rc == MX_OK) {
        rc = run_text(run, file, err);
    }
    if (rc == MX_OK) {
        rc = check_references(run->db, file, err);
    }
    if (rc == MX_OK) {
        rc = record(run, file, err);
    }
    if (rc == MX_OK) {
        rc = set_version(run, file->number, err);
    }
    if (rc == MX_OK) {
        rc = mx_db_commit(run->db, err);
    }
    if (rc < 0) {
        struct mx_error ignored; // the first failure is the one to tell
        mx_db_rollback(run->db, &ignored);
        return rc;
    }
    file->applied_at = run->options->now_ms;
    run->report->applied++;
    return MX_OK;
}

static int apply_missing(const struct run *run, struct mx_error *err) {
    int rc = mx_db_exec(run->db, "PRAGMA foreign_keys = OFF", err);
    for (int i = 0; rc == MX_OK && i < run->report->count; i++) {
        if (run->report->list[i].applied_at == 0) {
            rc = apply(run, &run->report->list[i], err);
        }
    }
    struct mx_error last;
    if (mx_db_exec(run->db, "PRAGMA foreign_keys = ON", &last) < 0 && rc == MX_OK) {
        *err = last;
        rc = last.code;
    }
    return rc;
}

static bool is_all_applied(const struct mx_migrate_report *report) {
    for (int i = 0; i < report->count; i++) {
        if (report->list[i].applied_at == 0) {
            return false;
        }
    }
    return true;
}

static int name_copy(const struct run *run, char out[PATH_SIZE], struct mx_error *err) {
    int len = snprintf(out, PATH_SIZE, "%s.before-migration", mx_db_path(run->db));
    if (len < 0 || len >= PATH_SIZE) {
        return mx_fail(err, MX_E_INVALID, "the path of the database is too long");
    }
    return MX_OK;
}

// The schema version of an earlier copy; -1 when there is none that can be read.
static int version_of_copy(const char *path) {
    struct mx_db_options options = {.path = path, .mode = MX_DB_READ, .allow_old_deps = true};
    struct mx_error ignored;
    mx_db *db = NULL;
    int64_t version = -1;
    if (mx_db_open(&options, &db, &ignored) == MX_OK &&
        mx_db_int(db, "PRAGMA user_version", &version, &ignored) < 0) {
        version = -1;
    }
    mx_db_close(db);
    return (int)version;
}

// Copies the file before its first change. A copy of a lower version is from a run that was cut
// off half way and shows the state before all of it: it stays. Any other is of no use any more.
static int make_copy(const struct run *run, struct mx_error *err) {
    char path[PATH_SIZE];
    int rc = name_copy(run, path, err);
    if (rc < 0) {
        return rc;
    }
    int version = version_of_copy(path);
    if (version >= 0 && version < run->newest_applied) {
        return MX_OK;
    }
    rc = mx_file_remove(path, err);
    return rc == MX_OK ? mx_backup_database(mx_db_path(run->db), path, true, NULL, NULL, err) : rc;
}

static int remove_copy(const struct run *run, struct mx_error *err) {
    char path[PATH_SIZE];
    int rc = name_copy(run, path, err);
    return rc == MX_OK ? mx_file_remove(path, err) : rc;
}

int mx_migrate_run(mx_db *db, const struct mx_migrate_options *options,
    struct mx_migrate_report *out, struct mx_error *err) {
    *out = (struct mx_migrate_report){0};
    struct run run = {.db = db, .options = options, .report = out};
    bool copies = !options->no_copy && mx_db_mode(db) == MX_DB_WRITE;
    if (mx_db_mode(db) == MX_DB_READ || mx_db_in_transaction(db)) {
        return mx_fail(
            err, MX_E_INVALID, "migrations need a connection that writes and is in no transaction");
    }
    int rc = look(&run, err);
    if (rc == MX_OK && !is_all_applied(out)) {
        if (copies && run.newest_applied > 0) {
            rc = make_copy(&run, err);
        }
        if (rc == MX_OK) {
            rc = apply_missing(&run, err);
        }
    }
    // Also after a run that was killed between its last commit and this line.
    return rc == MX_OK && copies ? remove_copy(&run, err) : rc;
}

int mx_migrate_list(mx_db *db, const struct mx_migrate_options *options,
    struct mx_migrate_report *out, struct mx_error *err) {
    *out = (struct mx_migrate_report){0};
    struct run run = {.db = db, .options = options, .report = out};
    int rc = look(&run, err);
    mx_db_slice_end(db);
    return rc;
}

int mx_migrate_newest(const char *dir, int *out, struct mx_error *err) {
    struct mx_migrate_report report = {0};
    int rc = mx_migration_folder_read(dir, &report, err);
    *out = rc == MX_OK && report.count > 0 ? report.list[report.count - 1].number : 0;
    mx_migrate_report_deinit(&report);
    return rc;
}

void mx_migrate_report_deinit(struct mx_migrate_report *report) {
    mx_free(report->list);
    *report = (struct mx_migrate_report){0};
}

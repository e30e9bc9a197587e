// Copies of a live database, the check for damage, and the lock of a data folder.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/fsck.h"
#include "storage/lock.h"
#include "temp_folder.h"

static struct temp_folder folder;
static mx_db *db;

static mx_db *open_at(const char *name, enum mx_db_mode mode) {
    struct mx_db_options options = {.path = temp_path(&folder, name), .mode = mode};
    struct mx_error err;
    mx_db *opened = NULL;
    if (mx_db_open(&options, &opened, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return opened;
}

static void must(const char *sql) {
    struct mx_error err;
    if (mx_db_exec(db, sql, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static int make_database(void **state) {
    (void)state;
    temp_folder_make(&folder);
    db = open_at("shop.db", MX_DB_WRITE);
    must(
        "PRAGMA user_version = 3; CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB) STRICT;"
        "CREATE TABLE u (t_id INTEGER REFERENCES t (id)) STRICT; CREATE INDEX u_by_t ON u (t_id);"
        "INSERT INTO t WITH RECURSIVE n (i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, randomblob(500) FROM n");
    return 0;
}

static int remove_database(void **state) {
    (void)state;
    mx_db_close(db);
    temp_folder_remove(&folder);
    return 0;
}

static int copy(const char *to, struct mx_error *err) {
    return mx_backup_database(
        temp_path(&folder, "shop.db"), temp_path(&folder, to), true, NULL, NULL, err);
}

static void a_copy_is_whole_private_and_ours(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_backup_info info;
    struct stat file;
    assert_int_equal(copy("copy.db", &err), MX_OK);
    assert_int_equal(stat(temp_path(&folder, "copy.db"), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(mx_backup_check(temp_path(&folder, "copy.db"), 3, true, &info, &err), MX_OK);
    assert_int_equal(info.schema_version, 3);
    assert_int_equal(info.bytes, file.st_size);
    assert_int_equal(access(temp_path(&folder, "copy.db.part"), F_OK), -1);
}

static void a_copy_never_replaces_a_file(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(copy("copy.db", &err), MX_OK);
    assert_int_equal(copy("copy.db", &err), MX_E_CONFLICT);
    assert_int_equal(mx_backup_database(temp_path(&folder, "none.db"),
                         temp_path(&folder, "copy2.db"), true, NULL, NULL, &err),
        MX_E_MISSING);
}

static bool stop_at_once(void *ctx, uint64_t done, uint64_t total) {
    (void)done;
    assert_true(total > 0);
    (*(int *)ctx)++;
    return false;
}

static void a_copy_that_is_stopped_leaves_nothing(void **state) {
    (void)state;
    struct mx_error err;
    int calls = 0;
    must("INSERT INTO t WITH RECURSIVE n (i) AS "
         "(SELECT 2001 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i, NULL FROM n");
    assert_int_equal(mx_backup_database(temp_path(&folder, "shop.db"),
                         temp_path(&folder, "copy.db"), true, stop_at_once, &calls, &err),
        MX_E_LIMIT);
    assert_int_equal(calls, 1);
    assert_int_equal(access(temp_path(&folder, "copy.db"), F_OK), -1);
    assert_int_equal(access(temp_path(&folder, "copy.db.part"), F_OK), -1);
}

static atomic_bool is_writing;

// Pairs of rows: one moment sees both of a pair, or none.
static void *write_pairs(void *arg) {
    mx_db *writer = arg;
    struct mx_error err;
    while (atomic_load(&is_writing)) {
        if (mx_db_exec(writer,
                "BEGIN IMMEDIATE; INSERT INTO t (b) VALUES (x'01'); INSERT INTO t (b) "
                "VALUES (x'02'); COMMIT",
                &err) < 0) {
            return arg;
        }
    }
    return NULL;
}

static void copies_under_load_show_one_moment(void **state) {
    (void)state;
    struct mx_error err;
    pthread_t thread;
    mx_db *writer = open_at("shop.db", MX_DB_WRITE);
    atomic_store(&is_writing, true);
    assert_int_equal(pthread_create(&thread, NULL, write_pairs, writer), 0);
    int64_t before = 0;
    for (int i = 0; i < 10; i++) {
        char name[32];
        int64_t odd = 0, even = 0;
        struct mx_backup_info info;
        snprintf(name, sizeof(name), "copy%d.db", i);
        if (copy(name, &err) < 0) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(mx_backup_check(temp_path(&folder, name), 3, true, &info, &err), MX_OK);
        mx_db *snapshot = open_at(name, MX_DB_READ);
        assert_int_equal(
            mx_db_int(snapshot, "SELECT count(*) FROM t WHERE b = x'01'", &odd, &err), MX_OK);
        assert_int_equal(
            mx_db_int(snapshot, "SELECT count(*) FROM t WHERE b = x'02'", &even, &err), MX_OK);
        mx_db_close(snapshot);
        assert_int_equal(odd, even);
        assert_true(odd >= before);
        before = odd;
    }
    atomic_store(&is_writing, false);
    void *result = NULL;
    pthread_join(thread, &result);
    assert_null(result);
    mx_db_close(writer);
}

static void a_newer_or_foreign_copy_is_refused(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_backup_info info;
    assert_int_equal(copy("copy.db", &err), MX_OK);
    assert_int_equal(
        mx_backup_check(temp_path(&folder, "copy.db"), 2, true, &info, &err), MX_E_INVALID);
    const char *text = temp_path(&folder, "text.db");
    assert_int_equal(mx_file_write(text, MX_SLICE("no database at all"), 0600, &err), MX_OK);
    assert_int_equal(mx_backup_check(text, 3, true, &info, &err), MX_E_INVALID);
}

// Overwrites some bytes in the middle of the file with noise.
static void damage(const char *path) {
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    char noise[4096];
    memset(noise, 0xa5, sizeof(noise));
    for (off_t at = 8 * 4096; at + 4096 < info.st_size; at += 16 * 4096) {
        assert_int_equal(pwrite(fd, noise, sizeof(noise), at), (ssize_t)sizeof(noise));
    }
    close(fd);
}

static void damage_is_found(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_backup_info info;
    struct mx_fsck_report report;
    assert_int_equal(copy("copy.db", &err), MX_OK);
    damage(temp_path(&folder, "copy.db"));
    int rc = mx_backup_check(temp_path(&folder, "copy.db"), 3, true, &info, &err);
    assert_int_equal(rc, MX_E_INVALID);
    assert_non_null(strstr(err.text, "damaged"));

    mx_db *reader = open_at("copy.db", MX_DB_READ);
    assert_int_equal(mx_fsck_run(reader, MX_FSCK_QUICK, &report, &err), MX_OK);
    assert_true(report.count > 0 && report.problems.len > 0);
    mx_fsck_report_deinit(&report);
    mx_db_close(reader);
}

static void a_sound_database_has_no_problems(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_fsck_report report;
    assert_int_equal(mx_fsck_run(db, MX_FSCK_FULL, &report, &err), MX_OK);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.problems.len, 0);
    assert_int_equal(report.schema_version, 3);
    assert_int_equal(report.page_size, 4096);
    assert_true(report.pages > 100 && report.wal_bytes > 0);
    mx_fsck_report_deinit(&report);
    mx_fsck_report_deinit(&report);
}

static void a_broken_reference_is_a_problem(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_fsck_report report;
    must("PRAGMA foreign_keys = OFF; INSERT INTO u VALUES (999999); PRAGMA foreign_keys = ON");
    assert_int_equal(mx_fsck_run(db, MX_FSCK_QUICK, &report, &err), MX_OK);
    assert_int_equal(report.count, 0);
    mx_fsck_report_deinit(&report);
    assert_int_equal(mx_fsck_run(db, MX_FSCK_FULL, &report, &err), MX_OK);
    assert_int_equal(report.count, 1);
    assert_non_null(strstr(mx_buf_text(&report.problems), "row 1 of u refers to a row of t"));
    mx_fsck_report_deinit(&report);
}

static void a_lock_has_one_holder_and_names_it(void **state) {
    (void)state;
    struct mx_error err;
    char expected[32];
    mx_lock *lock = NULL, *second = NULL;
    const char *path = temp_path(&folder, "merx.lock");
    assert_int_equal(mx_lock_holder(path), 0);
    assert_int_equal(mx_lock_acquire("/proc/merx.lock", &lock, &err), MX_E_SYSTEM);
    assert_non_null(strstr(err.text, "run this as the user that owns the folder"));
    assert_int_equal(mx_lock_acquire(path, &lock, &err), MX_OK);
    assert_int_equal(mx_lock_acquire(path, &second, &err), MX_E_CONFLICT);
    snprintf(expected, sizeof(expected), "process %ld", (long)getpid());
    assert_non_null(strstr(err.text, expected));
    assert_int_equal(mx_lock_holder(path), getpid());
    mx_lock_release(lock);
    mx_lock_release(NULL);
    assert_int_equal(mx_lock_holder(path), 0);
    assert_int_equal(mx_lock_acquire(path, &second, &err), MX_OK);
    mx_lock_release(second);
}

static void a_lock_dies_with_its_process(void **state) {
    (void)state;
    struct mx_error err;
    mx_lock *lock = NULL;
    char path[256];
    snprintf(path, sizeof(path), "%s", temp_path(&folder, "merx.lock"));
    pid_t child = fork();
    if (child == 0) {
        _exit(mx_lock_acquire(path, &lock, &err) == MX_OK ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(mx_lock_acquire(path, &lock, &err), MX_OK);
    mx_lock_release(lock);
}

static void a_link_is_no_lock(void **state) {
    (void)state;
    struct mx_error err;
    mx_lock *lock = NULL;
    const char *path = temp_path(&folder, "merx.lock");
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_int_equal(mx_lock_acquire(path, &lock, &err), MX_E_SYSTEM);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_database, remove_database)
    const struct CMUnitTest tests[] = {
        CASE(a_copy_is_whole_private_and_ours),
        CASE(a_copy_never_replaces_a_file),
        CASE(a_copy_that_is_stopped_leaves_nothing),
        CASE(copies_under_load_show_one_moment),
        CASE(a_newer_or_foreign_copy_is_refused),
        CASE(damage_is_found),
        CASE(a_sound_database_has_no_problems),
        CASE(a_broken_reference_is_a_problem),
        CASE(a_lock_has_one_holder_and_names_it),
        CASE(a_lock_dies_with_its_process),
        CASE(a_link_is_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

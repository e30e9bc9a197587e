// The writer on a disk that fails: at every single write, sync and truncation in turn, once and for
// good. What was acknowledged is there after a restart, what was refused is not, and a job whose
// outcome nobody can know says so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "fault_vfs.h"
#include "platform/log.h"
#include "storage/fsck.h"
#include "storage/stmt.h"
#include "storage/writer.h"
#include "temp_folder.h"

enum { JOBS = 12, BATCH = 2, RUN_MAX = 2000 };

static struct temp_folder folder;

struct row_job {
    struct mx_job job;
    int number;
    bool is_done;
    struct mx_job_outcome outcome;
};

// A row of 9,000 bytes: several pages, so that a commit is several writes.
static int run_row(void *ctx, mx_db *db, struct mx_error *err) {
    const struct row_job *self = ctx;
    char sql[96];
    snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d, zeroblob(9000))", self->number);
    return mx_db_exec(db, sql, err);
}

static void on_row_done(void *ctx, const struct mx_job_outcome *outcome) {
    struct row_job *self = ctx;
    self->is_done = true;
    self->outcome = *outcome;
}

static mx_db *open_at(const char *name) {
    struct mx_db_options options = {.path = temp_path(&folder, name), .mode = MX_DB_WRITE};
    struct mx_error err;
    mx_db *db = NULL;
    if (mx_db_open(&options, &db, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return db;
}

static bool has_row(mx_db *db, int row) {
    char sql[64];
    struct mx_error err;
    int64_t count = 0;
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM t WHERE id = %d", row);
    if (mx_db_int(db, sql, &count, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return count == 1;
}

static void check_rows(mx_db *db, const struct row_job *jobs, int round) {
    struct mx_fsck_report report;
    struct mx_error err;
    assert_int_equal(mx_fsck_run(db, MX_FSCK_FULL, &report, &err), MX_OK);
    if (report.count > 0) {
        fail_msg("round %d: %s", round, mx_buf_text(&report.problems));
    }
    mx_fsck_report_deinit(&report);
    for (int i = 0; i < JOBS; i++) {
        bool there = has_row(db, jobs[i].number);
        enum mx_job_state state = jobs[i].outcome.state;
        if ((state == MX_JOB_COMMITTED && !there) ||
            ((state == MX_JOB_REFUSED || state == MX_JOB_FAILED) && there)) {
            fail_msg("round %d: row %d is %s, but its job ended as %d", round, i,
                there ? "there" : "not there", state);
        }
        assert_true(jobs[i].is_done);
        assert_true((state == MX_JOB_COMMITTED) == (jobs[i].outcome.error.code == MX_OK));
    }
}

static void copy_file(const char *from, const char *to) {
    mx_buf bytes = {0};
    struct mx_error err;
    if (mx_file_read(temp_path(&folder, from), 1 << 26, &bytes, &err) == MX_OK) {
        assert_int_equal(
            mx_file_write(temp_path(&folder, to), mx_buf_slice(&bytes), 0600, &err), MX_OK);
    }
    mx_buf_deinit(&bytes);
}

// What a process killed now would leave behind.
static void copy_as_killed(void) {
    copy_file("shop.db", "killed.db");
    copy_file("shop.db-wal", "killed.db-wal");
}

struct outcome_counts {
    int of[4];
};

// Runs the jobs with the fault armed. Returns whether it struck.
static bool run_round(int ops, int nth, int code, int for_good, struct outcome_counts *counts) {
    struct row_job jobs[JOBS];
    struct mx_error err;
    temp_folder_make(&folder);
    mx_db *db = open_at("shop.db");
    assert_int_equal(
        mx_db_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB) STRICT", &err), MX_OK);
    struct mx_writer_options options = {.db = db, .batch_jobs = BATCH, .batch_us = 1000000};
    mx_writer *writer = NULL;
    assert_int_equal(mx_writer_create(&options, &writer, &err), MX_OK);

    fault_arm(ops, nth, code, for_good);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct row_job){.number = i};
        jobs[i].job = (struct mx_job){.run = run_row, .done = on_row_done, .ctx = &jobs[i]};
        assert_int_equal(mx_writer_submit(writer, &jobs[i].job, &err), MX_OK);
    }
    mx_writer_run_pending(writer);
    bool struck = fault_plan.failed > 0;
    fault_disarm();
    copy_as_killed();
    mx_writer_destroy(writer);
    mx_db_close(db);

    db = open_at("shop.db");
    check_rows(db, jobs, nth);
    mx_db_close(db);
    db = open_at("killed.db");
    check_rows(db, jobs, nth);
    mx_db_close(db);
    for (int i = 0; i < JOBS; i++) {
        counts->of[jobs[i].outcome.state]++;
    }
    temp_folder_remove(&folder);
    return struck;
}

// Every n until the fault comes too late to strike.
static struct outcome_counts run_rounds(int ops, int code, int for_good) {
    struct outcome_counts counts = {0};
    int n = 1;
    while (run_round(ops, n, code, for_good, &counts)) {
        n++;
        assert_true(n < RUN_MAX);
    }
    assert_true(n > JOBS / BATCH); // it struck at least once a batch
    return counts;
}

static void a_disk_full_for_a_moment_loses_nothing(void **state) {
    (void)state;
    struct outcome_counts counts = run_rounds(FAULT_WRITE, SQLITE_FULL, 0);
    assert_true(counts.of[MX_JOB_REFUSED] > 0);
    assert_int_equal(counts.of[MX_JOB_UNKNOWN], 0); // a full disk is never a riddle
}

static void a_disk_full_for_good_loses_nothing(void **state) {
    (void)state;
    struct outcome_counts counts = run_rounds(FAULT_WRITE | FAULT_TRUNCATE, SQLITE_FULL, 1);
    assert_true(counts.of[MX_JOB_REFUSED] > 0);
    assert_int_equal(counts.of[MX_JOB_UNKNOWN], 0);
}

static void a_failed_write_loses_nothing(void **state) {
    (void)state;
    struct outcome_counts counts = run_rounds(FAULT_WRITE, SQLITE_IOERR_WRITE, 0);
    assert_true(counts.of[MX_JOB_UNKNOWN] > 0);
    assert_true(counts.of[MX_JOB_REFUSED] > 0); // nothing is written after it
}

static void a_failed_sync_is_unknown_and_stops_writing(void **state) {
    (void)state;
    struct outcome_counts once = run_rounds(FAULT_SYNC, SQLITE_IOERR_FSYNC, 0);
    struct outcome_counts ever = run_rounds(FAULT_SYNC, SQLITE_IOERR_FSYNC, 1);
    assert_true(once.of[MX_JOB_UNKNOWN] > 0 && once.of[MX_JOB_REFUSED] > 0);
    assert_memory_equal(&once, &ever, sizeof(once)); // one is enough to stop
}

static void a_dead_disk_loses_nothing(void **state) {
    (void)state;
    run_rounds(FAULT_ANY, SQLITE_IOERR_WRITE, 1);
}

// ---- what the writer says ----------------------------------------------------------------------

struct told {
    int calls;
    char last[128];
};

static void on_trouble(void *ctx, const char *text) {
    struct told *told = ctx;
    told->calls++;
    snprintf(told->last, sizeof(told->last), "%s", text ? text : "fine");
}

static void submit_and_run(mx_writer *writer, struct row_job *job, int row) {
    struct mx_error err;
    *job = (struct row_job){.number = row};
    job->job = (struct mx_job){.run = run_row, .done = on_row_done, .ctx = job};
    assert_int_equal(mx_writer_submit(writer, &job->job, &err), MX_OK);
    mx_writer_run_pending(writer);
    assert_true(job->is_done);
}

static mx_writer *start_on(mx_db **db, struct told *told) {
    struct mx_error err;
    mx_writer *writer = NULL;
    temp_folder_make(&folder);
    *db = open_at("shop.db");
    assert_int_equal(
        mx_db_exec(*db, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB) STRICT", &err), MX_OK);
    struct mx_writer_options options = {.db = *db, .ctx = told, .trouble = on_trouble};
    assert_int_equal(mx_writer_create(&options, &writer, &err), MX_OK);
    return writer;
}

static void a_full_disk_is_told_and_writing_resumes_with_space(void **state) {
    (void)state;
    struct told told = {0};
    struct row_job job;
    struct mx_writer_stats stats;
    mx_db *db = NULL;
    mx_writer *writer = start_on(&db, &told);

    fault_arm(FAULT_WRITE, 1, SQLITE_FULL, 1);
    submit_and_run(writer, &job, 1);
    assert_int_equal(job.outcome.state, MX_JOB_REFUSED);
    assert_int_equal(job.outcome.error.code, MX_E_BUSY);
    assert_non_null(strstr(job.outcome.error.text, "disk is full"));
    assert_int_equal(told.calls, 1);
    mx_writer_stats(writer, &stats);
    assert_true(stats.disk_full);
    submit_and_run(writer, &job, 2); // refused at once, without touching the disk
    assert_int_equal(job.outcome.state, MX_JOB_REFUSED);
    assert_false(has_row(db, 1)); // reading goes on

    nanosleep(&(struct timespec){1, 50000000}, NULL);
    submit_and_run(writer, &job, 3); // looked for space, found none
    assert_int_equal(job.outcome.state, MX_JOB_REFUSED);
    fault_disarm();
    nanosleep(&(struct timespec){1, 50000000}, NULL);
    submit_and_run(writer, &job, 4);
    assert_int_equal(job.outcome.state, MX_JOB_COMMITTED);
    assert_string_equal(told.last, "fine");
    mx_writer_stats(writer, &stats);
    assert_false(stats.disk_full);
    mx_writer_destroy(writer);
    mx_db_close(db);
    temp_folder_remove(&folder);
}

static void a_broken_disk_is_told_once_and_stays_broken(void **state) {
    (void)state;
    struct told told = {0};
    struct row_job job;
    struct mx_writer_stats stats;
    mx_db *db = NULL;
    mx_writer *writer = start_on(&db, &told);

    fault_arm(FAULT_SYNC, 1, SQLITE_IOERR_FSYNC, 0);
    submit_and_run(writer, &job, 1);
    assert_int_equal(job.outcome.state, MX_JOB_UNKNOWN);
    assert_int_equal(job.outcome.error.code, MX_E_UNKNOWN);
    fault_disarm();
    submit_and_run(writer, &job, 2);
    assert_int_equal(job.outcome.state, MX_JOB_REFUSED);
    assert_int_equal(job.outcome.error.code, MX_E_SYSTEM);
    assert_non_null(strstr(job.outcome.error.text, "restart"));
    assert_int_equal(told.calls, 1);
    mx_writer_stats(writer, &stats);
    assert_true(stats.stopped);
    assert_false(has_row(db, 2));
    mx_writer_destroy(writer);
    mx_db_close(db);
    temp_folder_remove(&folder);
}

static int register_disk(void **state) {
    (void)state;
    struct mx_db_options options = {.mode = MX_DB_MEMORY}; // configures the library first
    struct mx_error err;
    mx_db *db = NULL;
    int rc = mx_db_open(&options, &db, &err);
    mx_db_close(db);
    mx_log_configure(MX_LOG_ERROR, MX_LOG_AUTO);
    fault_register();
    return rc;
}

static int unregister_disk(void **state) {
    (void)state;
    fault_unregister();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_full_for_a_moment_loses_nothing),
        cmocka_unit_test(a_disk_full_for_good_loses_nothing),
        cmocka_unit_test(a_failed_write_loses_nothing),
        cmocka_unit_test(a_failed_sync_is_unknown_and_stops_writing),
        cmocka_unit_test(a_dead_disk_loses_nothing),
        cmocka_unit_test(a_full_disk_is_told_and_writing_resumes_with_space),
        cmocka_unit_test(a_broken_disk_is_told_once_and_stays_broken),
    };
    return cmocka_run_group_tests(tests, register_disk, unregister_disk);
}

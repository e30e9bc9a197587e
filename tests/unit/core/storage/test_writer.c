// Group commit: who is in one transaction, who fails alone, and that nobody is answered too early.
#include "writer_fixture.h"

#include "platform/world.h"

// Runs `count` jobs as one batch.
static void run_all(struct sql_job *jobs, int count) {
    mx_writer *writer = create(&(struct mx_writer_options){.batch_us = 1000000});
    for (int i = 0; i < count; i++) {
        submit(writer, &jobs[i]);
    }
    mx_writer_run_pending(writer);
    mx_writer_destroy(writer);
}

static void a_batch_is_one_commit_and_is_answered_after_it(void **state) {
    (void)state;
    struct sql_job jobs[3];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", "INSERT INTO t VALUES ('b')");
    set_job(&jobs[2], "c", "INSERT INTO t VALUES ('c')");
    run_all(jobs, 3);
    assert_string_equal(events, "run:a run:b run:c commit:abc done:a done:b done:c ");
    assert_int_equal(jobs[2].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[2].outcome.error.code, MX_OK);
    assert_int_equal(number("SELECT count(*) FROM t"), 3);
}

static void a_failed_job_is_rolled_back_alone(void **state) {
    (void)state;
    struct sql_job jobs[3];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", "INSERT INTO t VALUES ('x'); INSERT INTO t VALUES ('a')");
    set_job(&jobs[2], "c", "INSERT INTO t VALUES ('c')");
    run_all(jobs, 3);
    assert_string_equal(events, "run:a run:b run:c commit:ac done:a done:b done:c ");
    assert_int_equal(jobs[1].outcome.state, MX_JOB_FAILED);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_CONFLICT);
    assert_string_equal(jobs[1].outcome.error.text, "UNIQUE constraint failed: t.a");
    assert_int_equal(number("SELECT count(*) FROM t WHERE a IN ('a', 'c')"), 2);
    assert_int_equal(number("SELECT count(*) FROM t"), 2);
}

// A savepoint does not hold this: the statement itself ends the transaction.
static void a_job_that_ends_the_transaction_fails_alone(void **state) {
    (void)state;
    struct sql_job jobs[3];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", "INSERT OR ROLLBACK INTO t VALUES ('a')");
    set_job(&jobs[2], "c", "INSERT INTO t VALUES ('c')");
    run_all(jobs, 3);
    assert_string_equal(events, "run:a run:b run:a commit:a done:a done:b run:c commit:c done:c ");
    assert_int_equal(jobs[0].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[1].outcome.state, MX_JOB_FAILED);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_CONFLICT);
    assert_int_equal(jobs[2].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[0].runs, 2);
    assert_int_equal(jobs[1].runs, 1);
    assert_int_equal(number("SELECT count(*) FROM t"), 2);
}

static int run_past_the_deadline(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    mx_db_deadline_set(on, mx_mono_ns(mx_world_real()) + 3000000);
    int rc = mx_db_exec(on,
        "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'n' || i FROM n",
        err);
    mx_db_deadline_set(on, 0);
    return rc;
}

static void an_interrupted_write_takes_nobody_along(void **state) {
    (void)state;
    struct sql_job jobs[2];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", NULL);
    jobs[1].also = run_past_the_deadline;
    run_all(jobs, 2);
    assert_int_equal(jobs[0].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[1].outcome.state, MX_JOB_FAILED);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_LIMIT);
    assert_int_equal(number("SELECT count(*) FROM t"), 1);
}

static int swallow_the_failure(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    struct mx_error swallowed;
    (void)err;
    mx_db_exec(on, "INSERT OR ROLLBACK INTO t VALUES ('a')", &swallowed);
    return MX_OK;
}

static void a_job_that_hides_that_it_ended_the_transaction_fails(void **state) {
    (void)state;
    struct sql_job jobs[2];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", NULL);
    jobs[1].also = swallow_the_failure;
    run_all(jobs, 2);
    assert_int_equal(jobs[0].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[1].outcome.state, MX_JOB_FAILED);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_SYSTEM);
    assert_int_equal(number("SELECT count(*) FROM t"), 1);
}

static void a_refused_commit_blames_the_offender_alone(void **state) {
    (void)state;
    struct sql_job jobs[3];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", "INSERT INTO children VALUES (7)"); // deferred: found at COMMIT
    set_job(&jobs[2], "c", "INSERT INTO t VALUES ('c')");
    run_all(jobs, 3);
    assert_string_equal(
        events, "run:a run:b run:c run:a commit:a run:b run:c commit:c done:a done:b done:c ");
    assert_int_equal(jobs[0].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[1].outcome.state, MX_JOB_FAILED);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_CONFLICT);
    assert_int_equal(jobs[2].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(number("SELECT count(*) FROM t"), 2);
    assert_int_equal(number("SELECT count(*) FROM children"), 0);
}

static void a_job_cannot_end_the_transaction_by_a_statement(void **state) {
    (void)state;
    struct sql_job jobs[2];
    set_job(&jobs[0], "a", "INSERT INTO t VALUES ('a')");
    set_job(&jobs[1], "b", "COMMIT");
    run_all(jobs, 2);
    assert_int_equal(jobs[0].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[0].runs, 1);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_INVALID);
}

static int leave_a_statement_running(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    mx_stmt *stmt = NULL;
    int rc =
        mx_stmt_cached(on, MX_SLICE("INSERT INTO t VALUES ('y'), ('z') RETURNING a"), &stmt, err);
    return rc < 0 ? rc : mx_stmt_step(stmt, err) == MX_STMT_ROW ? MX_OK : err->code;
}

static void a_statement_left_running_does_not_hold_the_commit(void **state) {
    (void)state;
    struct sql_job jobs[2];
    set_job(&jobs[0], "a", NULL);
    jobs[0].also = leave_a_statement_running;
    set_job(&jobs[1], "b", "INSERT INTO t VALUES ('b')");
    run_all(jobs, 2);
    assert_int_equal(jobs[0].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(jobs[1].outcome.state, MX_JOB_COMMITTED);
    assert_int_equal(number("SELECT count(*) FROM t"), 3);
}

static void a_batch_closes_at_its_size(void **state) {
    (void)state;
    struct sql_job jobs[5];
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    mx_writer *writer = create(&(struct mx_writer_options){.batch_jobs = 2, .batch_us = 1000000});
    for (int i = 0; i < 5; i++) {
        set_job(&jobs[i], names[i], NULL);
        submit(writer, &jobs[i]);
    }
    mx_writer_run_pending(writer);
    assert_string_equal(events, "run:a run:b commit:ab done:a done:b run:c run:d commit:cd "
                                "done:c done:d run:e commit:e done:e ");
    struct mx_writer_stats stats;
    mx_writer_stats(writer, &stats);
    assert_int_equal(stats.batches, 3);
    assert_int_equal(stats.jobs, 5);
    assert_int_equal(stats.largest_batch, 2);
    mx_writer_destroy(writer);
}

static int sleep_a_little(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    (void)on;
    (void)err;
    pause_us(5000);
    return MX_OK;
}

static void a_batch_closes_after_its_time(void **state) {
    (void)state;
    struct sql_job jobs[2];
    mx_writer *writer = create(&(struct mx_writer_options){.batch_us = 2000});
    set_job(&jobs[0], "slow", NULL);
    jobs[0].also = sleep_a_little;
    set_job(&jobs[1], "b", NULL);
    submit(writer, &jobs[0]);
    submit(writer, &jobs[1]);
    mx_writer_run_pending(writer);
    assert_string_equal(events, "run:slow commit:slow done:slow run:b commit:b done:b ");
    mx_writer_destroy(writer);
}

static int check_no_transaction(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    return mx_db_in_transaction(on) ? mx_fail(err, MX_E_SYSTEM, "in a transaction") : MX_OK;
}

static void a_job_alone_runs_between_batches(void **state) {
    (void)state;
    struct sql_job jobs[3];
    set_job(&jobs[0], "a", NULL);
    set_job(&jobs[1], "alone", "PRAGMA optimize");
    jobs[1].job.alone = true;
    jobs[1].also = check_no_transaction;
    set_job(&jobs[2], "c", NULL);
    run_all(jobs, 3);
    assert_string_equal(events, "run:a commit:a done:a run:alone commit:alone done:alone run:c "
                                "commit:c done:c ");
    assert_int_equal(jobs[1].outcome.state, MX_JOB_COMMITTED);
}

static void a_transaction_left_open_by_a_job_alone_is_undone(void **state) {
    (void)state;
    struct sql_job job;
    set_job(&job, "a", "BEGIN; INSERT INTO t VALUES ('a')");
    job.job.alone = true;
    run_all(&job, 1);
    assert_int_equal(job.outcome.state, MX_JOB_FAILED);
    assert_int_equal(number("SELECT count(*) FROM t"), 0);
}

static void a_full_queue_refuses(void **state) {
    (void)state;
    struct sql_job jobs[3];
    struct mx_error err;
    mx_writer *writer = create(&(struct mx_writer_options){.queue_jobs = 2});
    for (int i = 0; i < 3; i++) {
        set_job(&jobs[i], "x", NULL);
    }
    submit(writer, &jobs[0]);
    submit(writer, &jobs[1]);
    assert_int_equal(mx_writer_submit(writer, &jobs[2].job, &err), MX_E_BUSY);
    mx_writer_stop(writer); // runs what is queued
    assert_true(jobs[0].is_done && jobs[1].is_done);
    assert_false(jobs[2].is_done);
    assert_int_equal(mx_writer_submit(writer, &jobs[2].job, &err), MX_E_BUSY);
    mx_writer_destroy(writer);
}

static void a_database_held_by_another_refuses_the_batch(void **state) {
    (void)state;
    struct sql_job jobs[2];
    struct mx_error err;
    struct mx_db_options options = {.path = mx_db_path(db), .mode = MX_DB_WRITE};
    mx_db *other = NULL;
    assert_int_equal(mx_db_open(&options, &other, &err), MX_OK);
    assert_int_equal(mx_db_begin(other, true, &err), MX_OK);
    set_job(&jobs[0], "a", NULL);
    set_job(&jobs[1], "b", NULL);
    run_all(jobs, 2);
    assert_string_equal(events, "done:a done:b ");
    assert_int_equal(jobs[1].outcome.state, MX_JOB_REFUSED);
    assert_int_equal(jobs[1].outcome.error.code, MX_E_BUSY);
    mx_db_close(other);
}

static void a_reader_cannot_be_a_writer(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_db_options options = {.path = mx_db_path(db), .mode = MX_DB_READ};
    mx_db *reader = NULL;
    mx_writer *writer = NULL;
    assert_int_equal(mx_db_open(&options, &reader, &err), MX_OK);
    struct mx_writer_options wanted = {.db = reader};
    assert_int_equal(mx_writer_create(&wanted, &writer, &err), MX_E_INVALID);
    mx_db_close(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_batch_is_one_commit_and_is_answered_after_it),
        CASE(a_failed_job_is_rolled_back_alone),
        CASE(a_job_that_ends_the_transaction_fails_alone),
        CASE(an_interrupted_write_takes_nobody_along),
        CASE(a_job_that_hides_that_it_ended_the_transaction_fails),
        CASE(a_refused_commit_blames_the_offender_alone),
        CASE(a_job_cannot_end_the_transaction_by_a_statement),
        CASE(a_statement_left_running_does_not_hold_the_commit),
        CASE(a_batch_closes_at_its_size),
        CASE(a_batch_closes_after_its_time),
        CASE(a_job_alone_runs_between_batches),
        CASE(a_transaction_left_open_by_a_job_alone_is_undone),
        CASE(a_full_queue_refuses),
        CASE(a_database_held_by_another_refuses_the_batch),
        CASE(a_reader_cannot_be_a_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

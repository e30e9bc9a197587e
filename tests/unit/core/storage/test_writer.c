// Group commit: who is in one transaction, who fails alone, and that nobody is answered too early.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "platform/world.h"
#include "storage/stmt.h"
#include "storage/writer.h"
#include "temp_folder.h"

static struct temp_folder folder;
static mx_db *db;

enum { LOG_SIZE = 4096 };
static char events[LOG_SIZE]; // what happened, in order: "run:a commit:1 done:a "

static void note(const char *what, const char *name) {
    size_t len = strlen(events);
    snprintf(events + len, sizeof(events) - len, "%s:%s ", what, name);
}

// A job that runs `sql`. Its outcome is kept.
struct sql_job {
    struct mx_job job;
    const char *name;
    const char *sql;
    int (*also)(struct sql_job *self, mx_db *on, struct mx_error *err); // may be NULL
    int runs;
    bool is_done;
    struct mx_job_outcome outcome;
};

static int run_sql(void *ctx, mx_db *on, struct mx_error *err) {
    struct sql_job *self = ctx;
    self->runs++;
    note("run", self->name);
    int rc = self->sql ? mx_db_exec(on, self->sql, err) : MX_OK;
    return rc == MX_OK && self->also ? self->also(self, on, err) : rc;
}

static void on_done(void *ctx, const struct mx_job_outcome *outcome) {
    struct sql_job *self = ctx;
    assert_false(self->is_done);
    self->is_done = true;
    self->outcome = *outcome;
    note("done", self->name);
}

static void set_job(struct sql_job *self, const char *name, const char *sql) {
    *self = (struct sql_job){.name = name, .sql = sql};
    self->job = (struct mx_job){.run = run_sql, .done = on_done, .ctx = self};
}

static void on_committed(void *ctx, struct mx_job *const *jobs, int count) {
    (void)ctx;
    char names[64] = "";
    for (int i = 0; i < count; i++) {
        size_t len = strlen(names);
        snprintf(names + len, sizeof(names) - len, "%s", ((struct sql_job *)jobs[i]->ctx)->name);
    }
    note("commit", names);
}

static void pause_us(long us) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static int make_database(void **state) {
    (void)state;
    struct mx_error err;
    temp_folder_make(&folder);
    events[0] = '\0';
    struct mx_db_options options = {
        .path = temp_path(&folder, "shop.db"), .mode = MX_DB_WRITE, .busy_ms = 50};
    if (mx_db_open(&options, &db, &err) < 0 ||
        mx_db_exec(db,
            "CREATE TABLE t (a TEXT UNIQUE) STRICT;"
            "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;"
            "CREATE TABLE children (parent_id INTEGER REFERENCES parents (id) "
            "DEFERRABLE INITIALLY DEFERRED) STRICT",
            &err) < 0) {
        fail_msg("%s", err.text);
    }
    return 0;
}

static int remove_database(void **state) {
    (void)state;
    mx_db_close(db);
    temp_folder_remove(&folder);
    return 0;
}

static mx_writer *create(const struct mx_writer_options *wanted) {
    struct mx_writer_options options = *wanted;
    struct mx_error err;
    mx_writer *writer = NULL;
    options.db = db;
    if (!options.committed) {
        options.committed = on_committed;
    }
    if (mx_writer_create(&options, &writer, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return writer;
}

static void submit(mx_writer *writer, struct sql_job *job) {
    struct mx_error err;
    if (mx_writer_submit(writer, &job->job, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

// Runs `count` jobs as one batch.
static void run_all(struct sql_job *jobs, int count) {
    mx_writer *writer = create(&(struct mx_writer_options){.batch_us = 1000000});
    for (int i = 0; i < count; i++) {
        submit(writer, &jobs[i]);
    }
    mx_writer_run_pending(writer);
    mx_writer_destroy(writer);
}

static int64_t number(const char *sql) {
    struct mx_error err;
    int64_t value = 0;
    if (mx_db_int(db, sql, &value, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    return value;
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

// ---- with its thread ---------------------------------------------------------------------------

enum { CLIENTS = 4, JOBS_EACH = 250 };

struct client {
    mx_writer *writer;
    int id;
    atomic_int committed;
};

struct insert {
    struct mx_job job;
    struct client *client;
    int number;
    atomic_bool is_done;
};

static int run_insert(void *ctx, mx_db *on, struct mx_error *err) {
    const struct insert *self = ctx;
    mx_stmt *stmt = NULL;
    int rc = mx_stmt_cached(on, MX_SLICE("INSERT INTO t VALUES (?1)"), &stmt, err);
    if (rc < 0) {
        return rc;
    }
    char text[32];
    int len = snprintf(text, sizeof(text), "%d.%d", self->client->id, self->number);
    mx_stmt_bind_text(stmt, 1, (struct mx_slice){text, (size_t)len});
    return mx_stmt_run(stmt, err);
}

static void on_insert_done(void *ctx, const struct mx_job_outcome *outcome) {
    struct insert *self = ctx;
    atomic_fetch_add(&self->client->committed, outcome->state == MX_JOB_COMMITTED);
    atomic_store(&self->is_done, true);
}

static void *run_client(void *arg) {
    struct client *client = arg;
    struct mx_error err;
    struct insert inserts[JOBS_EACH];
    for (int i = 0; i < JOBS_EACH; i++) {
        inserts[i] = (struct insert){.client = client, .number = i};
        inserts[i].job =
            (struct mx_job){.run = run_insert, .done = on_insert_done, .ctx = &inserts[i]};
        if (mx_writer_submit(client->writer, &inserts[i].job, &err) < 0) {
            return client; // not NULL: refused
        }
    }
    for (int i = 0; i < JOBS_EACH; i++) {
        while (!atomic_load(&inserts[i].is_done)) {
            pause_us(100);
        }
    }
    return NULL;
}

static int begin_thread(void *ctx, struct mx_error *err) {
    (void)err;
    atomic_fetch_add((atomic_int *)ctx, 1);
    return MX_OK;
}

static void end_thread(void *ctx) {
    atomic_fetch_add((atomic_int *)ctx, 10);
}

static void ignore_committed(void *ctx, struct mx_job *const *jobs, int count) {
    (void)ctx;
    (void)jobs;
    assert_true(count > 0);
}

static void many_threads_share_commits(void **state) {
    (void)state;
    struct client clients[CLIENTS] = {0};
    pthread_t threads[CLIENTS];
    struct mx_error err;
    atomic_int hooks = 0;
    mx_writer *writer = create(&(struct mx_writer_options){.ctx = &hooks,
        .thread_begin = begin_thread,
        .thread_end = end_thread,
        .committed = ignore_committed});
    assert_int_equal(mx_writer_start(writer, &err), MX_OK);
    assert_int_equal(atomic_load(&hooks), 1);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].writer = writer;
        clients[i].id = i;
        assert_int_equal(pthread_create(&threads[i], NULL, run_client, &clients[i]), 0);
    }
    int committed = 0;
    for (int i = 0; i < CLIENTS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_null(result);
        committed += atomic_load(&clients[i].committed);
    }
    struct mx_writer_stats stats;
    mx_writer_stats(writer, &stats);
    mx_writer_destroy(writer);
    assert_int_equal(atomic_load(&hooks), 11);
    assert_int_equal(committed, CLIENTS * JOBS_EACH);
    assert_int_equal(stats.jobs, CLIENTS * JOBS_EACH);
    assert_true(stats.batches < stats.jobs);
    assert_int_equal(number("SELECT count(*) FROM t"), CLIENTS * JOBS_EACH);
}

static int fail_to_begin(void *ctx, struct mx_error *err) {
    (void)ctx;
    return mx_fail(err, MX_E_INVALID, "no script");
}

static void a_thread_that_cannot_begin_does_not_start(void **state) {
    (void)state;
    struct mx_error err;
    mx_writer *writer = create(&(struct mx_writer_options){.thread_begin = fail_to_begin});
    assert_int_equal(mx_writer_start(writer, &err), MX_E_INVALID);
    assert_string_equal(err.text, "no script");
    mx_writer_destroy(writer);
}

// ---- checkpoints -------------------------------------------------------------------------------

static int write_much(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    return mx_db_exec(on,
        "INSERT OR REPLACE INTO big WITH RECURSIVE n (i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2600) SELECT i, randomblob(3000) FROM n",
        err);
}

static void the_log_is_bounded_beside_short_readers(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(
        mx_db_exec(db, "CREATE TABLE big (id INTEGER PRIMARY KEY, b BLOB) STRICT", &err), MX_OK);
    mx_writer *writer = create(&(struct mx_writer_options){.batch_jobs = 1});
    struct mx_db_options options = {.path = mx_db_path(db), .mode = MX_DB_READ};
    mx_db *reader = NULL;
    assert_int_equal(mx_db_open(&options, &reader, &err), MX_OK);
    struct sql_job job;
    struct mx_file_info info;
    for (int i = 0; i < 30; i++) { // each about 8 MB of log: 240 MB in all
        int64_t seen = 0;
        set_job(&job, "big", NULL);
        job.also = write_much;
        submit(writer, &job);
        mx_writer_run_pending(writer);
        assert_int_equal(job.outcome.state, MX_JOB_COMMITTED);
        assert_int_equal(mx_db_int(reader, "SELECT count(*) FROM big", &seen, &err), MX_OK);
        mx_db_slice_end(reader);
        assert_int_equal(mx_file_stat(temp_path(&folder, "shop.db-wal"), &info, &err), MX_OK);
        assert_true(info.size <= 64 * 1024 * 1024);
    }
    struct mx_writer_stats stats;
    mx_writer_stats(writer, &stats);
    assert_true(stats.checkpoints >= 3);
    mx_db_close(reader);
    mx_writer_destroy(writer);
}

static void a_long_reader_lets_the_log_grow_and_then_shrink(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(
        mx_db_exec(db, "CREATE TABLE big (id INTEGER PRIMARY KEY, b BLOB) STRICT", &err), MX_OK);
    mx_writer *writer = create(&(struct mx_writer_options){.batch_jobs = 1});
    struct mx_db_options options = {.path = mx_db_path(db), .mode = MX_DB_READ};
    mx_db *reader = NULL;
    int64_t seen = 0;
    struct sql_job job;
    struct mx_file_info info;
    assert_int_equal(mx_db_open(&options, &reader, &err), MX_OK);
    assert_int_equal(mx_db_int(reader, "SELECT count(*) FROM big", &seen, &err), MX_OK);
    for (int i = 0; i < 20; i++) {
        if (i == 12) {
            mx_db_slice_end(reader); // the backup is over
            pause_us(300000);
        }
        set_job(&job, "big", NULL);
        job.also = write_much;
        submit(writer, &job);
        mx_writer_run_pending(writer);
        assert_int_equal(job.outcome.state, MX_JOB_COMMITTED);
        assert_int_equal(mx_file_stat(temp_path(&folder, "shop.db-wal"), &info, &err), MX_OK);
        if (i == 11) {
            assert_true(info.size > 64 * 1024 * 1024);
        }
    }
    assert_true(info.size <= 64 * 1024 * 1024);
    mx_db_close(reader);
    mx_writer_destroy(writer);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_database, remove_database)
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
        CASE(many_threads_share_commits),
        CASE(a_thread_that_cannot_begin_does_not_start),
        CASE(the_log_is_bounded_beside_short_readers),
        CASE(a_long_reader_lets_the_log_grow_and_then_shrink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

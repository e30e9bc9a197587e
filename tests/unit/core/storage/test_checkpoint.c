// The log of the database stays small, and becomes small again.
#include "writer_fixture.h"

#include "platform/files.h"

static int write_much(struct sql_job *self, mx_db *on, struct mx_error *err) {
    (void)self;
    return mx_db_exec(on,
        "INSERT OR REPLACE INTO big WITH RECURSIVE n (i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2600) SELECT i, randomblob(3000) FROM n",
        err);
}

// A writer of single jobs, a table to fill, and a reader beside it.
static mx_writer *open_big(mx_db **reader, struct mx_error *err) {
    assert_int_equal(
        mx_db_exec(db, "CREATE TABLE big (id INTEGER PRIMARY KEY, b BLOB) STRICT", err), MX_OK);
    struct mx_db_options options = {.path = mx_db_path(db), .mode = MX_DB_READ};
    assert_int_equal(mx_db_open(&options, reader, err), MX_OK);
    return create(&(struct mx_writer_options){.batch_jobs = 1});
}

static void the_log_is_bounded_beside_short_readers(void **state) {
    (void)state;
    struct mx_error err;
    mx_db *reader = NULL;
    mx_writer *writer = open_big(&reader, &err);
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
    mx_db *reader = NULL;
    mx_writer *writer = open_big(&reader, &err);
    int64_t seen = 0;
    struct sql_job job;
    struct mx_file_info info;
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
    const struct CMUnitTest tests[] = {
        CASE(the_log_is_bounded_beside_short_readers),
        CASE(a_long_reader_lets_the_log_grow_and_then_shrink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

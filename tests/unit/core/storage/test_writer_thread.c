// The writer in its own thread: others submit to it, it takes many of theirs to one commit, and it
// starts whole or not at all.
#include "writer_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(many_threads_share_commits),
        CASE(a_thread_that_cannot_begin_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// A writer on a database of its own: jobs that run SQL and tell in which order things happened. One
// program, one of it.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "storage/stmt.h"
#include "storage/writer.h"
#include "temp_folder.h"

static struct temp_folder folder;
static mx_db *db;

enum { LOG_SIZE = 4096 };
static char events[LOG_SIZE]; // what happened, in order: "run:a commit:1 done:a "

static inline void note(const char *what, const char *name) {
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

static inline int run_sql(void *ctx, mx_db *on, struct mx_error *err) {
    struct sql_job *self = ctx;
    self->runs++;
    note("run", self->name);
    int rc = self->sql ? mx_db_exec(on, self->sql, err) : MX_OK;
    return rc == MX_OK && self->also ? self->also(self, on, err) : rc;
}

static inline void on_done(void *ctx, const struct mx_job_outcome *outcome) {
    struct sql_job *self = ctx;
    assert_false(self->is_done);
    self->is_done = true;
    self->outcome = *outcome;
    note("done", self->name);
}

static inline void set_job(struct sql_job *self, const char *name, const char *sql) {
    *self = (struct sql_job){.name = name, .sql = sql};
    self->job = (struct mx_job){.run = run_sql, .done = on_done, .ctx = self};
}

static inline void on_committed(void *ctx, struct mx_job *const *jobs, int count) {
    (void)ctx;
    char names[64] = "";
    for (int i = 0; i < count; i++) {
        size_t len = strlen(names);
        snprintf(names + len, sizeof(names) - len, "%s", ((struct sql_job *)jobs[i]->ctx)->name);
    }
    note("commit", names);
}

static inline void pause_us(long us) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static inline int make_database(void **state) {
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

static inline int remove_database(void **state) {
    (void)state;
    mx_db_close(db);
    temp_folder_remove(&folder);
    return 0;
}

static inline mx_writer *create(const struct mx_writer_options *wanted) {
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

static inline void submit(mx_writer *writer, struct sql_job *job) {
    struct mx_error err;
    if (mx_writer_submit(writer, &job->job, &err) < 0) {
        fail_msg("%s", err.text);
    }
}
static inline int64_t number(const char *sql) {
    struct mx_error err;
    int64_t value = 0;
    if (mx_db_int(db, sql, &value, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    return value;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_database, remove_database)

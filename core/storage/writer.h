// The one writer of a database: a queue of jobs, many to a commit.
//
// A batch takes what is queued, never waits for more and closes at 64 jobs or after 2 ms of
// running. Each job has a savepoint of its own. When SQLite ends the whole transaction under a job,
// or refuses the COMMIT, the batch's other jobs run again, one to a transaction, and the offender
// alone fails; so `run` must be repeatable: same input, same rows. Nobody is answered before the
// COMMIT is on disk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "storage/db.h"

typedef struct mx_writer mx_writer;

enum mx_job_state {
    MX_JOB_COMMITTED, // on disk
    MX_JOB_FAILED,    // rolled back; `error` says why: from run(), or from the database
    MX_JOB_REFUSED,   // not run or rolled back, because nothing can be written now: try again later
    MX_JOB_UNKNOWN,   // the disk failed during COMMIT: only a restart can tell
};

struct mx_job_outcome {
    enum mx_job_state state;
    struct mx_error error; // `code` is MX_OK when committed
};

// Lives in the caller's memory, which must stay until `done`.
struct mx_job {
    // Does the work inside a savepoint. Negative: rolls it back. May be called more than once.
    int (*run)(void *ctx, mx_db *db, struct mx_error *err);
    // The end of the job; the writer does not touch it any more. On the writer's thread.
    void (*done)(void *ctx, const struct mx_job_outcome *outcome);
    void *ctx;
    bool alone; // run outside any transaction, between batches: migrations, PRAGMA optimize

    struct mx_job *next;           // the writer's
    struct mx_job_outcome outcome; // the writer's
};

struct mx_writer_options {
    mx_db *db;      // borrowed; used by nobody else from start to stop
    int batch_jobs; // 0: 64
    int batch_us;   // 0: 2000
    int queue_jobs; // 0: 4096; a full queue refuses with MX_E_BUSY
    void *ctx;      // borrowed, for the functions below, each of which may be NULL
    // On the writer's thread, first and last. A failure of thread_begin fails mx_writer_start().
    int (*thread_begin)(void *ctx, struct mx_error *err);
    void (*thread_end)(void *ctx);
    // After a COMMIT, before any answer: stamps and sequence. `jobs` are the committed ones.
    void (*committed)(void *ctx, struct mx_job *const *jobs, int count);
    // Disk full or disk broken, and back. `text` says which, NULL when writing works again.
    void (*trouble)(void *ctx, const char *text);
};

struct mx_writer_stats {
    uint64_t batches; // COMMITs, re-runs included
    uint64_t jobs;    // ended, in whatever way
    uint64_t failed;  // of those not committed
    uint64_t reruns;  // batches that were run again one by one
    uint64_t largest_batch;
    uint64_t commit_us; // sum over all COMMITs
    uint64_t commit_us_max;
    uint64_t checkpoints; // finished ones
    uint64_t checkpoints_busy;
    uint64_t wal_bytes; // now
    uint64_t queued;    // now
    bool disk_full;     // now
    bool stopped;       // the disk failed: no writes until a restart
};

// `*out` is owned: give it to mx_writer_destroy().
int mx_writer_create(
    const struct mx_writer_options *options, mx_writer **out, struct mx_error *err);

// Frees `writer`, which may be NULL. Stops first if needed.
void mx_writer_destroy(mx_writer *writer);

// Starts the thread. Without it, mx_writer_run_pending() does the work.
int mx_writer_start(mx_writer *writer, struct mx_error *err);

// Refuses new jobs, finishes the queued ones, joins the thread. Repeating is fine.
void mx_writer_stop(mx_writer *writer);

// Queues `job`. Any thread. On failure `done` is not called.
int mx_writer_submit(mx_writer *writer, struct mx_job *job, struct mx_error *err);

// Runs everything queued on the calling thread: for tools and tests, without mx_writer_start().
void mx_writer_run_pending(mx_writer *writer);

// Any thread.
void mx_writer_stats(mx_writer *writer, struct mx_writer_stats *out);

// What writer.c (queue and thread), batch.c (transactions) and checkpoint.c share.
#pragma once

#include <pthread.h>

#include "storage/internal.h"
#include "storage/writer.h"

enum mx_writer_trouble {
    MX_WRITER_FINE,
    MX_WRITER_FULL,   // no space: tried again each second
    MX_WRITER_BROKEN, // the disk failed: nothing is written any more
};

struct mx_writer {
    struct mx_writer_options options; // defaults filled in

    pthread_mutex_t mutex; // guards from here ...
    pthread_cond_t wake;
    struct mx_job *first;
    struct mx_job **last;
    bool is_stopping;
    bool is_ready;                // thread_begin has run
    struct mx_writer_stats stats; // ... to here

    bool has_thread;
    pthread_t thread;
    struct mx_error start_error;

    // The writing thread's own.
    struct mx_job **batch;
    struct mx_job **committed;
    enum mx_writer_trouble trouble;
    uint64_t probe_at; // when to look for space again
    uint64_t idle_since;
    int wal_pages;          // as of the last commit
    int wal_clean_pages;    // up to here a checkpoint has copied them
    int checkpoint_at;      // pages of the next passive one
    uint64_t restart_again; // not before this time
    int page_size;
};

// The next job, taken off the queue: any, or with `in_batch` none that wants to be alone.
// NULL when there is none.
struct mx_job *mx_writer_take(mx_writer *writer, bool in_batch);

// Takes one batch off the queue, runs it, answers it. False when there was nothing.
bool mx_writer_run_batch(mx_writer *writer);

// Looks whether there is space again, when it is time.
void mx_writer_probe(mx_writer *writer);

// What a failure of the database means for the writer: sets `trouble`, tells and logs it once.
enum mx_writer_trouble mx_writer_note_code(mx_writer *writer, int extended_code);

// Listens to the growth of the log; SQLite's own checkpoints are off from here on.
int mx_checkpoint_init(mx_writer *writer, struct mx_error *err);
// After answers: copies the log back when it is long.
void mx_checkpoint_after_batch(mx_writer *writer);
// When nothing is queued. Returns in how many nanoseconds to come again; 0: not before a commit.
uint64_t mx_checkpoint_when_idle(mx_writer *writer, uint64_t now);

// The queue in front of the writer, and its thread.
#include "storage/writer.h"

#include <assert.h>
#include <time.h>

#include "platform/alloc.h"
#include "platform/world.h"
#include "storage/writer_internal.h"

enum { DEFAULT_JOBS = 64, DEFAULT_US = 2000, DEFAULT_QUEUE = 4096, LARGEST_BATCH = 4096 };

static const uint64_t SECOND_NS = 1000000000;

static int or_default(int value, int preset) {
    return value > 0 ? value : preset;
}

int mx_writer_create(
    const struct mx_writer_options *options, mx_writer **out, struct mx_error *err) {
    if (mx_db_mode(options->db) == MX_DB_READ) {
        return mx_fail(err, MX_E_INVALID, "the writer needs a connection that can write");
    }
    if (options->batch_jobs > LARGEST_BATCH) {
        return mx_fail(err, MX_E_INVALID, "a batch has at most %d jobs", LARGEST_BATCH);
    }
    mx_writer *writer = mx_alloc(sizeof(*writer));
    writer->options = *options;
    writer->options.batch_jobs = or_default(options->batch_jobs, DEFAULT_JOBS);
    writer->options.batch_us = or_default(options->batch_us, DEFAULT_US);
    writer->options.queue_jobs = or_default(options->queue_jobs, DEFAULT_QUEUE);
    size_t size = (size_t)writer->options.batch_jobs * sizeof(struct mx_job *);
    writer->batch = mx_alloc(size);
    writer->committed = mx_alloc(size);
    writer->last = &writer->first;

    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&writer->mutex, NULL);

    int rc = mx_checkpoint_init(writer, err);
    if (rc < 0) {
        mx_writer_destroy(writer);
        return rc;
    }
    *out = writer;
    return MX_OK;
}

void mx_writer_destroy(mx_writer *writer) {
    if (!writer) {
        return;
    }
    mx_writer_stop(writer);
    sqlite3_wal_hook(writer->options.db->handle, NULL, NULL);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    mx_free(writer->batch);
    mx_free(writer->committed);
    mx_free(writer);
}

struct mx_job *mx_writer_take(mx_writer *writer, bool in_batch) {
    pthread_mutex_lock(&writer->mutex);
    struct mx_job *job = writer->first;
    if (job && in_batch && job->alone) {
        job = NULL; // ends the batch and is the next one's
    }
    if (job) {
        writer->first = job->next;
        if (!writer->first) {
            writer->last = &writer->first;
        }
        writer->stats.queued--;
    }
    pthread_mutex_unlock(&writer->mutex);
    return job;
}

int mx_writer_submit(mx_writer *writer, struct mx_job *job, struct mx_error *err) {
    assert(job->run && job->done && "a job does something and tells somebody");
    int rc = MX_OK;
    pthread_mutex_lock(&writer->mutex);
    if (writer->is_stopping) {
        rc = mx_fail(err, MX_E_BUSY, "the shop is shutting down: try again in a moment");
    } else if (writer->stats.queued >= (uint64_t)writer->options.queue_jobs) {
        rc = mx_fail(err, MX_E_BUSY, "too many changes are waiting: try again in a moment");
    } else {
        job->next = NULL;
        job->outcome = (struct mx_job_outcome){.state = MX_JOB_REFUSED};
        *writer->last = job;
        writer->last = &job->next;
        writer->stats.queued++;
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->mutex);
    return rc;
}

void mx_writer_run_pending(mx_writer *writer) {
    assert(!writer->has_thread && "one thread writes");
    mx_writer_probe(writer);
    while (mx_writer_run_batch(writer)) {
    }
}

// Sleeps until there is a job, it is time for something else (`pause_ns`, 0: never), or the end.
// False at the end: stopping, and nothing left to do.
static bool wait_for_work(mx_writer *writer, uint64_t pause_ns) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + pause_ns;
    until.tv_sec += (time_t)(ns / SECOND_NS);
    until.tv_nsec = (long)(ns % SECOND_NS);

    pthread_mutex_lock(&writer->mutex);
    int code = 0;
    while (!writer->first && !writer->is_stopping && code == 0) {
        code = pause_ns == 0 ? pthread_cond_wait(&writer->wake, &writer->mutex)
                             : pthread_cond_timedwait(&writer->wake, &writer->mutex, &until);
    }
    bool goes_on = writer->first || !writer->is_stopping;
    pthread_mutex_unlock(&writer->mutex);
    return goes_on;
}

// What is done when nothing is queued; returns when to come again.
static uint64_t rest(mx_writer *writer) {
    mx_writer_probe(writer);
    if (writer->trouble == MX_WRITER_FULL) {
        return SECOND_NS;
    }
    return mx_checkpoint_when_idle(writer, mx_mono_ns(mx_world_real()));
}

static void work(mx_writer *writer) {
    uint64_t pause = 0;
    while (wait_for_work(writer, pause)) {
        mx_writer_probe(writer);
        bool worked = false;
        while (mx_writer_run_batch(writer)) {
            worked = true;
        }
        if (worked) {
            writer->idle_since = mx_mono_ns(mx_world_real());
        }
        pause = rest(writer);
    }
}

static void *run_thread(void *arg) {
    mx_writer *writer = arg;
    const struct mx_writer_options *options = &writer->options;
    int rc =
        options->thread_begin ? options->thread_begin(options->ctx, &writer->start_error) : MX_OK;
    pthread_mutex_lock(&writer->mutex);
    writer->is_ready = true;
    writer->is_stopping = writer->is_stopping || rc < 0;
    pthread_cond_broadcast(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    if (rc < 0) {
        return NULL;
    }
    work(writer);
    if (options->thread_end) {
        options->thread_end(options->ctx);
    }
    return NULL;
}

int mx_writer_start(mx_writer *writer, struct mx_error *err) {
    assert(!writer->has_thread && "started once");
    int code = pthread_create(&writer->thread, NULL, run_thread, writer);
    if (code != 0) {
        return mx_fail_errno(err, code, "cannot start the writer's thread");
    }
    writer->has_thread = true;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->is_ready) {
        pthread_cond_wait(&writer->wake, &writer->mutex);
    }
    pthread_mutex_unlock(&writer->mutex);
    if (writer->start_error.code != MX_OK) {
        *err = writer->start_error;
        mx_writer_stop(writer);
        return err->code;
    }
    return MX_OK;
}

void mx_writer_stop(mx_writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    writer->is_stopping = true;
    pthread_cond_broadcast(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    if (writer->has_thread) {
        pthread_join(writer->thread, NULL);
        writer->has_thread = false;
    }
    mx_writer_run_pending(writer); // what came without a thread to take it
}

void mx_writer_stats(mx_writer *writer, struct mx_writer_stats *out) {
    pthread_mutex_lock(&writer->mutex);
    *out = writer->stats;
    pthread_mutex_unlock(&writer->mutex);
}

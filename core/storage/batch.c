// The transactions of the writer. A job ends in one of four ways (enum mx_job_state), and only
// after it is known which of them.
#include <stdio.h>

#include "platform/log.h"
#include "platform/world.h"
#include "storage/writer_internal.h"

static const uint64_t PROBE_NS = 1000000000;

static const char full_text[] = "the disk is full: nothing is saved until there is space";
static const char broken_text[] = "the disk failed: nothing is saved until a restart";
static const char unknown_text[] =
    "the disk failed while saving: whether this was saved shows after a restart";

static uint64_t now_ns(void) {
    return mx_mono_ns(mx_world_real());
}

static enum mx_writer_trouble trouble_of(int code) {
    switch (code & 0xff) {
    case SQLITE_FULL: return MX_WRITER_FULL;
    case SQLITE_IOERR: return code == SQLITE_IOERR_NOMEM ? MX_WRITER_FINE : MX_WRITER_BROKEN;
    case SQLITE_CORRUPT: // one damaged index is not the disk
        return code == SQLITE_CORRUPT_VTAB ? MX_WRITER_FINE : MX_WRITER_BROKEN;
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN: return MX_WRITER_BROKEN;
    case SQLITE_READONLY:
        return code == SQLITE_READONLY_DBMOVED ? MX_WRITER_BROKEN : MX_WRITER_FINE;
    default: return MX_WRITER_FINE;
    }
}

static void set_trouble(mx_writer *writer, enum mx_writer_trouble trouble, const char *text) {
    writer->trouble = trouble;
    writer->probe_at = now_ns() + PROBE_NS;
    pthread_mutex_lock(&writer->mutex);
    writer->stats.disk_full = trouble == MX_WRITER_FULL;
    writer->stats.stopped = trouble == MX_WRITER_BROKEN;
    pthread_mutex_unlock(&writer->mutex);
    if (writer->options.trouble) {
        writer->options.trouble(writer->options.ctx, text);
    }
}

enum mx_writer_trouble mx_writer_note_code(mx_writer *writer, int extended_code) {
    enum mx_writer_trouble trouble = trouble_of(extended_code);
    if (trouble > writer->trouble) {
        const char *text = trouble == MX_WRITER_FULL ? full_text : broken_text;
        mx_log_error("%s (%s, %d)", text, sqlite3_errstr(extended_code), extended_code);
        set_trouble(writer, trouble, text);
    }
    return trouble;
}

static void refuse(const mx_writer *writer, struct mx_job *job) {
    job->outcome.state = MX_JOB_REFUSED;
    if (writer->trouble == MX_WRITER_FULL) {
        mx_fail(&job->outcome.error, MX_E_BUSY, "%s", full_text);
    } else {
        mx_fail(&job->outcome.error, MX_E_SYSTEM, "%s", broken_text);
    }
}

static void refuse_all(const mx_writer *writer, int count) {
    for (int i = 0; i < count; i++) {
        refuse(writer, writer->batch[i]);
    }
}

// Statements a job left in the middle would keep the transaction from ending.
static void reset_stepped(mx_db *db) {
    while (db->stepped) {
        mx_stmt_reset(db->stepped);
    }
}

static void set_outcome(struct mx_job *job, int rc, const struct mx_error *err) {
    job->outcome.state = rc < 0 ? MX_JOB_FAILED : MX_JOB_COMMITTED;
    job->outcome.error = rc < 0 ? *err : (struct mx_error){.code = MX_OK};
    if (rc < 0 && err->code == MX_OK) { // a caller must be able to trust the code
        mx_fail(&job->outcome.error, (enum mx_code)rc, "the job failed without saying why");
    }
}

enum verdict {
    VERDICT_GOES_ON, // the transaction lives; the job's own outcome is set
    VERDICT_GONE,    // the transaction ended under the job
    VERDICT_TROUBLE, // no space, or the disk failed
};

static int end_savepoint(mx_db *db, int rc, struct mx_error *err) {
    int ended = MX_OK;
    if (rc < 0) {
        ended = mx_db_do(db, MX_DB_JOB_ROLLBACK, err);
    }
    return ended < 0 ? ended : mx_db_do(db, MX_DB_JOB_RELEASE, err);
}

static enum verdict run_job(mx_writer *writer, struct mx_job *job) {
    mx_db *db = writer->options.db;
    struct mx_error err = {.code = MX_OK}, end = {.code = MX_OK};
    db->disk_code = SQLITE_OK;
    int rc = mx_db_do(db, MX_DB_JOB_BEGIN, &err);
    if (rc == MX_OK) {
        db->one_transaction = true;
        rc = job->run(job->ctx, db, &err);
        db->one_transaction = false;
        reset_stepped(db);
    }
    set_outcome(job, rc, &err);
    // The job may have swallowed a failure of the disk: believe the connection, not the job.
    if (mx_writer_note_code(writer, db->disk_code) != MX_WRITER_FINE) {
        return VERDICT_TROUBLE;
    }
    bool alive = mx_db_in_transaction(db) && end_savepoint(db, rc, &end) == MX_OK;
    if (!alive && rc >= 0) {
        mx_fail(&err, MX_E_SYSTEM, "a statement of this command ended the whole transaction");
        set_outcome(job, err.code, &err);
    }
    return alive ? VERDICT_GOES_ON : VERDICT_GONE;
}

static void roll_back(mx_writer *writer) {
    struct mx_error err;
    if (mx_db_rollback(writer->options.db, &err) < 0) {
        mx_log_error("cannot roll back: %s", err.text);
        mx_writer_note_code(writer, mx_db_extended_code(writer->options.db));
    }
}

static void count_commit(mx_writer *writer, uint64_t us, int count) {
    pthread_mutex_lock(&writer->mutex);
    struct mx_writer_stats *stats = &writer->stats;
    stats->batches++;
    stats->commit_us += us;
    stats->commit_us_max = us > stats->commit_us_max ? us : stats->commit_us_max;
    stats->largest_batch =
        (uint64_t)count > stats->largest_batch ? (uint64_t)count : stats->largest_batch;
    stats->wal_bytes = (uint64_t)writer->wal_pages * (uint64_t)writer->page_size;
    pthread_mutex_unlock(&writer->mutex);
}

static void tell_committed(mx_writer *writer, struct mx_job *const *jobs, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (jobs[i]->outcome.state == MX_JOB_COMMITTED) {
            writer->committed[kept++] = jobs[i];
        }
    }
    if (kept > 0 && writer->options.committed) {
        writer->options.committed(writer->options.ctx, writer->committed, kept);
    }
}

// COMMIT of the transaction that holds `jobs`. False when it was refused and nothing is known to be
// wrong with the disk: then the jobs are to be tried one by one.
static bool commit(mx_writer *writer, struct mx_job *const *jobs, int count, struct mx_error *err) {
    uint64_t begin = now_ns();
    int rc = mx_db_commit(writer->options.db, err);
    if (rc == MX_OK) {
        count_commit(writer, (now_ns() - begin) / 1000, count);
        tell_committed(writer, jobs, count);
        return true;
    }
    enum mx_writer_trouble trouble =
        mx_writer_note_code(writer, mx_db_extended_code(writer->options.db));
    roll_back(writer);
    if (trouble == MX_WRITER_FINE) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        // Own failures were rolled back before, so they are known whatever the disk did.
        if (jobs[i]->outcome.state != MX_JOB_COMMITTED) {
            continue;
        }
        refuse(writer, jobs[i]);
        if (trouble == MX_WRITER_BROKEN) { // the log may or may not hold it
            jobs[i]->outcome.state = MX_JOB_UNKNOWN;
            mx_fail(&jobs[i]->outcome.error, MX_E_UNKNOWN, "%s", unknown_text);
        }
    }
    return true;
}

static int begin(mx_writer *writer, struct mx_error *err) {
    int rc = mx_db_begin(writer->options.db, true, err);
    if (rc < 0) {
        mx_writer_note_code(writer, mx_db_extended_code(writer->options.db));
    }
    return rc;
}

// One job in a transaction of its own, after its batch came to grief.
static void run_single(mx_writer *writer, struct mx_job *job) {
    struct mx_error err;
    if (writer->trouble != MX_WRITER_FINE) {
        refuse(writer, job);
        return;
    }
    if (begin(writer, &err) < 0) {
        job->outcome = (struct mx_job_outcome){MX_JOB_REFUSED, err};
        return;
    }
    enum verdict verdict = run_job(writer, job);
    if (verdict == VERDICT_GOES_ON) {
        if (!commit(writer, &job, 1, &err) && job->outcome.state == MX_JOB_COMMITTED) {
            job->outcome = (struct mx_job_outcome){MX_JOB_FAILED, err};
        }
        return;
    }
    roll_back(writer);
    if (verdict == VERDICT_TROUBLE) {
        refuse(writer, job);
    }
}

// All but `offender` (which may be NULL) again, each in its own transaction.
static void run_again(mx_writer *writer, int count, const struct mx_job *offender) {
    pthread_mutex_lock(&writer->mutex);
    writer->stats.reruns++;
    pthread_mutex_unlock(&writer->mutex);
    for (int i = 0; i < count; i++) {
        if (writer->batch[i] != offender) {
            run_single(writer, writer->batch[i]);
        }
    }
}

// The job's memory is its owner's again once `done` is called, so nothing is read after it.
static void answer(mx_writer *writer, int count) {
    uint64_t failed = 0;
    for (int i = 0; i < count; i++) {
        failed += writer->batch[i]->outcome.state != MX_JOB_COMMITTED;
    }
    pthread_mutex_lock(&writer->mutex);
    writer->stats.jobs += (uint64_t)count;
    writer->stats.failed += failed;
    pthread_mutex_unlock(&writer->mutex);
    for (int i = 0; i < count; i++) {
        struct mx_job *job = writer->batch[i];
        struct mx_job_outcome outcome = job->outcome;
        job->done(job->ctx, &outcome);
    }
}

// Takes up to a batch of jobs that may share a transaction.
static int take_batch(mx_writer *writer) {
    int count = 0;
    struct mx_job *job;
    while (count < writer->options.batch_jobs && (job = mx_writer_take(writer, true)) != NULL) {
        writer->batch[count++] = job;
    }
    return count;
}

static void run_shared(mx_writer *writer) {
    struct mx_error err;
    int count = 0;
    if (begin(writer, &err) < 0) {
        count = take_batch(writer); // others hold the database: nobody waits for it twice
        for (int i = 0; i < count; i++) {
            writer->batch[i]->outcome = (struct mx_job_outcome){MX_JOB_REFUSED, err};
        }
        answer(writer, count);
        return;
    }
    uint64_t deadline = now_ns() + (uint64_t)writer->options.batch_us * 1000;
    enum verdict verdict = VERDICT_GOES_ON;
    struct mx_job *job = NULL;
    while (verdict == VERDICT_GOES_ON && count < writer->options.batch_jobs &&
           (count == 0 || now_ns() < deadline) && (job = mx_writer_take(writer, true)) != NULL) {
        writer->batch[count++] = job;
        verdict = run_job(writer, job);
    }
    if (verdict == VERDICT_GOES_ON) {
        if (!commit(writer, writer->batch, count, &err)) {
            run_again(writer, count, NULL);
        }
    } else {
        roll_back(writer);
        if (verdict == VERDICT_TROUBLE) {
            refuse_all(writer, count);
        } else {
            run_again(writer, count, writer->batch[count - 1]);
        }
    }
    answer(writer, count);
}

static void run_outside(mx_writer *writer, struct mx_job *job) {
    mx_db *db = writer->options.db;
    struct mx_error err = {.code = MX_OK};
    db->disk_code = SQLITE_OK;
    int rc = job->run(job->ctx, db, &err);
    reset_stepped(db);
    if (mx_db_in_transaction(db)) {
        roll_back(writer);
        rc = rc < 0 ? rc : mx_fail(&err, MX_E_SYSTEM, "the job left a transaction open");
    }
    set_outcome(job, rc, &err);
    mx_writer_note_code(writer, db->disk_code);
    writer->batch[0] = job;
    tell_committed(writer, &job, 1);
    answer(writer, 1);
}

bool mx_writer_run_batch(mx_writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    struct mx_job *first = writer->first;
    bool is_alone = first && first->alone;
    pthread_mutex_unlock(&writer->mutex);
    if (!first) {
        return false;
    }
    if (writer->trouble != MX_WRITER_FINE) {
        writer->batch[0] = mx_writer_take(writer, false);
        refuse_all(writer, 1);
        answer(writer, 1);
    } else if (is_alone) {
        run_outside(writer, mx_writer_take(writer, false));
    } else {
        run_shared(writer);
        mx_checkpoint_after_batch(writer);
    }
    return true;
}

// Writes one page, for real: only that tells whether there is space.
void mx_writer_probe(mx_writer *writer) {
    if (writer->trouble != MX_WRITER_FULL || now_ns() < writer->probe_at) {
        return;
    }
    mx_db *db = writer->options.db;
    struct mx_error err;
    int64_t version = 0;
    char sql[64];
    int rc = mx_db_int(db, "PRAGMA user_version", &version, &err);
    if (rc == MX_OK) {
        snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)version);
        rc = mx_db_exec(db, sql, &err);
    }
    if (rc == MX_OK) {
        mx_log_info("there is space on the disk again: saving goes on");
        set_trouble(writer, MX_WRITER_FINE, NULL);
        return;
    }
    writer->probe_at = now_ns() + PROBE_NS;
    mx_writer_note_code(writer, mx_db_extended_code(db));
}

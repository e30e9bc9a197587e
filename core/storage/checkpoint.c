// When the write-ahead log is copied back into the database. Checkpoints, not commits, are the slow
// end of writing, so they happen after the answers, and best when nobody waits. The log can only
// start anew when no reader needs it: above its cap the writer waits for them, a little.
#include "platform/log.h"
#include "platform/world.h"
#include "storage/writer_internal.h"

enum {
    PASSIVE_PAGES = 10000,
    PASSIVE_STEP = 1000, // how much longer the log gets before a next try
    CAP_BYTES = 56 * 1024 * 1024,
    RESTART_BUSY_MS = 20,
    FRAME_HEADER = 24,
    IDLE_PAGES = 1000,
};

static const uint64_t RESTART_PAUSE_NS = 250000000;
static const uint64_t IDLE_SOON_NS = 200000000;
static const uint64_t IDLE_LATER_NS = 2000000000;

static int on_log_grown(void *ctx, sqlite3 *handle, const char *database, int pages) {
    (void)handle;
    (void)database;
    mx_writer *writer = ctx;
    if (pages < writer->wal_pages) { // started anew
        writer->checkpoint_at = PASSIVE_PAGES;
        writer->wal_clean_pages = 0;
    }
    writer->wal_pages = pages;
    return SQLITE_OK;
}

int mx_checkpoint_init(mx_writer *writer, struct mx_error *err) {
    int64_t size = 0;
    int rc = mx_db_int(writer->options.db, "PRAGMA page_size", &size, err);
    writer->page_size = (int)size;
    writer->checkpoint_at = PASSIVE_PAGES;
    sqlite3_wal_hook(writer->options.db->handle, on_log_grown, writer);
    return rc;
}

static uint64_t log_bytes(const mx_writer *writer) {
    return (uint64_t)writer->wal_pages * (uint64_t)(writer->page_size + FRAME_HEADER);
}

static void count(mx_writer *writer, bool finished) {
    pthread_mutex_lock(&writer->mutex);
    writer->stats.checkpoints += finished;
    writer->stats.checkpoints_busy += !finished;
    pthread_mutex_unlock(&writer->mutex);
}

static void checkpoint(mx_writer *writer, int mode) {
    sqlite3 *handle = writer->options.db->handle;
    int pages = 0, copied = 0;
    int code = sqlite3_wal_checkpoint_v2(handle, NULL, mode, &pages, &copied);
    if (code == SQLITE_OK && pages >= 0) {
        writer->wal_clean_pages = copied;
    }
    count(writer, code == SQLITE_OK && copied == pages);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) {
        return;
    }
    mx_log_error("a checkpoint failed: %s", sqlite3_errmsg(handle));
    if ((code & 0xff) != SQLITE_FULL) { // without space the log simply stays
        mx_writer_note_code(writer, sqlite3_extended_errcode(handle));
    }
}

void mx_checkpoint_after_batch(mx_writer *writer) {
    if (writer->trouble != MX_WRITER_FINE) {
        return;
    }
    if (log_bytes(writer) > CAP_BYTES) {
        uint64_t now = mx_mono_ns(mx_world_real());
        if (now >= writer->restart_again) {
            sqlite3_busy_timeout(writer->options.db->handle, RESTART_BUSY_MS);
            checkpoint(writer, SQLITE_CHECKPOINT_RESTART);
            sqlite3_busy_timeout(writer->options.db->handle, writer->options.db->busy_ms);
            writer->restart_again = now + RESTART_PAUSE_NS;
        }
    } else if (writer->wal_pages >= writer->checkpoint_at) {
        checkpoint(writer, SQLITE_CHECKPOINT_PASSIVE);
        writer->checkpoint_at = writer->wal_pages + PASSIVE_STEP;
    }
}

uint64_t mx_checkpoint_when_idle(mx_writer *writer, uint64_t now) {
    int pages = writer->wal_pages - writer->wal_clean_pages;
    if (pages <= 0 || writer->trouble != MX_WRITER_FINE) {
        return 0;
    }
    uint64_t pause = pages >= IDLE_PAGES ? IDLE_SOON_NS : IDLE_LATER_NS;
    uint64_t due = writer->idle_since + pause;
    if (now < due) {
        return due - now;
    }
    checkpoint(writer, SQLITE_CHECKPOINT_PASSIVE);
    writer->idle_since = now; // a reader may have held some back: again after a pause
    return writer->wal_pages > writer->wal_clean_pages ? pause : 0;
}

// A book is open for one worker and taken away whole: the reader puts an empty one in its place and
// then works without a lock.
#include "server/activity.h"

#include <pthread.h>

#include "http/cookie.h"
#include "platform/alloc.h"
#include "server/exchange.h"

enum {
    SLOTS = 8192,      // of the hash table, a power of two above MX_ACTIVITY_NOTES
    SAMPLE_EACH = 256, // requests of a worker
    VISITOR_MAX = 64,
    PAGE_MAX = 512,
};

// A row as it lies in the book: its texts stand in `bytes`, one behind the other.
struct row {
    uint64_t note;
    int64_t at_ms;
    uint64_t us;
    int status;
    uint32_t visitor_len;
    uint32_t page_len;
    uint32_t body_len;
};

struct book {
    uint16_t slots[SLOTS]; // number of a count, plus one
    struct mx_activity_count counts[MX_ACTIVITY_NOTES];
    size_t count;
    struct row rows[MX_ACTIVITY_ROWS];
    size_t row_count;
    mx_buf bytes;
};

struct pen {
    pthread_mutex_t lock; // contended only while the reader changes the book
    struct book *book;
    uint64_t recorded;
    uint64_t dropped;
};

struct mx_activity {
    unsigned pen_count;
    struct pen *pens;
    // --- the reader's ---
    struct book *taken; // what was handed out last; empty: the next one to be opened
    struct mx_activity_record *records;
};

// --- books ------------------------------------------------------------------------------------

static struct book *book_create(void) {
    return mx_alloc(sizeof(struct book));
}

static void book_destroy(struct book *book) {
    if (book) {
        mx_buf_deinit(&book->bytes);
        mx_free(book);
    }
}

static size_t slot_of(uint64_t note) {
    return (size_t)(note * 0x9e3779b97f4a7c15u >> 32) & (SLOTS - 1);
}

static void book_clear(struct book *book) {
    memset(book->slots, 0, sizeof(book->slots));
    book->count = book->row_count = 0;
    mx_buf_clear(&book->bytes);
}

static bool book_count(struct book *book, uint64_t note) {
    size_t slot = slot_of(note);
    while (book->slots[slot] != 0) {
        struct mx_activity_count *found = &book->counts[book->slots[slot] - 1];
        if (found->note == note) {
            found->times++;
            return true;
        }
        slot = (slot + 1) & (SLOTS - 1);
    }
    if (book->count == MX_ACTIVITY_NOTES) {
        return false;
    }
    book->counts[book->count] = (struct mx_activity_count){note, 1};
    book->slots[slot] = (uint16_t)++book->count;
    return true;
}

static bool book_add_row(struct book *book, const struct mx_activity_record *record) {
    size_t len = record->visitor.len + record->page.len + record->body.len;
    if (book->row_count == MX_ACTIVITY_ROWS || len > MX_ACTIVITY_BYTES - book->bytes.len) {
        return false;
    }
    book->rows[book->row_count++] = (struct row){
        .note = record->note,
        .at_ms = record->at_ms,
        .us = record->us,
        .status = record->status,
        .visitor_len = (uint32_t)record->visitor.len,
        .page_len = (uint32_t)record->page.len,
        .body_len = (uint32_t)record->body.len,
    };
    mx_buf_append_slice(&book->bytes, record->visitor);
    mx_buf_append_slice(&book->bytes, record->page);
    mx_buf_append_slice(&book->bytes, record->body);
    return true;
}

// --- life -------------------------------------------------------------------------------------

mx_activity *mx_activity_create(unsigned pens) {
    mx_activity *activity = mx_alloc(sizeof(*activity));
    activity->pen_count = pens;
    activity->pens = mx_alloc(pens * sizeof(struct pen));
    for (unsigned i = 0; i < pens; i++) {
        pthread_mutex_init(&activity->pens[i].lock, NULL);
        activity->pens[i].book = book_create();
    }
    activity->taken = book_create();
    activity->records = mx_alloc(MX_ACTIVITY_ROWS * sizeof(*activity->records));
    return activity;
}

void mx_activity_destroy(mx_activity *activity) {
    if (!activity) {
        return;
    }
    for (unsigned i = 0; i < activity->pen_count; i++) {
        pthread_mutex_destroy(&activity->pens[i].lock);
        book_destroy(activity->pens[i].book);
    }
    book_destroy(activity->taken);
    mx_free(activity->records);
    mx_free(activity->pens);
    mx_free(activity);
}

// --- writing ----------------------------------------------------------------------------------

void mx_activity_record(
    mx_activity *activity, unsigned pen, const struct mx_activity_record *record) {
    struct pen *own = &activity->pens[pen];
    bool is_row = record->note == 0 || record->visitor.len > 0;
    bool is_kept = true;
    pthread_mutex_lock(&own->lock);
    if (record->note != 0) {
        is_kept = book_count(own->book, record->note);
    }
    if (is_kept && is_row) {
        is_kept = book_add_row(own->book, record);
    }
    own->recorded += is_kept ? 1 : 0;
    own->dropped += is_kept ? 0 : 1;
    pthread_mutex_unlock(&own->lock);
}

// --- reading ----------------------------------------------------------------------------------

// The book of a pen that holds something, exchanged for an empty one.
static struct book *exchange_book(struct pen *pen, struct book *empty) {
    struct book *full = NULL;
    pthread_mutex_lock(&pen->lock);
    if (pen->book->count > 0 || pen->book->row_count > 0) {
        full = pen->book;
        pen->book = empty;
    }
    pthread_mutex_unlock(&pen->lock);
    return full;
}

static void read_rows(const struct book *book, struct mx_activity_record *out) {
    const char *at = book->bytes.ptr;
    for (size_t i = 0; i < book->row_count; i++) {
        const struct row *row = &book->rows[i];
        out[i] = (struct mx_activity_record){
            .note = row->note, .at_ms = row->at_ms, .us = row->us, .status = row->status};
        out[i].visitor = (struct mx_slice){at, row->visitor_len};
        at += row->visitor_len;
        out[i].page = (struct mx_slice){at, row->page_len};
        at += row->page_len;
        out[i].body = (struct mx_slice){at, row->body_len};
        at += row->body_len;
    }
}

bool mx_activity_take(mx_activity *activity, struct mx_activity_book *out) {
    book_clear(activity->taken);
    for (unsigned i = 0; i < activity->pen_count; i++) {
        struct book *full = exchange_book(&activity->pens[i], activity->taken);
        if (full) {
            activity->taken = full;
            read_rows(full, activity->records);
            *out = (struct mx_activity_book){
                .counts = full->counts,
                .count = full->count,
                .rows = activity->records,
                .row_count = full->row_count,
            };
            return true;
        }
    }
    return false;
}

void mx_activity_stats_get(mx_activity *activity, struct mx_activity_stats *out) {
    *out = (struct mx_activity_stats){0, 0};
    for (unsigned i = 0; i < activity->pen_count; i++) {
        struct pen *pen = &activity->pens[i];
        pthread_mutex_lock(&pen->lock);
        out->recorded += pen->recorded;
        out->dropped += pen->dropped;
        pthread_mutex_unlock(&pen->lock);
    }
}

// --- exchanges --------------------------------------------------------------------------------

// Who it was, for those who agreed to be known: only they have the cookie.
static struct mx_slice visitor_of(mx_exchange *exchange) {
    struct mx_slice found = {0};
    if (mx_request_header(exchange->request, MX_SLICE("cookie")).ptr) {
        found = mx_cookie_find_own(
            exchange->request, MX_SLICE("visitor"), mx_exchange_origin(exchange)->is_secure);
    }
    return found.len <= VISITOR_MAX ? found : (struct mx_slice){0};
}

static struct mx_slice cut(struct mx_slice text, size_t max) {
    return (struct mx_slice){text.ptr, text.len < max ? text.len : max};
}

void mx_activity_page_seen(mx_exchange *exchange, uint64_t note) {
    struct mx_lane *lane = &exchange->worker->lane;
    if (note == 0 || exchange->request->method == MX_METHOD_HEAD) {
        return;
    }
    struct mx_activity_record record = {.note = note, .visitor = visitor_of(exchange)};
    if (record.visitor.len > 0) {
        record.at_ms = mx_now_ms(lane->shared->world);
        record.page = cut(exchange->request->path, PAGE_MAX);
    }
    mx_activity_record(lane->shared->activity, lane->index, &record);
}

void mx_activity_sample(mx_exchange *exchange, struct mx_slice route, int status, uint64_t us) {
    struct mx_worker *worker = exchange->worker;
    if (++worker->answered % SAMPLE_EACH != 0) {
        return;
    }
    struct mx_activity_record record = {
        .at_ms = mx_now_ms(worker->lane.shared->world),
        .us = us,
        .status = status,
        .page = cut(route, PAGE_MAX),
    };
    mx_activity_record(worker->lane.shared->activity, worker->lane.index, &record);
}

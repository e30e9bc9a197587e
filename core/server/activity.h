// What visitors did, on its way from the workers to the jobs thread, which alone writes it down.
//
// Each worker has a pen and a bounded book. What happened to many is counted by its note, a number
// that means something to Lua only; what may be kept in full is a row. A full book drops and counts
// what it dropped: no request ever waits for this.
#pragma once

#include "script/services.h"
#include "server/shared.h"

enum {
    MX_ACTIVITY_NOTES = 6144, // different ones between two readings
    MX_ACTIVITY_ROWS = 2048,
    MX_ACTIVITY_BYTES = 512 * 1024, // of all rows together
};

// `pens` workers. Owned by the caller: give it to mx_activity_destroy().
mx_activity *mx_activity_create(unsigned pens);

// `activity` may be NULL.
void mx_activity_destroy(mx_activity *activity);

// Pen `pen` counts `record->note`, and keeps the whole record when there is a visitor, or no note.
// All bytes are copied.
void mx_activity_record(
    mx_activity *activity, unsigned pen, const struct mx_activity_record *record);

// The next book that holds something, borrowed until the next call; false: nothing is left. One
// thread reads.
bool mx_activity_take(mx_activity *activity, struct mx_activity_book *out);

struct mx_activity_stats {
    uint64_t recorded;
    uint64_t dropped;
};
void mx_activity_stats_get(mx_activity *activity, struct mx_activity_stats *out);

// --- for exchanges ------------------------------------------------------------------------------

// A page with `note` (0: none) goes out without Lua.
void mx_activity_page_seen(mx_exchange *exchange, uint64_t note);

// A request was answered in `us`: some of them are kept.
void mx_activity_sample(mx_exchange *exchange, struct mx_slice route, int status, uint64_t us);

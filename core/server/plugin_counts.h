// What plugins did and what they hold, summed over all threads: calls, errors and time since the
// server began, memory now.
#pragma once

#include "platform/buf.h"
#include "script/services.h"

typedef struct mx_plugin_counts mx_plugin_counts;

// Owned by the caller: give it to mx_plugin_counts_destroy().
mx_plugin_counts *mx_plugin_counts_create(void);

// `counts` may be NULL.
void mx_plugin_counts_destroy(mx_plugin_counts *counts);

// From any thread: `tally` is summed up with the others of its plugin and generation until it is
// hidden; its owner goes on writing. When there are too many plugins, the oldest generation's are
// forgotten.
void mx_plugin_counts_show(mx_plugin_counts *counts, struct mx_plugin_tally *tally);

// What it did is kept; the memory that it speaks of is gone.
void mx_plugin_counts_hide(mx_plugin_counts *counts, struct mx_plugin_tally *tally);

// From any thread: one error more.
void mx_plugin_counts_fail(mx_plugin_counts *counts, struct mx_slice id, uint64_t generation);

// Copies up to `max` of them to `out`, in the order in which they came; returns how many.
size_t mx_plugin_counts_get(mx_plugin_counts *counts, struct mx_plugin_count *out, size_t max);

// Appends them in Prometheus' text form.
void mx_plugin_counts_write(mx_plugin_counts *counts, mx_buf *out);

// Appends them as JSON: { "plugins": [{ id, generation, calls, errors, seconds, memory }, …] }.
void mx_plugin_counts_write_json(mx_plugin_counts *counts, mx_buf *out);

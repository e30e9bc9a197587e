// How often plugins were asked and failed, summed over all threads, since the server began.
#pragma once

#include "platform/buf.h"
#include "script/services.h"

typedef struct mx_plugin_counts mx_plugin_counts;

// Owned by the caller: give it to mx_plugin_counts_destroy().
mx_plugin_counts *mx_plugin_counts_create(void);

// `counts` may be NULL.
void mx_plugin_counts_destroy(mx_plugin_counts *counts);

// From any thread: adds calls and errors of `more` to what the plugin did in that generation. When
// there are too many, the oldest generation's are forgotten.
void mx_plugin_counts_add(
    mx_plugin_counts *counts, struct mx_slice id, const struct mx_plugin_count *more);

// Copies up to `max` of them to `out`, in the order in which they came; returns how many.
size_t mx_plugin_counts_get(mx_plugin_counts *counts, struct mx_plugin_count *out, size_t max);

// Appends them in Prometheus' text form.
void mx_plugin_counts_write(mx_plugin_counts *counts, mx_buf *out);

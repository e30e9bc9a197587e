// A short list under a lock: failures are rare, and calls are told a second's worth at a time.
#include "server/plugin_counts.h"

#include <pthread.h>
#include <stdio.h>

#include "platform/alloc.h"

struct mx_plugin_counts {
    pthread_mutex_t lock;
    struct mx_plugin_count list[MX_PLUGIN_COUNTS_MAX];
    size_t count;
};

mx_plugin_counts *mx_plugin_counts_create(void) {
    mx_plugin_counts *counts = mx_alloc(sizeof(*counts));
    pthread_mutex_init(&counts->lock, NULL);
    return counts;
}

void mx_plugin_counts_destroy(mx_plugin_counts *counts) {
    if (counts) {
        pthread_mutex_destroy(&counts->lock);
        mx_free(counts);
    }
}

static bool is_of(const struct mx_plugin_count *entry, struct mx_slice id, uint64_t generation) {
    return entry->generation == generation && mx_slice_equal(mx_slice_of(entry->id), id);
}

// A new entry, or the place of the oldest.
static struct mx_plugin_count *make_room(mx_plugin_counts *counts) {
    if (counts->count < MX_PLUGIN_COUNTS_MAX) {
        return &counts->list[counts->count++];
    }
    struct mx_plugin_count *oldest = &counts->list[0];
    for (size_t i = 1; i < counts->count; i++) {
        if (counts->list[i].generation < oldest->generation) {
            oldest = &counts->list[i];
        }
    }
    return oldest;
}

static struct mx_plugin_count *find(
    mx_plugin_counts *counts, struct mx_slice id, uint64_t generation) {
    for (size_t i = 0; i < counts->count; i++) {
        if (is_of(&counts->list[i], id, generation)) {
            return &counts->list[i];
        }
    }
    struct mx_plugin_count *entry = make_room(counts);
    *entry = (struct mx_plugin_count){.generation = generation};
    memcpy(entry->id, id.ptr, id.len < sizeof(entry->id) ? id.len : sizeof(entry->id) - 1);
    return entry;
}

void mx_plugin_counts_add(
    mx_plugin_counts *counts, struct mx_slice id, const struct mx_plugin_count *more) {
    pthread_mutex_lock(&counts->lock);
    struct mx_plugin_count *entry = find(counts, id, more->generation);
    entry->calls += more->calls;
    entry->errors += more->errors;
    pthread_mutex_unlock(&counts->lock);
}

size_t mx_plugin_counts_get(mx_plugin_counts *counts, struct mx_plugin_count *out, size_t max) {
    pthread_mutex_lock(&counts->lock);
    size_t count = counts->count < max ? counts->count : max;
    memcpy(out, counts->list, count * sizeof(*out));
    pthread_mutex_unlock(&counts->lock);
    return count;
}

static void write_one(
    mx_buf *out, const char *name, const struct mx_plugin_count *entry, uint64_t value) {
    mx_buf_append_format(out, "%s{plugin=\"%s\",generation=\"%llu\"} %llu\n", name, entry->id,
        (unsigned long long)entry->generation, (unsigned long long)value);
}

void mx_plugin_counts_write(mx_plugin_counts *counts, mx_buf *out) {
    struct mx_plugin_count *list = mx_alloc(MX_PLUGIN_COUNTS_MAX * sizeof(*list));
    size_t count = mx_plugin_counts_get(counts, list, MX_PLUGIN_COUNTS_MAX);
    mx_buf_append_text(out, "# HELP merx_plugin_calls_total Calls of a plugin's functions\n"
                            "# TYPE merx_plugin_calls_total counter\n");
    for (size_t i = 0; i < count; i++) {
        write_one(out, "merx_plugin_calls_total", &list[i], list[i].calls);
    }
    mx_buf_append_text(out, "# HELP merx_plugin_errors_total Calls that failed\n"
                            "# TYPE merx_plugin_errors_total counter\n");
    for (size_t i = 0; i < count; i++) {
        write_one(out, "merx_plugin_errors_total", &list[i], list[i].errors);
    }
    mx_free(list);
}

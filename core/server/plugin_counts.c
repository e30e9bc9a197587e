// Nothing is locked for a call: each thread writes its own tallies, and whoever asks adds them up.
// The lock is for what is rare: a state that comes or goes, a failure, a question.
#include "server/plugin_counts.h"

#include <pthread.h>
#include <stddef.h>

#include "platform/alloc.h"

struct mx_plugin_counts {
    pthread_mutex_t lock;
    struct mx_plugin_count list[MX_PLUGIN_COUNTS_MAX];
    size_t count;
    struct mx_plugin_tally *tallies; // of the states that are there
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
    struct mx_plugin_count *list, size_t count, struct mx_slice id, uint64_t generation) {
    for (size_t i = 0; i < count; i++) {
        if (is_of(&list[i], id, generation)) {
            return &list[i];
        }
    }
    return NULL;
}

static struct mx_plugin_count *find_or_make(
    mx_plugin_counts *counts, struct mx_slice id, uint64_t generation) {
    struct mx_plugin_count *entry = find(counts->list, counts->count, id, generation);
    if (entry) {
        return entry;
    }
    entry = make_room(counts);
    *entry = (struct mx_plugin_count){.generation = generation};
    memcpy(entry->id, id.ptr, id.len < sizeof(entry->id) ? id.len : sizeof(entry->id) - 1);
    return entry;
}

// Adds what the tally says to its place in the list, if it has not been forgotten.
static void add(struct mx_plugin_count *list, size_t count, const struct mx_plugin_tally *tally,
    bool is_there) {
    struct mx_plugin_count *entry = find(list, count, mx_slice_of(tally->id), tally->generation);
    if (!entry) {
        return;
    }
    entry->calls += atomic_load_explicit(&tally->calls, memory_order_relaxed);
    entry->ns += atomic_load_explicit(&tally->ns, memory_order_relaxed);
    if (is_there) {
        entry->memory += atomic_load_explicit(&tally->memory, memory_order_relaxed);
    }
}

void mx_plugin_counts_show(mx_plugin_counts *counts, struct mx_plugin_tally *tally) {
    pthread_mutex_lock(&counts->lock);
    find_or_make(counts, mx_slice_of(tally->id), tally->generation);
    tally->next = counts->tallies;
    tally->link = &counts->tallies;
    if (tally->next) {
        tally->next->link = &tally->next;
    }
    counts->tallies = tally;
    pthread_mutex_unlock(&counts->lock);
}

void mx_plugin_counts_hide(mx_plugin_counts *counts, struct mx_plugin_tally *tally) {
    pthread_mutex_lock(&counts->lock);
    add(counts->list, counts->count, tally, false);
    *tally->link = tally->next;
    if (tally->next) {
        tally->next->link = tally->link;
    }
    tally->link = NULL;
    pthread_mutex_unlock(&counts->lock);
}

void mx_plugin_counts_fail(mx_plugin_counts *counts, struct mx_slice id, uint64_t generation) {
    pthread_mutex_lock(&counts->lock);
    find_or_make(counts, id, generation)->errors++;
    pthread_mutex_unlock(&counts->lock);
}

size_t mx_plugin_counts_get(mx_plugin_counts *counts, struct mx_plugin_count *out, size_t max) {
    pthread_mutex_lock(&counts->lock);
    size_t count = counts->count < max ? counts->count : max;
    memcpy(out, counts->list, count * sizeof(*out));
    for (const struct mx_plugin_tally *tally = counts->tallies; tally; tally = tally->next) {
        add(out, count, tally, true);
    }
    pthread_mutex_unlock(&counts->lock);
    return count;
}

// --- writing ----------------------------------------------------------------------------------

enum { NS_PER_SECOND = 1000000000 };

struct family {
    const char *name;
    const char *type;
    const char *help;
    size_t offset; // of the number
    double per;    // what is one of the unit
};

static void write_family(
    mx_buf *out, const struct family *family, const struct mx_plugin_count *list, size_t count) {
    mx_buf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
        family->name, family->type);
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&list[i] + family->offset, sizeof(value));
        mx_buf_append_format(out, "%s{plugin=\"%s\",generation=\"%llu\"} %.15g\n", family->name,
            list[i].id, (unsigned long long)list[i].generation, (double)value / family->per);
    }
}

void mx_plugin_counts_write(mx_plugin_counts *counts, mx_buf *out) {
    static const struct family families[] = {
        {"merx_plugin_calls_total", "counter", "Calls of a plugin's functions",
            offsetof(struct mx_plugin_count, calls), 1},
        {"merx_plugin_errors_total", "counter", "Calls that failed",
            offsetof(struct mx_plugin_count, errors), 1},
        {"merx_plugin_seconds_total", "counter", "Time that a plugin's code ran",
            offsetof(struct mx_plugin_count, ns), NS_PER_SECOND},
        {"merx_plugin_memory_bytes", "gauge", "Memory of a plugin's Lua states",
            offsetof(struct mx_plugin_count, memory), 1},
    };
    struct mx_plugin_count *list = mx_alloc(MX_PLUGIN_COUNTS_MAX * sizeof(*list));
    size_t count = mx_plugin_counts_get(counts, list, MX_PLUGIN_COUNTS_MAX);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        write_family(out, &families[i], list, count);
    }
    mx_free(list);
}

void mx_plugin_counts_write_json(mx_plugin_counts *counts, mx_buf *out) {
    struct mx_plugin_count *list = mx_alloc(MX_PLUGIN_COUNTS_MAX * sizeof(*list));
    size_t count = mx_plugin_counts_get(counts, list, MX_PLUGIN_COUNTS_MAX);
    mx_buf_append_text(out, "{\"plugins\":[");
    for (size_t i = 0; i < count; i++) {
        mx_buf_append_format(out,
            "%s{\"id\":\"%s\",\"generation\":%llu,\"calls\":%llu,\"errors\":%llu,"
            "\"seconds\":%.15g,\"memory\":%llu}",
            i > 0 ? "," : "", list[i].id, (unsigned long long)list[i].generation,
            (unsigned long long)list[i].calls, (unsigned long long)list[i].errors,
            (double)list[i].ns / NS_PER_SECOND, (unsigned long long)list[i].memory);
    }
    mx_buf_append_text(out, "]}\n");
    mx_free(list);
}

// Numbers for /metrics. Each thread counts for itself, without locks; whoever asks adds them up.
#pragma once

#include <stdatomic.h>

#include "platform/buf.h"

typedef struct mx_metrics mx_metrics;
typedef struct mx_tally mx_tally; // the numbers of one thread

// What a thread counts besides requests. Written by that thread only.
enum mx_count {
    MX_COUNT_CONNECTIONS_OPENED,
    MX_COUNT_CONNECTIONS_CLOSED,
    MX_COUNT_CONNECTIONS_SHED, // 503 because there were too many
    MX_COUNT_BYTES_SENT,
    MX_COUNT_PAGES_FROM_CACHE,
    MX_COUNT_NOT_MODIFIED,
    MX_COUNT_REFUSED, // requests that broke a rule of HTTP or a limit
    MX_COUNT_TIMEOUTS,
    MX_COUNT_COMMANDS_SENT,
    MX_COUNT_LUA_BYTES, // memory of the state, now
    MX_COUNT_DB_BYTES,  // pages that the connection keeps, now
    MX_COUNT_LUA_TASKS, // tasks, now
    MX_COUNT_LUA_FAILURES,
    MX_COUNT_COUNT,
};

// Tallies for `threads` threads, owned by the caller: give it to mx_metrics_destroy().
mx_metrics *mx_metrics_create(unsigned threads);

// `metrics` may be NULL.
void mx_metrics_destroy(mx_metrics *metrics);

// The numbers of thread `index`, called `name` ("worker-0", static or outliving). Borrowed.
mx_tally *mx_metrics_tally(mx_metrics *metrics, unsigned index, const char *name);

// Only the thread of `tally`.
void mx_tally_add(mx_tally *tally, enum mx_count what, uint64_t by);
void mx_tally_set(mx_tally *tally, enum mx_count what, uint64_t value);

// Counts a request that was answered. `route` is a template ("/blog/:name"), never a path
// that a visitor chose; after MX_LIMIT_ROUTES_MEASURED of them the rest is "other".
void mx_tally_request(mx_tally *tally, struct mx_slice route, int status, uint64_t us);

// The sum over all threads.
uint64_t mx_metrics_sum(const mx_metrics *metrics, enum mx_count what);

// Appends everything in Prometheus' text form.
void mx_metrics_write(const mx_metrics *metrics, mx_buf *out);

// Appends "# HELP", "# TYPE" and one value: for numbers that others keep.
void mx_metrics_write_one(
    mx_buf *out, const char *name, const char *type, const char *help, double value);

// Durations counted in buckets of at most 1.6 % width, so that millions cost no memory.
#pragma once

#include <stdint.h>
#include <time.h>

enum { BENCH_HISTOGRAM_SUB = 64, BENCH_HISTOGRAM_BUCKETS = 40 * BENCH_HISTOGRAM_SUB };

struct bench_histogram {
    uint64_t counts[BENCH_HISTOGRAM_BUCKETS];
    uint64_t total;
};

// Nanoseconds of a clock that never goes back.
static inline int64_t bench_now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

void bench_histogram_add(struct bench_histogram *histogram, int64_t ns);

// The duration below which `share` (0 … 1) of all lie, in milliseconds; 0 when there are none.
double bench_histogram_ms(const struct bench_histogram *histogram, double share);

// Prints `"name": {"count": …, "p50_ms": …, "p99_ms": …, "p999_ms": …}`, for the inside of a JSON
// object.
void bench_histogram_print(const struct bench_histogram *histogram, const char *name);

// Log-linear buckets: 64 for each doubling.
#include "histogram.h"

#include <stdio.h>

static unsigned bucket_of(uint64_t ns) {
    if (ns < BENCH_HISTOGRAM_SUB) {
        return (unsigned)ns;
    }
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - 6;
    unsigned bucket =
        (shift + 1) * BENCH_HISTOGRAM_SUB + (unsigned)(ns >> shift) - BENCH_HISTOGRAM_SUB;
    return bucket < BENCH_HISTOGRAM_BUCKETS ? bucket : BENCH_HISTOGRAM_BUCKETS - 1;
}

// The middle of a bucket.
static double ns_of(unsigned bucket) {
    if (bucket < BENCH_HISTOGRAM_SUB) {
        return bucket;
    }
    unsigned shift = bucket / BENCH_HISTOGRAM_SUB - 1;
    uint64_t low = (uint64_t)(bucket % BENCH_HISTOGRAM_SUB + BENCH_HISTOGRAM_SUB) << shift;
    return (double)low + (double)((uint64_t)1 << shift) / 2;
}

void bench_histogram_add(struct bench_histogram *histogram, int64_t ns) {
    histogram->counts[bucket_of(ns < 0 ? 0 : (uint64_t)ns)]++;
    histogram->total++;
}

double bench_histogram_ms(const struct bench_histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)((double)histogram->total * share);
    uint64_t seen = 0;
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS && histogram->total > 0; i++) {
        seen += histogram->counts[i];
        if (seen > wanted || seen == histogram->total) {
            return ns_of(i) / 1e6;
        }
    }
    return 0;
}

void bench_histogram_print(const struct bench_histogram *histogram, const char *name) {
    printf("\"%s\": {\"count\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f}", name,
        (unsigned long long)histogram->total, bench_histogram_ms(histogram, 0.5),
        bench_histogram_ms(histogram, 0.99), bench_histogram_ms(histogram, 0.999));
}

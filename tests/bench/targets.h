// The products that a bench asks for: lines "handle variant product", as tests/bench/seed.lua
// prints them.
#pragma once

#include <stdint.h>

struct bench_target {
    char handle[128];
    long variant;
    long product;
};

struct bench_targets {
    struct bench_target *list; // owned
    int count;
};

// Ends the program when the file cannot be read.
void bench_targets_read(const char *path, struct bench_targets *out);

// One of them, by chance. Borrowed.
const struct bench_target *bench_targets_draw(const struct bench_targets *targets);

// One of them as shoppers choose: 80 % of the draws fall on 20 % of the products. Borrowed.
const struct bench_target *bench_targets_draw_popular(const struct bench_targets *targets);

// A number in [0, 1), the same sequence in every run.
double bench_random(void);

// Reads the list of products, and draws from it.
#include "targets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 1024, LINE = 256 };

static void fail(const char *path, const char *what) {
    fprintf(stderr, "bench: %s: %s\n", path, what);
    exit(1);
}

void bench_targets_read(const char *path, struct bench_targets *out) {
    char line[LINE];
    FILE *file = fopen(path, "r");
    *out = (struct bench_targets){NULL, 0};
    if (!file) {
        fail(path, "cannot be read");
    }
    while (fgets(line, sizeof(line), file)) {
        if (out->count % STEP == 0) {
            size_t size = (size_t)(out->count + STEP) * sizeof(*out->list);
            out->list = realloc(out->list, size);
        }
        if (!out->list) {
            fail(path, "no memory");
        }
        struct bench_target *target = &out->list[out->count];
        size_t len = strcspn(line, " ");
        char *rest = line + len;
        if (*rest != ' ' || len >= sizeof(target->handle)) {
            fail(path, "expected lines of: handle variant product");
        }
        memcpy(target->handle, line, len);
        target->handle[len] = '\0';
        target->variant = strtol(rest, &rest, 10);
        target->product = strtol(rest, NULL, 10);
        out->count++;
    }
    fclose(file);
    if (out->count == 0) {
        fail(path, "holds no product");
    }
}

double bench_random(void) {
    static uint64_t state = 88172645463325252ULL;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

const struct bench_target *bench_targets_draw(const struct bench_targets *targets) {
    return &targets->list[(int)(bench_random() * targets->count)];
}

const struct bench_target *bench_targets_draw_popular(const struct bench_targets *targets) {
    static const double skew = 7.2; // log 0.2 / log 0.8
    return &targets->list[(int)(pow(bench_random(), skew) * targets->count)];
}

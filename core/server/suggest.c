// Edit distance with swapped neighbours as one mistake (Damerau, restricted).
#include "server/suggest.h"

#include <string.h>

enum { LONGEST = 48 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t rows[3][LONGEST + 1]; // rows i - 2, i - 1 and i, in turns
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
            now[j] = smaller(smaller(before[j] + 1, now[j - 1] + 1), before[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = smaller(now[j], earlier[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

const char *mx_suggest(const char *typed, const char *const *names, size_t count) {
    const char *best = NULL;
    size_t typed_len = strlen(typed);
    size_t best_distance = typed_len / 3 + 2; // must be nearer than this
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(names[i]);
        if (typed_len > LONGEST || len > LONGEST) {
            continue;
        }
        size_t found = distance(typed, typed_len, names[i], len);
        if (found < best_distance) {
            best = names[i];
            best_distance = found;
        }
    }
    return best;
}

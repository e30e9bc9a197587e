// Borrowed bytes: a pointer and a length, never NUL-terminated, never freed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mx_slice {
    const char *ptr;
    size_t len;
};

// A slice of a string literal.
#define MX_SLICE(literal) ((struct mx_slice){(literal), sizeof(literal) - 1})

static inline struct mx_slice mx_slice_of(const char *text) {
    return (struct mx_slice){text, text ? strlen(text) : 0};
}

static inline bool mx_slice_equal(struct mx_slice a, struct mx_slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

// Equal when ASCII letters are compared without case.
bool mx_slice_equal_nocase(struct mx_slice a, struct mx_slice b);

bool mx_slice_starts_with(struct mx_slice slice, struct mx_slice prefix);
bool mx_slice_ends_with(struct mx_slice slice, struct mx_slice ending);

// Without ASCII spaces and tabs at both ends.
struct mx_slice mx_slice_trim(struct mx_slice slice);

// Cuts `*rest` at the first `separator`: returns what stands before it and leaves in `*rest` what
// stands behind. Without a separator returns all and empties `*rest` (ptr becomes NULL).
struct mx_slice mx_slice_cut(struct mx_slice *rest, char separator);

// Reads all of `slice` as a decimal number without sign. False when it is not one or passes `max`.
bool mx_slice_to_u64(struct mx_slice slice, uint64_t max, uint64_t *out);

// 64 bits, all of them spread. For tables that live in one process; not against an attacker.
uint64_t mx_slice_hash(struct mx_slice slice);

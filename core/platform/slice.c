// Reading borrowed bytes.
#include "platform/slice.h"

static unsigned char lower(unsigned char c) {
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool mx_slice_equal_nocase(struct mx_slice a, struct mx_slice b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower((unsigned char)a.ptr[i]) != lower((unsigned char)b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool mx_slice_starts_with(struct mx_slice slice, struct mx_slice prefix) {
    return slice.len >= prefix.len &&
           (prefix.len == 0 || memcmp(slice.ptr, prefix.ptr, prefix.len) == 0);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

struct mx_slice mx_slice_trim(struct mx_slice slice) {
    while (slice.len > 0 && is_blank(slice.ptr[0])) {
        slice.ptr++;
        slice.len--;
    }
    while (slice.len > 0 && is_blank(slice.ptr[slice.len - 1])) {
        slice.len--;
    }
    return slice;
}

struct mx_slice mx_slice_cut(struct mx_slice *rest, char separator) {
    const char *found = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct mx_slice before = *rest;
    if (!found) {
        *rest = (struct mx_slice){NULL, 0};
        return before;
    }
    before.len = (size_t)(found - rest->ptr);
    rest->ptr = found + 1;
    rest->len -= before.len + 1;
    return before;
}

bool mx_slice_to_u64(struct mx_slice slice, uint64_t max, uint64_t *out) {
    uint64_t value = 0;
    if (slice.len == 0) {
        return false;
    }
    for (size_t i = 0; i < slice.len; i++) {
        unsigned digit = (unsigned)((unsigned char)slice.ptr[i] - '0');
        if (digit > 9 || value > (max - digit) / 10 || digit > max) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

uint64_t mx_slice_hash(struct mx_slice slice) {
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < slice.len; i++) {
        hash = (hash ^ (unsigned char)slice.ptr[i]) * 1099511628211ULL;
    }
    return hash;
}

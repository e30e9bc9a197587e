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

bool mx_slice_ends_with(struct mx_slice slice, struct mx_slice ending) {
    return slice.len >= ending.len && (ending.len == 0 || memcmp(slice.ptr + slice.len - ending.len,
                                                              ending.ptr, ending.len) == 0);
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

// An odd factor spreads what differs upwards, the shift brings it down again.
static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    return hash ^ hash >> 32;
}

uint64_t mx_slice_hash(struct mx_slice slice) {
    uint64_t hash = mix(slice.len, 14695981039346656037ULL);
    uint64_t word;
    for (; slice.len >= sizeof(word); slice.ptr += sizeof(word), slice.len -= sizeof(word)) {
        memcpy(&word, slice.ptr, sizeof(word));
        hash = mix(hash, word);
    }
    if (slice.len > 0) {
        word = 0;
        memcpy(&word, slice.ptr, slice.len);
        hash = mix(hash, word);
    }
    return mix(hash, hash >> 29);
}

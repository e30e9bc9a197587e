// Whole numbers in as many bytes as they need, seven bits in each, the lowest first. Inside
// core/script only.
#pragma once

#include <stdbool.h>

#include "platform/buf.h"

// Writes at most 10 bytes and returns where the next one goes.
static inline unsigned char *mx_varint_write(unsigned char *at, uint64_t value) {
    while (value >= 0x80) {
        *at++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *at++ = (unsigned char)value;
    return at;
}

static inline void mx_varint_append(mx_buf *out, uint64_t value) {
    unsigned char *begin = (unsigned char *)mx_buf_reserve(out, 10);
    out->len += (size_t)(mx_varint_write(begin, value) - begin);
}

// Reads one from `*at` on and moves `*at` behind it. False when the bytes end before it does.
static inline bool mx_varint_read(
    const unsigned char **at, const unsigned char *end, uint64_t *out) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

// Small negative numbers are short, too.
static inline uint64_t mx_varint_of(int64_t value) {
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t mx_varint_to(uint64_t bits) {
    return (int64_t)((bits >> 1) ^ (0 - (bits & 1)));
}

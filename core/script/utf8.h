// One UTF-8 sequence at a time, for the codecs of this room.
#pragma once

#include <stddef.h>

// Length of the well-formed sequence at `at` (before `end`), 0 when there is none: no over-long
// forms, no surrogates, nothing above U+10FFFF.
static inline size_t mx_utf8_length(const unsigned char *at, const unsigned char *end) {
    size_t left = (size_t)(end - at);
    if (left == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        return 1;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        return left >= 2 && (at[1] & 0xc0) == 0x80 ? 2 : 0;
    }
    if (at[0] >= 0xe0 && at[0] <= 0xef && left >= 3) {
        unsigned char lowest = at[0] == 0xe0 ? 0xa0 : 0x80;
        unsigned char highest = at[0] == 0xed ? 0x9f : 0xbf;
        return at[1] >= lowest && at[1] <= highest && (at[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (at[0] >= 0xf0 && at[0] <= 0xf4 && left >= 4) {
        unsigned char lowest = at[0] == 0xf0 ? 0x90 : 0x80;
        unsigned char highest = at[0] == 0xf4 ? 0x8f : 0xbf;
        return at[1] >= lowest && at[1] <= highest && (at[2] & 0xc0) == 0x80 &&
                       (at[3] & 0xc0) == 0x80
                   ? 4
                   : 0;
    }
    return 0;
}

// Classes of characters that several parts of the room ask about.
#pragma once

#include <stdbool.h>

static inline bool mx_char_is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

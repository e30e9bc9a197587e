// Dates of HTTP (RFC 9110, 5.6.7).
#pragma once

#include "platform/slice.h"

enum { MX_DATE_LEN = 29 };

// Writes "Sun, 06 Nov 1994 08:49:37 GMT" for `seconds` since 1970 (years 1 to 9999). No NUL.
void mx_date_format(int64_t seconds, char out[MX_DATE_LEN]);

// Parses any of the three forms. Two-digit years are taken to lie at most 50 years after
// `now` (seconds since 1970). False when `text` is none of them or no such day exists.
bool mx_date_parse(struct mx_slice text, int64_t now, int64_t *seconds);

// Conditional requests (RFC 9110, 13): may the answer be "you have it already"?
#pragma once

#include "http/request.h"

enum mx_condition {
    MX_CONDITION_SEND,         // answer as if nothing had been asked
    MX_CONDITION_NOT_MODIFIED, // 304
    MX_CONDITION_FAILED,       // 412
};

// What is known about the thing asked for.
struct mx_validators {
    struct mx_slice etag;  // empty when there is none
    int64_t last_modified; // seconds since 1970; negative when not known
    int64_t now;           // seconds since 1970, for dates with two-digit years
};

// Judges If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
// 9110, 13.2.2. Call it when the answer without conditions would be 2xx.
enum mx_condition mx_condition_check(
    const struct mx_request *request, const struct mx_validators *validators);

// True when the list of tags in `value` holds `etag`, or is "*".
bool mx_etag_list_has(struct mx_slice value, struct mx_slice etag, bool weak);

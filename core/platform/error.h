// Failure, described once, by whoever notices it first.
#pragma once

enum mx_code {
    MX_OK = 0,
    MX_E_INVALID = -1,  // the input breaks a documented rule
    MX_E_MISSING = -2,  // the thing named does not exist
    MX_E_CONFLICT = -3, // it exists already, or changed under us
    MX_E_BUSY = -4,     // try again later
    MX_E_LIMIT = -5,    // a configured limit was reached
    MX_E_SYSTEM = -6,   // the OS or a library refused
    MX_E_UNKNOWN = -7,  // it may have happened or not: asking again later tells
};

struct mx_error {
    enum mx_code code;
    char text[240];
};

// The short name Lua sees: "invalid", "missing", "conflict", "busy", ...
const char *mx_code_name(enum mx_code code);

// Records a failure in `err` and returns `code`, so a caller can write
// `return mx_fail(err, ...)`. `err` must not be NULL.
int mx_fail(struct mx_error *err, enum mx_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As mx_fail(MX_E_SYSTEM), with ": " and the text of `errno_value` behind the message.
int mx_fail_errno(struct mx_error *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

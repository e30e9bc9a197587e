// Writes the one text that a failure carries.
#include "platform/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mx_code_name(enum mx_code code) {
    switch (code) {
    case MX_OK: return "ok";
    case MX_E_INVALID: return "invalid";
    case MX_E_MISSING: return "missing";
    case MX_E_CONFLICT: return "conflict";
    case MX_E_BUSY: return "busy";
    case MX_E_LIMIT: return "limit";
    case MX_E_SYSTEM: return "system";
    case MX_E_UNKNOWN: return "unknown";
    }
    return "none";
}

int mx_fail(struct mx_error *err, enum mx_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->code = code;
    return code;
}

int mx_fail_errno(struct mx_error *err, int errno_value, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text) - 3) {
        char reason[100] = "";
        if (strerror_r(errno_value, reason, sizeof(reason)) != 0) {
            snprintf(reason, sizeof(reason), "error %d", errno_value);
        }
        snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", reason);
    }
    err->code = MX_E_SYSTEM;
    return MX_E_SYSTEM;
}

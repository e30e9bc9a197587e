// One event a line on stderr: JSON, or a human form on a terminal.
#pragma once

#include "platform/slice.h"

enum mx_log_level { MX_LOG_ERROR, MX_LOG_WARN, MX_LOG_INFO, MX_LOG_DEBUG };

enum mx_log_form {
    MX_LOG_AUTO, // human when stderr is a terminal, else JSON
    MX_LOG_JSON,
    MX_LOG_HUMAN,
};

// One more field of an event. `is_json` marks a value that is JSON already (a number, a list).
struct mx_log_field {
    const char *name;
    struct mx_slice value;
    bool is_json;
};

// What is logged from now on, in which form. Safe at any time from any thread.
void mx_log_configure(enum mx_log_level level, enum mx_log_form form);

bool mx_log_enabled(enum mx_log_level level);

// Writes one event with up to 16 fields. One write(2), so lines of threads never mix.
void mx_log_event(enum mx_log_level level, struct mx_slice message,
    const struct mx_log_field *fields, size_t count);

void mx_log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mx_log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mx_log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mx_log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Level from its name; false when there is none of that name.
bool mx_log_level_parse(struct mx_slice name, enum mx_log_level *out);

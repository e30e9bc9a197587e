// A line is built on the stack and written with one call: lines of threads never mix, and logging
// works when memory does not.
#include "platform/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "platform/world.h"

enum { LINE_SIZE = 8192, TEXT_SIZE = 4096 };

struct line {
    char bytes[LINE_SIZE];
    size_t len;
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const level_colours[] = {"\033[31m", "\033[33m", "\033[32m", "\033[90m"};

static atomic_int current_level = MX_LOG_INFO;
static atomic_int current_form = MX_LOG_AUTO;

static void put(struct line *line, const char *ptr, size_t len) {
    size_t room = LINE_SIZE - 1 - line->len; // one byte stays for the line's end
    if (len > room) {
        len = room;
    }
    memcpy(line->bytes + line->len, ptr, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text) {
    put(line, text, strlen(text));
}

static void put_json_string(struct line *line, struct mx_slice text) {
    put(line, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\') {
            char pair[2] = {'\\', (char)c};
            put(line, pair, 2);
        } else if (c < 0x20) {
            char escape[7];
            snprintf(escape, sizeof(escape), "\\u%04x", c);
            put(line, escape, 6);
        } else {
            put(line, (const char *)&c, 1);
        }
    }
    put(line, "\"", 1);
}

// 2026-11-21T04:41:00.123Z, or without the date when `short_form`. A log tells when it was written,
// even under a fake clock.
static void put_time(struct line *line, bool short_form) {
    int64_t now = mx_now_ms(mx_world_real());
    time_t seconds = (time_t)(now / 1000);
    struct tm parts;
    char text[40];
    gmtime_r(&seconds, &parts);
    if (!short_form) {
        strftime(text, sizeof(text), "%Y-%m-%dT", &parts);
        put_text(line, text);
    }
    strftime(text, sizeof(text), "%H:%M:%S", &parts);
    put_text(line, text);
    snprintf(text, sizeof(text), ".%03dZ", (int)(now % 1000));
    put_text(line, text);
}

static void put_json(struct line *line, enum mx_log_level level, struct mx_slice message,
    const struct mx_log_field *fields, size_t count) {
    put_text(line, "{\"ts\":\"");
    put_time(line, false);
    put_text(line, "\",\"level\":\"");
    put_text(line, level_names[level]);
    put_text(line, "\",\"msg\":");
    put_json_string(line, message);
    for (size_t i = 0; i < count; i++) {
        put(line, ",", 1);
        put_json_string(line, mx_slice_of(fields[i].name));
        put(line, ":", 1);
        if (fields[i].is_json) {
            put(line, fields[i].value.ptr, fields[i].value.len);
        } else {
            put_json_string(line, fields[i].value);
        }
    }
    put(line, "}", 1);
}

// Control bytes of a message must not reach a terminal.
static void put_printable(struct line *line, struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if ((unsigned char)c < 0x20 && c != '\n' && c != '\t') {
            c = '?';
        }
        put(line, &c, 1);
    }
}

static void put_human(struct line *line, enum mx_log_level level, struct mx_slice message,
    const struct mx_log_field *fields, size_t count) {
    bool colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
    put_time(line, true);
    put(line, " ", 1);
    put_text(line, colour ? level_colours[level] : "");
    put_text(line, level_names[level]);
    put_text(line, colour ? "\033[0m" : "");
    put(line, " ", 1);
    put_printable(line, message);
    for (size_t i = 0; i < count; i++) {
        put(line, " ", 1);
        put_text(line, fields[i].name);
        put(line, "=", 1);
        put_printable(line, fields[i].value);
    }
}

void mx_log_configure(enum mx_log_level level, enum mx_log_form form) {
    atomic_store(&current_level, (int)level);
    atomic_store(&current_form, (int)form);
}

bool mx_log_enabled(enum mx_log_level level) {
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

void mx_log_event(enum mx_log_level level, struct mx_slice message,
    const struct mx_log_field *fields, size_t count) {
    if (!mx_log_enabled(level)) {
        return;
    }
    int form = atomic_load(&current_form);
    if (form == MX_LOG_AUTO) {
        form = isatty(STDERR_FILENO) ? MX_LOG_HUMAN : MX_LOG_JSON;
    }
    struct line line = {.len = 0};
    if (form == MX_LOG_JSON) {
        put_json(&line, level, message, fields, count);
        if (line.len >= LINE_SIZE - 1) { // cut inside JSON: say so in a line that still parses
            line.len = 0;
            struct mx_slice start = {message.ptr, message.len < 1024 ? message.len : 1024};
            struct mx_log_field cut = {"truncated", MX_SLICE("true"), true};
            put_json(&line, level, start, &cut, 1);
        }
    } else {
        put_human(&line, level, message, fields, count);
    }
    line.bytes[line.len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.bytes, line.len);
    (void)written; // a log that cannot be written must not stop a sale
}

static void log_formatted(enum mx_log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void log_formatted(enum mx_log_level level, const char *format, va_list args) {
    if (!mx_log_enabled(level)) {
        return;
    }
    char text[TEXT_SIZE];
    int len = vsnprintf(text, sizeof(text), format, args);
    if (len < 0) {
        return;
    }
    size_t used = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    mx_log_event(level, (struct mx_slice){text, used}, NULL, 0);
}

void mx_log_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    log_formatted(MX_LOG_ERROR, format, args);
    va_end(args);
}

void mx_log_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    log_formatted(MX_LOG_WARN, format, args);
    va_end(args);
}

void mx_log_info(const char *format, ...) {
    va_list args;
    va_start(args, format);
    log_formatted(MX_LOG_INFO, format, args);
    va_end(args);
}

void mx_log_debug(const char *format, ...) {
    va_list args;
    va_start(args, format);
    log_formatted(MX_LOG_DEBUG, format, args);
    va_end(args);
}

bool mx_log_level_parse(struct mx_slice name, enum mx_log_level *out) {
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (mx_slice_equal(name, mx_slice_of(level_names[i]))) {
            *out = (enum mx_log_level)i;
            return true;
        }
    }
    return false;
}

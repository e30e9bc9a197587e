// Bytes that are owned and grow. A zeroed struct is an empty buffer.
#pragma once

#include <stdarg.h>

#include "platform/slice.h"

typedef struct mx_buf {
    char *ptr;
    size_t len;
    size_t cap;
} mx_buf;

// Frees the bytes and leaves an empty buffer. `buf` may be NULL or zeroed.
void mx_buf_deinit(mx_buf *buf);

// Forgets the content, keeps the memory.
static inline void mx_buf_clear(mx_buf *buf) {
    buf->len = 0;
}

// Grows so that `extra` more bytes fit; the slow half of mx_buf_reserve().
void mx_buf_grow(mx_buf *buf, size_t extra);

// Makes room for `extra` bytes and returns where they begin: write there, then add to `len`.
static inline char *mx_buf_reserve(mx_buf *buf, size_t extra) {
    if (buf->cap - buf->len < extra) {
        mx_buf_grow(buf, extra);
    }
    return buf->ptr + buf->len;
}

static inline void mx_buf_append(mx_buf *buf, const char *ptr, size_t len) {
    if (len > 0) {
        memcpy(mx_buf_reserve(buf, len), ptr, len);
        buf->len += len;
    }
}

static inline void mx_buf_append_slice(mx_buf *buf, struct mx_slice slice) {
    mx_buf_append(buf, slice.ptr, slice.len);
}

static inline void mx_buf_append_text(mx_buf *buf, const char *text) {
    mx_buf_append(buf, text, strlen(text));
}

static inline void mx_buf_append_char(mx_buf *buf, char c) {
    *mx_buf_reserve(buf, 1) = c;
    buf->len++;
}

// Decimal digits of `value`.
void mx_buf_append_int(mx_buf *buf, int64_t value);

void mx_buf_append_format(mx_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Text with & < > " ' escaped for HTML.
void mx_buf_append_html(mx_buf *buf, const char *ptr, size_t len);

// Removes the first `len` bytes.
void mx_buf_consume(mx_buf *buf, size_t len);

static inline struct mx_slice mx_buf_slice(const mx_buf *buf) {
    return (struct mx_slice){buf->ptr, buf->len};
}

// The content with a NUL behind it that does not count. Borrowed until the next change.
const char *mx_buf_text(mx_buf *buf);

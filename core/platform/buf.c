// Growth doubles, so that appending n bytes one at a time copies each of them about twice.
#include "platform/buf.h"

#include <stdio.h>

#include "platform/alloc.h"

#ifdef MX_SMALL_BUFFERS
enum { FIRST_CAPACITY = 16 };
#else
enum { FIRST_CAPACITY = 256 };
#endif

struct entity {
    const char *text;
    unsigned char len; // 0: the byte stands for itself
};

static const struct entity entities[256] = {
    ['&'] = {"&amp;", 5},
    ['<'] = {"&lt;", 4},
    ['>'] = {"&gt;", 4},
    ['"'] = {"&quot;", 6},
    ['\''] = {"&#39;", 5},
};

void mx_buf_deinit(mx_buf *buf) {
    if (buf) {
        mx_free(buf->ptr);
        *buf = (mx_buf){0};
    }
}

void mx_buf_grow(mx_buf *buf, size_t extra) {
    size_t cap = buf->cap ? buf->cap : FIRST_CAPACITY;
    while (cap - buf->len < extra) {
        cap *= 2;
    }
    buf->ptr = mx_realloc(buf->ptr, cap);
    buf->cap = cap;
}

void mx_buf_append_int(mx_buf *buf, int64_t value) {
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    mx_buf_append(buf, digits + at, sizeof(digits) - at);
}

void mx_buf_append_format(mx_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len > 0) {
        vsnprintf(mx_buf_reserve(buf, (size_t)len + 1), (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void mx_buf_append_html(mx_buf *buf, const char *ptr, size_t len) {
    const char *end = ptr + len;
    while (ptr < end) {
        const char *plain = ptr;
        while (ptr < end && entities[(unsigned char)*ptr].len == 0) {
            ptr++;
        }
        mx_buf_append(buf, plain, (size_t)(ptr - plain));
        if (ptr < end) {
            const struct entity *entity = &entities[(unsigned char)*ptr++];
            mx_buf_append(buf, entity->text, entity->len);
        }
    }
}

void mx_buf_consume(mx_buf *buf, size_t len) {
    memmove(buf->ptr, buf->ptr + len, buf->len - len);
    buf->len -= len;
}

const char *mx_buf_text(mx_buf *buf) {
    *mx_buf_reserve(buf, 1) = '\0';
    return buf->ptr;
}

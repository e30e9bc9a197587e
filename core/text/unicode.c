// libutf8proc code point by code point. Text that is pure ASCII, most of it, takes a shortcut.
#include "text/unicode.h"

#include <stdlib.h>

#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD };

// Reads one code point at `*at` and moves behind it; a broken byte is U+FFFD and one byte long.
static int32_t next_point(struct mx_slice text, size_t *at) {
    utf8proc_int32_t point = -1;
    utf8proc_ssize_t size = utf8proc_iterate(
        (const utf8proc_uint8_t *)text.ptr + *at, (utf8proc_ssize_t)(text.len - *at), &point);
    *at += size > 0 ? (size_t)size : 1;
    return size > 0 ? point : REPLACEMENT;
}

static void append_point(mx_buf *out, int32_t point) {
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t size = utf8proc_encode_char(point, bytes);
    mx_buf_append(out, (const char *)bytes, (size_t)size);
}

static bool is_ascii(struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool mx_text_valid(struct mx_slice text) {
    size_t at = 0;
    while (at < text.len) {
        if ((unsigned char)text.ptr[at] < 0x80) {
            at++;
            continue;
        }
        utf8proc_int32_t point;
        utf8proc_ssize_t size = utf8proc_iterate(
            (const utf8proc_uint8_t *)text.ptr + at, (utf8proc_ssize_t)(text.len - at), &point);
        if (size <= 0) {
            return false;
        }
        at += (size_t)size;
    }
    return true;
}

size_t mx_text_len(struct mx_slice text) {
    size_t count = 0, at = 0;
    while (at < text.len) {
        next_point(text, &at);
        count++;
    }
    return count;
}

// The byte offset of code point number `index` (from 0), at most the end.
static size_t offset_of(struct mx_slice text, size_t index) {
    size_t at = 0;
    while (index > 0 && at < text.len) {
        next_point(text, &at);
        index--;
    }
    return at;
}

struct mx_slice mx_text_sub(struct mx_slice text, int64_t first, int64_t last) {
    if (first < 0 || last < 0) {
        int64_t count = (int64_t)mx_text_len(text);
        first = first < 0 ? first + count + 1 : first;
        last = last < 0 ? last + count + 1 : last;
    }
    first = first < 1 ? 1 : first;
    if (last < first) {
        return (struct mx_slice){text.ptr, 0};
    }
    size_t from = offset_of(text, (size_t)first - 1);
    struct mx_slice rest = {text.ptr + from, text.len - from};
    return (struct mx_slice){rest.ptr, offset_of(rest, (size_t)(last - first) + 1)};
}

void mx_text_lower(struct mx_slice text, mx_buf *out) {
    for (size_t at = 0; at < text.len;) {
        append_point(out, utf8proc_tolower(next_point(text, &at)));
    }
}

void mx_text_upper(struct mx_slice text, mx_buf *out) {
    for (size_t at = 0; at < text.len;) {
        int32_t point = next_point(text, &at);
        if (point == 0xDF) { // the one letter whose capital is two
            mx_buf_append_text(out, "SS");
        } else {
            append_point(out, utf8proc_toupper(point));
        }
    }
}

// Appends `text` mapped by utf8proc, or as it is when it is not well-formed after all.
static void append_mapped(struct mx_slice text, mx_buf *out, unsigned options) {
    mx_buf clean = {0};
    for (size_t at = 0; at < text.len;) {
        append_point(&clean, next_point(text, &at));
    }
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)clean.ptr,
        (utf8proc_ssize_t)clean.len, &mapped, (utf8proc_option_t)options);
    if (size >= 0) {
        mx_buf_append(out, (const char *)mapped, (size_t)size);
    } else {
        mx_buf_append_slice(out, mx_buf_slice(&clean));
    }
    free(mapped); // utf8proc's, by malloc()
    mx_buf_deinit(&clean);
}

void mx_text_nfkc(struct mx_slice text, mx_buf *out) {
    if (is_ascii(text)) {
        mx_buf_append_slice(out, text);
        return;
    }
    append_mapped(text, out, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void mx_text_tidy(struct mx_slice text, mx_buf *out) {
    size_t start = out->len;
    mx_text_nfkc(text, out);
    size_t end = start;
    for (size_t at = start; at < out->len; at++) {
        char c = out->ptr[at];
        if (!is_space(c)) {
            out->ptr[end++] = c;
        } else if (end > start && out->ptr[end - 1] != ' ') {
            out->ptr[end++] = ' ';
        }
    }
    bool has_blank = end > start && out->ptr[end - 1] == ' ';
    out->len = has_blank ? end - 1 : end;
}

void mx_text_fold(struct mx_slice text, mx_buf *out) {
    if (is_ascii(text)) {
        for (size_t i = 0; i < text.len; i++) {
            mx_buf_append_char(out, ascii_lower(text.ptr[i]));
        }
        return;
    }
    append_mapped(text, out,
        UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STRIPMARK |
            UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

static bool is_word_point(int32_t point) {
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL: return true;
    default: return false;
    }
}

void mx_text_slug(struct mx_slice text, mx_buf *out) {
    mx_buf folded = {0};
    mx_text_fold(text, &folded);
    size_t start = out->len;
    bool gap = false;
    for (size_t at = 0; at < folded.len;) {
        int32_t point = next_point(mx_buf_slice(&folded), &at);
        if (point == '\'' || point == 0x2019) { // "potter's" is one word
            continue;
        }
        if (point == REPLACEMENT || !is_word_point(point)) {
            gap = true;
            continue;
        }
        if (gap && out->len > start) {
            mx_buf_append_char(out, '-');
        }
        gap = false;
        append_point(out, point);
    }
    mx_buf_deinit(&folded);
}

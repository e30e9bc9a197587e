// Lengths are checked against what is there before anything is believed.
#include "server/frame.h"

#include <assert.h>

enum { LENGTH_SIZE = 4 };

static void append_length(mx_buf *out, size_t len) {
    for (int shift = 0; shift < 32; shift += 8) {
        mx_buf_append_char(out, (char)(len >> shift & 0xff));
    }
}

static size_t read_length(const char *at) {
    const unsigned char *bytes = (const unsigned char *)at;
    return (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 |
           (size_t)bytes[3] << 24;
}

void mx_frame_write(mx_buf *out, const struct mx_slice *words, size_t count) {
    assert(count <= MX_LIMIT_CONTROL_WORDS && "a message has few words");
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += LENGTH_SIZE + words[i].len;
    }
    append_length(out, total);
    for (size_t i = 0; i < count; i++) {
        append_length(out, words[i].len);
        mx_buf_append_slice(out, words[i]);
    }
}

int mx_frame_read(struct mx_slice bytes, struct mx_frame *out, size_t *used, struct mx_error *err) {
    out->count = 0;
    if (bytes.len < LENGTH_SIZE) {
        return 0;
    }
    size_t total = read_length(bytes.ptr);
    if (total > MX_LIMIT_CONTROL_BYTES) {
        return mx_fail(err, MX_E_INVALID, "a message of %zu bytes is too long", total);
    }
    if (bytes.len - LENGTH_SIZE < total) {
        return 0;
    }
    const char *at = bytes.ptr + LENGTH_SIZE;
    size_t left = total;
    while (left > 0) {
        size_t len = left >= LENGTH_SIZE ? read_length(at) : SIZE_MAX;
        if (out->count == MX_LIMIT_CONTROL_WORDS || left < LENGTH_SIZE ||
            len > left - LENGTH_SIZE) {
            return mx_fail(err, MX_E_INVALID, "the message is malformed");
        }
        out->words[out->count++] = (struct mx_slice){at + LENGTH_SIZE, len};
        at += LENGTH_SIZE + len;
        left -= LENGTH_SIZE + len;
    }
    *used = LENGTH_SIZE + total;
    return 1;
}

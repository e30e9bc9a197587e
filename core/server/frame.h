// What travels over merx.sock: a message is a few words of bytes. On the wire: the length of what
// follows, then each word behind its own length, all as 32 bits, little end first.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"
#include "server/limits.h"

struct mx_frame {
    struct mx_slice words[MX_LIMIT_CONTROL_WORDS]; // borrowed from the bytes that were read
    size_t count;
};

// Appends a message.
void mx_frame_write(mx_buf *out, const struct mx_slice *words, size_t count);

// Reads the message at the beginning of `bytes`: 1, with the number of bytes it takes in `*used`;
// 0 when more bytes are needed; MX_E_INVALID when it is none.
int mx_frame_read(struct mx_slice bytes, struct mx_frame *out, size_t *used, struct mx_error *err);

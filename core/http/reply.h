// Answers as bytes: status line, fields, framing, body. Nothing here allocates but the buffer.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

// A field of a reply. Several of one name are written in the order given.
struct mx_reply_field {
    struct mx_slice name;
    struct mx_slice value;
};

enum mx_reply_framing {
    MX_REPLY_LENGTH,  // Content-Length: body_len
    MX_REPLY_CHUNKED, // Transfer-Encoding: chunked; never to HTTP/1.0
    MX_REPLY_CLOSE,   // ends with the connection: for HTTP/1.0 when the length is not known
};

struct mx_reply {
    int status; // 200 to 599
    const struct mx_reply_field *fields;
    size_t field_count;
    enum mx_reply_framing framing;
    uint64_t body_len;
    bool close;           // "Connection: close"
    bool keep_alive_1_0;  // "Connection: keep-alive", which HTTP/1.0 wants to be told
    struct mx_slice date; // from mx_date_format(), made once a second by the caller; empty: none
};

// Appends the head of `reply`, with the empty line. Adds Date, Connection and the framing; 204 and
// 304 get no framing. MX_E_INVALID, with `buf` as before, for a field name that is no token, a
// value with CR, LF, NUL or another control character, and for fields that belong to this function
// (Connection, Content-Length, Date, Keep-Alive, Trailer, Transfer-Encoding, Upgrade).
int mx_reply_write_head(mx_buf *buf, const struct mx_reply *reply, struct mx_error *err);

// As mx_reply_write_head(), with `body` behind it; sets framing and body_len itself.
int mx_reply_write(
    mx_buf *buf, const struct mx_reply *reply, struct mx_slice body, struct mx_error *err);

// Appends one chunk; nothing for an empty piece, which would end the body.
void mx_reply_write_chunk(mx_buf *buf, struct mx_slice piece);

// Appends the last chunk.
void mx_reply_write_end(mx_buf *buf);

// Appends "HTTP/1.1 100 Continue".
void mx_reply_write_continue(mx_buf *buf);

// True for the statuses that never have a body: 1xx, 204, 304.
bool mx_status_is_bodiless(int status);

// "Not Found"; "Unknown" for a status without a name.
const char *mx_status_text(int status);

// True when `value` may stand in a field: no control characters but tab.
bool mx_field_value_valid(struct mx_slice value);

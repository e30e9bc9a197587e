// A head is written in two passes: the first checks the fields and adds up their lengths, the
// second copies into room that is reserved once.
#include "http/reply.h"

#include "http/content_type.h"

enum { STATUS_MIN = 100, STATUS_MAX = 599 };

static const char *const status_texts[STATUS_MAX + 1] = {
    [100] = "Continue",
    [200] = "OK",
    [201] = "Created",
    [202] = "Accepted",
    [204] = "No Content",
    [206] = "Partial Content",
    [301] = "Moved Permanently",
    [302] = "Found",
    [303] = "See Other",
    [304] = "Not Modified",
    [307] = "Temporary Redirect",
    [308] = "Permanent Redirect",
    [400] = "Bad Request",
    [401] = "Unauthorized",
    [402] = "Payment Required",
    [403] = "Forbidden",
    [404] = "Not Found",
    [405] = "Method Not Allowed",
    [406] = "Not Acceptable",
    [408] = "Request Timeout",
    [409] = "Conflict",
    [410] = "Gone",
    [411] = "Length Required",
    [412] = "Precondition Failed",
    [413] = "Content Too Large",
    [414] = "URI Too Long",
    [415] = "Unsupported Media Type",
    [416] = "Range Not Satisfiable",
    [417] = "Expectation Failed",
    [421] = "Misdirected Request",
    [422] = "Unprocessable Content",
    [423] = "Locked",
    [425] = "Too Early",
    [426] = "Upgrade Required",
    [428] = "Precondition Required",
    [429] = "Too Many Requests",
    [431] = "Request Header Fields Too Large",
    [451] = "Unavailable For Legal Reasons",
    [500] = "Internal Server Error",
    [501] = "Not Implemented",
    [502] = "Bad Gateway",
    [503] = "Service Unavailable",
    [504] = "Gateway Timeout",
    [505] = "HTTP Version Not Supported",
    [507] = "Insufficient Storage",
};

// Fields that say how the message is framed: ours alone.
static const struct mx_slice own_fields[] = {
    MX_SLICE("connection"),
    MX_SLICE("content-length"),
    MX_SLICE("date"),
    MX_SLICE("keep-alive"),
    MX_SLICE("trailer"),
    MX_SLICE("transfer-encoding"),
    MX_SLICE("upgrade"),
};

const char *mx_status_text(int status) {
    const char *text = status >= STATUS_MIN && status <= STATUS_MAX ? status_texts[status] : NULL;
    return text ? text : "Unknown";
}

bool mx_status_is_bodiless(int status) {
    return status < 200 || status == 204 || status == 304;
}

bool mx_field_value_valid(struct mx_slice value) {
    size_t at = 0;
    // Eight bytes at a time: a byte below 0x20 borrows into its top bit, 0x7f turns into 0 and does
    // so in its own pass. Both tests are exact for words without a borrow from below, and whatever
    // they flag is looked at again byte by byte.
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    for (; value.len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, value.ptr + at, 8);
        uint64_t del = word ^ (0x7f * ones);
        if ((((word - 0x20 * ones) & ~word) | ((del - ones) & ~del)) & tops) {
            break;
        }
    }
    for (; at < value.len; at++) {
        unsigned char c = (unsigned char)value.ptr[at];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_own_field(struct mx_slice name) {
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++) {
        if (own_fields[i].len == name.len && mx_slice_equal_nocase(own_fields[i], name)) {
            return true;
        }
    }
    return false;
}

// Checks the fields and adds up what they take.
static int measure_fields(const struct mx_reply *reply, size_t *len, struct mx_error *err) {
    *len = 0;
    for (size_t i = 0; i < reply->field_count; i++) {
        const struct mx_reply_field *field = &reply->fields[i];
        int shown = (int)(field->name.len < 60 ? field->name.len : 60);
        if (!mx_token_valid(field->name)) {
            return mx_fail(err, MX_E_INVALID, "field %zu of the reply has a malformed name", i + 1);
        }
        if (is_own_field(field->name)) {
            return mx_fail(err, MX_E_INVALID, "the field %.*s is set by the server; leave it out",
                shown, field->name.ptr);
        }
        if (!mx_field_value_valid(field->value)) {
            return mx_fail(err, MX_E_INVALID, "the field %.*s holds a control character", shown,
                field->name.ptr);
        }
        *len += field->name.len + field->value.len + 4;
    }
    return MX_OK;
}

static char *put(char *out, struct mx_slice text) {
    if (text.len > 0) {
        memcpy(out, text.ptr, text.len);
    }
    return out + text.len;
}

static char *put_number(char *out, uint64_t value) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return put(out, (struct mx_slice){digits + at, sizeof(digits) - at});
}

static char *put_status(char *out, int status) {
    if (status == 200) {
        return put(out, MX_SLICE("HTTP/1.1 200 OK\r\n"));
    }
    out = put(out, MX_SLICE("HTTP/1.1 "));
    out = put_number(out, (uint64_t)status);
    *out++ = ' ';
    out = put(out, mx_slice_of(mx_status_text(status)));
    return put(out, MX_SLICE("\r\n"));
}

static char *put_framing(char *out, const struct mx_reply *reply) {
    if (mx_status_is_bodiless(reply->status) || reply->framing == MX_REPLY_CLOSE) {
        return out;
    }
    if (reply->framing == MX_REPLY_CHUNKED) {
        return put(out, MX_SLICE("Transfer-Encoding: chunked\r\n"));
    }
    out = put(out, MX_SLICE("Content-Length: "));
    out = put_number(out, reply->body_len);
    return put(out, MX_SLICE("\r\n"));
}

static char *put_connection(char *out, const struct mx_reply *reply) {
    if (reply->close || reply->framing == MX_REPLY_CLOSE) {
        return put(out, MX_SLICE("Connection: close\r\n"));
    }
    return reply->keep_alive_1_0 ? put(out, MX_SLICE("Connection: keep-alive\r\n")) : out;
}

int mx_reply_write_head(mx_buf *buf, const struct mx_reply *reply, struct mx_error *err) {
    enum { OWN_MAX = 256 }; // status line and our own fields, with room to spare
    if (reply->status < 200 || reply->status > STATUS_MAX) {
        return mx_fail(err, MX_E_INVALID, "%d is no status of a reply", reply->status);
    }
    size_t len;
    int rc = measure_fields(reply, &len, err);
    if (rc < 0) {
        return rc;
    }
    char *out = mx_buf_reserve(buf, OWN_MAX + reply->date.len + len);
    out = put_status(out, reply->status);
    if (reply->date.len > 0) {
        out = put(out, MX_SLICE("Date: "));
        out = put(out, reply->date);
        out = put(out, MX_SLICE("\r\n"));
    }
    for (size_t i = 0; i < reply->field_count; i++) {
        out = put(out, reply->fields[i].name);
        out = put(out, MX_SLICE(": "));
        out = put(out, reply->fields[i].value);
        out = put(out, MX_SLICE("\r\n"));
    }
    out = put_connection(out, reply);
    out = put_framing(out, reply);
    out = put(out, MX_SLICE("\r\n"));
    buf->len = (size_t)(out - buf->ptr);
    return MX_OK;
}

int mx_reply_write(
    mx_buf *buf, const struct mx_reply *reply, struct mx_slice body, struct mx_error *err) {
    struct mx_reply whole = *reply;
    whole.framing = MX_REPLY_LENGTH;
    whole.body_len = body.len;
    int rc = mx_reply_write_head(buf, &whole, err);
    if (rc == MX_OK && !mx_status_is_bodiless(reply->status)) {
        mx_buf_append_slice(buf, body);
    }
    return rc;
}

void mx_reply_write_chunk(mx_buf *buf, struct mx_slice piece) {
    if (piece.len > 0) {
        mx_buf_append_format(buf, "%zx\r\n", piece.len);
        mx_buf_append_slice(buf, piece);
        mx_buf_append_slice(buf, MX_SLICE("\r\n"));
    }
}

void mx_reply_write_end(mx_buf *buf) {
    mx_buf_append_slice(buf, MX_SLICE("0\r\n\r\n"));
}

void mx_reply_write_continue(mx_buf *buf) {
    mx_buf_append_slice(buf, MX_SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

// A body is read as text between delimiters: CR LF "--" boundary. At the start of the body and of
// each part the delimiter may stand without its CR LF, so there the search begins as if these had
// been read already. What might be a delimiter at the end of a piece is not passed on but counted
// in `matched`: should it turn out to be data, the delimiter itself says which bytes it was.
#include "http/multipart.h"

#include <assert.h>

#include "http/content_type.h"
#include "http/url.h"
#include "platform/alloc.h"
#include "platform/buf.h"

enum { BOUNDARY_MAX = 70, DELIMITER_MAX = BOUNDARY_MAX + 4, PREAMBLE_MAX = 1024 };

enum state {
    IN_PREAMBLE, // before the first delimiter
    IN_DATA,     // in a part, looking for a delimiter
    AT_LINE_END, // behind a delimiter: "--" or CR LF
    IN_HEADER,   // in the header of a part
    IN_EPILOGUE, // behind the last delimiter; ignored
    FAILED,
};

struct mx_multipart {
    struct mx_multipart_limits limits;
    struct mx_multipart_handler handler;
    enum state state;
    bool in_part; // on_part_begun was called, on_part_ended was not
    char delimiter[DELIMITER_MAX];
    size_t delimiter_len;
    size_t matched; // how many bytes of the delimiter were seen and are not yet passed on;
    size_t assumed; // the first of them, when they were only assumed
    char line_end[2];
    size_t line_end_len;
    size_t preamble_len;
    size_t part_count;
    mx_buf header;
    mx_arena *arena; // of the part at hand
};

static bool is_boundary(struct mx_slice boundary) {
    static const struct mx_slice others = MX_SLICE("'()+_,-./:=? ");
    for (size_t i = 0; i < boundary.len; i++) {
        char c = boundary.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!plain && !memchr(others.ptr, c, others.len)) {
            return false;
        }
    }
    return boundary.len > 0 && boundary.len <= BOUNDARY_MAX &&
           boundary.ptr[boundary.len - 1] != ' ';
}

// As if CR LF had just been read.
static void assume_line_end(mx_multipart *parser) {
    parser->matched = 2;
    parser->assumed = 2;
}

int mx_multipart_create(struct mx_slice boundary, const struct mx_multipart_limits *limits,
    const struct mx_multipart_handler *handler, mx_multipart **out, struct mx_error *err) {
    if (!is_boundary(boundary)) {
        return mx_fail(err, MX_E_INVALID,
            "a multipart body needs a boundary of 1 to %d letters, digits or '()+_,-./:=? ",
            BOUNDARY_MAX);
    }
    mx_multipart *parser = mx_alloc(sizeof(*parser));
    parser->limits = *limits;
    parser->handler = *handler;
    memcpy(parser->delimiter, "\r\n--", 4);
    memcpy(parser->delimiter + 4, boundary.ptr, boundary.len);
    parser->delimiter_len = boundary.len + 4;
    assume_line_end(parser);
    parser->arena = mx_arena_create();
    *out = parser;
    return MX_OK;
}

void mx_multipart_destroy(mx_multipart *parser) {
    if (!parser) {
        return;
    }
    mx_arena_destroy(parser->arena);
    mx_buf_deinit(&parser->header);
    mx_free(parser);
}

// Passes on bytes that are no delimiter.
static int take_data(mx_multipart *parser, const char *ptr, size_t len, struct mx_error *err) {
    if (len == 0) {
        return MX_OK;
    }
    if (parser->state == IN_PREAMBLE) {
        parser->preamble_len += len;
        if (parser->preamble_len > PREAMBLE_MAX) {
            return mx_fail(
                err, MX_E_INVALID, "the multipart body does not begin with its boundary");
        }
        return MX_OK;
    }
    return parser->handler.on_part_data(parser->handler.ctx, (struct mx_slice){ptr, len}, err);
}

static int end_part(mx_multipart *parser, struct mx_error *err) {
    if (!parser->in_part) {
        return MX_OK;
    }
    parser->in_part = false;
    int rc = parser->handler.on_part_ended(parser->handler.ctx, err);
    mx_arena_reset(parser->arena);
    return rc;
}

// A delimiter that fails after `matched` bytes was data. Its only CR is its first byte, so no
// shorter match can begin inside it.
static int release_matched(mx_multipart *parser, struct mx_error *err) {
    size_t from = parser->assumed;
    size_t len = parser->matched - from;
    parser->matched = 0;
    parser->assumed = 0;
    return take_data(parser, parser->delimiter + from, len, err);
}

// Reads data up to the end of `bytes` or of a delimiter; `*used` says how far.
static int read_data(
    mx_multipart *parser, struct mx_slice bytes, size_t *used, struct mx_error *err) {
    size_t at = 0;
    int rc = MX_OK;
    while (at < bytes.len && rc == MX_OK) {
        if (parser->matched > 0) {
            if (bytes.ptr[at] != parser->delimiter[parser->matched]) {
                rc = release_matched(parser, err);
                continue;
            }
            at++;
            if (++parser->matched == parser->delimiter_len) {
                parser->matched = 0;
                parser->assumed = 0;
                parser->line_end_len = 0;
                rc = end_part(parser, err);
                parser->state = AT_LINE_END;
                break;
            }
            continue;
        }
        const char *cr = memchr(bytes.ptr + at, '\r', bytes.len - at);
        size_t end = cr ? (size_t)(cr - bytes.ptr) : bytes.len;
        rc = take_data(parser, bytes.ptr + at, end - at, err);
        parser->matched = cr ? 1 : 0;
        at = cr ? end + 1 : end;
    }
    *used = at;
    return rc;
}

// Behind a delimiter stand "--" or, after blanks, CR LF.
static int read_line_end(mx_multipart *parser, char c, struct mx_error *err) {
    if ((c == ' ' || c == '\t') && parser->line_end_len == 0) {
        return MX_OK;
    }
    parser->line_end[parser->line_end_len++] = c;
    if (parser->line_end_len < 2) {
        return MX_OK;
    }
    if (memcmp(parser->line_end, "--", 2) == 0) {
        parser->state = IN_EPILOGUE;
        return MX_OK;
    }
    if (memcmp(parser->line_end, "\r\n", 2) != 0) {
        return mx_fail(err, MX_E_INVALID, "a multipart boundary is not followed by a line end");
    }
    if (++parser->part_count > parser->limits.part_max) {
        return mx_fail(
            err, MX_E_LIMIT, "the form has more than %zu parts", parser->limits.part_max);
    }
    mx_buf_clear(&parser->header);
    parser->state = IN_HEADER;
    return MX_OK;
}

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

// The value of a parameter of Content-Disposition. Browsers escape only quote, CR and LF there, as
// %22, %0D and %0A, and write "\" for itself: RFC 7578, 4.2 and the HTML standard.
static bool read_form_value(struct mx_slice *rest, mx_arena *arena, struct mx_slice *out) {
    if (rest->len == 0 || rest->ptr[0] != '"') {
        size_t len = 0;
        while (len < rest->len && rest->ptr[len] != ';' && rest->ptr[len] != ' ') {
            len++;
        }
        *out = (struct mx_slice){rest->ptr, len};
        *rest = (struct mx_slice){rest->ptr + len, rest->len - len};
        return mx_token_valid(*out);
    }
    char *text = mx_arena_take(arena, rest->len);
    size_t len = 0;
    size_t at = 1;
    for (; at < rest->len && rest->ptr[at] != '"'; at++) {
        const char *p = rest->ptr + at;
        size_t left = rest->len - at;
        char c = *p;
        if (c == '\\' && left > 1 && p[1] == '"') {
            c = '"';
            at++;
        } else if (c == '%' && left > 2 && p[1] == '2' && p[2] == '2') {
            c = '"';
            at += 2;
        } else if (c == '%' && left > 2 && p[1] == '0' &&
                   (lower(p[2]) == 'd' || lower(p[2]) == 'a')) {
            c = lower(p[2]) == 'd' ? '\r' : '\n';
            at += 2;
        }
        text[len++] = c;
    }
    if (at == rest->len) {
        return false;
    }
    *out = (struct mx_slice){text, len};
    *rest = (struct mx_slice){rest->ptr + at + 1, rest->len - at - 1};
    return true;
}

static int read_disposition(
    mx_multipart *parser, struct mx_slice value, struct mx_part *part, struct mx_error *err) {
    struct mx_slice rest = value;
    struct mx_slice kind = mx_slice_trim(mx_slice_cut(&rest, ';'));
    if (!mx_slice_equal_nocase(kind, MX_SLICE("form-data"))) {
        return mx_fail(err, MX_E_INVALID, "a part of the form is not form-data");
    }
    while (rest.len > 0) {
        rest = mx_slice_trim(rest);
        const char *equals = rest.len > 0 ? memchr(rest.ptr, '=', rest.len) : NULL;
        size_t name_len = equals ? (size_t)(equals - rest.ptr) : 0;
        struct mx_slice name = {rest.ptr, name_len};
        struct mx_slice text = {0};
        if (equals) {
            rest = (struct mx_slice){equals + 1, rest.len - name_len - 1};
        }
        if (!mx_token_valid(name) || !read_form_value(&rest, parser->arena, &text)) {
            return mx_fail(err, MX_E_INVALID, "the Content-Disposition of a part is malformed");
        }
        bool is_name = mx_slice_equal_nocase(name, MX_SLICE("name"));
        bool is_file = mx_slice_equal_nocase(name, MX_SLICE("filename"));
        if ((is_name && part->name.ptr) || (is_file && part->has_filename)) {
            return mx_fail(err, MX_E_INVALID, "a part gives its name or file name twice");
        }
        if (is_name) {
            part->name = text;
        } else if (is_file) {
            part->has_filename = true;
            part->filename = mx_filename_clean(parser->arena, text);
        }
        rest = mx_slice_trim(rest);
        if (rest.len > 0 && mx_slice_cut(&rest, ';').len > 0) {
            return mx_fail(err, MX_E_INVALID, "the Content-Disposition of a part is malformed");
        }
    }
    return MX_OK;
}

static int read_type(
    mx_multipart *parser, struct mx_slice value, struct mx_part *part, struct mx_error *err) {
    struct mx_content_type type;
    int rc = mx_content_type_parse(parser->arena, value, &type, err);
    part->type = type.type;
    part->charset = type.charset;
    return rc;
}

// Reads one line "Name: value" of a part's header. Fields we do not know are ignored.
static int read_line(
    mx_multipart *parser, struct mx_slice line, struct mx_part *part, struct mx_error *err) {
    struct mx_slice value = line;
    struct mx_slice name = mx_slice_cut(&value, ':');
    if (!value.ptr || !mx_token_valid(name) || memchr(line.ptr, '\0', line.len) ||
        memchr(line.ptr, '\r', line.len) || memchr(line.ptr, '\n', line.len)) {
        return mx_fail(err, MX_E_INVALID, "a header line of a part is malformed");
    }
    value = mx_slice_trim(value);
    if (mx_slice_equal_nocase(name, MX_SLICE("content-disposition"))) {
        return read_disposition(parser, value, part, err);
    }
    if (mx_slice_equal_nocase(name, MX_SLICE("content-type"))) {
        return read_type(parser, value, part, err);
    }
    if (mx_slice_equal_nocase(name, MX_SLICE("content-transfer-encoding")) &&
        !mx_slice_equal_nocase(value, MX_SLICE("binary")) &&
        !mx_slice_equal_nocase(value, MX_SLICE("7bit")) &&
        !mx_slice_equal_nocase(value, MX_SLICE("8bit"))) {
        return mx_fail(err, MX_E_INVALID, "parts must not be encoded (RFC 7578, 4.7)");
    }
    return MX_OK;
}

// The header is complete, with a CR LF behind each line: announces the part.
static int begin_part(mx_multipart *parser, struct mx_error *err) {
    struct mx_part part = {.type = MX_SLICE("text/plain")};
    // What the part says must outlive the buffer, which the next header reuses.
    struct mx_slice rest = mx_arena_copy(parser->arena, mx_buf_slice(&parser->header));
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        assert(end && end > rest.ptr && end[-1] == '\r'); // read_header() saw to it
        size_t len = (size_t)(end - rest.ptr) - 1;
        int rc = read_line(parser, (struct mx_slice){rest.ptr, len}, &part, err);
        if (rc < 0) {
            return rc;
        }
        rest = (struct mx_slice){end + 1, rest.len - len - 2};
    }
    if (!part.name.ptr) {
        return mx_fail(err, MX_E_INVALID, "a part of the form has no name");
    }
    if (!mx_utf8_valid(part.name) ||
        (part.name.len > 0 && memchr(part.name.ptr, '\0', part.name.len))) {
        return mx_fail(err, MX_E_INVALID, "the name of a part is not UTF-8");
    }
    parser->in_part = true;
    parser->state = IN_DATA;
    assume_line_end(parser);
    return parser->handler.on_part_begun(parser->handler.ctx, &part, err);
}

// Reads header lines up to the empty one; `*used` says how far.
static int read_header(
    mx_multipart *parser, struct mx_slice bytes, size_t *used, struct mx_error *err) {
    mx_buf *header = &parser->header;
    const char *end = memchr(bytes.ptr, '\n', bytes.len);
    size_t len = end ? (size_t)(end - bytes.ptr) + 1 : bytes.len;
    *used = len;
    if (len > parser->limits.header_max - header->len) {
        return mx_fail(err, MX_E_LIMIT, "the header of a part is longer than %zu bytes",
            parser->limits.header_max);
    }
    mx_buf_append(header, bytes.ptr, len);
    if (!end) {
        return MX_OK;
    }
    if (header->len < 2 || header->ptr[header->len - 2] != '\r') {
        return mx_fail(err, MX_E_INVALID, "header lines of a part must end in CR LF");
    }
    bool empty_line = header->len == 2 || header->ptr[header->len - 3] == '\n';
    if (!empty_line) {
        return MX_OK;
    }
    header->len -= 2;
    return begin_part(parser, err);
}

int mx_multipart_feed(mx_multipart *parser, struct mx_slice bytes, struct mx_error *err) {
    assert(parser->state != FAILED);
    int rc = MX_OK;
    size_t at = 0;
    while (at < bytes.len && rc == MX_OK && parser->state != IN_EPILOGUE) {
        struct mx_slice rest = {bytes.ptr + at, bytes.len - at};
        size_t used = 1;
        switch (parser->state) {
        case IN_HEADER: rc = read_header(parser, rest, &used, err); break;
        case AT_LINE_END: rc = read_line_end(parser, rest.ptr[0], err); break;
        default: rc = read_data(parser, rest, &used, err); break;
        }
        at += used;
    }
    if (rc < 0) {
        parser->state = FAILED;
    }
    return rc;
}

int mx_multipart_finish(mx_multipart *parser, struct mx_error *err) {
    if (parser->state != IN_EPILOGUE) {
        return mx_fail(err, MX_E_INVALID, "the multipart body ends before its last boundary");
    }
    return MX_OK;
}

struct mx_slice mx_filename_clean(mx_arena *arena, struct mx_slice filename) {
    enum { NAME_MAX_LEN = 200 };
    size_t from = 0;
    for (size_t i = 0; i < filename.len; i++) {
        if (filename.ptr[i] == '/' || filename.ptr[i] == '\\') {
            from = i + 1;
        }
    }
    struct mx_slice name = {filename.ptr + from, filename.len - from};
    if (!mx_utf8_valid(name)) {
        return MX_SLICE("");
    }
    char *out = mx_arena_take(arena, name.len);
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool leading = len == 0 && (c == '.' || c == ' ');
        if (c >= ' ' && c != 0x7f && !leading) {
            out[len++] = (char)c;
        }
    }
    while (len > NAME_MAX_LEN || (len > 0 && (out[len - 1] == '.' || out[len - 1] == ' '))) {
        len--; // also through the middle of a character, which the next test repairs
    }
    while (len > 0 && !mx_utf8_valid((struct mx_slice){out, len})) {
        len--;
    }
    return (struct mx_slice){out, len};
}

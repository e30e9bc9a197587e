// All of the file is turned into UTF-8 first, then cut into records. Fields are kept decoded, one
// behind the other, so that a record costs no allocation once the buffers have grown.
#include "text/csv.h"

#include <errno.h>
#include <iconv.h>

#include "platform/alloc.h"
#include "text/unicode.h"

struct span {
    size_t at;
    size_t len;
};

struct mx_csv {
    mx_buf text;
    size_t at;
    char delimiter;
    const char *encoding;
    unsigned next_line; // line of the byte at `at`
    unsigned line;
    unsigned column;
    mx_buf content; // decoded fields of the record
    struct span *fields;
    int count;
    int cap;
};

// --- encoding ---------------------------------------------------------------------------------

static int convert(struct mx_slice bytes, const char *encoding, mx_buf *out, struct mx_error *err) {
    iconv_t table = iconv_open("UTF-8", encoding);
    if (table == (iconv_t)-1) {
        return mx_fail(err, MX_E_INVALID, "there is no encoding called \"%s\"", encoding);
    }
    char *in = (char *)bytes.ptr;
    size_t left = bytes.len;
    int rc = MX_OK;
    while (left > 0) {
        size_t room = left * 2 + 64;
        char *start = mx_buf_reserve(out, room), *end = start;
        size_t result = iconv(table, &in, &left, &end, &room);
        out->len += (size_t)(end - start);
        if (result == (size_t)-1 && errno != E2BIG) {
            rc = mx_fail(err, MX_E_INVALID, "byte %zu is not in the encoding %s",
                bytes.len - left + 1, encoding);
            break;
        }
    }
    iconv_close(table);
    return rc;
}

static bool has_mark(struct mx_slice bytes, const char *mark, size_t len) {
    return bytes.len >= len && memcmp(bytes.ptr, mark, len) == 0;
}

// GB18030 decodes nearly any bytes; Chinese text has most of its high bytes in pairs that are
// common characters. Western text has single accented letters between ASCII ones.
static bool looks_chinese(struct mx_slice bytes) {
    size_t pairs = 0, singles = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char first = (unsigned char)bytes.ptr[i];
        if (first < 0x80) {
            continue;
        }
        unsigned char second = i + 1 < bytes.len ? (unsigned char)bytes.ptr[i + 1] : 0;
        if (first >= 0xB0 && first <= 0xF7 && second >= 0xA1) {
            pairs++;
            i++;
        } else if (first >= 0xA1 && first <= 0xA9 && second >= 0xA1) {
            i++; // punctuation and full-width letters: neither proves anything
        } else {
            singles++;
        }
    }
    return pairs > singles;
}

static int decode(mx_csv *csv, struct mx_slice bytes, const char *encoding, struct mx_error *err) {
    if (!encoding) {
        if (has_mark(bytes, "\xff\xfe", 2)) {
            encoding = "UTF-16LE";
        } else if (has_mark(bytes, "\xfe\xff", 2)) {
            encoding = "UTF-16BE";
        } else if (mx_text_valid(bytes)) {
            encoding = "UTF-8";
        } else {
            encoding = looks_chinese(bytes) ? "GB18030" : "WINDOWS-1252";
        }
    }
    csv->encoding = encoding;
    int rc = MX_OK;
    if (strcmp(encoding, "UTF-8") == 0 && mx_text_valid(bytes)) {
        mx_buf_append_slice(&csv->text, bytes);
    } else {
        rc = convert(bytes, encoding, &csv->text, err);
    }
    if (rc == MX_OK && has_mark(mx_buf_slice(&csv->text), "\xef\xbb\xbf", 3)) {
        csv->at = 3;
    }
    return rc;
}

// --- delimiter ---------------------------------------------------------------------------------

// The candidate that stands most often in the first record, outside quotes.
static char find_delimiter(struct mx_slice text) {
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[sizeof(candidates)] = {0};
    bool quoted = false;
    for (size_t i = 0; i < text.len && (quoted || text.ptr[i] != '\n'); i++) {
        char c = text.ptr[i];
        if (c == '"') {
            quoted = !quoted;
        }
        for (size_t k = 0; k < sizeof(candidates) && !quoted; k++) {
            counts[k] += c == candidates[k];
        }
    }
    size_t best = 0;
    for (size_t k = 1; k < sizeof(candidates); k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    return candidates[best];
}

// --- records ------------------------------------------------------------------------------------

int mx_csv_open(struct mx_slice bytes, const struct mx_csv_options *options, mx_csv **out,
    struct mx_error *err) {
    mx_csv *csv = mx_alloc(sizeof(*csv));
    int rc = decode(csv, bytes, options ? options->encoding : NULL, err);
    if (rc < 0) {
        goto out;
    }
    struct mx_slice body = {csv->text.ptr + csv->at, csv->text.len - csv->at};
    csv->delimiter = options && options->delimiter ? options->delimiter : find_delimiter(body);
    csv->next_line = 1;
    *out = csv;
    csv = NULL; // handed over
out:
    mx_csv_close(csv);
    return rc;
}

void mx_csv_close(mx_csv *csv) {
    if (!csv) {
        return;
    }
    mx_buf_deinit(&csv->text);
    mx_buf_deinit(&csv->content);
    mx_free(csv->fields);
    mx_free(csv);
}

char mx_csv_delimiter(const mx_csv *csv) {
    return csv->delimiter;
}

const char *mx_csv_encoding(const mx_csv *csv) {
    return csv->encoding;
}

static bool at_end(const mx_csv *csv) {
    return csv->at >= csv->text.len;
}

static char peek(const mx_csv *csv) {
    return csv->text.ptr[csv->at];
}

static bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

// Moves behind a line end: CR, LF or CR LF.
static void skip_line_end(mx_csv *csv) {
    if (peek(csv) == '\r' && csv->at + 1 < csv->text.len && csv->text.ptr[csv->at + 1] == '\n') {
        csv->at++;
    }
    csv->at++;
    csv->next_line++;
}

static void skip_line(mx_csv *csv) {
    while (!at_end(csv) && !is_line_end(peek(csv))) {
        csv->at++;
    }
    if (!at_end(csv)) {
        skip_line_end(csv);
    }
}

static int fail_at(mx_csv *csv, size_t line_start, struct mx_error *err, const char *what) {
    struct mx_slice before = {csv->text.ptr + line_start, csv->at - line_start};
    csv->column = (unsigned)mx_text_len(before) + 1;
    return mx_fail(err, MX_E_INVALID, "line %u, column %u: %s", csv->line, csv->column, what);
}

static void read_plain(mx_csv *csv) {
    size_t start = csv->at;
    while (!at_end(csv) && peek(csv) != csv->delimiter && !is_line_end(peek(csv))) {
        csv->at++;
    }
    mx_buf_append(&csv->content, csv->text.ptr + start, csv->at - start);
}

// Reads a quoted field behind its first quote. False: the quote is never closed.
static bool read_quoted(mx_csv *csv) {
    for (;;) {
        size_t start = csv->at;
        while (!at_end(csv) && peek(csv) != '"' && !is_line_end(peek(csv))) {
            csv->at++;
        }
        mx_buf_append(&csv->content, csv->text.ptr + start, csv->at - start);
        if (at_end(csv)) {
            return false;
        }
        if (is_line_end(peek(csv))) {
            skip_line_end(csv);
            mx_buf_append_char(&csv->content, '\n');
            continue;
        }
        csv->at++;
        if (at_end(csv) || peek(csv) != '"') {
            return true;
        }
        mx_buf_append_char(&csv->content, '"');
        csv->at++;
    }
}

static void end_field(mx_csv *csv, size_t start) {
    if (csv->count == csv->cap) {
        csv->cap = csv->cap ? csv->cap * 2 : 64;
        csv->fields = mx_realloc(csv->fields, (size_t)csv->cap * sizeof(*csv->fields));
    }
    csv->fields[csv->count++] = (struct span){start, csv->content.len - start};
}

static int read_field(mx_csv *csv, size_t line_start, struct mx_error *err) {
    size_t start = csv->content.len, opened = csv->at;
    unsigned line_opened = csv->next_line;
    if (at_end(csv) || peek(csv) != '"') {
        read_plain(csv);
    } else {
        csv->at++;
        if (!read_quoted(csv)) {
            csv->at = opened;
            csv->next_line = line_opened;
            return fail_at(csv, line_start, err, "a quote is opened here and never closed");
        }
        if (!at_end(csv) && peek(csv) != csv->delimiter && !is_line_end(peek(csv))) {
            if (csv->next_line != line_opened) { // the column counts in the line of the mistake
                line_start = csv->at;
            }
            return fail_at(csv, line_start, err,
                "after the closing quote there must be a delimiter; double a quote that is meant "
                "as text");
        }
    }
    if (csv->content.len - start > MX_CSV_MAX_FIELD) {
        return fail_at(csv, line_start, err, "this field is larger than 1 MiB");
    }
    if (csv->count == MX_CSV_MAX_FIELDS) {
        return fail_at(csv, line_start, err, "this line has more than 1,000 fields");
    }
    end_field(csv, start);
    return MX_OK;
}

int mx_csv_next(mx_csv *csv, struct mx_error *err) {
    while (!at_end(csv) && is_line_end(peek(csv))) {
        skip_line_end(csv);
    }
    csv->count = 0;
    csv->line = csv->next_line;
    csv->column = 1;
    mx_buf_clear(&csv->content);
    if (at_end(csv)) {
        return 0;
    }
    size_t line_start = csv->at;
    for (;;) {
        int rc = read_field(csv, line_start, err);
        if (rc < 0) {
            skip_line(csv);
            return rc;
        }
        if (at_end(csv)) {
            return csv->count;
        }
        if (is_line_end(peek(csv))) {
            skip_line_end(csv);
            return csv->count;
        }
        csv->at++; // the delimiter
    }
}

struct mx_slice mx_csv_field(const mx_csv *csv, int index) {
    if (index < 0 || index >= csv->count) {
        return (struct mx_slice){NULL, 0};
    }
    return (struct mx_slice){csv->content.ptr + csv->fields[index].at, csv->fields[index].len};
}

unsigned mx_csv_line(const mx_csv *csv) {
    return csv->line;
}

unsigned mx_csv_column(const mx_csv *csv) {
    return csv->column;
}

// --- writing ------------------------------------------------------------------------------------

static bool is_number(struct mx_slice field) {
    bool digit = false;
    for (size_t i = 0; i < field.len; i++) {
        char c = field.ptr[i];
        if (c >= '0' && c <= '9') {
            digit = true;
        } else if (c != '.' && c != ',' && !(i == 0 && (c == '-' || c == '+'))) {
            return false;
        }
    }
    return digit;
}

static bool is_formula(struct mx_slice field) {
    return field.len > 0 && field.ptr[0] != '\0' && strchr("=+-@\t\r", field.ptr[0]) != NULL &&
           !is_number(field);
}

static bool needs_quotes(struct mx_slice field, char delimiter) {
    for (size_t i = 0; i < field.len; i++) {
        char c = field.ptr[i];
        if (c == delimiter || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return field.len > 0 && (field.ptr[0] == ' ' || field.ptr[field.len - 1] == ' ');
}

void mx_csv_write(mx_buf *out, const struct mx_slice *fields, size_t count, char delimiter) {
    for (size_t i = 0; i < count; i++) {
        struct mx_slice field = fields[i];
        bool quotes = needs_quotes(field, delimiter);
        if (i > 0) {
            mx_buf_append_char(out, delimiter);
        }
        if (quotes) {
            mx_buf_append_char(out, '"');
        }
        if (is_formula(field)) {
            mx_buf_append_char(out, '\'');
        }
        for (size_t k = 0; k < field.len; k++) {
            if (field.ptr[k] == '"') {
                mx_buf_append_char(out, '"');
            }
            mx_buf_append_char(out, field.ptr[k]);
        }
        if (quotes) {
            mx_buf_append_char(out, '"');
        }
    }
    mx_buf_append_text(out, "\r\n");
}

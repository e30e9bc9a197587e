// CSV as the world writes it (RFC 4180 and its bad habits): any usual delimiter and encoding,
// quoted fields with line breaks, and every mistake named by line and column.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

typedef struct mx_csv mx_csv;

struct mx_csv_options {
    char delimiter;       // 0: found out from the first lines: comma, semicolon, tab or bar
    const char *encoding; // NULL: UTF-8 or UTF-16 by mark, else UTF-8, GB18030 or windows-1252
};

enum {
    MX_CSV_MAX_FIELDS = 1000,
    MX_CSV_MAX_FIELD = 1 << 20, // bytes
};

// A reader over all bytes of a file, which are copied. `*out` is owned: mx_csv_close().
// MX_E_INVALID: the encoding is unknown or the bytes are not in it.
int mx_csv_open(struct mx_slice bytes, const struct mx_csv_options *options, mx_csv **out,
    struct mx_error *err);

// Closes `csv`, which may be NULL.
void mx_csv_close(mx_csv *csv);

char mx_csv_delimiter(const mx_csv *csv);
const char *mx_csv_encoding(const mx_csv *csv);

// Reads the next record that is not an empty line. Returns the number of its fields, 0 at the
// end, or MX_E_INVALID: a quote was never closed or stands in the middle of a field (the position
// is in `err` and mx_csv_line()); reading goes on with the next line.
int mx_csv_next(mx_csv *csv, struct mx_error *err);

// Field `index` of the last record, from 0. Borrowed until the next mx_csv_next().
struct mx_slice mx_csv_field(const mx_csv *csv, int index);

// Line (from 1) where the last record or mistake began, and column (from 1) of the mistake.
unsigned mx_csv_line(const mx_csv *csv);
unsigned mx_csv_column(const mx_csv *csv);

// Appends one record with CR LF behind it, quoted where needed. A field that a spreadsheet would
// run as a formula (= + - @, tab, CR in front, and not a number) gets an apostrophe in front.
void mx_csv_write(mx_buf *out, const struct mx_slice *fields, size_t count, char delimiter);

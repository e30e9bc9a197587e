// Finds names in SQL text. Not a parser: it may find one too many, never one too few.
#pragma once

#include <stdbool.h>

#include "platform/error.h"
#include "platform/slice.h"

// Calls `fn` for each name that WITH defines, unquoted. `fn` stops with a negative result, which is
// returned.
typedef int (*mx_scan_fn)(void *ctx, const char *name, struct mx_error *err);
int mx_scan_with_names(struct mx_slice sql, mx_scan_fn fn, void *ctx, struct mx_error *err);

// Whether `name` is among them; ASCII letters compare without case, as in SQLite.
bool mx_scan_has_with_name(struct mx_slice sql, const char *name);

// Whether `name` stands anywhere in the text outside of comments, bare or quoted.
bool mx_scan_has_word(struct mx_slice sql, const char *name);

// Bytes of white space and comments that the text begins with.
size_t mx_scan_blank(struct mx_slice sql);

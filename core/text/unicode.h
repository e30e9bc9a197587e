// UTF-8 text in code points: case, folding, normal form, handles.
#pragma once

#include "platform/buf.h"

// Whether all of `text` is well-formed UTF-8 (no surrogates, no over-long forms).
bool mx_text_valid(struct mx_slice text);

// How many code points `text` has; a broken byte counts as one.
size_t mx_text_len(struct mx_slice text);

// Code points `first` to `last`, counted from 1; negative ones count from the end, as in Lua's
// string.sub. The result lies inside `text`.
struct mx_slice mx_text_sub(struct mx_slice text, int64_t first, int64_t last);

// Each appends its form of `text` to `out`. Broken bytes become U+FFFD.
void mx_text_lower(struct mx_slice text, mx_buf *out);
void mx_text_upper(struct mx_slice text, mx_buf *out);

// Normal form NFKC: full-width digits become digits, and so on.
void mx_text_nfkc(struct mx_slice text, mx_buf *out);

// What somebody typed into one line: NFKC, white space within is one blank each, none is around it.
void mx_text_tidy(struct mx_slice text, mx_buf *out);

// What two texts have in common that a person would call the same word: NFKC, without case,
// without accents.
void mx_text_fold(struct mx_slice text, mx_buf *out);

// A handle for addresses: folded letters and digits of any script, one '-' between words.
// May be empty.
void mx_text_slug(struct mx_slice text, mx_buf *out);

// Word stems for search, by Snowball's algorithms.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

// Appends the stem of one folded word. `language` is its ISO 639-1 code ("en", "de").
// MX_E_MISSING: there is no stemmer for the language.
int mx_stem(struct mx_slice language, struct mx_slice word, mx_buf *out, struct mx_error *err);

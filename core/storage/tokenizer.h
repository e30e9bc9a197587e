// The FTS5 tokenizer "merx", on every connection: words of any script, folded (NFKC, case,
// accents), split where letters meet digits; Chinese, Japanese, Korean and Thai runs as overlapping
// pairs and single characters, so that words of one or two characters are found.
#pragma once

#include "platform/error.h"
#include "platform/slice.h"

struct sqlite3;

// Makes `tokenize = 'merx'` known to `handle`.
int mx_tokenizer_register(struct sqlite3 *handle, struct mx_error *err);

// One token: folded text, where it stands in the source, and whether it shares the position of the
// one before. Negative stops.
typedef int (*mx_token_fn)(
    void *ctx, struct mx_slice token, int begin, int end, bool same_position);

// Cuts `text`. A query gets pairs only (a run of one: the character); a document pairs and singles.
int mx_tokenizer_run(struct mx_slice text, bool is_query, mx_token_fn fn, void *ctx);

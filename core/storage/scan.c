// A definition in WITH: `name AS (`, `name (columns) AS (`, `name AS [NOT] MATERIALIZED (`,
// wherever it stands. Names may be bare, or in any of SQLite's four quotes.
#include "storage/scan.h"

#include <sqlite3.h>

enum { NAME_SIZE = 256, DEPTH_MAX = 256 };

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    struct mx_slice text; // quotes included
};

struct scan {
    const char *at;
    const char *end;
};

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static void skip_line_comment(struct scan *scan) {
    while (scan->at < scan->end && *scan->at != '\n') {
        scan->at++;
    }
}

static void skip_block_comment(struct scan *scan) {
    scan->at += 2;
    while (scan->at < scan->end &&
           !(scan->at[0] == '*' && scan->end - scan->at > 1 && scan->at[1] == '/')) {
        scan->at++;
    }
    scan->at = scan->end - scan->at > 1 ? scan->at + 2 : scan->end;
}

static void skip_blank(struct scan *scan) {
    while (scan->at < scan->end) {
        char c = *scan->at;
        char next = scan->end - scan->at > 1 ? scan->at[1] : '\0';
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            scan->at++;
        } else if (c == '-' && next == '-') {
            skip_line_comment(scan);
        } else if (c == '/' && next == '*') {
            skip_block_comment(scan);
        } else {
            return;
        }
    }
}

// A doubled quote stands for itself; a bracket ends at the first "]".
static void skip_quoted(struct scan *scan) {
    char quote = *scan->at == '[' ? ']' : *scan->at;
    scan->at++;
    while (scan->at < scan->end) {
        if (*scan->at++ == quote) {
            bool doubled = quote != ']' && scan->at < scan->end && *scan->at == quote;
            if (!doubled) {
                return;
            }
            scan->at++;
        }
    }
}

static struct token next_token(struct scan *scan) {
    skip_blank(scan);
    struct token token = {TOKEN_END, {scan->at, 0}};
    if (scan->at == scan->end) {
        return token;
    }
    char c = *scan->at;
    if (c == '"' || c == '\'' || c == '`' || c == '[') {
        token.kind = TOKEN_QUOTED;
        skip_quoted(scan);
    } else if (is_word_char(c)) {
        token.kind = TOKEN_WORD;
        while (scan->at < scan->end && is_word_char(*scan->at)) {
            scan->at++;
        }
    } else {
        token.kind = c == '(' ? TOKEN_OPEN : c == ')' ? TOKEN_CLOSE : TOKEN_OTHER;
        scan->at++;
    }
    token.text.len = (size_t)(scan->at - token.text.ptr);
    return token;
}

static bool is_word(struct token token, const char *word) {
    return token.kind == TOKEN_WORD && mx_slice_equal_nocase(token.text, mx_slice_of(word));
}

// Without quotes. False when it is longer than any name that matters here.
static bool unquote(struct token token, char out[NAME_SIZE]) {
    const char *at = token.text.ptr, *end = at + token.text.len;
    char quote = '\0';
    if (token.kind == TOKEN_QUOTED) {
        quote = *at == '[' ? ']' : *at;
        at++;
        end -= end > at && end[-1] == quote ? 1 : 0;
    }
    size_t len = 0;
    for (; at < end; at++) {
        if (len + 1 == NAME_SIZE) {
            return false;
        }
        out[len++] = *at;
        if (quote && *at == quote && at + 1 < end && at[1] == quote) {
            at++;
        }
    }
    out[len] = '\0';
    return true;
}

// "AS (" or "AS [NOT] MATERIALIZED": looks one token ahead, on a copy.
static bool begins_body(struct token token, struct scan scan) {
    if (!is_word(token, "as")) {
        return false;
    }
    struct token next = next_token(&scan);
    return next.kind == TOKEN_OPEN || is_word(next, "not") || is_word(next, "materialized");
}

static bool may_be_name(struct token token) {
    return token.kind == TOKEN_WORD || token.kind == TOKEN_QUOTED;
}

static int report(struct token token, mx_scan_fn fn, void *ctx, struct mx_error *err) {
    char name[NAME_SIZE];
    if (!unquote(token, name)) {
        return mx_fail(err, MX_E_INVALID, "a name in the SQL text is too long");
    }
    return fn(ctx, name, err);
}

// One pass. `before` is what stands before the token: a name, or the name before a pair of
// parentheses that has just closed; those still open wait in `waiting`.
int mx_scan_with_names(struct mx_slice sql, mx_scan_fn fn, void *ctx, struct mx_error *err) {
    struct token waiting[DEPTH_MAX];
    int depth = 0, rc = MX_OK;
    struct token before = {TOKEN_OTHER, {NULL, 0}};
    struct scan scan = {sql.ptr, sql.ptr + sql.len};
    while (rc == MX_OK && scan.at < scan.end) {
        struct token token = next_token(&scan);
        if (token.kind == TOKEN_OPEN) {
            if (depth == DEPTH_MAX) {
                return mx_fail(err, MX_E_INVALID, "the SQL text nests too deeply");
            }
            waiting[depth++] = before;
            before = token;
        } else if (token.kind == TOKEN_CLOSE) {
            before = depth > 0 ? waiting[--depth] : token;
        } else {
            if (may_be_name(before) && begins_body(token, scan)) {
                rc = report(before, fn, ctx, err);
            }
            before = token;
        }
    }
    return rc;
}

static int compare_name(void *ctx, const char *name, struct mx_error *err) {
    (void)err;
    return sqlite3_stricmp(ctx, name) == 0 ? MX_E_CONFLICT : MX_OK;
}

bool mx_scan_has_with_name(struct mx_slice sql, const char *name) {
    struct mx_error err;
    char wanted[NAME_SIZE];
    size_t len = strlen(name);
    if (len >= sizeof(wanted)) {
        return false;
    }
    memcpy(wanted, name, len + 1);
    return mx_scan_with_names(sql, compare_name, wanted, &err) == MX_E_CONFLICT;
}

bool mx_scan_has_word(struct mx_slice sql, const char *name) {
    struct scan scan = {sql.ptr, sql.ptr + sql.len};
    size_t len = strlen(name);
    char word[NAME_SIZE];
    while (scan.at < scan.end) {
        struct token token = next_token(&scan);
        if (token.kind == TOKEN_WORD && token.text.len == len &&
            sqlite3_strnicmp(token.text.ptr, name, (int)len) == 0) {
            return true;
        }
        if (token.kind == TOKEN_QUOTED && unquote(token, word) &&
            sqlite3_stricmp(word, name) == 0) {
            return true;
        }
    }
    return false;
}

size_t mx_scan_blank(struct mx_slice sql) {
    struct scan scan = {sql.ptr, sql.ptr + sql.len};
    skip_blank(&scan);
    return (size_t)(scan.at - sql.ptr);
}

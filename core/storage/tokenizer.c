// Text into search tokens. A unit is a character with the marks that belong to it; units gather to
// runs of one kind (letters, digits, or a script written without spaces), and runs become tokens.
#include "storage/tokenizer.h"

#include <sqlite3.h>
#include <utf8proc.h>

#include "platform/buf.h"

enum {
    WORD_MAX = 256, // bytes of folded text in one token; longer words are cut into several
    UNIT_CODEPOINTS = 64,
};

enum kind { KIND_NONE, KIND_LETTER, KIND_DIGIT, KIND_PAIRED };

// Scripts that write words without spaces between them. Sorted.
static const struct {
    int32_t first, last;
} paired[] = {
    {0x0e00, 0x0eff},   // Thai, Lao
    {0x1000, 0x109f},   // Myanmar
    {0x1100, 0x11ff},   // Hangul parts
    {0x1780, 0x17ff},   // Khmer
    {0x2e80, 0x2fdf},   // Han radicals
    {0x3005, 0x3007},   // Han iteration, closing, zero
    {0x3021, 0x3029},   // Hangzhou numerals
    {0x3031, 0x3035},   // Kana repeat marks
    {0x3038, 0x303c},   // Hangzhou numerals, marks
    {0x3041, 0x318f},   // Hiragana, Katakana, Bopomofo, Hangul parts
    {0x31a0, 0x31ff},   // Bopomofo, Katakana
    {0x3400, 0x4dbf},   // Han
    {0x4e00, 0x9fff},   // Han
    {0xa960, 0xa97f},   // Hangul parts
    {0xac00, 0xd7ff},   // Hangul
    {0xf900, 0xfaff},   // Han
    {0xff66, 0xffdc},   // half width Katakana and Hangul
    {0x1b000, 0x1b16f}, // Kana
    {0x20000, 0x3ffff}, // Han
};

static bool is_paired(int32_t c) {
    for (size_t i = 0; i < sizeof(paired) / sizeof(paired[0]); i++) {
        if (c <= paired[i].last) {
            return c >= paired[i].first;
        }
    }
    return false;
}

static enum kind kind_of(int32_t c) {
    if (c < 0x80) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return letter ? KIND_LETTER : c >= '0' && c <= '9' ? KIND_DIGIT : KIND_NONE;
    }
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return is_paired(c) ? KIND_PAIRED : KIND_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NO: return KIND_DIGIT;
    default: return KIND_NONE;
    }
}

// Marks stay with the character before them; so do the half width voicing marks of Katakana.
static bool joins_before(int32_t c) {
    if (c < 0x80) {
        return false;
    }
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return true;
    default: return c == 0xff9e || c == 0xff9f || c == 0x200d || c == 0x200c || c == 0x00ad;
    }
}

// Letters that no decomposition takes apart, though people type them without their stroke.
static const struct {
    int32_t c;
    const char *plain;
} plain_letters[] = {
    {0x00e6, "ae"},
    {0x00f0, "d"},
    {0x00f8, "o"},
    {0x00fe, "th"},
    {0x0111, "d"},
    {0x0127, "h"},
    {0x0131, "i"},
    {0x0142, "l"},
    {0x0153, "oe"},
    {0x0167, "t"},
};

static const char *plain_letter(int32_t c) {
    for (size_t i = 0; i < sizeof(plain_letters) / sizeof(plain_letters[0]); i++) {
        if (plain_letters[i].c == c) {
            return plain_letters[i].plain;
        }
    }
    return NULL;
}

// Accents of the European scripts. Other marks are part of the letter (Japanese voicing, Indian
// vowels) and stay.
static bool is_accent(int32_t c) {
    return c >= 0x0300 && c <= 0x036f;
}

static void append_codepoint(mx_buf *out, int32_t c) {
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char(c, bytes);
    mx_buf_append(out, (const char *)bytes, (size_t)len);
}

// NFKC, case folded, without accents.
static void fold(struct mx_slice unit, mx_buf *out) {
    utf8proc_int32_t points[UNIT_CODEPOINTS];
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)unit.ptr,
        (utf8proc_ssize_t)unit.len, points, UNIT_CODEPOINTS,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (count < 0 || count > UNIT_CODEPOINTS) {
        return; // a pile of marks that nobody searches for
    }
    utf8proc_ssize_t kept = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        if (!is_accent(points[i])) {
            points[kept++] = points[i];
        }
    }
    kept = utf8proc_normalize_utf32(points, kept, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    for (utf8proc_ssize_t i = 0; i < kept; i++) {
        const char *plain = plain_letter(points[i]);
        if (plain) {
            mx_buf_append_text(out, plain);
        } else {
            append_codepoint(out, points[i]);
        }
    }
}

// One character with its marks, cut off the front of the text.
struct unit {
    enum kind kind;
    int begin, end; // in the source
};

struct cutter {
    struct mx_slice text;
    bool is_query;
    mx_token_fn fn;
    void *ctx;

    size_t at;
    mx_buf run;    // folded text of the letters or digits being gathered
    mx_buf before; // the unit before in a paired run
    mx_buf pair;
    enum kind kind; // of the run
    int begin, end; // of the run
    int before_begin, before_end;
    int units; // of the paired run
};

static int32_t decode(const struct cutter *cutter, size_t at, size_t *len) {
    utf8proc_int32_t c = 0;
    utf8proc_ssize_t got = utf8proc_iterate((const utf8proc_uint8_t *)cutter->text.ptr + at,
        (utf8proc_ssize_t)(cutter->text.len - at), &c);
    *len = got > 0 ? (size_t)got : 1; // a byte that is no UTF-8 parts words
    return got > 0 ? c : -1;
}

static struct unit next_unit(struct cutter *cutter) {
    size_t len = 0;
    int32_t c = decode(cutter, cutter->at, &len);
    struct unit unit = {c < 0 ? KIND_NONE : kind_of(c), (int)cutter->at, 0};
    cutter->at += len;
    while (cutter->at < cutter->text.len) {
        c = decode(cutter, cutter->at, &len);
        if (c < 0 || !joins_before(c)) {
            break;
        }
        cutter->at += len;
    }
    unit.end = (int)cutter->at;
    return unit;
}

static int emit(const struct cutter *cutter, const mx_buf *text, int begin, int end, bool same) {
    return text->len == 0 ? 0 : cutter->fn(cutter->ctx, mx_buf_slice(text), begin, end, same);
}

// The last character of a paired run: in a document always, so that every single character is
// found, at the place of its pair, so that what follows the run stands where a query expects it; in
// a query only when it is the whole run.
static int end_run(struct cutter *cutter) {
    int rc = 0;
    if (cutter->kind == KIND_LETTER || cutter->kind == KIND_DIGIT) {
        rc = emit(cutter, &cutter->run, cutter->begin, cutter->end, false);
    } else if (cutter->kind == KIND_PAIRED && (!cutter->is_query || cutter->units == 1)) {
        bool has_pair = cutter->units > 1;
        rc = emit(cutter, &cutter->before, cutter->before_begin, cutter->before_end, has_pair);
    }
    cutter->kind = KIND_NONE;
    cutter->units = 0;
    mx_buf_clear(&cutter->run);
    mx_buf_clear(&cutter->before);
    return rc;
}

static int add_paired(struct cutter *cutter, struct unit unit, struct mx_slice source) {
    mx_buf_clear(&cutter->run);
    fold(source, &cutter->run);
    if (cutter->run.len == 0) {
        return 0;
    }
    int rc = 0;
    if (cutter->units > 0) {
        mx_buf_clear(&cutter->pair);
        mx_buf_append_slice(&cutter->pair, mx_buf_slice(&cutter->before));
        mx_buf_append_slice(&cutter->pair, mx_buf_slice(&cutter->run));
        rc = emit(cutter, &cutter->pair, cutter->before_begin, unit.end, false);
        if (rc == 0 && !cutter->is_query) {
            rc = emit(cutter, &cutter->before, cutter->before_begin, cutter->before_end, true);
        }
    }
    mx_buf_clear(&cutter->before);
    mx_buf_append_slice(&cutter->before, mx_buf_slice(&cutter->run));
    cutter->before_begin = unit.begin;
    cutter->before_end = unit.end;
    cutter->units++;
    return rc;
}

static int add_unit(struct cutter *cutter, struct unit unit) {
    struct mx_slice source = {cutter->text.ptr + unit.begin, (size_t)(unit.end - unit.begin)};
    int rc = 0;
    if (unit.kind != cutter->kind || cutter->run.len >= WORD_MAX) {
        rc = end_run(cutter);
        cutter->kind = unit.kind;
        cutter->begin = unit.begin;
    }
    cutter->end = unit.end;
    if (rc < 0 || unit.kind == KIND_NONE) {
        return rc;
    }
    if (unit.kind == KIND_PAIRED) {
        return add_paired(cutter, unit, source);
    }
    if (source.len == 1) { // ASCII
        char c = *source.ptr;
        mx_buf_append_char(&cutter->run, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    } else {
        fold(source, &cutter->run);
    }
    return 0;
}

int mx_tokenizer_run(struct mx_slice text, bool is_query, mx_token_fn fn, void *ctx) {
    struct cutter cutter = {.text = text, .is_query = is_query, .fn = fn, .ctx = ctx};
    int rc = 0;
    while (rc >= 0 && cutter.at < text.len) {
        rc = add_unit(&cutter, next_unit(&cutter));
    }
    if (rc >= 0) {
        rc = end_run(&cutter);
    }
    mx_buf_deinit(&cutter.run);
    mx_buf_deinit(&cutter.before);
    mx_buf_deinit(&cutter.pair);
    return rc < 0 ? rc : 0;
}

// FTS5's side. It wants a tokenizer object; ours has no state, so its address is all.
static char no_state;

static int on_tokenizer_created(void *ctx, const char **args, int count, Fts5Tokenizer **out) {
    (void)ctx;
    (void)args;
    *out = (Fts5Tokenizer *)&no_state;
    return count == 0 ? SQLITE_OK : SQLITE_ERROR; // 'merx' takes no arguments
}

static void on_tokenizer_deleted(Fts5Tokenizer *tokenizer) {
    (void)tokenizer;
}

struct sink {
    void *ctx;
    int (*token)(void *ctx, int flags, const char *text, int len, int begin, int end);
    int code;
};

static int on_token_cut(void *ctx, struct mx_slice token, int begin, int end, bool same_position) {
    struct sink *sink = ctx;
    sink->code = sink->token(
        sink->ctx, same_position ? FTS5_TOKEN_COLOCATED : 0, token.ptr, (int)token.len, begin, end);
    return sink->code == SQLITE_OK ? 0 : -1;
}

static int on_text_tokenized(Fts5Tokenizer *tokenizer, void *ctx, int flags, const char *text,
    int len, int (*token)(void *, int, const char *, int, int, int)) {
    (void)tokenizer;
    struct sink sink = {.ctx = ctx, .token = token, .code = SQLITE_OK};
    struct mx_slice slice = {text, len > 0 ? (size_t)len : 0};
    mx_tokenizer_run(slice, (flags & FTS5_TOKENIZE_QUERY) != 0, on_token_cut, &sink);
    return sink.code;
}

// FTS5 hands out its interface through a pointer bound to a SELECT.
static fts5_api *find_fts5(sqlite3 *handle) {
    fts5_api *api = NULL;
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &stmt, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    return api;
}

int mx_tokenizer_register(struct sqlite3 *handle, struct mx_error *err) {
    fts5_api *api = find_fts5(handle);
    if (!api) {
        return mx_fail(err, MX_E_SYSTEM, "this SQLite was built without FTS5");
    }
    fts5_tokenizer tokenizer = {
        .xCreate = on_tokenizer_created,
        .xDelete = on_tokenizer_deleted,
        .xTokenize = on_text_tokenized,
    };
    if (api->xCreateTokenizer(api, "merx", NULL, &tokenizer, NULL) != SQLITE_OK) {
        return mx_fail(
            err, MX_E_SYSTEM, "cannot register the tokenizer: %s", sqlite3_errmsg(handle));
    }
    return MX_OK;
}

// Decoding happens once, here; what comes out is never decoded again.
#include "http/url.h"

#include "http/chars.h"

static bool is_unreserved(char c) {
    return mx_char_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte that the escape at `at` stands for, or -1 when there is none.
static int escaped_byte(struct mx_slice text, size_t at) {
    if (text.len - at < 3) {
        return -1;
    }
    int high = hex_value(text.ptr[at + 1]);
    int low = hex_value(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// How many bytes the UTF-8 character at `ptr` takes; 0 when it is none. Never looks behind `len`.
static size_t character_len(const unsigned char *ptr, size_t len) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = ptr[0];
    if (c < 0x80) {
        return 1;
    }
    size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || len < want) {
        return 0;
    }
    uint32_t code = c & (0x7fu >> want);
    for (size_t i = 1; i < want; i++) {
        if ((ptr[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (ptr[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[want] || code > 0x10ffff || surrogate ? 0 : want;
}

bool mx_utf8_valid(struct mx_slice text) {
    const unsigned char *ptr = (const unsigned char *)text.ptr;
    size_t at = 0;
    while (at < text.len) {
        uint64_t word;
        if (text.len - at >= sizeof(word)) {
            memcpy(&word, ptr + at, sizeof(word));
            if ((word & 0x8080808080808080u) == 0) {
                at += sizeof(word);
                continue;
            }
        }
        size_t len = character_len(ptr + at, text.len - at);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

int mx_url_decode(mx_arena *arena, struct mx_slice raw, bool plus_is_space, struct mx_slice *out,
    struct mx_error *err) {
    bool plain = raw.len == 0 || (!memchr(raw.ptr, '%', raw.len) &&
                                     !(plus_is_space && memchr(raw.ptr, '+', raw.len)));
    if (plain) {
        *out = raw;
        return MX_OK;
    }
    char *text = mx_arena_take(arena, raw.len);
    size_t len = 0;
    for (size_t at = 0; at < raw.len; at++) {
        char c = raw.ptr[at];
        if (c == '%') {
            int byte = escaped_byte(raw, at);
            if (byte < 0) {
                return mx_fail(err, MX_E_INVALID,
                    "the escape at byte %zu is broken: write %% and two hexadecimal digits", at);
            }
            c = (char)byte;
            at += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        text[len++] = c;
    }
    *out = (struct mx_slice){text, len};
    return MX_OK;
}

// Why a decoded path may not be served, or NULL. `escaped` says that the byte came from an escape.
static const char *judge_path_byte(unsigned char c, bool escaped) {
    if (c < ' ' || c == 0x7f) {
        return "a control character";
    }
    if (c == '\\' || (c == '/' && escaped)) {
        return "an escaped slash or a backslash";
    }
    return NULL;
}

// Decodes a path into `text`; returns the length or a negative code.
static int decode_path(struct mx_slice raw, char *text, size_t *len, struct mx_error *err) {
    *len = 0;
    for (size_t at = 0; at < raw.len; at++) {
        bool escaped = raw.ptr[at] == '%';
        int byte = escaped ? escaped_byte(raw, at) : (unsigned char)raw.ptr[at];
        if (byte < 0) {
            return mx_fail(err, MX_E_INVALID, "the path has a broken escape at byte %zu", at);
        }
        const char *fault = judge_path_byte((unsigned char)byte, escaped);
        if (fault) {
            return mx_fail(err, MX_E_INVALID, "the path has %s at byte %zu", fault, at);
        }
        text[(*len)++] = (char)byte;
        at += escaped ? 2 : 0;
    }
    return MX_OK;
}

// Removes ".", ".." and empty segments in place; keeps a "/" at the end. False above the root.
static bool remove_dots(char *text, size_t *len) {
    size_t end = 1; // text[0] is "/"; what is kept always ends in "/"
    size_t at = 1;
    while (at < *len) {
        char *slash = memchr(text + at, '/', *len - at);
        size_t stop = slash ? (size_t)(slash - text) : *len;
        size_t part = stop - at;
        if (part == 2 && memcmp(text + at, "..", 2) == 0) {
            if (end == 1) {
                return false;
            }
            for (end--; text[end - 1] != '/';) {
                end--;
            }
        } else if (part > 0 && !(part == 1 && text[at] == '.')) {
            memmove(text + end, text + at, part);
            end += part;
            if (slash) {
                text[end++] = '/';
            }
        }
        at = stop + 1;
    }
    *len = end;
    return true;
}

static bool is_normal(struct mx_slice raw) {
    bool after_slash = false;
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.ptr[i];
        if (c < ' ' || c >= 0x7f || c == '%' || c == '\\' ||
            (after_slash && (c == '.' || c == '/'))) {
            return false;
        }
        after_slash = c == '/';
    }
    return true;
}

int mx_url_normalise(
    mx_arena *arena, struct mx_slice raw, struct mx_slice *out, struct mx_error *err) {
    if (raw.len == 0 || raw.ptr[0] != '/') {
        return mx_fail(err, MX_E_INVALID, "a path must begin with /");
    }
    if (is_normal(raw)) {
        *out = raw;
        return MX_OK;
    }
    char *text = mx_arena_take(arena, raw.len);
    size_t len;
    int rc = decode_path(raw, text, &len, err);
    if (rc < 0) {
        return rc;
    }
    if (!mx_utf8_valid((struct mx_slice){text, len})) {
        return mx_fail(err, MX_E_INVALID, "the path is not UTF-8");
    }
    if (!remove_dots(text, &len)) {
        return mx_fail(err, MX_E_INVALID, "the path leads above the root");
    }
    *out = (struct mx_slice){text, len};
    return MX_OK;
}

// Decodes one half of a pair: "+" is a space, a broken escape stands for itself.
static int decode_query_text(
    mx_arena *arena, struct mx_slice raw, struct mx_slice *out, struct mx_error *err) {
    *out = raw;
    if (raw.len > 0 && (memchr(raw.ptr, '%', raw.len) || memchr(raw.ptr, '+', raw.len))) {
        char *text = mx_arena_take(arena, raw.len);
        size_t len = 0;
        for (size_t at = 0; at < raw.len; at++) {
            char c = raw.ptr[at];
            int byte = c == '%' ? escaped_byte(raw, at) : -1;
            text[len++] = byte >= 0 ? (char)byte : c == '+' ? ' ' : c;
            at += byte >= 0 ? 2 : 0;
        }
        *out = (struct mx_slice){text, len};
    }
    if (!mx_utf8_valid(*out) || (out->len > 0 && memchr(out->ptr, '\0', out->len))) {
        return mx_fail(err, MX_E_INVALID, "names and values must be UTF-8 without NUL");
    }
    return MX_OK;
}

int mx_query_next(
    struct mx_query *query, mx_arena *arena, struct mx_query_pair *out, struct mx_error *err) {
    while (query->rest.len > 0) {
        struct mx_slice value = mx_slice_cut(&query->rest, '&');
        if (value.len == 0) {
            continue;
        }
        struct mx_slice name = mx_slice_cut(&value, '=');
        int rc = decode_query_text(arena, name, &out->name, err);
        if (rc == MX_OK) {
            rc = decode_query_text(arena, value, &out->value, err);
        }
        if (rc == MX_OK && !out->value.ptr) {
            out->value = MX_SLICE("");
        }
        return rc == MX_OK ? 1 : rc;
    }
    return 0;
}

struct mx_slice mx_query_find(struct mx_slice query, struct mx_slice name, mx_arena *arena) {
    struct mx_query walk = {.rest = query};
    struct mx_query_pair pair;
    struct mx_error err;
    int rc;
    while ((rc = mx_query_next(&walk, arena, &pair, &err)) != 0) {
        if (rc == 1 && mx_slice_equal(pair.name, name)) {
            return pair.value;
        }
    }
    return (struct mx_slice){0};
}

static void escape(mx_buf *buf, struct mx_slice text, char also) {
    static const char digits[] = "0123456789ABCDEF";
    if (text.len == 0) {
        return;
    }
    char *out = mx_buf_reserve(buf, text.len * 3);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_unreserved((char)c) || (also && c == (unsigned char)also)) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = digits[c >> 4];
            *out++ = digits[c & 15];
        }
    }
    buf->len = (size_t)(out - buf->ptr);
}

void mx_url_escape(mx_buf *buf, struct mx_slice text) {
    escape(buf, text, '\0');
}

void mx_url_escape_path(mx_buf *buf, struct mx_slice path) {
    escape(buf, path, '/');
}

void mx_url_add_query(mx_buf *buf, bool *has_query, struct mx_slice name, struct mx_slice value) {
    mx_buf_append_char(buf, *has_query ? '&' : '?');
    *has_query = true;
    mx_url_escape(buf, name);
    mx_buf_append_char(buf, '=');
    mx_url_escape(buf, value);
}

static bool is_name_host(struct mx_slice host) {
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '-' && c != '_' && !(c == '.' && i > 0)) {
            return false;
        }
        if (c == '.' && host.ptr[i - 1] == '.') {
            return false;
        }
    }
    return host.len > 0;
}

// "[::1]": only the characters are checked, not where the colons stand.
static bool is_bracket_host(struct mx_slice host) {
    if (host.len < 4 || host.ptr[host.len - 1] != ']') {
        return false;
    }
    for (size_t i = 1; i < host.len - 1; i++) {
        char c = host.ptr[i];
        if (hex_value(c) < 0 && c != ':' && c != '.') {
            return false;
        }
    }
    return true;
}

int mx_url_parse_host(
    struct mx_slice authority, struct mx_slice *host, unsigned *port, struct mx_error *err) {
    size_t end = authority.len;
    bool bracket = authority.len > 0 && authority.ptr[0] == '[';
    const char *close = bracket ? memchr(authority.ptr, ']', authority.len) : NULL;
    size_t from = close ? (size_t)(close - authority.ptr) : 0;
    const char *colon =
        authority.len > from ? memchr(authority.ptr + from, ':', authority.len - from) : NULL;
    *port = 0;
    if (colon && (!bracket || close)) {
        end = (size_t)(colon - authority.ptr);
        struct mx_slice digits = {colon + 1, authority.len - end - 1};
        uint64_t number;
        if (!mx_slice_to_u64(digits, 65535, &number) || number == 0) {
            return mx_fail(err, MX_E_INVALID, "the port must be a number from 1 to 65535");
        }
        *port = (unsigned)number;
    }
    *host = (struct mx_slice){authority.ptr, end};
    if (bracket ? !is_bracket_host(*host) : !is_name_host(*host)) {
        return mx_fail(err, MX_E_INVALID, "the host must be a name or an address");
    }
    return MX_OK;
}

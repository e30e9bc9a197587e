#include "http/content_type.h"

#include <string.h>

#include "http/chars.h"

// Every character of a token, RFC 9110, 5.6.2.
static bool is_token_char(char c) {
    return mx_char_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_len(struct mx_slice text) {
    size_t len = 0;
    while (len < text.len && is_token_char(text.ptr[len])) {
        len++;
    }
    return len;
}

static struct mx_slice behind(struct mx_slice text, size_t len) {
    return (struct mx_slice){text.ptr + len, text.len - len};
}

static struct mx_slice skip_blanks(struct mx_slice text) {
    size_t len = 0;
    while (len < text.len && (text.ptr[len] == ' ' || text.ptr[len] == '\t')) {
        len++;
    }
    return behind(text, len);
}

static struct mx_slice lower_copy(mx_arena *arena, struct mx_slice text) {
    char *copy = mx_arena_take(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return (struct mx_slice){copy, text.len};
}

bool mx_token_valid(struct mx_slice text) {
    return text.len > 0 && token_len(text) == text.len;
}

// Reads "\"...\"" at the start of `*rest`. False when it does not end or holds a control character.
static bool read_quoted(struct mx_slice *rest, mx_arena *arena, struct mx_slice *out) {
    char *text = mx_arena_take(arena, rest->len);
    size_t len = 0;
    for (size_t at = 1; at < rest->len; at++) {
        char c = rest->ptr[at];
        if (c == '"') {
            *out = (struct mx_slice){text, len};
            *rest = behind(*rest, at + 1);
            return true;
        }
        if (c == '\\' && at + 1 < rest->len) {
            c = rest->ptr[++at];
        }
        if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
        text[len++] = c;
    }
    return false;
}

int mx_parameter_next(
    struct mx_slice *rest, mx_arena *arena, struct mx_parameter *out, struct mx_error *err) {
    struct mx_slice at = skip_blanks(*rest);
    bool separated = false;
    while (at.len > 0 && at.ptr[0] == ';') { // empty parameters are allowed
        separated = true;
        at = skip_blanks(behind(at, 1));
    }
    if (at.len == 0) {
        *rest = at;
        return 0;
    }
    size_t name_len = token_len(at);
    if (!separated || name_len == 0 || name_len == at.len || at.ptr[name_len] != '=') {
        return mx_fail(err, MX_E_INVALID, "parameters must have the form ; name=value");
    }
    out->name = (struct mx_slice){at.ptr, name_len};
    at = behind(at, name_len + 1);
    if (at.len > 0 && at.ptr[0] == '"') {
        if (!read_quoted(&at, arena, &out->value)) {
            return mx_fail(err, MX_E_INVALID, "a quoted parameter does not end");
        }
    } else {
        out->value = (struct mx_slice){at.ptr, token_len(at)};
        at = behind(at, out->value.len);
        if (out->value.len == 0) {
            return mx_fail(err, MX_E_INVALID, "a parameter has no value");
        }
    }
    *rest = at;
    return 1;
}

int mx_content_type_parse(
    mx_arena *arena, struct mx_slice value, struct mx_content_type *out, struct mx_error *err) {
    *out = (struct mx_content_type){0};
    value = mx_slice_trim(value);
    size_t main_len = token_len(value);
    struct mx_slice sub = behind(value, main_len);
    size_t sub_len = sub.len > 1 && sub.ptr[0] == '/' ? token_len(behind(sub, 1)) : 0;
    if (main_len == 0 || sub_len == 0) {
        return mx_fail(err, MX_E_INVALID, "a media type must have the form type/subtype");
    }
    size_t type_len = main_len + 1 + sub_len;
    out->type = lower_copy(arena, (struct mx_slice){value.ptr, type_len});

    struct mx_slice rest = behind(value, type_len);
    struct mx_parameter parameter = {0};
    int rc;
    while ((rc = mx_parameter_next(&rest, arena, &parameter, err)) > 0) {
        bool charset = mx_slice_equal_nocase(parameter.name, MX_SLICE("charset"));
        bool boundary = mx_slice_equal_nocase(parameter.name, MX_SLICE("boundary"));
        struct mx_slice *slot = charset ? &out->charset : boundary ? &out->boundary : NULL;
        if (slot && slot->ptr) {
            return mx_fail(err, MX_E_INVALID, "the media type gives a parameter twice");
        }
        if (slot) {
            *slot = charset ? lower_copy(arena, parameter.value) : parameter.value;
        }
    }
    return rc;
}

#include "http/conditional.h"

#include "http/date.h"
#include "http/etag.h"

// Cuts the next tag off a list; false at the end or where the list is malformed.
static bool next_tag(struct mx_slice *rest, struct mx_slice *tag) {
    size_t at = 0;
    while (
        at < rest->len && (rest->ptr[at] == ' ' || rest->ptr[at] == '\t' || rest->ptr[at] == ',')) {
        at++;
    }
    size_t from = at;
    if (rest->len - at >= 2 && rest->ptr[at] == 'W' && rest->ptr[at + 1] == '/') {
        at += 2;
    }
    if (at == rest->len || rest->ptr[at] != '"') {
        return false;
    }
    const char *quote = memchr(rest->ptr + at + 1, '"', rest->len - at - 1);
    if (!quote) {
        return false;
    }
    size_t end = (size_t)(quote - rest->ptr) + 1;
    *tag = (struct mx_slice){rest->ptr + from, end - from};
    *rest = (struct mx_slice){rest->ptr + end, rest->len - end};
    return true;
}

bool mx_etag_list_has(struct mx_slice value, struct mx_slice etag, bool weak) {
    if (mx_slice_equal(mx_slice_trim(value), MX_SLICE("*"))) {
        return true;
    }
    struct mx_slice tag;
    while (etag.len > 0 && next_tag(&value, &tag)) {
        if (weak ? mx_etag_equal_weak(tag, etag) : mx_etag_equal_strong(tag, etag)) {
            return true;
        }
    }
    return false;
}

// True when any field `name` lists the tag. `*given` says whether there is such a field.
static bool lists_tag(const struct mx_request *request, struct mx_slice name, struct mx_slice etag,
    bool weak, bool *given) {
    size_t position = 0;
    const struct mx_field *field;
    bool found = false;
    *given = false;
    while ((field = mx_request_next(request, name, &position))) {
        *given = true;
        found = found || mx_etag_list_has(field->value, etag, weak);
    }
    return found;
}

// The date in field `name`. False when there is none, or it is no date (then it is to be ignored).
static bool find_date(
    const struct mx_request *request, struct mx_slice name, int64_t now, int64_t *seconds) {
    struct mx_slice value = mx_request_header(request, name);
    return value.ptr && mx_date_parse(value, now, seconds);
}

enum mx_condition mx_condition_check(
    const struct mx_request *request, const struct mx_validators *validators) {
    const struct mx_validators *v = validators;
    bool reads = request->method == MX_METHOD_GET || request->method == MX_METHOD_HEAD;
    bool dated = v->last_modified >= 0;
    bool given;
    int64_t date;
    bool matches = lists_tag(request, MX_SLICE("if-match"), v->etag, false, &given);
    bool changed = !given && dated &&
                   find_date(request, MX_SLICE("if-unmodified-since"), v->now, &date) &&
                   v->last_modified > date;
    if ((given && !matches) || changed) {
        return MX_CONDITION_FAILED;
    }
    if (lists_tag(request, MX_SLICE("if-none-match"), v->etag, true, &given)) {
        return reads ? MX_CONDITION_NOT_MODIFIED : MX_CONDITION_FAILED;
    }
    if (!given && reads && dated &&
        find_date(request, MX_SLICE("if-modified-since"), v->now, &date) &&
        v->last_modified <= date) {
        return MX_CONDITION_NOT_MODIFIED;
    }
    return MX_CONDITION_SEND;
}

#include "http/ranges.h"

#include "http/date.h"
#include "http/etag.h"

enum { SPEC_MAX = 32 }; // as asked for, before joining; more is answered whole

// One range as it was asked for; malformed ones make the whole field count for nothing.
enum spec { SPEC_GOOD, SPEC_OUTSIDE, SPEC_MALFORMED };

static bool read_number(struct mx_slice text, uint64_t *out) {
    if (mx_slice_to_u64(text, UINT64_MAX, out)) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    *out = UINT64_MAX; // digits, but more than fit
    return text.len > 0;
}

static enum spec read_spec(struct mx_slice text, uint64_t size, struct mx_range *out) {
    if (text.len == 0 || !memchr(text.ptr, '-', text.len)) {
        return SPEC_MALFORMED;
    }
    struct mx_slice last = text;
    struct mx_slice first = mx_slice_cut(&last, '-');
    uint64_t a = 0;
    uint64_t b = UINT64_MAX;
    if ((first.len > 0 && !read_number(first, &a)) || (last.len > 0 && !read_number(last, &b)) ||
        (first.len == 0 && last.len == 0)) {
        return SPEC_MALFORMED;
    }
    if (first.len == 0) { // the last b bytes
        if (b == 0 || size == 0) {
            return SPEC_OUTSIDE;
        }
        *out = (struct mx_range){b < size ? size - b : 0, size - 1};
        return SPEC_GOOD;
    }
    if (b < a) {
        return SPEC_MALFORMED;
    }
    if (a >= size) {
        return SPEC_OUTSIDE;
    }
    *out = (struct mx_range){a, b < size ? b : size - 1};
    return SPEC_GOOD;
}

static void sort_ranges(struct mx_range *ranges, size_t count) {
    for (size_t i = 1; i < count; i++) {
        struct mx_range range = ranges[i];
        size_t at = i;
        for (; at > 0 && ranges[at - 1].first > range.first; at--) {
            ranges[at] = ranges[at - 1];
        }
        ranges[at] = range;
    }
}

// Joins sorted ranges that overlap or touch; returns how many are left.
static size_t join_ranges(struct mx_range *ranges, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && ranges[i].first <= ranges[kept - 1].last + 1) {
            if (ranges[i].last > ranges[kept - 1].last) {
                ranges[kept - 1].last = ranges[i].last;
            }
        } else {
            ranges[kept++] = ranges[i];
        }
    }
    return kept;
}

// True when there is no If-Range, or it names what we have.
static bool may_be_partial(
    const struct mx_request *request, const struct mx_validators *validators) {
    struct mx_slice value = mx_request_header(request, MX_SLICE("if-range"));
    int64_t date;
    if (!value.ptr) {
        return true;
    }
    if (mx_etag_valid(value)) {
        return mx_etag_equal_strong(value, validators->etag);
    }
    return validators->last_modified >= 0 && mx_date_parse(value, validators->now, &date) &&
           date == validators->last_modified;
}

enum mx_range_verdict mx_ranges_check(const struct mx_request *request, uint64_t size,
    const struct mx_validators *validators, struct mx_ranges *out) {
    static const struct mx_slice unit = MX_SLICE("bytes=");
    out->count = 0;
    size_t position = 0;
    const struct mx_field *field = mx_request_next(request, MX_SLICE("range"), &position);
    if (!field || mx_request_next(request, MX_SLICE("range"), &position) ||
        request->method != MX_METHOD_GET || field->value.len <= unit.len ||
        !mx_slice_equal_nocase((struct mx_slice){field->value.ptr, unit.len}, unit) ||
        !may_be_partial(request, validators)) {
        return MX_RANGE_WHOLE;
    }
    struct mx_slice rest = {field->value.ptr + unit.len, field->value.len - unit.len};
    struct mx_range found[SPEC_MAX];
    size_t count = 0;
    bool any = false;
    while (rest.ptr) {
        struct mx_slice text = mx_slice_trim(mx_slice_cut(&rest, ','));
        if (text.len == 0) {
            continue; // RFC 9110, 5.6.1: empty elements are ignored
        }
        any = true;
        struct mx_range range;
        enum spec spec = read_spec(text, size, &range);
        if (spec == SPEC_MALFORMED || (spec == SPEC_GOOD && count == SPEC_MAX)) {
            return MX_RANGE_WHOLE;
        }
        if (spec == SPEC_GOOD) {
            found[count++] = range;
        }
    }
    sort_ranges(found, count);
    count = join_ranges(found, count);
    if (!any || count > MX_RANGE_MAX) {
        return MX_RANGE_WHOLE;
    }
    memcpy(out->ranges, found, count * sizeof(found[0]));
    out->count = count;
    return count > 0 ? MX_RANGE_PART : MX_RANGE_UNSATISFIABLE;
}

void mx_range_write(mx_buf *buf, struct mx_range range, uint64_t size) {
    mx_buf_append_format(buf, "bytes %llu-%llu/%llu", (unsigned long long)range.first,
        (unsigned long long)range.last, (unsigned long long)size);
}

void mx_range_write_unsatisfied(mx_buf *buf, uint64_t size) {
    mx_buf_append_format(buf, "bytes */%llu", (unsigned long long)size);
}

void mx_range_write_part(mx_buf *buf, struct mx_slice boundary, struct mx_slice type,
    struct mx_range range, uint64_t size) {
    mx_buf_append_slice(buf, MX_SLICE("\r\n--"));
    mx_buf_append_slice(buf, boundary);
    mx_buf_append_slice(buf, MX_SLICE("\r\nContent-Type: "));
    mx_buf_append_slice(buf, type);
    mx_buf_append_slice(buf, MX_SLICE("\r\nContent-Range: "));
    mx_range_write(buf, range, size);
    mx_buf_append_slice(buf, MX_SLICE("\r\n\r\n"));
}

void mx_range_write_end(mx_buf *buf, struct mx_slice boundary) {
    mx_buf_append_slice(buf, MX_SLICE("\r\n--"));
    mx_buf_append_slice(buf, boundary);
    mx_buf_append_slice(buf, MX_SLICE("--\r\n"));
}

uint64_t mx_range_body_len(
    const struct mx_ranges *ranges, struct mx_slice boundary, struct mx_slice type, uint64_t size) {
    mx_buf buf = {0};
    uint64_t len = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        mx_range_write_part(&buf, boundary, type, ranges->ranges[i], size);
        len += ranges->ranges[i].last - ranges->ranges[i].first + 1;
    }
    mx_range_write_end(&buf, boundary);
    len += buf.len;
    mx_buf_deinit(&buf);
    return len;
}

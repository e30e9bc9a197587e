// Searching a request. Names are compared only when their keys agree, so a search costs little more
// than one comparison of 32 bits for each field.
#include "http/request.h"

static const struct mx_slice method_names[MX_METHOD_COUNT] = {
    [MX_METHOD_GET] = MX_SLICE("GET"),
    [MX_METHOD_HEAD] = MX_SLICE("HEAD"),
    [MX_METHOD_POST] = MX_SLICE("POST"),
    [MX_METHOD_PUT] = MX_SLICE("PUT"),
    [MX_METHOD_PATCH] = MX_SLICE("PATCH"),
    [MX_METHOD_DELETE] = MX_SLICE("DELETE"),
    [MX_METHOD_OPTIONS] = MX_SLICE("OPTIONS"),
};

struct mx_slice mx_method_name(enum mx_method method) {
    return method_names[method];
}

bool mx_method_find(struct mx_slice name, enum mx_method *out) {
    for (int i = 0; i < MX_METHOD_COUNT; i++) {
        if (mx_slice_equal(name, method_names[i])) {
            *out = (enum mx_method)i;
            return true;
        }
    }
    return false;
}

const struct mx_field *mx_request_next(
    const struct mx_request *request, struct mx_slice name, size_t *position) {
    uint32_t key = mx_field_key(name);
    while (*position < request->field_count) {
        const struct mx_field *field = &request->fields[(*position)++];
        if (field->key == key && mx_slice_equal_nocase(field->name, name)) {
            return field;
        }
    }
    return NULL;
}

struct mx_slice mx_request_header(const struct mx_request *request, struct mx_slice name) {
    size_t position = 0;
    const struct mx_field *field = mx_request_next(request, name, &position);
    return field ? field->value : (struct mx_slice){0};
}

struct mx_slice mx_request_joined(
    const struct mx_request *request, struct mx_slice name, mx_arena *arena) {
    size_t position = 0;
    const struct mx_field *first = mx_request_next(request, name, &position);
    if (!first) {
        return (struct mx_slice){0};
    }
    size_t behind_first = position;
    size_t len = first->value.len;
    const struct mx_field *field;
    while ((field = mx_request_next(request, name, &position))) {
        len += 2 + field->value.len;
    }
    if (len == first->value.len) {
        return first->value;
    }

    char *joined = mx_arena_take(arena, len);
    char *end = joined;
    memcpy(end, first->value.ptr, first->value.len);
    end += first->value.len;
    position = behind_first;
    while ((field = mx_request_next(request, name, &position))) {
        end[0] = ',';
        end[1] = ' ';
        memcpy(end + 2, field->value.ptr, field->value.len);
        end += 2 + field->value.len;
    }
    return (struct mx_slice){joined, len};
}

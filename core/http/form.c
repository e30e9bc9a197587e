#include "http/form.h"

#include "http/url.h"

// How many pairs `body` holds at most, so that the array is taken once.
static size_t count_pairs(struct mx_slice body) {
    size_t count = body.len > 0 ? 1 : 0;
    for (size_t i = 0; i < body.len; i++) {
        count += body.ptr[i] == '&';
    }
    return count;
}

int mx_form_parse(mx_arena *arena, struct mx_slice body, const struct mx_form_limits *limits,
    struct mx_form *out, struct mx_error *err) {
    *out = (struct mx_form){0};
    size_t room = count_pairs(body);
    if (room > limits->field_max) {
        return mx_fail(err, MX_E_LIMIT, "the form has more than %zu fields", limits->field_max);
    }
    out->fields = mx_arena_zero(arena, room * sizeof(*out->fields));
    struct mx_query walk = {.rest = body};
    struct mx_query_pair pair;
    int rc;
    while ((rc = mx_query_next(&walk, arena, &pair, err)) > 0) {
        if (pair.name.len > limits->name_max) {
            return mx_fail(
                err, MX_E_LIMIT, "a field's name is longer than %zu bytes", limits->name_max);
        }
        if (pair.value.len > limits->value_max) {
            return mx_fail(err, MX_E_LIMIT, "the field \"%.*s\" is longer than %zu bytes",
                (int)(pair.name.len < 60 ? pair.name.len : 60), pair.name.ptr, limits->value_max);
        }
        struct mx_form_field *field = &out->fields[out->count++];
        field->name = pair.name;
        field->value = pair.value;
    }
    return rc;
}

struct mx_slice mx_form_find(const struct mx_form *form, struct mx_slice name) {
    for (size_t i = 0; i < form->count; i++) {
        if (!form->fields[i].is_file && mx_slice_equal(form->fields[i].name, name)) {
            return form->fields[i].value;
        }
    }
    return (struct mx_slice){0};
}

// Any bytes as an urlencoded form.
#include <assert.h>

#include "http/form.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct mx_form_limits limits = {.field_max = 10, .name_max = 20, .value_max = 50};
    mx_arena *arena = mx_arena_create();
    struct mx_form form;
    struct mx_error err;
    int rc =
        mx_form_parse(arena, (struct mx_slice){(const char *)data, size}, &limits, &form, &err);
    if (rc < 0) {
        assert(rc == MX_E_INVALID || rc == MX_E_LIMIT);
    } else {
        assert(form.count <= limits.field_max);
        for (size_t i = 0; i < form.count; i++) {
            const struct mx_form_field *field = &form.fields[i];
            assert(field->name.len <= limits.name_max && field->value.len <= limits.value_max);
            assert(mx_utf8_valid(field->name) && mx_utf8_valid(field->value));
            assert(field->value.len == 0 || !memchr(field->value.ptr, '\0', field->value.len));
            assert(mx_form_find(&form, field->name).ptr);
        }
    }
    mx_arena_destroy(arena);
    return 0;
}

// A list entry, a base and an address, one a line: whatever is allowed is a place that the list
// names, and has nothing that could split a request.
#include <assert.h>

#include "client/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_allowed(const struct mx_target *target, const struct mx_place *place) {
    struct mx_slice host = mx_slice_of(target->host);
    unsigned own = target->is_plain ? 80 : 443;
    struct mx_slice end = {host.ptr + host.len - place->host.len, place->host.len};
    assert(host.len >= place->host.len && mx_slice_equal_nocase(end, place->host));
    assert(place->is_wild ? host.len > place->host.len : host.len == place->host.len);
    assert(target->port == (place->port ? place->port : own));
    assert(!target->is_plain || place->is_plain);
}

// What libcurl will send has no byte that ends a line.
static void check_text(const struct mx_target *target) {
    char *text = NULL;
    if (curl_url_get(target->url, CURLUPART_URL, &text, 0) == CURLUE_OK) {
        for (const char *c = text; *c; c++) {
            assert((unsigned char)*c > ' ' && *c != 0x7f);
        }
    }
    curl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mx_slice rest = {(const char *)data, size};
    struct mx_slice entry = mx_slice_cut(&rest, '\n');
    struct mx_slice base_text = mx_slice_cut(&rest, '\n');
    struct mx_target base = {.url = NULL};
    struct mx_target target = {.url = NULL};
    struct mx_place place;
    struct mx_error err;
    for (int plain = 0; plain < 2; plain++) {
        struct mx_client_place given = {entry, plain};
        if (mx_place_parse(&given, &place, &err) < 0 ||
            mx_target_parse(base_text, NULL, &base, &err) < 0) {
            continue;
        }
        check_text(&base);
        if (mx_target_parse(rest, &base, &target, &err) == MX_OK) {
            check_text(&target);
            if (mx_target_check(&target, &place, 1, &err) == MX_OK) {
                check_allowed(&target, &place);
            }
        }
        mx_target_deinit(&target);
        mx_target_deinit(&base);
    }
    return 0;
}

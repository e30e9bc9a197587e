// Any bytes as what a server says: heads, bodies and mail replies stay within their limits.
#include <assert.h>

#include "client/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fields(const struct mx_answer *answer, mx_arena *arena) {
    struct mx_client_reply reply = {.status = 200};
    mx_answer_show(answer, arena, &reply);
    assert(reply.field_count <= MX_CLIENT_REPLY_FIELDS);
    for (size_t i = 0; i < reply.field_count; i++) {
        struct mx_slice name = reply.fields[i].name;
        assert(name.len > 0 && !memchr(name.ptr, ':', name.len));
        assert(mx_answer_find(answer, name).ptr);
        for (size_t at = 0; at < name.len; at++) {
            assert(name.ptr[at] < 'A' || name.ptr[at] > 'Z');
        }
    }
}

// Line by line, as libcurl gives them.
static void read_lines(struct mx_answer *answer, struct mx_slice rest, bool is_mail) {
    struct mx_error err;
    int rc = MX_OK;
    while (rest.len > 0 && rc == MX_OK) {
        struct mx_slice line = mx_slice_cut(&rest, '\n');
        rc = is_mail ? mx_answer_add_mail_line(answer, line, &err)
                     : mx_answer_add_line(answer, line, &err);
        assert(rc == MX_OK || rc == MX_E_LIMIT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { BODY_MAX = 100 };
    static struct mx_answer answer; // large
    struct mx_slice bytes = {(const char *)data, size};
    struct mx_error err;
    mx_arena *arena = mx_arena_create();
    answer = (struct mx_answer){.body_max = BODY_MAX};
    read_lines(&answer, bytes, false);
    int rc = mx_answer_add_body(&answer, bytes, &err);
    assert(size <= BODY_MAX ? answer.body.len == size : rc == MX_E_LIMIT && answer.body.len == 0);
    check_fields(&answer, arena);
    mx_answer_clear(&answer);
    read_lines(&answer, bytes, true);
    assert(answer.mail_status >= 0 && answer.mail_status < 600);
    mx_answer_deinit(&answer);
    mx_arena_destroy(arena);
    return 0;
}

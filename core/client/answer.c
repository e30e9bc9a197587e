// Answers as they arrive: heads line by line, bodies piece by piece, both within limits.
#include "client/internal.h"

void mx_answer_clear(struct mx_answer *answer) {
    mx_buf_clear(&answer->head);
    mx_buf_clear(&answer->body);
    answer->field_count = 0;
    answer->has_head = false;
}

void mx_answer_deinit(struct mx_answer *answer) {
    mx_buf_deinit(&answer->head);
    mx_buf_deinit(&answer->body);
}

static struct mx_slice trim_line(struct mx_slice line) {
    while (line.len > 0 && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == '\n')) {
        line.len--;
    }
    return mx_slice_trim(line);
}

static size_t append(struct mx_answer *answer, struct mx_slice text) {
    size_t at = answer->head.len;
    mx_buf_append_slice(&answer->head, text);
    return at;
}

static void append_lower(struct mx_answer *answer, struct mx_slice text) {
    char *bytes = mx_buf_reserve(&answer->head, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    answer->head.len += text.len;
}

static int count_line(struct mx_answer *answer, struct mx_slice line, struct mx_error *err) {
    answer->head_bytes += line.len;
    if (answer->head_bytes > MX_CLIENT_HEAD_MAX) {
        return mx_fail(err, MX_E_LIMIT, "the answer has more than %d KiB of header fields",
            MX_CLIENT_HEAD_MAX / 1024);
    }
    return MX_OK;
}

// A line that begins with a space goes on with the field before it. That one is the last in `head`.
static void add_continuation(struct mx_answer *answer, struct mx_slice text) {
    if (answer->field_count > 0 && text.len > 0) {
        struct mx_answer_field *field = &answer->fields[answer->field_count - 1];
        append(answer, MX_SLICE(" "));
        append(answer, text);
        field->value_len += text.len + 1;
    }
}

static int add_field(struct mx_answer *answer, struct mx_slice text, struct mx_error *err) {
    struct mx_slice rest = text;
    struct mx_slice name = mx_slice_trim(mx_slice_cut(&rest, ':'));
    if (!rest.ptr || name.len == 0) {
        return MX_OK; // no field: nobody can ask for it
    }
    if (answer->field_count == MX_CLIENT_REPLY_FIELDS) {
        return mx_fail(
            err, MX_E_LIMIT, "the answer has more than %d header fields", MX_CLIENT_REPLY_FIELDS);
    }
    struct mx_answer_field *field = &answer->fields[answer->field_count++];
    struct mx_slice value = mx_slice_trim(rest);
    field->name_at = answer->head.len;
    field->name_len = name.len;
    append_lower(answer, name);
    field->value_at = append(answer, value);
    field->value_len = value.len;
    return MX_OK;
}

int mx_answer_add_line(struct mx_answer *answer, struct mx_slice line, struct mx_error *err) {
    int rc = count_line(answer, line, err);
    bool is_status = mx_slice_starts_with(line, MX_SLICE("HTTP/"));
    if (rc < 0 || (answer->has_head && !is_status)) {
        return rc; // a trailer
    }
    if (is_status) { // also behind 100 and 103
        mx_answer_clear(answer);
        return MX_OK;
    }
    struct mx_slice text = trim_line(line);
    if (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        add_continuation(answer, text);
        return MX_OK;
    }
    if (text.len == 0) {
        answer->has_head = true;
        return MX_OK;
    }
    return add_field(answer, text, err);
}

int mx_answer_fail_long(const struct mx_answer *answer, struct mx_error *err) {
    return mx_fail(err, MX_E_LIMIT,
        "the answer is longer than the %zu bytes it may have: raise body_max if that is too little",
        answer->body_max);
}

int mx_answer_add_body(struct mx_answer *answer, struct mx_slice bytes, struct mx_error *err) {
    if (bytes.len > answer->body_max - answer->body.len) {
        return mx_answer_fail_long(answer, err);
    }
    mx_buf_append_slice(&answer->body, bytes);
    return MX_OK;
}

// ASCII, as it should be; people read it in logs.
static void keep_saying(struct mx_answer *answer, struct mx_slice text) {
    mx_buf_clear(&answer->body);
    for (size_t i = 0; i < text.len && i < MX_CLIENT_SAYING_MAX; i++) {
        bool is_plain = text.ptr[i] >= ' ' && text.ptr[i] <= '~';
        mx_buf_append_char(&answer->body, is_plain ? text.ptr[i] : '?');
    }
}

int mx_answer_add_mail_line(struct mx_answer *answer, struct mx_slice line, struct mx_error *err) {
    struct mx_slice text = trim_line(line);
    uint64_t code = 0;
    int rc = count_line(answer, line, err);
    if (rc == MX_OK && text.len >= 3 &&
        mx_slice_to_u64((struct mx_slice){text.ptr, 3}, 599, &code)) {
        answer->mail_status = (int)code;
        keep_saying(answer, text);
    }
    return rc;
}

static struct mx_slice part(const struct mx_answer *answer, size_t at, size_t len) {
    return (struct mx_slice){answer->head.ptr + at, len};
}

struct mx_slice mx_answer_find(const struct mx_answer *answer, struct mx_slice name) {
    for (size_t i = 0; i < answer->field_count; i++) {
        const struct mx_answer_field *field = &answer->fields[i];
        if (mx_slice_equal(part(answer, field->name_at, field->name_len), name)) {
            return part(answer, field->value_at, field->value_len);
        }
    }
    return (struct mx_slice){NULL, 0};
}

void mx_answer_show(
    const struct mx_answer *answer, mx_arena *arena, struct mx_client_reply *reply) {
    struct mx_client_field *fields =
        mx_arena_take(arena, (answer->field_count + 1) * sizeof(*fields));
    for (size_t i = 0; i < answer->field_count; i++) {
        const struct mx_answer_field *field = &answer->fields[i];
        fields[i].name = part(answer, field->name_at, field->name_len);
        fields[i].value = part(answer, field->value_at, field->value_len);
    }
    reply->fields = fields;
    reply->field_count = answer->field_count;
    reply->body = mx_buf_slice(&answer->body);
}

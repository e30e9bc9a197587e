// Any bytes as a multipart body: the same parts, however the bytes were cut, and calls in their
// order.
#include <assert.h>
#include <stdlib.h>

#include "http/multipart.h"
#include "http/url.h"
#include "platform/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What was announced, written down so that two readings can be compared.
struct record {
    mx_buf text;
    bool in_part;
};

static int on_part_begun(void *ctx, const struct mx_part *part, struct mx_error *err) {
    struct record *record = ctx;
    (void)err;
    assert(!record->in_part && part->name.ptr && mx_utf8_valid(part->name));
    assert(part->filename.len <= 200 && mx_utf8_valid(part->filename));
    assert(part->filename.len == 0 || !memchr(part->filename.ptr, '/', part->filename.len));
    record->in_part = true;
    mx_buf_append_text(&record->text, part->has_filename ? "[file " : "[");
    mx_buf_append_slice(&record->text, part->name);
    mx_buf_append_text(&record->text, "|");
    mx_buf_append_slice(&record->text, part->filename);
    mx_buf_append_text(&record->text, "|");
    mx_buf_append_slice(&record->text, part->type);
    mx_buf_append_text(&record->text, "|");
    return MX_OK;
}

static int on_part_data(void *ctx, struct mx_slice piece, struct mx_error *err) {
    struct record *record = ctx;
    (void)err;
    assert(record->in_part && piece.len > 0);
    mx_buf_append_slice(&record->text, piece);
    return MX_OK;
}

static int on_part_ended(void *ctx, struct mx_error *err) {
    struct record *record = ctx;
    (void)err;
    assert(record->in_part);
    record->in_part = false;
    mx_buf_append_text(&record->text, "]");
    return MX_OK;
}

static int read_in_steps(const uint8_t *data, size_t size, size_t step, struct record *record) {
    static const struct mx_multipart_limits limits = {.part_max = 5, .header_max = 200};
    struct mx_multipart_handler handler = {.on_part_begun = on_part_begun,
        .on_part_data = on_part_data,
        .on_part_ended = on_part_ended,
        .ctx = record};
    mx_multipart *parser;
    struct mx_error err;
    int rc = mx_multipart_create(MX_SLICE("XX"), &limits, &handler, &parser, &err);
    assert(rc == MX_OK);
    for (size_t at = 0; at < size && rc == MX_OK; at += step) {
        size_t len = size - at < step ? size - at : step;
        char *piece = malloc(len);
        assert(piece);
        memcpy(piece, data + at, len);
        rc = mx_multipart_feed(parser, (struct mx_slice){piece, len}, &err);
        free(piece);
    }
    if (rc == MX_OK) {
        rc = mx_multipart_finish(parser, &err);
        assert(rc < 0 || !record->in_part);
    }
    mx_multipart_destroy(parser);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct record whole = {0};
    int rc = read_in_steps(data, size, size + 1, &whole);
    for (size_t step = 1; step <= 5; step += 2) {
        struct record pieces = {0};
        int rc_pieces = read_in_steps(data, size, step, &pieces);
        assert(rc == rc_pieces);
        assert(rc < 0 || mx_slice_equal(mx_buf_slice(&whole.text), mx_buf_slice(&pieces.text)));
        mx_buf_deinit(&pieces.text);
    }
    mx_buf_deinit(&whole.text);
    return 0;
}

#include "http/upload.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/multipart.h"
#include "http/url.h"
#include "platform/alloc.h"
#include "platform/buf.h"

enum { PART_HEADER_MAX = 4096 };

struct mx_upload {
    mx_arena *arena; // borrowed
    struct mx_form_limits limits;
    char *folder;
    mx_multipart *multipart; // NULL for an urlencoded body
    mx_buf text;             // the urlencoded body, or the text field at hand
    struct mx_form_field *fields;
    size_t count;
    size_t room;
    size_t file_count;
    int fd;           // of the file at hand, or -1
    bool is_unchosen; // the part at hand is a file input that was left empty
};

static struct mx_form_field *current(mx_upload *upload) {
    return &upload->fields[upload->count - 1];
}

static struct mx_form_field *add_field(mx_upload *upload) {
    if (upload->count == upload->room) {
        upload->room = upload->room ? upload->room * 2 : 16;
        upload->fields = mx_realloc(upload->fields, upload->room * sizeof(*upload->fields));
    }
    struct mx_form_field *field = &upload->fields[upload->count++];
    *field = (struct mx_form_field){0};
    return field;
}

static int open_file(mx_upload *upload, struct mx_error *err) {
    static const struct mx_slice tail = MX_SLICE("/upload-XXXXXX");
    size_t folder_len = strlen(upload->folder);
    char *path = mx_arena_take(upload->arena, folder_len + tail.len + 1);
    memcpy(path, upload->folder, folder_len);
    memcpy(path + folder_len, tail.ptr, tail.len + 1);
    upload->fd = mkstemp(path);
    if (upload->fd < 0) {
        return mx_fail_errno(err, errno, "cannot make a file in %s", upload->folder);
    }
    current(upload)->path = (struct mx_slice){path, folder_len + tail.len};
    if (fcntl(upload->fd, F_SETFD, FD_CLOEXEC) < 0) {
        return mx_fail_errno(err, errno, "cannot guard %s", path);
    }
    return MX_OK;
}

static void close_file(mx_upload *upload) {
    if (upload->fd >= 0) {
        close(upload->fd);
        upload->fd = -1;
    }
}

static int begin_file(mx_upload *upload, const struct mx_part *part, struct mx_error *err) {
    struct mx_form_field *field = current(upload);
    field->is_file = true;
    field->filename = mx_arena_copy(upload->arena, part->filename);
    bool untyped = mx_slice_equal(part->type, MX_SLICE("text/plain")) && part->filename.len == 0;
    field->type =
        untyped ? MX_SLICE("application/octet-stream") : mx_arena_copy(upload->arena, part->type);
    upload->is_unchosen = part->filename.len == 0;
    if (upload->is_unchosen) {
        return MX_OK; // browsers send empty file inputs so; the first byte proves otherwise
    }
    return open_file(upload, err);
}

static bool is_our_charset(struct mx_slice charset) {
    return charset.len == 0 || mx_slice_equal(charset, MX_SLICE("utf-8")) ||
           mx_slice_equal(charset, MX_SLICE("utf8")) ||
           mx_slice_equal(charset, MX_SLICE("us-ascii"));
}

static int on_part_begun(void *ctx, const struct mx_part *part, struct mx_error *err) {
    mx_upload *upload = ctx;
    if (part->name.len > upload->limits.name_max) {
        return mx_fail(
            err, MX_E_LIMIT, "a field's name is longer than %zu bytes", upload->limits.name_max);
    }
    struct mx_form_field *field = add_field(upload);
    field->name = mx_arena_copy(upload->arena, part->name);
    mx_buf_clear(&upload->text);
    if (!part->has_filename) {
        if (!is_our_charset(part->charset)) {
            return mx_fail(err, MX_E_INVALID, "forms must be sent as UTF-8");
        }
        return MX_OK;
    }
    if (upload->file_count++ >= upload->limits.file_max) {
        return mx_fail(
            err, MX_E_LIMIT, "the form has more than %zu files", upload->limits.file_max);
    }
    return begin_file(upload, part, err);
}

static int write_all(mx_upload *upload, struct mx_slice piece, struct mx_error *err) {
    while (piece.len > 0) {
        ssize_t wrote = write(upload->fd, piece.ptr, piece.len);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return mx_fail_errno(err, errno, "cannot write to %s", current(upload)->path.ptr);
        }
        piece = (struct mx_slice){piece.ptr + wrote, piece.len - (size_t)wrote};
    }
    return MX_OK;
}

static int take_file_data(mx_upload *upload, struct mx_slice piece, struct mx_error *err) {
    struct mx_form_field *field = current(upload);
    if (piece.len > upload->limits.file_len_max - field->size) {
        return mx_fail(err, MX_E_LIMIT, "the file \"%.*s\" is larger than %llu bytes",
            (int)(field->filename.len < 80 ? field->filename.len : 80), field->filename.ptr,
            (unsigned long long)upload->limits.file_len_max);
    }
    if (upload->is_unchosen) {
        upload->is_unchosen = false;
        int rc = open_file(upload, err);
        if (rc < 0) {
            return rc;
        }
    }
    field->size += piece.len;
    return write_all(upload, piece, err);
}

static int on_part_data(void *ctx, struct mx_slice piece, struct mx_error *err) {
    mx_upload *upload = ctx;
    struct mx_form_field *field = current(upload);
    if (field->is_file) {
        return take_file_data(upload, piece, err);
    }
    if (piece.len > upload->limits.value_max - upload->text.len) {
        return mx_fail(err, MX_E_LIMIT, "the field \"%.*s\" is longer than %zu bytes",
            (int)(field->name.len < 60 ? field->name.len : 60), field->name.ptr,
            upload->limits.value_max);
    }
    mx_buf_append_slice(&upload->text, piece);
    return MX_OK;
}

static int on_part_ended(void *ctx, struct mx_error *err) {
    mx_upload *upload = ctx;
    struct mx_form_field *field = current(upload);
    if (field->is_file) {
        close_file(upload);
        if (upload->is_unchosen) {
            upload->count--;
            upload->file_count--;
        }
        upload->is_unchosen = false;
        return MX_OK;
    }
    struct mx_slice text = mx_buf_slice(&upload->text);
    if (!mx_utf8_valid(text) || (text.len > 0 && memchr(text.ptr, '\0', text.len))) {
        return mx_fail(err, MX_E_INVALID, "the field \"%.*s\" is not UTF-8 text",
            (int)(field->name.len < 60 ? field->name.len : 60), field->name.ptr);
    }
    field->value = mx_arena_copy(upload->arena, text);
    return MX_OK;
}

static int start_multipart(mx_upload *upload, struct mx_slice boundary, struct mx_error *err) {
    struct mx_multipart_limits limits = {
        .part_max = upload->limits.field_max,
        .header_max = PART_HEADER_MAX,
    };
    struct mx_multipart_handler handler = {
        .on_part_begun = on_part_begun,
        .on_part_data = on_part_data,
        .on_part_ended = on_part_ended,
        .ctx = upload,
    };
    return mx_multipart_create(boundary, &limits, &handler, &upload->multipart, err);
}

int mx_upload_create(mx_arena *arena, const struct mx_content_type *type,
    const struct mx_form_limits *limits, const char *folder, mx_upload **out,
    struct mx_error *err) {
    mx_upload *upload = mx_alloc(sizeof(*upload));
    upload->arena = arena;
    upload->limits = *limits;
    upload->folder = mx_strdup(folder);
    upload->fd = -1;
    int rc = MX_OK;
    if (mx_slice_equal(type->type, MX_SLICE("multipart/form-data"))) {
        rc = start_multipart(upload, type->boundary, err);
    } else if (!mx_slice_equal(type->type, MX_SLICE("application/x-www-form-urlencoded"))) {
        rc = mx_fail(err, MX_E_INVALID,
            "a form must be sent as multipart/form-data or application/x-www-form-urlencoded");
    } else if (!is_our_charset(type->charset)) {
        rc = mx_fail(err, MX_E_INVALID, "forms must be sent as UTF-8");
    }
    if (rc < 0) {
        goto out;
    }
    *out = upload;
    upload = NULL; // handed over
out:
    mx_upload_destroy(upload);
    return rc;
}

void mx_upload_destroy(mx_upload *upload) {
    if (!upload) {
        return;
    }
    close_file(upload);
    for (size_t i = 0; i < upload->count; i++) {
        if (upload->fields[i].path.len > 0) {
            unlink(upload->fields[i].path.ptr);
        }
    }
    mx_multipart_destroy(upload->multipart);
    mx_buf_deinit(&upload->text);
    mx_free(upload->fields);
    mx_free(upload->folder);
    mx_free(upload);
}

int mx_upload_feed(mx_upload *upload, struct mx_slice bytes, struct mx_error *err) {
    if (upload->multipart) {
        return mx_multipart_feed(upload->multipart, bytes, err);
    }
    mx_buf_append_slice(&upload->text, bytes);
    return MX_OK;
}

int mx_upload_finish(mx_upload *upload, struct mx_form *out, struct mx_error *err) {
    if (!upload->multipart) {
        struct mx_slice body = mx_arena_copy(upload->arena, mx_buf_slice(&upload->text));
        return mx_form_parse(upload->arena, body, &upload->limits, out, err);
    }
    int rc = mx_multipart_finish(upload->multipart, err);
    if (rc < 0) {
        return rc;
    }
    size_t size = upload->count * sizeof(*upload->fields);
    out->fields = mx_arena_take(upload->arena, size);
    out->count = upload->count;
    if (size > 0) {
        memcpy(out->fields, upload->fields, size);
    }
    return MX_OK;
}

void mx_upload_take(mx_upload *upload, size_t index) {
    assert(index < upload->count);
    upload->fields[index].path = (struct mx_slice){0};
}

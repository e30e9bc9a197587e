// Forms of both kinds: urlencoded, and multipart in pieces of every size.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/multipart.h"
#include "http/upload.h"
#include "platform/files.h"

static char folder[] = "/tmp/merx-upload-XXXXXX";
static mx_arena *arena;

static const struct mx_form_limits limits = {
    .field_max = 6, .name_max = 20, .value_max = 40, .file_max = 2, .file_len_max = 100};

static int make_folder(void **state) {
    (void)state;
    arena = mx_arena_create();
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    struct mx_error err;
    mx_arena_destroy(arena);
    return mx_file_remove(folder, &err);
}

static int count_name(void *ctx, const char *name, struct mx_error *err) {
    (void)name;
    (void)err;
    (*(size_t *)ctx)++;
    return MX_OK;
}

static int no_file_is_left(void **state) {
    (void)state;
    size_t count = 0;
    struct mx_error err;
    if (mx_dir_list(folder, count_name, &count, &err) < 0 || count > 0) {
        fprintf(stderr, "%zu temporary files are left\n", count);
        return -1;
    }
    return 0;
}

static void assert_slice(struct mx_slice got, const char *want) {
    if (!mx_slice_equal(got, mx_slice_of(want))) {
        fail_msg("got \"%.*s\", not \"%s\"", (int)got.len, got.ptr, want);
    }
}

// Reads `body` in pieces of `step` bytes. The upload stays open, so that files can be looked at.
static int upload_in_steps(const char *type_text, struct mx_slice body, size_t step,
    mx_upload **upload, struct mx_form *form, struct mx_error *err) {
    struct mx_content_type type;
    *upload = NULL;
    int rc = mx_content_type_parse(arena, mx_slice_of(type_text), &type, err);
    if (rc == MX_OK) {
        rc = mx_upload_create(arena, &type, &limits, folder, upload, err);
    }
    for (size_t at = 0; at < body.len && rc == MX_OK; at += step) {
        size_t len = body.len - at < step ? body.len - at : step;
        char *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, body.ptr + at, len);
        rc = mx_upload_feed(*upload, (struct mx_slice){copy, len}, err);
        free(copy);
    }
    return rc == MX_OK ? mx_upload_finish(*upload, form, err) : rc;
}

static const char multipart[] = "multipart/form-data; boundary=XX";

static void expect_failure(const char *body, enum mx_code code) {
    for (size_t step = 1; step < 100; step = step * 3 + 1) {
        mx_upload *upload;
        struct mx_form form;
        struct mx_error err;
        int rc = upload_in_steps(multipart, mx_slice_of(body), step, &upload, &form, &err);
        mx_upload_destroy(upload);
        if (rc != (int)code) {
            fail_msg("got %d for: %s", rc, body);
        }
        assert_true(strlen(err.text) > 10);
    }
}

static void an_urlencoded_form_is_read(void **state) {
    (void)state;
    mx_upload *upload;
    struct mx_form form;
    struct mx_error err;
    assert_int_equal(upload_in_steps("application/x-www-form-urlencoded; charset=UTF-8",
                         MX_SLICE("a=1&b=x+y&b=%C3%A9&c="), 3, &upload, &form, &err),
        MX_OK);
    assert_int_equal(form.count, 4);
    assert_slice(form.fields[2].name, "b");
    assert_slice(form.fields[2].value, "\xc3\xa9");
    assert_slice(mx_form_find(&form, MX_SLICE("b")), "x y");
    assert_non_null(mx_form_find(&form, MX_SLICE("c")).ptr);
    assert_null(mx_form_find(&form, MX_SLICE("d")).ptr);
    mx_upload_destroy(upload);
}

static void limits_of_an_urlencoded_form_hold(void **state) {
    (void)state;
    struct mx_form form;
    struct mx_error err;
    assert_int_equal(mx_form_parse(arena, MX_SLICE("a&b&c&d&e&f"), &limits, &form, &err), MX_OK);
    assert_int_equal(form.count, 6);
    assert_int_equal(
        mx_form_parse(arena, MX_SLICE("a&b&c&d&e&f&g"), &limits, &form, &err), MX_E_LIMIT);
    assert_int_equal(
        mx_form_parse(arena, MX_SLICE("aaaaaaaaaaaaaaaaaaaaa=1"), &limits, &form, &err),
        MX_E_LIMIT);
    assert_int_equal(mx_form_parse(arena, MX_SLICE("a=12345678901234567890123456789012345678901"),
                         &limits, &form, &err),
        MX_E_LIMIT);
    assert_int_equal(mx_form_parse(arena, MX_SLICE("a=%FF"), &limits, &form, &err), MX_E_INVALID);
    assert_int_equal(mx_form_parse(arena, MX_SLICE("a=%00"), &limits, &form, &err), MX_E_INVALID);
    assert_int_equal(mx_form_parse(arena, MX_SLICE(""), &limits, &form, &err), MX_OK);
    assert_int_equal(form.count, 0);
}

static void a_multipart_form_is_read_in_pieces_of_every_size(void **state) {
    (void)state;
    static const char body[] =
        "preamble\r\n--XX\r\n"
        "Content-Disposition: form-data; name=\"title\"\r\n\r\n"
        "Mug\r\nwith --XX and \r\n--X in it\r\r\n--XX\r\n"
        "content-disposition: form-data; name=\"photo\"; filename=\"C:\\dir\\..m\xc3\xbcg.png\"\r\n"
        "Content-Type: image/PNG\r\n\r\n"
        "\x89PNG\r\n\r\n-\r\n--\r\n--X\r\n\r\n--XX \t\r\n"
        "Content-Disposition: form-data; name=empty\r\n\r\n"
        "\r\n--XX\r\n"
        "Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
        "\r\n--XX\r\n"
        "Content-Disposition: form-data; name=\"q%22\\\"\"\r\n\r\n"
        "--XX--\r\nepilogue --XX\r\n";
    struct mx_slice whole = {body, sizeof(body) - 1};
    for (size_t step = 1; step <= whole.len; step++) {
        mx_upload *upload;
        struct mx_form form;
        struct mx_error err;
        if (upload_in_steps(multipart, whole, step, &upload, &form, &err) < 0) {
            fail_msg("in steps of %zu: %s", step, err.text);
        }
        assert_int_equal(form.count, 4);
        assert_slice(form.fields[0].name, "title");
        assert_slice(form.fields[0].value, "Mug\r\nwith --XX and \r\n--X in it\r");
        assert_true(form.fields[1].is_file);
        assert_slice(form.fields[1].filename, "m\xc3\xbcg.png");
        assert_slice(form.fields[1].type, "image/png");
        assert_int_equal(form.fields[1].size, 20);
        mx_buf content = {0};
        assert_int_equal(mx_file_read(form.fields[1].path.ptr, 1000, &content, &err), MX_OK);
        assert_slice(mx_buf_slice(&content), "\x89PNG\r\n\r\n-\r\n--\r\n--X\r\n");
        mx_buf_deinit(&content);
        assert_slice(form.fields[2].name, "empty");
        assert_slice(form.fields[2].value, "");
        assert_slice(form.fields[3].name, "q\"\"");
        assert_slice(form.fields[3].value, "");
        mx_upload_destroy(upload);
        assert_int_equal(no_file_is_left(NULL), 0);
    }
}

static void a_file_that_was_taken_stays(void **state) {
    (void)state;
    mx_upload *upload;
    struct mx_form form;
    struct mx_error err;
    assert_int_equal(upload_in_steps(multipart,
                         MX_SLICE("--XX\r\nContent-Disposition: form-data; name=f; "
                                  "filename=a.txt\r\n\r\nhello\r\n--XX--\r\n"),
                         1000, &upload, &form, &err),
        MX_OK);
    struct mx_slice path = form.fields[0].path;
    mx_upload_take(upload, 0);
    mx_upload_destroy(upload);
    struct mx_file_info info;
    assert_int_equal(mx_file_stat(path.ptr, &info, &err), MX_OK);
    assert_int_equal(info.size, 5);
    assert_int_equal(unlink(path.ptr), 0);
}

static void malformed_multipart_bodies_are_refused(void **state) {
    (void)state;
#define PART "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n"
    static const char *const bad[] = {
        "x",                                                        // never begins
        PART "\r\nvalue",                                           // cut short
        PART "\r\nvalue\r\n--XX",                                   // cut behind the delimiter
        PART "\r\nvalue\r\n--XX-",                                  // and within the end
        "--XXx\r\n",                                                // text behind the boundary
        "--XX\n",                                                   // bare LF
        "--XX\r\nContent-Disposition: form-data; name=\"a\"\n\r\n", // bare LF in a header
        "--XX\r\n\r\nvalue\r\n--XX--",                              // no header
        "--XX\r\nContent-Disposition: form-data\r\n\r\n\r\n--XX--", // no name
        "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a x\r\n\r\n\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--XX--",
        "--XX\r\nno colon\r\n\r\n\r\n--XX--",
        PART "Content-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--XX--",
        PART "Content-Type: nonsense\r\n\r\n\r\n--XX--",
        PART "Content-Type: text/plain; charset=utf-16\r\n\r\n\r\n--XX--",
        PART "\r\n\xff\r\n--XX--", // not UTF-8
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect_failure(bad[i], MX_E_INVALID);
    }
#undef PART
}

static void limits_of_a_multipart_form_hold(void **state) {
    (void)state;
    mx_buf body = {0};
    for (int i = 0; i < 7; i++) {
        mx_buf_append_text(&body, "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n");
    }
    mx_buf_append_text(&body, "--XX--");
    expect_failure(mx_buf_text(&body), MX_E_LIMIT);

    mx_buf_clear(&body);
    mx_buf_append_text(&body, "--XX\r\nX-Long: ");
    for (int i = 0; i < 5000; i++) {
        mx_buf_append_char(&body, 'x');
    }
    expect_failure(mx_buf_text(&body), MX_E_LIMIT);

    expect_failure(
        "--XX\r\nContent-Disposition: form-data; name=aaaaaaaaaaaaaaaaaaaaa\r\n\r\n", MX_E_LIMIT);
    expect_failure("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n"
                   "12345678901234567890123456789012345678901",
        MX_E_LIMIT);

    mx_buf_clear(&body);
    mx_buf_append_text(&body, "--XX\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n");
    for (int i = 0; i < 101; i++) {
        mx_buf_append_char(&body, 'x');
    }
    expect_failure(mx_buf_text(&body), MX_E_LIMIT);

    mx_buf_clear(&body);
    for (int i = 0; i < 3; i++) {
        mx_buf_append_text(
            &body, "--XX\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nc\r\n");
    }
    expect_failure(mx_buf_text(&body), MX_E_LIMIT);
    mx_buf_deinit(&body);
}

static void other_types_and_boundaries_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"application/json", "multipart/form-data",
        "multipart/mixed; boundary=XX", "multipart/form-data; boundary=\"a{b\"",
        "multipart/form-data; boundary=\"a \"",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "multipart/form-data; boundary="
        "12345678901234567890123456789012345678901234567890123456789012345678901"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mx_upload *upload;
        struct mx_form form;
        struct mx_error err;
        assert_int_equal(
            upload_in_steps(bad[i], MX_SLICE(""), 1, &upload, &form, &err), MX_E_INVALID);
        mx_upload_destroy(upload);
    }
}

static void a_folder_that_cannot_be_written_is_told(void **state) {
    (void)state;
    struct mx_content_type type = {
        .type = MX_SLICE("multipart/form-data"), .boundary = MX_SLICE("XX")};
    mx_upload *upload;
    struct mx_error err;
    assert_int_equal(
        mx_upload_create(arena, &type, &limits, "/tmp/merx-no-such-folder", &upload, &err), MX_OK);
    assert_int_equal(
        mx_upload_feed(upload,
            MX_SLICE("--XX\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nc"), &err),
        MX_E_SYSTEM);
    assert_non_null(strstr(err.text, "merx-no-such-folder"));
    mx_upload_destroy(upload);
}

static void file_names_are_made_harmless(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"photo.jpg", "photo.jpg"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Users\\me\\a b.pdf", "a b.pdf"},
        {"...hidden", "hidden"},
        {" . x. . ", "x"},
        {"a\r\nb\x7f.txt", "ab.txt"},
        {"..", ""},
        {"/", ""},
        {"\xff.txt", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_slice(mx_filename_clean(arena, mx_slice_of(cases[i][0])), cases[i][1]);
    }
    char longest[403];
    for (size_t i = 0; i < 400; i += 2) {
        memcpy(longest + i + 1, "\xc3\xa9", 2);
    }
    longest[0] = 'x';
    struct mx_slice clean = mx_filename_clean(arena, (struct mx_slice){longest, 401});
    assert_int_equal(clean.len, 199); // no half character
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_urlencoded_form_is_read),
        cmocka_unit_test(limits_of_an_urlencoded_form_hold),
        cmocka_unit_test(a_multipart_form_is_read_in_pieces_of_every_size),
        cmocka_unit_test_teardown(a_file_that_was_taken_stays, no_file_is_left),
        cmocka_unit_test_teardown(malformed_multipart_bodies_are_refused, no_file_is_left),
        cmocka_unit_test_teardown(limits_of_a_multipart_form_hold, no_file_is_left),
        cmocka_unit_test(other_types_and_boundaries_are_refused),
        cmocka_unit_test(a_folder_that_cannot_be_written_is_told),
        cmocka_unit_test(file_names_are_made_harmless),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

// Errors, files, the log, clock and chance.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "platform/log.h"
#include "platform/world.h"

static char folder[] = "/tmp/merx-platform-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    struct mx_error err;
    return mx_file_remove(folder, &err);
}

static const char *in_folder(const char *name) {
    static char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void a_failure_carries_code_and_text(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(mx_fail(&err, MX_E_BUSY, "try %d", 5), MX_E_BUSY);
    assert_string_equal(err.text, "try 5");
    assert_string_equal(mx_code_name(err.code), "busy");
    assert_int_equal(mx_fail_errno(&err, ENOENT, "cannot open x"), MX_E_SYSTEM);
    assert_string_equal(err.text, "cannot open x: No such file or directory");
    char longer[400];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    mx_fail_errno(&err, EIO, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void a_file_comes_back_as_written(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf content = {0};
    assert_int_equal(mx_dir_make(in_folder("a/b"), 0700, &err), MX_OK);
    assert_int_equal(mx_file_write(in_folder("a/b/c"), MX_SLICE("one"), 0600, &err), MX_OK);
    assert_int_equal(mx_file_write(in_folder("a/b/c"), MX_SLICE("second"), 0600, &err), MX_OK);
    assert_int_equal(mx_file_read(in_folder("a/b/c"), 6, &content, &err), MX_OK);
    assert_string_equal(mx_buf_text(&content), "second");
    assert_int_equal(mx_file_read(in_folder("a/b/c"), 5, &content, &err), MX_E_LIMIT);
    assert_int_equal(mx_file_read(in_folder("a/none"), 5, &content, &err), MX_E_MISSING);
    assert_int_equal(mx_dir_make(in_folder("a/b/c"), 0700, &err), MX_E_CONFLICT);
    assert_non_null(strstr(err.text, "a/b/c is no folder"));
    mx_buf_deinit(&content);
    struct mx_file_info info;
    assert_int_equal(mx_file_stat(in_folder("a/b/c"), &info, &err), MX_OK);
    assert_int_equal(info.kind, MX_FILE_REGULAR);
    assert_int_equal(info.size, 6);
}

static int note_name(void *ctx, const char *name, struct mx_error *err) {
    (void)err;
    mx_buf_append_text(ctx, name);
    mx_buf_append_char(ctx, ' ');
    return MX_OK;
}

static void a_folder_is_listed_in_order_and_removed_whole(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf names = {0};
    static const char *const paths[] = {"list/b", "list/a/deep", "list/c"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mx_dir_make(in_folder(paths[i]), 0755, &err), MX_OK);
    }
    assert_int_equal(symlink("/", in_folder("list/link")), 0);
    assert_int_equal(mx_dir_list(in_folder("list"), note_name, &names, &err), MX_OK);
    assert_string_equal(mx_buf_text(&names), "a b c link ");
    mx_buf_deinit(&names);
    assert_int_equal(mx_file_remove(in_folder("list"), &err), MX_OK);
    assert_int_equal(mx_file_remove(in_folder("list"), &err), MX_OK);
    struct mx_file_info info;
    assert_int_equal(mx_file_stat(in_folder("list"), &info, &err), MX_E_MISSING);
    assert_int_equal(mx_file_stat("/bin", &info, &err), MX_OK);
}

// Runs `fn` with stderr in a file and gives what it wrote.
static void capture_stderr(void (*fn)(void), mx_buf *out) {
    struct mx_error err;
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    int fd = open(in_folder("log"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    dup2(fd, STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    mx_buf_clear(out);
    assert_int_equal(mx_file_read(in_folder("log"), 1 << 20, out, &err), MX_OK);
}

static void log_with_quotes(void) {
    struct mx_log_field fields[] = {
        {"plugin", MX_SLICE("a\"b\n"), false},
        {"ms", MX_SLICE("12"), true},
    };
    mx_log_configure(MX_LOG_INFO, MX_LOG_JSON);
    mx_log_event(MX_LOG_WARN, MX_SLICE("x\\y"), fields, 2);
    mx_log_debug("%s", "not seen");
}

static void log_too_much(void) {
    mx_buf big = {0};
    for (int i = 0; i < 3000; i++) {
        mx_buf_append_text(&big, "\"\"\"\"");
    }
    mx_log_event(MX_LOG_ERROR, mx_buf_slice(&big), NULL, 0);
    mx_buf_deinit(&big);
}

static void log_controls_for_people(void) {
    mx_log_configure(MX_LOG_INFO, MX_LOG_HUMAN);
    mx_log_info("%s", "\033[2J gone");
    mx_log_configure(MX_LOG_INFO, MX_LOG_AUTO);
}

static void the_log_writes_one_json_line_an_event(void **state) {
    (void)state;
    mx_buf out = {0};
    capture_stderr(log_with_quotes, &out);
    const char *text = mx_buf_text(&out);
    assert_non_null(strstr(text, "\"level\":\"warn\",\"msg\":\"x\\\\y\","
                                 "\"plugin\":\"a\\\"b\\u000a\",\"ms\":12}\n"));
    assert_null(strstr(text, "not seen"));
    capture_stderr(log_too_much, &out);
    text = mx_buf_text(&out);
    assert_non_null(strstr(text, "\"truncated\":true}\n"));
    capture_stderr(log_controls_for_people, &out);
    assert_non_null(strstr(mx_buf_text(&out), "?[2J gone"));
    mx_buf_deinit(&out);
}

static void the_fake_world_stands_still(void **state) {
    (void)state;
    struct mx_fake_world a, b;
    unsigned char x[16], y[16];
    mx_fake_world_init(&a, 1000, 42);
    mx_fake_world_init(&b, 1000, 42);
    mx_random(&a.world, x, sizeof(x));
    mx_random(&b.world, y, sizeof(y));
    assert_memory_equal(x, y, sizeof(x));
    assert_int_equal(mx_now_ms(&a.world), 1000);
    a.now_ms += 5;
    assert_int_equal(mx_now_ms(&a.world), 1005);
    assert_true(mx_now_ms(mx_world_real()) > 1600000000000);
}

static void without_memory_the_process_ends_with_71(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        int quiet = open("/dev/null", O_WRONLY);
        dup2(quiet, STDERR_FILENO);
        mx_alloc_fail_at(2);
        mx_free(mx_alloc(1));
        mx_free(mx_alloc(1));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 71);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_carries_code_and_text),
        cmocka_unit_test(a_file_comes_back_as_written),
        cmocka_unit_test(a_folder_is_listed_in_order_and_removed_whole),
        cmocka_unit_test(the_log_writes_one_json_line_an_event),
        cmocka_unit_test(the_fake_world_stands_still),
        cmocka_unit_test(without_memory_the_process_ends_with_71),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

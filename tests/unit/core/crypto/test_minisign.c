// Signatures of packages: our own, those of stock minisign, and every way to spoil one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/equal.h"
#include "crypto/minisign.h"
#include "shell.h"
#include "temp_folder.h"

static struct temp_folder folder;
static struct mx_fake_world fake;
static struct mx_minisign_secret secret;
static struct mx_minisign_public public;

static const struct mx_slice MESSAGE = {"a package", sizeof("a package") - 1};
static const struct mx_slice COMMENT = {"acme.tiers 1.2.0", sizeof("acme.tiers 1.2.0") - 1};

static int set_up(void **state) {
    (void)state;
    temp_folder_make(&folder);
    mx_fake_world_init(&fake, 1700000000123, 7);
    mx_minisign_create(&fake.world, &secret, &public);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    temp_folder_remove(&folder);
    return 0;
}

static void sign(bool prehashed, mx_buf *out) {
    struct mx_error err;
    assert_int_equal(mx_minisign_sign(&secret, MESSAGE, COMMENT, prehashed, out, &err), MX_OK);
}

static int verify(struct mx_slice text, struct mx_slice message, struct mx_error *err) {
    struct mx_minisign_signature signature;
    int rc = mx_minisign_signature_read(text, &signature, err);
    return rc < 0 ? rc : mx_minisign_verify(&public, &signature, message, err);
}

static void expect_refusal(struct mx_slice text, const char *why) {
    struct mx_error err = {.text = ""};
    assert_int_equal(verify(text, MESSAGE, &err), MX_E_INVALID);
    if (!strstr(err.text, why)) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    }
}

static void what_was_signed_verifies(void **state) {
    (void)state;
    for (int prehashed = 0; prehashed < 2; prehashed++) {
        struct mx_error err;
        struct mx_minisign_signature signature;
        mx_buf text = {0};
        sign(prehashed, &text);
        assert_int_equal(mx_minisign_signature_read(mx_buf_slice(&text), &signature, &err), MX_OK);
        assert_int_equal(signature.is_prehashed, prehashed);
        assert_true(mx_slice_equal(signature.comment, COMMENT));
        assert_int_equal(mx_minisign_verify(&public, &signature, MESSAGE, &err), MX_OK);
        assert_int_equal(
            mx_minisign_verify(&public, &signature, MX_SLICE("a packagf"), &err), MX_E_INVALID);
        assert_non_null(strstr(err.text, "the file was changed"));
        assert_int_equal(mx_minisign_verify(&public, &signature, MX_SLICE(""), &err), MX_E_INVALID);
        mx_buf_deinit(&text);
    }
}

static void no_bit_of_a_signature_can_change_unseen(void **state) {
    (void)state;
    mx_buf text = {0};
    sign(true, &text);
    size_t first = (size_t)((char *)memchr(text.ptr, '\n', text.len) - text.ptr); // untrusted
    for (size_t i = first; i + 1 < text.len; i++) {
        struct mx_error err;
        text.ptr[i] ^= 1;
        assert_int_equal(verify(mx_buf_slice(&text), MESSAGE, &err), MX_E_INVALID);
        text.ptr[i] ^= 1;
    }
    for (size_t len = 0; len + 1 < text.len; len++) { // cut off
        struct mx_error err;
        assert_int_equal(verify((struct mx_slice){text.ptr, len}, MESSAGE, &err), MX_E_INVALID);
    }
    mx_buf_deinit(&text);
}

static void each_refusal_says_what_is_wrong(void **state) {
    (void)state;
    mx_buf text = {0};
    sign(true, &text);
    char *comment = strstr(mx_buf_text(&text), "1.2.0");
    comment[0] = '9';
    expect_refusal(mx_buf_slice(&text), "trusted comment");
    comment[0] = '1';

    mx_buf longer = {0};
    mx_buf_append_slice(&longer, mx_buf_slice(&text));
    mx_buf_append_text(&longer, "and more\n");
    expect_refusal(mx_buf_slice(&longer), "no signature");
    expect_refusal(MX_SLICE(""), "no signature");
    mx_buf_deinit(&longer);

    mx_minisign_create(&fake.world, &secret, &public); // somebody else's key
    expect_refusal(mx_buf_slice(&text), "was signed with the key");
    mx_buf_deinit(&text);
}

static void another_key_with_the_same_id_is_of_no_use(void **state) {
    (void)state;
    struct mx_minisign_public mine = public;
    mx_buf text = {0};
    mx_minisign_create(&fake.world, &secret, &public);
    memcpy(secret.id, mine.id, sizeof(mine.id));
    sign(true, &text);
    public = mine;
    expect_refusal(mx_buf_slice(&text), "does not fit");
    mx_buf_deinit(&text);
}

static void a_comment_cannot_steer_a_terminal(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf text = {0};
    assert_int_equal(
        mx_minisign_sign(&secret, MESSAGE, MX_SLICE("a\033[2Jb"), true, &text, &err), MX_E_INVALID);
    assert_int_equal(
        mx_minisign_sign(&secret, MESSAGE, MX_SLICE("a\nb"), true, &text, &err), MX_E_INVALID);
    assert_int_equal(text.len, 0);
    mx_buf_deinit(&text);
}

static void keys_are_read_as_they_were_written(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_minisign_public found;
    struct mx_minisign_secret opened;
    mx_buf text = {0};
    mx_minisign_public_write(&public, &text);
    assert_int_equal(mx_minisign_public_read(mx_buf_slice(&text), &found, &err), MX_OK);
    assert_memory_equal(&found, &public, sizeof(found));
    const char *line = strchr(mx_buf_text(&text), '\n') + 1; // as it is passed around
    assert_int_equal(mx_minisign_public_read(mx_slice_of(line), &found, &err), MX_OK);
    assert_int_equal(mx_minisign_public_read(MX_SLICE("RWQ"), &found, &err), MX_E_INVALID);

    static const char *const passwords[] = {"", "correct horse"};
    for (int i = 0; i < 2; i++) {
        struct mx_slice password = mx_slice_of(passwords[i]);
        mx_buf_clear(&text);
        assert_int_equal(
            mx_minisign_secret_write(&secret, password, &fake.world, &text, &err), MX_OK);
        assert_int_equal(mx_minisign_secret_is_locked(mx_buf_slice(&text)), i);
        assert_int_equal(
            mx_minisign_secret_read(mx_buf_slice(&text), password, &opened, &err), MX_OK);
        assert_memory_equal(&opened, &secret, sizeof(opened));
    }
    assert_int_equal(mx_minisign_secret_read(mx_buf_slice(&text), MX_SLICE("wrong"), &opened, &err),
        MX_E_INVALID);
    assert_non_null(strstr(err.text, "password"));
    mx_buf_deinit(&text);
}

// --- the stock program
// ----------------------------------------------------------------------------

static bool has_minisign(void) {
    if (run_shell("command -v minisign >/dev/null 2>&1") == 0) {
        return true;
    }
    print_message("skip minisign is not installed: nothing is compared with the stock program\n");
    return false;
}

static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int shell(const char *format, ...) {
    char command[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    return run_shell(command);
}

static void write_file(const char *name, struct mx_slice bytes) {
    struct mx_error err;
    assert_int_equal(mx_file_write(temp_path(&folder, name), bytes, 0600, &err), MX_OK);
}

static void read_file(const char *name, mx_buf *out) {
    struct mx_error err;
    mx_buf_clear(out);
    assert_int_equal(mx_file_read(temp_path(&folder, name), 65536, out, &err), MX_OK);
}

static void stock_minisign_verifies_ours(void **state) {
    (void)state;
    if (!has_minisign()) {
        skip();
    }
    mx_buf text = {0};
    mx_minisign_public_write(&public, &text);
    write_file("key.pub", mx_buf_slice(&text));
    write_file("file", MESSAGE);
    for (int prehashed = 0; prehashed < 2; prehashed++) {
        mx_buf_clear(&text);
        sign(prehashed, &text);
        write_file("file.minisig", mx_buf_slice(&text));
        assert_int_equal(shell("cd %s && minisign -Vqm file -p key.pub", folder.path), 0);
    }
    write_file("file", MX_SLICE("another"));
    assert_int_not_equal(
        shell("cd %s && minisign -Vqm file -p key.pub 2>/dev/null", folder.path), 0);
    mx_buf_deinit(&text);
}

static void stock_minisign_signs_with_our_key(void **state) {
    (void)state;
    if (!has_minisign()) {
        skip();
    }
    struct mx_error err;
    mx_buf text = {0};
    assert_int_equal(
        mx_minisign_secret_write(&secret, MX_SLICE("pass"), &fake.world, &text, &err), MX_OK);
    write_file("key.sec", mx_buf_slice(&text));
    write_file("file", MESSAGE);
    assert_int_equal(shell("cd %s && echo pass | minisign -Sm file -s key.sec -t hello "
                           ">/dev/null 2>&1",
                         folder.path),
        0);
    read_file("file.minisig", &text);
    assert_int_equal(verify(mx_buf_slice(&text), MESSAGE, &err), MX_OK);
    mx_buf_deinit(&text);
}

// Stock minisign takes a gibibyte for each use of a locked key: one is enough.
static void a_locked_key_of_stock_minisign_is_read(void **state) {
    (void)state;
    if (!has_minisign()) {
        skip();
    }
    struct mx_error err;
    mx_buf text = {0};
    assert_int_equal(shell("cd %s && printf 'pass\\npass\\n' | minisign -G -p key.pub -s key.sec "
                           ">/dev/null 2>&1",
                         folder.path),
        0);
    read_file("key.sec", &text);
    assert_true(mx_minisign_secret_is_locked(mx_buf_slice(&text)));
    assert_int_equal(
        mx_minisign_secret_read(mx_buf_slice(&text), MX_SLICE("pass"), &secret, &err), MX_OK);
    read_file("key.pub", &text);
    assert_int_equal(mx_minisign_public_read(mx_buf_slice(&text), &public, &err), MX_OK);
    assert_memory_equal(secret.key + 32, public.key, sizeof(public.key));
    mx_buf_deinit(&text);
}

static void signatures_of_stock_minisign_verify(void **state) {
    (void)state;
    static const char *const kinds[] = {"-H", "-l"};
    if (!has_minisign()) {
        skip();
    }
    if (shell("cd %s && minisign -G -W -p key.pub -s key.sec >/dev/null 2>&1", folder.path) != 0) {
        print_message("skip this minisign makes no keys without password\n");
        skip();
    }
    struct mx_error err;
    mx_buf text = {0};
    write_file("file", MESSAGE);
    read_file("key.pub", &text);
    assert_int_equal(mx_minisign_public_read(mx_buf_slice(&text), &public, &err), MX_OK);
    read_file("key.sec", &text);
    assert_int_equal(
        mx_minisign_secret_read(mx_buf_slice(&text), MX_SLICE(""), &secret, &err), MX_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shell("cd %s && minisign -S %s -m file -s key.sec >/dev/null 2>&1",
                             folder.path, kinds[i]),
            0);
        read_file("file.minisig", &text);
        assert_int_equal(verify(mx_buf_slice(&text), MESSAGE, &err), MX_OK);
    }
    mx_buf_deinit(&text);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_was_signed_verifies),
        CASE(no_bit_of_a_signature_can_change_unseen),
        CASE(each_refusal_says_what_is_wrong),
        CASE(another_key_with_the_same_id_is_of_no_use),
        CASE(a_comment_cannot_steer_a_terminal),
        CASE(keys_are_read_as_they_were_written),
        CASE(stock_minisign_verifies_ours),
        CASE(stock_minisign_signs_with_our_key),
        CASE(a_locked_key_of_stock_minisign_is_read),
        CASE(signatures_of_stock_minisign_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

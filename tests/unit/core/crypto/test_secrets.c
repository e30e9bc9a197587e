// Passwords, tokens, the key file, and what is sealed or signed with it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/encode.h"
#include "crypto/equal.h"
#include "crypto/password.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "temp_folder.h"

static struct temp_folder folder;
static struct mx_fake_world fake;

static int make_folder(void **state) {
    (void)state;
    temp_folder_make(&folder);
    mx_fake_world_init(&fake, 1700000000123, 7);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    temp_folder_remove(&folder);
    return 0;
}

static void a_password_is_known_by_its_hash(void **state) {
    (void)state;
    struct mx_error err;
    char hash[MX_PASSWORD_HASH_SIZE], other[MX_PASSWORD_HASH_SIZE];
    assert_int_equal(mx_password_hash(MX_SLICE("correct horse"), hash, &err), MX_OK);
    assert_int_equal(mx_password_hash(MX_SLICE("correct horse"), other, &err), MX_OK);
    assert_string_not_equal(hash, other); // each its own salt
    assert_ptr_equal(strstr(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash);
    assert_true(mx_password_verify(mx_slice_of(hash), MX_SLICE("correct horse")));
    assert_false(mx_password_verify(mx_slice_of(hash), MX_SLICE("correct horsf")));
    assert_false(mx_password_verify(mx_slice_of(hash), MX_SLICE("")));
    assert_false(mx_password_needs_rehash(mx_slice_of(hash)));
}

static void a_text_that_is_no_hash_verifies_nothing(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "x", "$argon2id$", "$2b$10$abcdefghijklmnopqrstuv"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(mx_password_verify(mx_slice_of(wrong[i]), MX_SLICE("")));
        assert_true(mx_password_needs_rehash(mx_slice_of(wrong[i])));
    }
}

static void a_weaker_hash_is_to_be_made_anew(void **state) {
    (void)state;
    // "password", 8 MiB, one pass
    struct mx_slice weak = MX_SLICE("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_true(mx_password_needs_rehash(weak));
}

static void an_endless_password_is_refused(void **state) {
    (void)state;
    struct mx_error err;
    char text[MX_PASSWORD_MAX + 1], hash[MX_PASSWORD_HASH_SIZE];
    memset(text, 'a', sizeof(text));
    assert_int_equal(
        mx_password_hash((struct mx_slice){text, sizeof(text)}, hash, &err), MX_E_INVALID);
    assert_int_equal(mx_password_hash((struct mx_slice){text, MX_PASSWORD_MAX}, hash, &err), MX_OK);
    assert_false(mx_password_verify(mx_slice_of(hash), (struct mx_slice){text, sizeof(text)}));
    assert_true(mx_password_verify(mx_slice_of(hash), (struct mx_slice){text, MX_PASSWORD_MAX}));
    mx_password_verify_nobody((struct mx_slice){text, sizeof(text)});
}

static void tokens_are_long_and_differ(void **state) {
    (void)state;
    char a[MX_TOKEN_LEN + 1], b[MX_TOKEN_LEN + 1];
    unsigned char hash_a[MX_TOKEN_HASH_SIZE], hash_b[MX_TOKEN_HASH_SIZE];
    mx_token_create(mx_world_real(), a);
    mx_token_create(mx_world_real(), b);
    assert_int_equal(strlen(a), MX_TOKEN_LEN);
    assert_string_not_equal(a, b);
    mx_buf bytes = {0};
    assert_true(mx_base64url_decode(mx_slice_of(a), &bytes));
    assert_int_equal(bytes.len, 32);
    mx_buf_deinit(&bytes);
    mx_token_hash(mx_slice_of(a), hash_a);
    mx_token_hash(mx_slice_of(b), hash_b);
    assert_memory_not_equal(hash_a, hash_b, sizeof(hash_a));
    mx_token_hash(mx_slice_of(a), hash_b);
    assert_memory_equal(hash_a, hash_b, sizeof(hash_a));
}

static void a_uuid_begins_with_its_time(void **state) {
    (void)state;
    char uuid[MX_UUID_LEN + 1], later[MX_UUID_LEN + 1];
    mx_uuid_create(&fake.world, uuid);
    assert_int_equal(strlen(uuid), MX_UUID_LEN);
    assert_memory_equal(uuid, "018bcfe5-687b-7", 15); // 1700000000123 is 0x18bcfe5687b
    assert_non_null(strchr("89ab", uuid[19]));
    for (int i = 0; i < MX_UUID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? uuid[i] == '-' : strchr("0123456789abcdef", uuid[i]) != NULL);
    }
    fake.now_ms++;
    mx_uuid_create(&fake.world, later);
    assert_true(strcmp(uuid, later) < 0);
}

// ---- the key file -------------------------------------------------------------------------------

static mx_keyring *create(const char *name) {
    struct mx_error err;
    mx_keyring *ring = NULL;
    if (mx_keyring_create(temp_path(&folder, name), mx_world_real(), &ring, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return ring;
}

static int opens(const char *name, struct mx_error *err) {
    mx_keyring *ring = NULL;
    int rc = mx_keyring_open(temp_path(&folder, name), &ring, err);
    mx_keyring_close(ring);
    return rc;
}

static void a_key_file_is_private_and_made_once(void **state) {
    (void)state;
    struct mx_error err;
    struct stat info;
    mx_keyring *ring = NULL;
    assert_int_equal(opens("merx.key", &err), MX_E_MISSING);
    mx_keyring_close(create("merx.key"));
    assert_int_equal(stat(temp_path(&folder, "merx.key"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(
        mx_keyring_create(temp_path(&folder, "merx.key"), mx_world_real(), &ring, &err),
        MX_E_CONFLICT);
    assert_int_equal(opens("merx.key", &err), MX_OK);
    mx_keyring_close(NULL);
}

static void a_key_file_that_others_can_read_is_refused(void **state) {
    (void)state;
    struct mx_error err;
    static const mode_t modes[] = {0640, 0604, 0620, 0610, 0666};
    mx_keyring_close(create("merx.key"));
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(temp_path(&folder, "merx.key"), modes[i]), 0);
        assert_int_equal(opens("merx.key", &err), MX_E_INVALID);
        assert_non_null(strstr(err.text, "chmod 600"));
    }
    assert_int_equal(chmod(temp_path(&folder, "merx.key"), 0400), 0);
    assert_int_equal(opens("merx.key", &err), MX_OK);
}

static void a_link_or_folder_is_no_key_file(void **state) {
    (void)state;
    struct mx_error err;
    mx_keyring_close(create("merx.key"));
    assert_int_equal(symlink("merx.key", temp_path(&folder, "link.key")), 0);
    assert_int_equal(opens("link.key", &err), MX_E_INVALID);
    assert_int_equal(mkdir(temp_path(&folder, "folder.key"), 0700), 0);
    assert_int_equal(opens("folder.key", &err), MX_E_INVALID);
}

static void a_damaged_key_file_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "merx-key 1\n", "merx-key 2\n1 00\n",
        "merx-key 1\n1 0011\n",
        "merx-key 1\n2 000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\n",
        "merx-key 1\n1 000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\nx\n"};
    struct mx_error err;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *path = temp_path(&folder, "bad.key");
        assert_int_equal(mx_file_write(path, mx_slice_of(wrong[i]), 0600, &err), MX_OK);
        assert_int_equal(opens("bad.key", &err), MX_E_INVALID);
        assert_non_null(strstr(err.text, "damaged"));
    }
}

static void keys_differ_by_purpose_and_number(void **state) {
    (void)state;
    struct mx_error err;
    unsigned char a[MX_KEY_SIZE], b[MX_KEY_SIZE], c[MX_KEY_SIZE];
    mx_keyring *ring = create("merx.key");
    assert_int_equal(mx_keyring_derive(ring, 1, "one", a, &err), MX_OK);
    assert_int_equal(mx_keyring_derive(ring, 1, "two", b, &err), MX_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(mx_keyring_derive(ring, 2, "one", c, &err), MX_E_MISSING);
    assert_int_equal(mx_keyring_derive(ring, 0, "one", c, &err), MX_E_MISSING);
    assert_int_equal(mx_keyring_rotate(ring, mx_world_real(), &err), MX_OK);
    assert_int_equal(mx_keyring_newest(ring), 2);
    assert_int_equal(mx_keyring_derive(ring, 2, "one", c, &err), MX_OK);
    assert_memory_not_equal(a, c, sizeof(a));
    mx_keyring_close(ring);

    mx_keyring *again = NULL;
    assert_int_equal(mx_keyring_open(temp_path(&folder, "merx.key"), &again, &err), MX_OK);
    assert_int_equal(mx_keyring_newest(again), 2);
    assert_int_equal(mx_keyring_derive(again, 1, "one", b, &err), MX_OK);
    assert_memory_equal(a, b, sizeof(a));
    mx_keyring_close(again);
}

static void keys_travel_under_a_passphrase(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf exported = {0}, sealed = {0}, plain = {0};
    mx_keyring *ring = create("merx.key"), *copy = NULL;
    assert_int_equal(mx_keyring_rotate(ring, mx_world_real(), &err), MX_OK);
    assert_int_equal(
        mx_seal(ring, mx_world_real(), MX_SLICE("n"), MX_SLICE("s"), &sealed, &err), 0);
    assert_int_equal(
        mx_keyring_export(ring, MX_SLICE("long words"), mx_world_real(), &exported, &err), MX_OK);
    struct mx_slice bytes = mx_buf_slice(&exported);
    const char *path = temp_path(&folder, "copy.key");
    assert_int_equal(
        mx_keyring_import(path, MX_SLICE("wrong words"), bytes, &copy, &err), MX_E_INVALID);
    assert_int_equal(mx_keyring_import(path, MX_SLICE(""), bytes, &copy, &err), MX_E_INVALID);
    exported.ptr[exported.len - 1] ^= 1;
    assert_int_equal(
        mx_keyring_import(path, MX_SLICE("long words"), bytes, &copy, &err), MX_E_INVALID);
    exported.ptr[exported.len - 1] ^= 1;
    assert_int_equal(mx_keyring_import(path, MX_SLICE("long words"),
                         (struct mx_slice){bytes.ptr, 40}, &copy, &err),
        MX_E_INVALID);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(mx_keyring_import(path, MX_SLICE("long words"), bytes, &copy, &err), MX_OK);
    assert_int_equal(mx_unseal(copy, MX_SLICE("n"), mx_buf_slice(&sealed), &plain, &err), MX_OK);
    assert_string_equal(mx_buf_text(&plain), "s");
    mx_keyring_close(copy);
    mx_keyring_close(ring);
    mx_buf_deinit(&exported);
    mx_buf_deinit(&sealed);
    mx_buf_deinit(&plain);
}

// ---- sealed and signed --------------------------------------------------------------------------

static void what_was_sealed_opens_under_its_name_only(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf sealed = {0}, again = {0}, plain = {0};
    mx_keyring *ring = create("merx.key");
    struct mx_slice name = MX_SLICE("acme.pay|api_key|live");
    assert_int_equal(mx_seal(ring, mx_world_real(), name, MX_SLICE("sk_1"), &sealed, &err), MX_OK);
    assert_int_equal(mx_seal(ring, mx_world_real(), name, MX_SLICE("sk_1"), &again, &err), MX_OK);
    assert_memory_not_equal(sealed.ptr, again.ptr, sealed.len); // its own nonce
    assert_int_equal(mx_unseal(ring, name, mx_buf_slice(&sealed), &plain, &err), MX_OK);
    assert_string_equal(mx_buf_text(&plain), "sk_1");
    assert_int_equal(
        mx_unseal(ring, MX_SLICE("other|api_key|live"), mx_buf_slice(&sealed), &plain, &err),
        MX_E_INVALID);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 1;
        if (mx_unseal(ring, name, mx_buf_slice(&sealed), &plain, &err) != MX_E_INVALID) {
            fail_msg("a change of byte %zu was not noticed", i);
        }
        sealed.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++) {
        assert_int_equal(
            mx_unseal(ring, name, (struct mx_slice){sealed.ptr, len}, &plain, &err), MX_E_INVALID);
    }
    assert_string_equal(mx_buf_text(&plain), "sk_1"); // nothing was added by failures
    mx_keyring_close(ring);
    mx_buf_deinit(&sealed);
    mx_buf_deinit(&again);
    mx_buf_deinit(&plain);
}

static void after_a_rotation_old_values_open_and_new_ones_use_the_new_key(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf before = {0}, after = {0}, plain = {0};
    struct mx_slice name = MX_SLICE("n");
    mx_keyring *ring = create("merx.key");
    assert_int_equal(mx_seal(ring, mx_world_real(), name, MX_SLICE(""), &before, &err), MX_OK);
    assert_true(mx_sealed_by_newest(ring, mx_buf_slice(&before)));
    assert_int_equal(mx_keyring_rotate(ring, mx_world_real(), &err), MX_OK);
    assert_false(mx_sealed_by_newest(ring, mx_buf_slice(&before)));
    assert_int_equal(mx_unseal(ring, name, mx_buf_slice(&before), &plain, &err), MX_OK);
    assert_int_equal(plain.len, 0);
    assert_int_equal(mx_seal(ring, mx_world_real(), name, MX_SLICE("x"), &after, &err), MX_OK);
    assert_true(mx_sealed_by_newest(ring, mx_buf_slice(&after)));

    mx_keyring *other = create("other.key");
    assert_int_equal(mx_unseal(other, name, mx_buf_slice(&after), &plain, &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "key 2"));
    assert_int_equal(mx_unseal(other, name, mx_buf_slice(&before), &plain, &err), MX_E_INVALID);
    mx_keyring_close(other);
    mx_keyring_close(ring);
    mx_buf_deinit(&before);
    mx_buf_deinit(&after);
    mx_buf_deinit(&plain);
}

static void a_signed_value_is_good_for_its_purpose_only(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf text = {0}, value = {0};
    mx_keyring *ring = create("merx.key");
    assert_int_equal(mx_sign(ring, "cursor", MX_SLICE("price:1299\0id:7"), &text, &err), MX_OK);
    assert_int_equal(mx_verify(ring, "cursor", mx_buf_slice(&text), &value, &err), MX_OK);
    assert_int_equal(value.len, 15);
    assert_memory_equal(value.ptr, "price:1299\0id:7", 15);
    assert_int_equal(mx_verify(ring, "cookie", mx_buf_slice(&text), &value, &err), MX_E_INVALID);
    for (size_t i = 0; i < text.len; i++) {
        char before = text.ptr[i];
        text.ptr[i] = before == 'A' ? 'B' : 'A';
        if (mx_verify(ring, "cursor", mx_buf_slice(&text), &value, &err) != MX_E_INVALID) {
            fail_msg("a change of character %zu was not noticed", i);
        }
        text.ptr[i] = before;
    }
    static const char *const wrong[] = {"", ".", "..", "YQ", "YQ.", ".YQ", "YQ.YQ"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(
            mx_verify(ring, "cursor", mx_slice_of(wrong[i]), &value, &err), MX_E_INVALID);
    }
    assert_int_equal(mx_keyring_rotate(ring, mx_world_real(), &err), MX_OK);
    assert_int_equal(mx_verify(ring, "cursor", mx_buf_slice(&text), &value, &err), MX_OK);
    mx_keyring_close(ring);
    mx_buf_deinit(&text);
    mx_buf_deinit(&value);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(a_password_is_known_by_its_hash),
        CASE(a_text_that_is_no_hash_verifies_nothing),
        CASE(a_weaker_hash_is_to_be_made_anew),
        CASE(an_endless_password_is_refused),
        CASE(tokens_are_long_and_differ),
        CASE(a_uuid_begins_with_its_time),
        CASE(a_key_file_is_private_and_made_once),
        CASE(a_key_file_that_others_can_read_is_refused),
        CASE(a_link_or_folder_is_no_key_file),
        CASE(a_damaged_key_file_is_refused),
        CASE(keys_differ_by_purpose_and_number),
        CASE(keys_travel_under_a_passphrase),
        CASE(what_was_sealed_opens_under_its_name_only),
        CASE(after_a_rotation_old_values_open_and_new_ones_use_the_new_key),
        CASE(a_signed_value_is_good_for_its_purpose_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

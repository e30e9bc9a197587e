// Digests against the vectors of their standards, and text forms of bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/encode.h"
#include "crypto/equal.h"
#include "temp_folder.h"

static void expect_hex(const unsigned char *bytes, size_t len, const char *hex) {
    mx_buf text = {0};
    mx_hex_encode((struct mx_slice){(const char *)bytes, len}, &text);
    assert_string_equal(mx_buf_text(&text), hex);
    mx_buf_deinit(&text);
}

static void sha2_as_in_fips_180(void **state) {
    (void)state;
    unsigned char out[MX_SHA512_SIZE];
    mx_sha256(MX_SLICE("abc"), out);
    expect_hex(
        out, MX_SHA256_SIZE, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    mx_sha256((struct mx_slice){NULL, 0}, out);
    expect_hex(
        out, MX_SHA256_SIZE, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    mx_sha512(MX_SLICE("abc"), out);
    expect_hex(out, MX_SHA512_SIZE,
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// The values of another implementation (Python's hashlib).
// The first of the vectors that come with SipHash: no bytes, the key 00 01 … 0f.
static void siphash_as_its_authors_have_it(void **state) {
    (void)state;
    static const unsigned char expected[MX_SIPHASH_SIZE] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25,
        0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    unsigned char key[MX_SIPHASH_KEY_SIZE];
    unsigned char out[MX_SIPHASH_SIZE];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (unsigned char)i;
    }
    mx_siphash(key, (struct mx_slice){NULL, 0}, out);
    assert_memory_equal(out, expected, sizeof(out));
    mx_siphash(key, MX_SLICE("a"), out);
    assert_memory_not_equal(out, expected, sizeof(out));
}

static void blake2b_as_others_have_it(void **state) {
    (void)state;
    unsigned char out[MX_BLAKE2B_SIZE], key[65];
    struct mx_error err;
    struct mx_slice none = {NULL, 0};
    assert_int_equal(mx_blake2b(none, MX_SLICE("abc"), out, &err), MX_OK);
    expect_hex(
        out, sizeof(out), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    assert_int_equal(mx_blake2b(MX_SLICE("secret key"), MX_SLICE("abc"), out, &err), MX_OK);
    expect_hex(
        out, sizeof(out), "66c28e9d1dcd69d6756fc52125fe1838cf0c6a87d058545a9ff676bf51beaa6f");
    for (unsigned char i = 0; i < sizeof(key); i++) {
        key[i] = i;
    }
    assert_int_equal(mx_blake2b((struct mx_slice){(char *)key, 64}, none, out, &err), MX_OK);
    expect_hex(
        out, sizeof(out), "2fa9fbd9be36437de204e139e97d402bce68c828f43391608c891b5faed8a98a");
    assert_int_equal(mx_blake2b((struct mx_slice){(char *)key, 65}, none, out, &err), MX_E_INVALID);
}

static struct mx_slice repeat(char *out, char c, size_t len) {
    memset(out, c, len);
    return (struct mx_slice){out, len};
}

static void hmac_sha2_as_in_rfc_4231(void **state) {
    (void)state;
    char key[131];
    unsigned char out[MX_SHA512_SIZE];
    mx_hmac_sha256(repeat(key, 0x0b, 20), MX_SLICE("Hi There"), out);
    expect_hex(
        out, MX_SHA256_SIZE, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    mx_hmac_sha256(MX_SLICE("Jefe"), MX_SLICE("what do ya want for nothing?"), out);
    expect_hex(
        out, MX_SHA256_SIZE, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct mx_slice long_key = repeat(key, (char)0xaa, 131);
    struct mx_slice text = MX_SLICE("Test Using Larger Than Block-Size Key - Hash Key First");
    mx_hmac_sha256(long_key, text, out);
    expect_hex(
        out, MX_SHA256_SIZE, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    mx_hmac_sha512(long_key, text, out);
    expect_hex(out, MX_SHA512_SIZE,
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
        "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

static void hmac_sha1_as_in_rfc_2202(void **state) {
    (void)state;
    char key[80];
    unsigned char out[MX_SHA1_SIZE];
    mx_hmac_sha1(repeat(key, 0x0b, 20), MX_SLICE("Hi There"), out);
    expect_hex(out, sizeof(out), "b617318655057264e28bc0b6fb378c8ef146be00");
    mx_hmac_sha1(repeat(key, (char)0xaa, 80),
        MX_SLICE("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    expect_hex(out, sizeof(out), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    mx_hmac_sha1((struct mx_slice){NULL, 0}, (struct mx_slice){NULL, 0}, out);
    expect_hex(out, sizeof(out), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

static void a_file_has_the_digest_of_its_content(void **state) {
    (void)state;
    struct temp_folder folder;
    struct mx_error err;
    unsigned char of_file[MX_SHA256_SIZE], of_bytes[MX_SHA256_SIZE];
    mx_buf bytes = {0};
    for (int i = 0; i < 50000; i++) {
        mx_buf_append_int(&bytes, i);
    }
    temp_folder_make(&folder);
    const char *path = temp_path(&folder, "file");
    assert_int_equal(mx_file_write(path, mx_buf_slice(&bytes), 0600, &err), MX_OK);
    assert_int_equal(mx_sha256_file(path, of_file, &err), MX_OK);
    mx_sha256(mx_buf_slice(&bytes), of_bytes);
    assert_memory_equal(of_file, of_bytes, sizeof(of_file));
    assert_int_equal(mx_sha256_file(temp_path(&folder, "none"), of_file, &err), MX_E_SYSTEM);
    mx_buf_deinit(&bytes);
    temp_folder_remove(&folder);
}

static void base64_as_in_rfc_4648(void **state) {
    (void)state;
    static const struct {
        const char *plain, *text, *url;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff", "+/8=", "-_8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_buf text = {0}, url = {0}, back = {0};
        mx_base64_encode(mx_slice_of(cases[i].plain), &text);
        mx_base64url_encode(mx_slice_of(cases[i].plain), &url);
        assert_string_equal(mx_buf_text(&text), cases[i].text);
        assert_string_equal(mx_buf_text(&url), cases[i].url);
        assert_true(mx_base64_decode(mx_buf_slice(&text), &back));
        assert_true(mx_base64url_decode(mx_buf_slice(&url), &back));
        assert_int_equal(back.len, 2 * strlen(cases[i].plain));
        assert_memory_equal(back.ptr ? back.ptr : "", cases[i].plain, back.len / 2);
        mx_buf_deinit(&text);
        mx_buf_deinit(&url);
        mx_buf_deinit(&back);
    }
}

static void decoding_is_strict(void **state) {
    (void)state;
    static const char *const wrong[] = {"Zg", "Zg=", "Zg===", "Zm9v ", " Zm9v", "Zm 9v", "Zm9v\n",
        "Zh==", "Zm9=", "Z", "-_8=", "*"};
    static const char *const wrong_url[] = {"Zg==", "Zh", "Z", "+/8", "Zm9v=", "Zm9v."};
    static const char *const wrong_hex[] = {"0", "0g", " 00", "00 ", "0x00", "00:00"};
    mx_buf out = {0};
    mx_buf_append_text(&out, "kept");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (mx_base64_decode(mx_slice_of(wrong[i]), &out)) {
            fail_msg("base64 \"%s\" was taken", wrong[i]);
        }
    }
    for (size_t i = 0; i < sizeof(wrong_url) / sizeof(wrong_url[0]); i++) {
        if (mx_base64url_decode(mx_slice_of(wrong_url[i]), &out)) {
            fail_msg("base64url \"%s\" was taken", wrong_url[i]);
        }
    }
    for (size_t i = 0; i < sizeof(wrong_hex) / sizeof(wrong_hex[0]); i++) {
        if (mx_hex_decode(mx_slice_of(wrong_hex[i]), &out)) {
            fail_msg("hex \"%s\" was taken", wrong_hex[i]);
        }
    }
    assert_string_equal(mx_buf_text(&out), "kept");
    assert_true(mx_hex_decode(MX_SLICE("00fFAb"), &out));
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.ptr + 4, "\x00\xff\xab", 3);
    mx_buf_deinit(&out);
}

static void secrets_compare(void **state) {
    (void)state;
    assert_true(mx_secret_equal(MX_SLICE("abc"), MX_SLICE("abc")));
    assert_false(mx_secret_equal(MX_SLICE("abc"), MX_SLICE("abd")));
    assert_false(mx_secret_equal(MX_SLICE("abc"), MX_SLICE("ab")));
    assert_true(mx_secret_equal((struct mx_slice){NULL, 0}, MX_SLICE("")));
    char text[] = "secret";
    mx_secret_wipe(text, sizeof(text));
    assert_memory_equal(text, "\0\0\0\0\0\0", 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha2_as_in_fips_180),
        cmocka_unit_test(siphash_as_its_authors_have_it),
        cmocka_unit_test(blake2b_as_others_have_it),
        cmocka_unit_test(hmac_sha2_as_in_rfc_4231),
        cmocka_unit_test(hmac_sha1_as_in_rfc_2202),
        cmocka_unit_test(a_file_has_the_digest_of_its_content),
        cmocka_unit_test(base64_as_in_rfc_4648),
        cmocka_unit_test(decoding_is_strict),
        cmocka_unit_test(secrets_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

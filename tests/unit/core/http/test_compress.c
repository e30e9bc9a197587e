// Compressed replies unpack to what went in. gzip is unpacked by zlib; for brotli, whose decoder is
// no dependency of ours, the `brotli` library is asked when the machine has it, else the test says
// so.
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "http/compress.h"

enum { SIZE = 40000 };

static char page[SIZE];

static int make_page(void **state) {
    (void)state;
    unsigned seed = 7;
    for (size_t i = 0; i < SIZE; i++) {
        seed = seed * 1103515245u + 12345u;
        page[i] = "<div class=\"card\">"[(i + (seed >> 28)) % 18];
    }
    return 0;
}

static void assert_gunzips(struct mx_slice packed, struct mx_slice want) {
    char *out = malloc(want.len + 1);
    assert_non_null(out);
    z_stream stream = {0};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (z_const Bytef *)packed.ptr;
    stream.avail_in = (uInt)packed.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)want.len + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, want.len);
    assert_memory_equal(out, want.ptr, want.len);
    inflateEnd(&stream);
    free(out);
}

static void gzip_unpacks_to_what_went_in_again_and_again(void **state) {
    (void)state;
    mx_compressor *compressor = mx_compressor_create(NULL);
    for (size_t len = 1000; len <= SIZE; len += 3000) {
        mx_buf out = {0};
        struct mx_error err;
        struct mx_slice content = {page, len};
        mx_buf_append_text(&out, "head");
        assert_int_equal(mx_compress(compressor, MX_ENCODING_GZIP, content, &out, &err), MX_OK);
        assert_true(out.len < len);
        assert_memory_equal(out.ptr, "head", 4);
        assert_gunzips((struct mx_slice){out.ptr + 4, out.len - 4}, content);
        mx_buf_deinit(&out);
    }
    mx_compressor_destroy(compressor);
}

typedef int (*decode_fn)(size_t, const uint8_t *, size_t *, uint8_t *);

static void brotli_unpacks_to_what_went_in_again_and_again(void **state) {
    (void)state;
    void *library = dlopen("libbrotlidec.so.1", RTLD_NOW);
    decode_fn decode = NULL;
    if (library) {
        *(void **)&decode = dlsym(library, "BrotliDecoderDecompress");
    }
    if (!decode) {
        fprintf(stderr, "libbrotlidec.so.1 is not on this machine: nothing can be unpacked\n");
        skip();
    }
    mx_compressor *compressor = mx_compressor_create(NULL);
    for (size_t len = 1000; len <= SIZE; len += 3000) {
        mx_buf out = {0};
        struct mx_error err;
        struct mx_slice content = {page, len};
        assert_int_equal(mx_compress(compressor, MX_ENCODING_BROTLI, content, &out, &err), MX_OK);
        static uint8_t back[SIZE + 1];
        size_t back_len = sizeof(back);
        assert_int_equal(decode(out.len, (const uint8_t *)out.ptr, &back_len, back), 1);
        assert_int_equal(back_len, len);
        assert_memory_equal(back, page, len);
        mx_buf_deinit(&out);
    }
    mx_compressor_destroy(compressor);
    dlclose(library);
}

static void what_does_not_get_smaller_is_left_alone(void **state) {
    (void)state;
    mx_compressor *compressor = mx_compressor_create(&(struct mx_compress_options){9, 11});
    unsigned char noise[2000];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        noise[i] = (unsigned char)(seed >> 56);
    }
    const struct mx_slice contents[] = {
        {(char *)noise, sizeof(noise)}, MX_SLICE(""), MX_SLICE("a")};
    for (size_t i = 0; i < 3; i++) {
        for (int encoding = MX_ENCODING_IDENTITY; encoding <= MX_ENCODING_BROTLI; encoding++) {
            mx_buf out = {0};
            struct mx_error err;
            mx_buf_append_text(&out, "head");
            assert_int_equal(
                mx_compress(compressor, (enum mx_encoding)encoding, contents[i], &out, &err),
                MX_E_CONFLICT);
            assert_int_equal(out.len, 4);
            mx_buf_deinit(&out);
        }
    }
    mx_buf out = {0}; // and the compressor is still good
    struct mx_error err;
    struct mx_slice content = {page, SIZE};
    assert_int_equal(mx_compress(compressor, MX_ENCODING_GZIP, content, &out, &err), MX_OK);
    assert_gunzips(mx_buf_slice(&out), content);
    mx_buf_deinit(&out);
    mx_compressor_destroy(compressor);
}

static void only_text_of_some_length_is_worth_it(void **state) {
    (void)state;
    static const char *const good[] = {"text/html; charset=utf-8", "text/css", "application/json",
        "application/problem+json", "image/svg+xml", "application/manifest+json"};
    static const char *const bad[] = {"image/jpeg", "application/zip", "font/woff2", "video/mp4",
        "text/event-stream", "", "application/octet-stream", "application/pdf"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(mx_compress_is_worth(mx_slice_of(good[i]), MX_COMPRESS_MIN));
        assert_false(mx_compress_is_worth(mx_slice_of(good[i]), MX_COMPRESS_MIN - 1));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(mx_compress_is_worth(mx_slice_of(bad[i]), 100000));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_unpacks_to_what_went_in_again_and_again),
        cmocka_unit_test(brotli_unpacks_to_what_went_in_again_and_again),
        cmocka_unit_test(what_does_not_get_smaller_is_left_alone),
        cmocka_unit_test(only_text_of_some_length_is_worth_it),
    };
    return cmocka_run_group_tests(tests, make_page, NULL);
}

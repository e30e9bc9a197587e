// zlib's state is reset between replies. The brotli encoder cannot be reset, but it asks us for
// memory: its blocks are kept in a small shelf and handed out again.
#include "http/compress.h"

#include <brotli/encode.h>
#include <zlib.h>

#include "platform/alloc.h"

enum {
    SHELF_SIZE = 24,
    SHELF_BYTES_MAX = 8 * 1024 * 1024, // more is given back
    WINDOW_BITS = 15,
    GZIP_WRAPPER = 16,
    MEMORY_LEVEL = 8,
    BROTLI_WINDOW_MAX = 18, // 256 KiB: pages are smaller
};

// Stands before each block, so that its size is known when it comes back.
struct block {
    size_t size;
    size_t padding; // keeps what follows aligned to 16
};

struct mx_compressor {
    z_stream gzip;
    bool has_gzip;
    int gzip_level;
    int brotli_quality;
    struct block *shelf[SHELF_SIZE]; // NULL where empty
    size_t shelf_bytes;
};

static void *on_block_wanted(void *ctx, size_t size) {
    mx_compressor *compressor = ctx;
    int best = -1;
    for (int i = 0; i < SHELF_SIZE; i++) {
        struct block *block = compressor->shelf[i];
        if (block && block->size >= size && block->size <= size * 2 &&
            (best < 0 || block->size < compressor->shelf[best]->size)) {
            best = i;
        }
    }
    if (best >= 0) {
        struct block *block = compressor->shelf[best];
        compressor->shelf[best] = NULL;
        compressor->shelf_bytes -= block->size;
        return block + 1;
    }
    struct block *block = mx_realloc(NULL, sizeof(*block) + size);
    block->size = size;
    return block + 1;
}

static void on_block_returned(void *ctx, void *ptr) {
    mx_compressor *compressor = ctx;
    if (!ptr) {
        return;
    }
    struct block *block = (struct block *)ptr - 1;
    for (int i = 0; i < SHELF_SIZE; i++) {
        if (!compressor->shelf[i] && compressor->shelf_bytes + block->size <= SHELF_BYTES_MAX) {
            compressor->shelf[i] = block;
            compressor->shelf_bytes += block->size;
            return;
        }
    }
    mx_free(block);
}

mx_compressor *mx_compressor_create(const struct mx_compress_options *options) {
    mx_compressor *compressor = mx_alloc(sizeof(*compressor));
    compressor->gzip_level = options && options->gzip_level ? options->gzip_level : 5;
    compressor->brotli_quality = options && options->brotli_quality ? options->brotli_quality : 4;
    return compressor;
}

void mx_compressor_destroy(mx_compressor *compressor) {
    if (!compressor) {
        return;
    }
    if (compressor->has_gzip) {
        deflateEnd(&compressor->gzip);
    }
    for (int i = 0; i < SHELF_SIZE; i++) {
        mx_free(compressor->shelf[i]);
    }
    mx_free(compressor);
}

static int fail_larger(struct mx_error *err) {
    return mx_fail(err, MX_E_CONFLICT, "the content does not get smaller");
}

static int start_gzip(mx_compressor *compressor, struct mx_error *err) {
    if (compressor->has_gzip) {
        deflateReset(&compressor->gzip);
        return MX_OK;
    }
    if (deflateInit2(&compressor->gzip, compressor->gzip_level, Z_DEFLATED,
            WINDOW_BITS + GZIP_WRAPPER, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        return mx_fail(err, MX_E_SYSTEM, "zlib cannot start");
    }
    compressor->has_gzip = true;
    return MX_OK;
}

// Compresses into `room` bytes at `out`; fails when they are not enough.
static int write_gzip(mx_compressor *compressor, struct mx_slice content, char *out, size_t room,
    size_t *len, struct mx_error *err) {
    int rc = start_gzip(compressor, err);
    if (rc < 0) {
        return rc;
    }
    z_stream *stream = &compressor->gzip;
    stream->next_in = (z_const Bytef *)content.ptr;
    stream->avail_in = (uInt)content.len;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)room;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END) {
        return fail_larger(err);
    }
    *len = room - stream->avail_out;
    return MX_OK;
}

static uint32_t window_for(size_t len) {
    uint32_t bits = BROTLI_MIN_WINDOW_BITS;
    while (bits < BROTLI_WINDOW_MAX && ((size_t)1 << bits) < len) {
        bits++;
    }
    return bits;
}

static int write_brotli(mx_compressor *compressor, struct mx_slice content, char *out, size_t room,
    size_t *len, struct mx_error *err) {
    BrotliEncoderState *encoder =
        BrotliEncoderCreateInstance(on_block_wanted, on_block_returned, compressor);
    if (!encoder) {
        return mx_fail(err, MX_E_SYSTEM, "brotli cannot start");
    }
    BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, (uint32_t)compressor->brotli_quality);
    BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, window_for(content.len));
    BrotliEncoderSetParameter(encoder, BROTLI_PARAM_SIZE_HINT, (uint32_t)content.len);
    size_t in_left = content.len;
    const uint8_t *in = (const uint8_t *)content.ptr;
    size_t out_left = room;
    uint8_t *next = (uint8_t *)out;
    bool ok = BrotliEncoderCompressStream(
                  encoder, BROTLI_OPERATION_FINISH, &in_left, &in, &out_left, &next, NULL) &&
              BrotliEncoderIsFinished(encoder);
    BrotliEncoderDestroyInstance(encoder);
    if (!ok) {
        return fail_larger(err);
    }
    *len = room - out_left;
    return MX_OK;
}

int mx_compress(mx_compressor *compressor, enum mx_encoding encoding, struct mx_slice content,
    mx_buf *out, struct mx_error *err) {
    if (encoding == MX_ENCODING_IDENTITY || content.len < 2 || content.len > INT32_MAX) {
        return fail_larger(err);
    }
    size_t room = content.len - 1;
    char *start = mx_buf_reserve(out, room);
    size_t len = 0;
    int rc = encoding == MX_ENCODING_GZIP
                 ? write_gzip(compressor, content, start, room, &len, err)
                 : write_brotli(compressor, content, start, room, &len, err);
    if (rc == MX_OK) {
        out->len += len;
    }
    return rc;
}

bool mx_compress_is_worth(struct mx_slice content_type, size_t len) {
    static const struct mx_slice types[] = {
        MX_SLICE("application/javascript"),
        MX_SLICE("application/json"),
        MX_SLICE("application/xml"),
        MX_SLICE("application/wasm"),
        MX_SLICE("font/otf"),
        MX_SLICE("font/ttf"),
        MX_SLICE("image/bmp"),
        MX_SLICE("image/svg+xml"),
        MX_SLICE("image/x-icon"),
    };
    struct mx_slice type = mx_slice_trim(mx_slice_cut(&content_type, ';'));
    if (len < MX_COMPRESS_MIN || type.len == 0) {
        return false;
    }
    if (mx_slice_starts_with(type, MX_SLICE("text/"))) {
        return !mx_slice_equal(type, MX_SLICE("text/event-stream"));
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (mx_slice_equal_nocase(type, types[i])) {
            return true;
        }
    }
    static const struct mx_slice suffixes[] = {MX_SLICE("+json"), MX_SLICE("+xml")};
    for (size_t i = 0; i < 2; i++) {
        size_t suffix = suffixes[i].len;
        if (type.len > suffix &&
            memcmp(type.ptr + type.len - suffix, suffixes[i].ptr, suffix) == 0) {
            return true;
        }
    }
    return false;
}

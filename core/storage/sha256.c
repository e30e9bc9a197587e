// FIPS 180-4.
#include "storage/sha256.h"

enum { BLOCK_SIZE = MX_CHECKSUM_BLOCK };

static const uint32_t constants[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
    0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
    0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3,
    0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354,
    0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
    0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
    0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t value, int by) {
    return value >> by | value << (32 - by);
}

static void load_block(const unsigned char *block, uint32_t schedule[64]) {
    for (int i = 0; i < 16; i++) {
        const unsigned char *at = block + 4 * i;
        schedule[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = schedule[i - 15], b = schedule[i - 2];
        uint32_t low = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
        uint32_t high = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
        schedule[i] = schedule[i - 16] + low + schedule[i - 7] + high;
    }
}

static void add_block(uint32_t state[8], const unsigned char *block) {
    uint32_t schedule[64];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    load_block(block, schedule);
    for (int i = 0; i < 64; i++) {
        uint32_t choice = (e & f) ^ (~e & g);
        uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice +
                         constants[i] + schedule[i];
        uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const uint32_t sums[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) {
        state[i] += sums[i];
    }
}

void mx_checksum_begin(struct mx_checksum *sum) {
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
        0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sum->state, start, sizeof(start));
    sum->rest_len = 0;
    sum->total = 0;
}

// Fills up the block that was begun. Gives what is left of `data`.
static struct mx_slice fill_rest(struct mx_checksum *sum, struct mx_slice data) {
    size_t room = BLOCK_SIZE - sum->rest_len;
    size_t part = data.len < room ? data.len : room;
    memcpy(sum->rest + sum->rest_len, data.ptr, part);
    sum->rest_len += part;
    if (sum->rest_len == BLOCK_SIZE) {
        add_block(sum->state, sum->rest);
        sum->rest_len = 0;
    }
    return (struct mx_slice){data.ptr + part, data.len - part};
}

void mx_checksum_add(struct mx_checksum *sum, struct mx_slice data) {
    sum->total += data.len;
    if (data.len > 0 && sum->rest_len > 0) {
        data = fill_rest(sum, data);
    }
    while (data.len >= BLOCK_SIZE) {
        add_block(sum->state, (const unsigned char *)data.ptr);
        data.ptr += BLOCK_SIZE;
        data.len -= BLOCK_SIZE;
    }
    if (data.len > 0) {
        fill_rest(sum, data);
    }
}

// The mark behind the data, and its length in bits.
static void add_end(struct mx_checksum *sum) {
    unsigned char block[2 * BLOCK_SIZE] = {0};
    memcpy(block, sum->rest, sum->rest_len);
    block[sum->rest_len] = 0x80;
    size_t size = sum->rest_len + 9 <= BLOCK_SIZE ? BLOCK_SIZE : 2 * BLOCK_SIZE;
    for (int i = 0; i < 8; i++) {
        block[size - 1 - (size_t)i] = (unsigned char)(sum->total * 8 >> 8 * i);
    }
    for (size_t at = 0; at < size; at += BLOCK_SIZE) {
        add_block(sum->state, block + at);
    }
}

void mx_checksum_end(struct mx_checksum *sum, char out[2 * MX_CHECKSUM_SIZE + 1]) {
    static const char digits[] = "0123456789abcdef";
    add_end(sum);
    for (int i = 0; i < 2 * MX_CHECKSUM_SIZE; i++) {
        out[i] = digits[sum->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
    }
    out[2 * MX_CHECKSUM_SIZE] = '\0';
}

void mx_checksum_hex(struct mx_slice data, char out[2 * MX_CHECKSUM_SIZE + 1]) {
    struct mx_checksum sum;
    mx_checksum_begin(&sum);
    mx_checksum_add(&sum, data);
    mx_checksum_end(&sum, out);
}

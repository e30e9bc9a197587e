// The tag is a hash of our own: four lanes of 64 bits take 64 bytes a round, and each lane meets
// two words by a multiplication whose 128 bits are folded into 64, so that no bit of a word passes
// through as a single bit that the next word could undo.
#include "http/etag.h"

__extension__ typedef unsigned __int128 wide;

static const uint64_t factor_a = 0x9e3779b97f4a7c15u; // the golden ratio, and three
static const uint64_t factor_b = 0xc2b2ae3d27d4eb4fu; // odd numbers with as many
static const uint64_t factor_c = 0xd6e8feb86659fd93u; // ones as zeros
static const uint64_t factor_d = 0xa0761d6478bd642fu;

enum { ROUND = 64 };

static uint64_t turn(uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
}

static uint64_t fold(uint64_t a, uint64_t b) {
    wide both = (wide)a * b;
    return (uint64_t)both ^ (uint64_t)(both >> 64);
}

static uint64_t stir(uint64_t value) {
    value *= factor_a;
    value = (value ^ value >> 32) * factor_c;
    return value ^ value >> 29;
}

static uint64_t word_at(const char *ptr) {
    uint64_t word;
    memcpy(&word, ptr, sizeof(word));
    return word;
}

static void hash(struct mx_slice content, uint64_t out[2]) {
    char last[ROUND] = {0}; // what does not fill a round, and zeros
    size_t whole = content.len & ~(size_t)(ROUND - 1);
    if (whole < content.len) {
        memcpy(last, content.ptr + whole, content.len - whole);
    }
    uint64_t a = factor_b;
    uint64_t b = factor_c;
    uint64_t c = factor_d;
    uint64_t d = factor_a;
    for (size_t at = 0; at <= whole; at += ROUND) {
        const char *ptr = at < whole ? content.ptr + at : last;
        a = fold(word_at(ptr) ^ a, word_at(ptr + 8) ^ factor_a);
        b = fold(word_at(ptr + 16) ^ b, word_at(ptr + 24) ^ factor_b);
        c = fold(word_at(ptr + 32) ^ c, word_at(ptr + 40) ^ factor_c);
        d = fold(word_at(ptr + 48) ^ d, word_at(ptr + 56) ^ factor_d);
    }
    uint64_t lanes[4] = {a, b, c, d};
    uint64_t len = stir(content.len + factor_d);
    out[0] = len;
    out[1] = ~len;
    for (int i = 0; i < 4; i++) {
        out[0] = stir(out[0] ^ lanes[i]);
        out[1] = stir(turn(out[1], 23) + lanes[3 - i] * factor_b);
    }
}

void mx_etag_write(struct mx_slice content, char out[MX_ETAG_LEN]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint64_t bits[2];
    hash(content, bits);
    out[0] = '"';
    for (int i = 0; i < 22; i++) {
        out[1 + i] = digits[bits[i / 11] & 63]; // 11 digits carry the 64 bits of a half
        bits[i / 11] >>= 6;
    }
    out[MX_ETAG_LEN - 1] = '"';
}

size_t mx_etag_with_suffix(struct mx_slice etag, struct mx_slice suffix, char out[MX_ETAG_MAX]) {
    size_t len = etag.len + 1 + suffix.len;
    if (!mx_etag_valid(etag) || len > MX_ETAG_MAX) {
        return 0;
    }
    memcpy(out, etag.ptr, etag.len - 1);
    out[etag.len - 1] = '-';
    memcpy(out + etag.len, suffix.ptr, suffix.len);
    out[len - 1] = '"';
    return len;
}

static bool is_weak(struct mx_slice etag) {
    return etag.len >= 2 && etag.ptr[0] == 'W' && etag.ptr[1] == '/';
}

static struct mx_slice without_weakness(struct mx_slice etag) {
    return is_weak(etag) ? (struct mx_slice){etag.ptr + 2, etag.len - 2} : etag;
}

bool mx_etag_valid(struct mx_slice etag) {
    etag = without_weakness(etag);
    if (etag.len < 2 || etag.ptr[0] != '"' || etag.ptr[etag.len - 1] != '"') {
        return false;
    }
    for (size_t i = 1; i < etag.len - 1; i++) {
        unsigned char c = (unsigned char)etag.ptr[i];
        if (c <= ' ' || c == '"' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

bool mx_etag_equal_strong(struct mx_slice a, struct mx_slice b) {
    return mx_etag_valid(a) && !is_weak(a) && mx_slice_equal(a, b);
}

bool mx_etag_equal_weak(struct mx_slice a, struct mx_slice b) {
    return mx_etag_valid(a) && mx_slice_equal(without_weakness(a), without_weakness(b));
}

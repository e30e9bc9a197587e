// The formats: lines of comment and base64. A public key is "Ed", id, key. A secret key is "Ed",
// "Sc" (scrypt) or two zeros, "B2", salt, limits, and id, key, checksum, which the password's
// stream covers. A signature is "Ed" or "ED", id, signature; the global one signs that signature
// and the trusted comment.
#include "crypto/minisign.h"

#include <string.h>

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/equal.h"

enum {
    PUBLIC_SIZE = 2 + MX_MINISIGN_ID_SIZE + 32,
    SIGNATURE_SIZE = 2 + MX_MINISIGN_ID_SIZE + 64,
    SALT_AT = 6,
    SALT_SIZE = 32,
    OPS_AT = SALT_AT + SALT_SIZE,
    MEMORY_AT = OPS_AT + 8,
    COVERED_AT = MEMORY_AT + 8,
    CHECKSUM_SIZE = 32,
    COVERED_SIZE = MX_MINISIGN_ID_SIZE + 64 + CHECKSUM_SIZE,
    SECRET_SIZE = COVERED_AT + COVERED_SIZE,
    HASH_SIZE = 64,
    KIB = 1024,
};

// What opening a secret key may cost: as much as stock minisign asks for. Ours take less memory.
static const uint64_t OPS_MAX = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE;
static const uint64_t MEMORY_MAX = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE;
static const uint64_t OUR_OPS = 16 * KIB * KIB;
static const uint64_t OUR_MEMORY = UINT64_C(128) * KIB * KIB;

static const struct mx_slice UNTRUSTED = {"untrusted comment:", sizeof("untrusted comment:") - 1};
static const struct mx_slice TRUSTED = {"trusted comment: ", sizeof("trusted comment: ") - 1};

// --- numbers and lines --------------------------------------------------------------------------

static uint64_t read_u64(const unsigned char *from) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | from[i];
    }
    return value;
}

static void write_u64(uint64_t value, unsigned char *to) {
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)(value >> 8 * i);
    }
}

static struct mx_slice next_line(struct mx_slice *rest) {
    struct mx_slice line = mx_slice_cut(rest, '\n');
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

// Exactly `size` bytes of base64.
static bool read_base64(struct mx_slice line, void *out, size_t size) {
    mx_buf bytes = {0};
    bool is_right = mx_base64_decode(line, &bytes) && bytes.len == size;
    if (is_right) {
        memcpy(out, bytes.ptr, size);
    }
    if (bytes.ptr) {
        mx_secret_wipe(bytes.ptr, bytes.cap);
    }
    mx_buf_deinit(&bytes);
    return is_right;
}

static void write_base64_line(const void *bytes, size_t size, mx_buf *out) {
    mx_base64_encode((struct mx_slice){bytes, size}, out);
    mx_buf_append_char(out, '\n');
}

// One line of ordinary text: what is shown on a terminal must not steer it.
static bool is_comment(struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return text.len <= MX_MINISIGN_COMMENT_MAX;
}

void mx_minisign_id_text(
    const unsigned char id[MX_MINISIGN_ID_SIZE], char out[MX_MINISIGN_ID_TEXT]) {
    static const char digits[] = "0123456789ABCDEF";
    for (int i = 0; i < MX_MINISIGN_ID_SIZE; i++) { // a number, lowest byte first
        unsigned char byte = id[MX_MINISIGN_ID_SIZE - 1 - i];
        out[2 * i] = digits[byte >> 4];
        out[2 * i + 1] = digits[byte & 15];
    }
    out[2 * MX_MINISIGN_ID_SIZE] = '\0';
}

// --- keys
// -----------------------------------------------------------------------------------------

void mx_minisign_public_of(
    const struct mx_minisign_secret *secret, struct mx_minisign_public *out) {
    memcpy(out->id, secret->id, sizeof(out->id));
    memcpy(out->key, secret->key + 32, sizeof(out->key)); // libsodium keeps it behind the seed
}

void mx_minisign_create(const struct mx_world *world, struct mx_minisign_secret *secret,
    struct mx_minisign_public *out) {
    unsigned char seed[crypto_sign_SEEDBYTES];
    unsigned char key[32];
    mx_random(world, seed, sizeof(seed));
    mx_random(world, secret->id, sizeof(secret->id));
    crypto_sign_seed_keypair(key, secret->key, seed);
    mx_secret_wipe(seed, sizeof(seed));
    mx_minisign_public_of(secret, out);
}

int mx_minisign_public_read(
    struct mx_slice text, struct mx_minisign_public *out, struct mx_error *err) {
    unsigned char bytes[PUBLIC_SIZE];
    struct mx_slice rest = text;
    struct mx_slice line = next_line(&rest);
    if (mx_slice_starts_with(line, UNTRUSTED)) {
        line = next_line(&rest);
    }
    if (!read_base64(mx_slice_trim(line), bytes, sizeof(bytes)) || memcmp(bytes, "Ed", 2) != 0 ||
        mx_slice_trim(rest).len > 0) {
        return mx_fail(err, MX_E_INVALID, "this is no public key of minisign");
    }
    memcpy(out->id, bytes + 2, sizeof(out->id));
    memcpy(out->key, bytes + 2 + sizeof(out->id), sizeof(out->key));
    return MX_OK;
}

void mx_minisign_public_write(const struct mx_minisign_public *key, mx_buf *out) {
    unsigned char bytes[PUBLIC_SIZE] = {'E', 'd'};
    char id[MX_MINISIGN_ID_TEXT];
    mx_minisign_id_text(key->id, id);
    memcpy(bytes + 2, key->id, sizeof(key->id));
    memcpy(bytes + 2 + sizeof(key->id), key->key, sizeof(key->key));
    mx_buf_append_format(out, "untrusted comment: minisign public key %s\n", id);
    write_base64_line(bytes, sizeof(bytes), out);
}

// BLAKE2b-256 of "Ed", id and key: tells a wrong password from a right one.
static void make_checksum(const unsigned char *bytes, unsigned char out[CHECKSUM_SIZE]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, CHECKSUM_SIZE);
    crypto_generichash_update(&state, bytes, 2);
    crypto_generichash_update(&state, bytes + COVERED_AT, MX_MINISIGN_ID_SIZE + 64);
    crypto_generichash_final(&state, out, CHECKSUM_SIZE);
}

// Covers or uncovers the last part of a secret key.
static int apply_password(
    unsigned char bytes[SECRET_SIZE], struct mx_slice password, struct mx_error *err) {
    unsigned char stream[COVERED_SIZE];
    uint64_t ops = read_u64(bytes + OPS_AT), memory = read_u64(bytes + MEMORY_AT);
    if (ops > OPS_MAX || memory > MEMORY_MAX) {
        return mx_fail(err, MX_E_LIMIT, "opening this secret key would take too much memory");
    }
    if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof(stream), password.ptr, password.len,
            bytes + SALT_AT, ops, (size_t)memory) != 0) {
        return mx_fail(err, MX_E_SYSTEM, "there is not enough memory to open the secret key");
    }
    for (size_t i = 0; i < COVERED_SIZE; i++) {
        bytes[COVERED_AT + i] ^= stream[i];
    }
    mx_secret_wipe(stream, sizeof(stream));
    return MX_OK;
}

// The bytes of a secret key file, still covered.
static bool read_secret_bytes(struct mx_slice text, unsigned char out[SECRET_SIZE]) {
    struct mx_slice rest = text;
    struct mx_slice comment = next_line(&rest);
    struct mx_slice line = next_line(&rest);
    return mx_slice_starts_with(comment, UNTRUSTED) &&
           read_base64(mx_slice_trim(line), out, SECRET_SIZE) && memcmp(out, "Ed", 2) == 0 &&
           memcmp(out + 4, "B2", 2) == 0 && mx_slice_trim(rest).len == 0;
}

static bool is_locked(const unsigned char bytes[SECRET_SIZE]) {
    return memcmp(bytes + 2, "Sc", 2) == 0;
}

bool mx_minisign_secret_is_locked(struct mx_slice text) {
    unsigned char bytes[SECRET_SIZE];
    bool locked = read_secret_bytes(text, bytes) && is_locked(bytes);
    mx_secret_wipe(bytes, sizeof(bytes));
    return locked;
}

// Whether the public half belongs to the seed: a key without password has no checksum.
static bool is_pair(const unsigned char key[64]) {
    unsigned char public[32], secret[64];
    crypto_sign_seed_keypair(public, secret, key);
    bool same = sodium_memcmp(secret, key, sizeof(secret)) == 0;
    mx_secret_wipe(secret, sizeof(secret));
    return same;
}

static int open_secret(
    unsigned char bytes[SECRET_SIZE], struct mx_slice password, struct mx_error *err) {
    unsigned char checksum[CHECKSUM_SIZE];
    bool locked = is_locked(bytes);
    if (!locked && (bytes[2] != 0 || bytes[3] != 0)) {
        return mx_fail(err, MX_E_INVALID, "the secret key is kept in a way that is not known here");
    }
    int rc = locked ? apply_password(bytes, password, err) : MX_OK;
    if (rc < 0) {
        return rc;
    }
    make_checksum(bytes, checksum);
    if (locked &&
        sodium_memcmp(bytes + SECRET_SIZE - CHECKSUM_SIZE, checksum, CHECKSUM_SIZE) != 0) {
        return mx_fail(err, MX_E_INVALID, "the password does not open the secret key");
    }
    if (!is_pair(bytes + COVERED_AT + MX_MINISIGN_ID_SIZE)) {
        return mx_fail(err, MX_E_INVALID, "the secret key is damaged");
    }
    return MX_OK;
}

int mx_minisign_secret_read(struct mx_slice text, struct mx_slice password,
    struct mx_minisign_secret *out, struct mx_error *err) {
    unsigned char bytes[SECRET_SIZE];
    int rc = read_secret_bytes(text, bytes)
                 ? open_secret(bytes, password, err)
                 : mx_fail(err, MX_E_INVALID, "this is no secret key of minisign");
    if (rc == MX_OK) {
        memcpy(out->id, bytes + COVERED_AT, sizeof(out->id));
        memcpy(out->key, bytes + COVERED_AT + sizeof(out->id), sizeof(out->key));
    }
    mx_secret_wipe(bytes, sizeof(bytes));
    return rc;
}

int mx_minisign_secret_write(const struct mx_minisign_secret *secret, struct mx_slice password,
    const struct mx_world *world, mx_buf *out, struct mx_error *err) {
    unsigned char bytes[SECRET_SIZE] = {'E', 'd', 0, 0, 'B', '2'};
    int rc = MX_OK;
    memcpy(bytes + COVERED_AT, secret->id, sizeof(secret->id));
    memcpy(bytes + COVERED_AT + sizeof(secret->id), secret->key, sizeof(secret->key));
    if (password.len > 0) {
        make_checksum(bytes, bytes + SECRET_SIZE - CHECKSUM_SIZE);
        memcpy(bytes + 2, "Sc", 2);
        mx_random(world, bytes + SALT_AT, SALT_SIZE);
        write_u64(OUR_OPS, bytes + OPS_AT);
        write_u64(OUR_MEMORY, bytes + MEMORY_AT);
        rc = apply_password(bytes, password, err);
    }
    if (rc == MX_OK) {
        mx_buf_append_text(out, password.len > 0
                                    ? "untrusted comment: minisign encrypted secret key\n"
                                    : "untrusted comment: minisign secret key\n");
        write_base64_line(bytes, sizeof(bytes), out);
    }
    mx_secret_wipe(bytes, sizeof(bytes));
    return rc;
}

// --- signatures
// -----------------------------------------------------------------------------------

static const unsigned char *bytes_of(struct mx_slice slice) {
    return (const unsigned char *)(slice.len > 0 ? slice.ptr : "");
}

// What is signed: the message, or its digest in `hash`.
static struct mx_slice signed_part(
    struct mx_slice message, bool prehashed, unsigned char hash[HASH_SIZE]) {
    if (!prehashed) {
        return message;
    }
    crypto_generichash(hash, HASH_SIZE, bytes_of(message), message.len, NULL, 0);
    return (struct mx_slice){(const char *)hash, HASH_SIZE};
}

// The signature and the trusted comment behind it: what the global signature covers.
static void join(const unsigned char signature[64], struct mx_slice comment, mx_buf *out) {
    mx_buf_append(out, (const char *)signature, 64);
    mx_buf_append_slice(out, comment);
}

int mx_minisign_sign(const struct mx_minisign_secret *secret, struct mx_slice message,
    struct mx_slice comment, bool prehashed, mx_buf *out, struct mx_error *err) {
    unsigned char bytes[SIGNATURE_SIZE] = {'E', prehashed ? 'D' : 'd'};
    unsigned char *signature = bytes + 2 + MX_MINISIGN_ID_SIZE;
    unsigned char hash[HASH_SIZE], global[64];
    char id[MX_MINISIGN_ID_TEXT];
    mx_buf joined = {0};
    if (!is_comment(comment)) {
        return mx_fail(err, MX_E_INVALID, "a trusted comment is one line of at most %d bytes",
            MX_MINISIGN_COMMENT_MAX);
    }
    struct mx_slice part = signed_part(message, prehashed, hash);
    memcpy(bytes + 2, secret->id, MX_MINISIGN_ID_SIZE);
    crypto_sign_detached(signature, NULL, bytes_of(part), part.len, secret->key);
    join(signature, comment, &joined);
    crypto_sign_detached(global, NULL, bytes_of(mx_buf_slice(&joined)), joined.len, secret->key);
    mx_buf_deinit(&joined);

    mx_minisign_id_text(secret->id, id);
    mx_buf_append_format(out, "untrusted comment: signature from minisign key %s\n", id);
    write_base64_line(bytes, sizeof(bytes), out);
    mx_buf_append_slice(out, TRUSTED);
    mx_buf_append_slice(out, comment);
    mx_buf_append_char(out, '\n');
    write_base64_line(global, sizeof(global), out);
    return MX_OK;
}

int mx_minisign_signature_read(
    struct mx_slice text, struct mx_minisign_signature *out, struct mx_error *err) {
    unsigned char bytes[SIGNATURE_SIZE];
    struct mx_slice rest = text;
    struct mx_slice untrusted = next_line(&rest);
    struct mx_slice signature = next_line(&rest);
    struct mx_slice trusted = next_line(&rest);
    struct mx_slice global = next_line(&rest);
    bool is_right =
        mx_slice_starts_with(untrusted, UNTRUSTED) &&
        read_base64(signature, bytes, sizeof(bytes)) && bytes[0] == 'E' &&
        (bytes[1] == 'D' || bytes[1] == 'd') && mx_slice_starts_with(trusted, TRUSTED) &&
        read_base64(global, out->global, sizeof(out->global)) && mx_slice_trim(rest).len == 0;
    if (!is_right) {
        return mx_fail(err, MX_E_INVALID, "this is no signature of minisign, or it is damaged");
    }
    out->comment = (struct mx_slice){trusted.ptr + TRUSTED.len, trusted.len - TRUSTED.len};
    if (!is_comment(out->comment)) {
        return mx_fail(err, MX_E_INVALID,
            "the trusted comment of the signature is too long, or holds control characters");
    }
    out->is_prehashed = bytes[1] == 'D';
    memcpy(out->id, bytes + 2, sizeof(out->id));
    memcpy(out->signature, bytes + 2 + sizeof(out->id), sizeof(out->signature));
    return MX_OK;
}

int mx_minisign_verify(const struct mx_minisign_public *key,
    const struct mx_minisign_signature *signature, struct mx_slice message, struct mx_error *err) {
    unsigned char hash[HASH_SIZE];
    mx_buf joined = {0};
    if (memcmp(key->id, signature->id, sizeof(key->id)) != 0) {
        char wanted[MX_MINISIGN_ID_TEXT], found[MX_MINISIGN_ID_TEXT];
        mx_minisign_id_text(key->id, wanted);
        mx_minisign_id_text(signature->id, found);
        return mx_fail(
            err, MX_E_INVALID, "it was signed with the key %s, not with %s", found, wanted);
    }
    struct mx_slice part = signed_part(message, signature->is_prehashed, hash);
    if (crypto_sign_verify_detached(signature->signature, bytes_of(part), part.len, key->key) !=
        0) {
        return mx_fail(err, MX_E_INVALID,
            "the signature does not fit: the file was changed, or somebody else signed it");
    }
    join(signature->signature, signature->comment, &joined);
    bool is_whole = crypto_sign_verify_detached(signature->global, bytes_of(mx_buf_slice(&joined)),
                        joined.len, key->key) == 0;
    mx_buf_deinit(&joined);
    return is_whole ? MX_OK
                    : mx_fail(err, MX_E_INVALID,
                          "the trusted comment of the signature was changed after signing");
}

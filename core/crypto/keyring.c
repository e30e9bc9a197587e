// The key file is text: a first line that names the form, then a line "NUMBER HEX" for each key,
// oldest first.
#include "crypto/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "crypto/encode.h"
#include "crypto/init.h"
#include "platform/alloc.h"
#include "platform/files.h"

enum {
    KEYS_MAX = 255,
    FILE_MAX = 32 * 1024,
    PATH_SIZE = 4096,
    EXPORT_PASSES = 3, // a passphrase leaves the house: harder than for a login
    EXPORT_MEMORY = 64 * 1024 * 1024,
    SALT_SIZE = crypto_pwhash_argon2id_SALTBYTES,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

static const char first_line[] = "merx-key 1\n";
static const char export_mark[] = "merx-key-export 1\n";

struct mx_keyring {
    char path[PATH_SIZE];
    int count;
    unsigned char keys[KEYS_MAX][MX_KEY_SIZE]; // key number n is at n - 1
};

static mx_keyring *create_ring(const char *path, struct mx_error *err) {
    mx_crypto_init();
    if (strlen(path) >= PATH_SIZE) {
        mx_fail(err, MX_E_INVALID, "the path of the key file is too long");
        return NULL;
    }
    mx_keyring *ring = mx_alloc(sizeof(*ring));
    snprintf(ring->path, sizeof(ring->path), "%s", path);
    return ring;
}

void mx_keyring_close(mx_keyring *ring) {
    if (!ring) {
        return;
    }
    sodium_memzero(ring, sizeof(*ring));
    mx_free(ring);
}

static void wipe_buf(mx_buf *buf) {
    if (buf->ptr) {
        sodium_memzero(buf->ptr, buf->cap);
    }
    mx_buf_deinit(buf);
}

static void format_ring(const mx_keyring *ring, mx_buf *out) {
    // All at once: growing would leave keys behind in freed memory.
    mx_buf_reserve(out, FILE_MAX);
    mx_buf_append_text(out, first_line);
    for (int i = 0; i < ring->count; i++) {
        mx_buf_append_int(out, i + 1);
        mx_buf_append_char(out, ' ');
        mx_hex_encode((struct mx_slice){(const char *)ring->keys[i], MX_KEY_SIZE}, out);
        mx_buf_append_char(out, '\n');
    }
}

// One line "NUMBER HEX" into the next key.
static bool parse_key(struct mx_slice line, mx_keyring *ring) {
    uint64_t number = 0;
    mx_buf key = {0};
    struct mx_slice digits = mx_slice_cut(&line, ' ');
    bool good = ring->count < KEYS_MAX && mx_slice_to_u64(digits, KEYS_MAX, &number) &&
                number == (uint64_t)ring->count + 1 && mx_hex_decode(line, &key) &&
                key.len == MX_KEY_SIZE;
    if (good) {
        memcpy(ring->keys[ring->count++], key.ptr, MX_KEY_SIZE);
    }
    wipe_buf(&key);
    return good;
}

static bool parse_ring(struct mx_slice text, mx_keyring *ring) {
    struct mx_slice head = mx_slice_of(first_line);
    if (!mx_slice_starts_with(text, head)) {
        return false;
    }
    struct mx_slice rest = {text.ptr + head.len, text.len - head.len};
    while (rest.len > 0) {
        if (!parse_key(mx_slice_cut(&rest, '\n'), ring)) {
            return false;
        }
    }
    return ring->count > 0;
}

static int check_file(int fd, const char *path, struct mx_error *err) {
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return mx_fail_errno(err, errno, "cannot look at the key file %s", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return mx_fail(err, MX_E_INVALID, "the key file %s is not a regular file", path);
    }
    if ((info.st_mode & 077) != 0) {
        return mx_fail(err, MX_E_INVALID,
            "others may read the key file %s (mode %03o): run chmod 600 on it, and think of the "
            "keys as known",
            path, (unsigned)(info.st_mode & 0777));
    }
    if (info.st_uid != geteuid()) {
        return mx_fail(err, MX_E_INVALID, "the key file %s belongs to another user (%u)", path,
            (unsigned)info.st_uid);
    }
    return MX_OK;
}

static int read_bytes(int fd, const char *path, mx_buf *out, struct mx_error *err) {
    mx_buf_reserve(out, FILE_MAX + 1);
    for (;;) {
        ssize_t got = read(fd, out->ptr + out->len, FILE_MAX + 1 - out->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mx_fail_errno(err, errno, "cannot read the key file %s", path);
        }
        out->len += (size_t)got;
        if (got == 0 || out->len > FILE_MAX) {
            return MX_OK;
        }
    }
}

static int read_ring(mx_keyring *ring, struct mx_error *err) {
    int fd = open(ring->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT) {
            return mx_fail(err, MX_E_MISSING, "there is no key file at %s", ring->path);
        }
        if (errno == ELOOP) {
            return mx_fail(err, MX_E_INVALID, "the key file %s is a link", ring->path);
        }
        return mx_fail_errno(err, errno, "cannot open the key file %s", ring->path);
    }
    mx_buf text = {0};
    int rc = check_file(fd, ring->path, err);
    if (rc == MX_OK) {
        rc = read_bytes(fd, ring->path, &text, err);
    }
    if (rc == MX_OK && !parse_ring(mx_buf_slice(&text), ring)) {
        rc = mx_fail(err, MX_E_INVALID,
            "the key file %s is damaged: restore it from a backup made with --with-key",
            ring->path);
    }
    wipe_buf(&text);
    close(fd);
    return rc;
}

int mx_keyring_open(const char *path, mx_keyring **out, struct mx_error *err) {
    mx_keyring *ring = create_ring(path, err);
    if (!ring) {
        return err->code;
    }
    int rc = read_ring(ring, err);
    if (rc < 0) {
        mx_keyring_close(ring);
        return rc;
    }
    *out = ring;
    return MX_OK;
}

static int write_ring(const mx_keyring *ring, struct mx_error *err) {
    mx_buf text = {0};
    format_ring(ring, &text);
    int rc = mx_file_write(ring->path, mx_buf_slice(&text), 0600, err);
    wipe_buf(&text);
    return rc;
}

// A new file must not take the place of one that holds the only keys to somebody's secrets, be it a
// link to nowhere. It appears whole or not at all: half a key file would stop every later start.
// The caller holds the lock of the folder, so nobody makes one in between.
static int write_new_ring(const mx_keyring *ring, struct mx_error *err) {
    struct stat info;
    if (lstat(ring->path, &info) == 0) {
        return mx_fail(err, MX_E_CONFLICT, "there is a key file at %s already", ring->path);
    }
    return write_ring(ring, err);
}

int mx_keyring_create(
    const char *path, const struct mx_world *world, mx_keyring **out, struct mx_error *err) {
    mx_keyring *ring = create_ring(path, err);
    if (!ring) {
        return err->code;
    }
    mx_random(world, ring->keys[0], MX_KEY_SIZE);
    ring->count = 1;
    int rc = write_new_ring(ring, err);
    if (rc < 0) {
        mx_keyring_close(ring);
        return rc;
    }
    *out = ring;
    return MX_OK;
}

int mx_keyring_rotate(mx_keyring *ring, const struct mx_world *world, struct mx_error *err) {
    if (ring->count == KEYS_MAX) {
        return mx_fail(err, MX_E_LIMIT, "the key file holds %d keys already", KEYS_MAX);
    }
    mx_random(world, ring->keys[ring->count], MX_KEY_SIZE);
    ring->count++;
    int rc = write_ring(ring, err);
    if (rc < 0) { // a key that is not on disk must seal nothing
        ring->count--;
        sodium_memzero(ring->keys[ring->count], MX_KEY_SIZE);
    }
    return rc;
}

int mx_keyring_newest(const mx_keyring *ring) {
    return ring->count;
}

int mx_keyring_derive(const mx_keyring *ring, int number, const char *purpose,
    unsigned char out[MX_KEY_SIZE], struct mx_error *err) {
    if (number < 1 || number > ring->count) {
        return mx_fail(err, MX_E_MISSING, "there is no key number %d", number);
    }
    crypto_generichash(out, MX_KEY_SIZE, (const unsigned char *)purpose, strlen(purpose),
        ring->keys[number - 1], MX_KEY_SIZE);
    return MX_OK;
}

static int key_of_passphrase(struct mx_slice passphrase, const unsigned char *salt,
    unsigned char out[MX_KEY_SIZE], struct mx_error *err) {
    if (passphrase.len == 0 || passphrase.len > 1024) {
        return mx_fail(err, MX_E_INVALID, "a passphrase has 1 to 1024 bytes");
    }
    if (crypto_pwhash_argon2id(out, MX_KEY_SIZE, passphrase.ptr, passphrase.len, salt,
            EXPORT_PASSES, EXPORT_MEMORY, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
        return mx_fail(err, MX_E_SYSTEM, "there is not enough memory for the passphrase");
    }
    return MX_OK;
}

// mark, salt, nonce, sealed text; the mark is authenticated.
int mx_keyring_export(const mx_keyring *ring, struct mx_slice passphrase,
    const struct mx_world *world, mx_buf *out, struct mx_error *err) {
    unsigned char salt[SALT_SIZE], nonce[NONCE_SIZE], key[MX_KEY_SIZE];
    mx_random(world, salt, sizeof(salt));
    mx_random(world, nonce, sizeof(nonce));
    int rc = key_of_passphrase(passphrase, salt, key, err);
    if (rc < 0) {
        return rc;
    }
    mx_buf text = {0};
    format_ring(ring, &text);
    mx_buf_append_text(out, export_mark);
    mx_buf_append(out, (const char *)salt, sizeof(salt));
    mx_buf_append(out, (const char *)nonce, sizeof(nonce));
    unsigned long long len = 0;
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, text.len + TAG_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at, &len, (const unsigned char *)text.ptr, text.len,
        (const unsigned char *)export_mark, strlen(export_mark), NULL, nonce, key);
    out->len += (size_t)len;
    sodium_memzero(key, sizeof(key));
    wipe_buf(&text);
    return MX_OK;
}

static int open_export(
    struct mx_slice passphrase, struct mx_slice exported, mx_buf *out, struct mx_error *err) {
    size_t head = strlen(export_mark);
    size_t least = head + SALT_SIZE + NONCE_SIZE + TAG_SIZE;
    if (exported.len < least || exported.len > FILE_MAX + least ||
        memcmp(exported.ptr, export_mark, head) != 0) {
        return mx_fail(err, MX_E_INVALID, "this is no exported key file");
    }
    const unsigned char *salt = (const unsigned char *)exported.ptr + head;
    const unsigned char *nonce = salt + SALT_SIZE, *sealed = nonce + NONCE_SIZE;
    unsigned char key[MX_KEY_SIZE];
    int rc = key_of_passphrase(passphrase, salt, key, err);
    if (rc < 0) {
        return rc;
    }
    unsigned long long len = 0;
    unsigned char *at = (unsigned char *)mx_buf_reserve(out, exported.len);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(at, &len, NULL, sealed,
            exported.len - (least - TAG_SIZE), (const unsigned char *)export_mark, head, nonce,
            key) != 0) {
        rc = mx_fail(err, MX_E_INVALID, "the passphrase is wrong, or the keys were altered");
    }
    out->len += (size_t)len;
    sodium_memzero(key, sizeof(key));
    return rc;
}

int mx_keyring_import(const char *path, struct mx_slice passphrase, struct mx_slice exported,
    mx_keyring **out, struct mx_error *err) {
    mx_keyring *ring = create_ring(path, err);
    if (!ring) {
        return err->code;
    }
    mx_buf text = {0};
    int rc = open_export(passphrase, exported, &text, err);
    if (rc == MX_OK && !parse_ring(mx_buf_slice(&text), ring)) {
        rc = mx_fail(err, MX_E_INVALID, "the exported keys cannot be read");
    }
    if (rc == MX_OK) {
        rc = write_new_ring(ring, err);
    }
    wipe_buf(&text);
    if (rc < 0) {
        mx_keyring_close(ring);
        return rc;
    }
    *out = ring;
    return MX_OK;
}

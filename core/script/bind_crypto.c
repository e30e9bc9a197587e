// Lua's view of core/crypto: the module `native.crypto`. Digests are raw bytes; native.text has hex
// and base64 for them.
#include "script/bindings.h"

#include <lauxlib.h>

#include "crypto/aes_gcm.h"
#include "crypto/digest.h"
#include "crypto/equal.h"
#include "crypto/password.h"
#include "crypto/rsa.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "platform/alloc.h"
#include "script/state.h"

// [-0, +1 or 2] The scratch buffer as a string, or nil and the error.
static int push_outcome(lua_State *L, int rc, const struct mx_error *err) {
    if (rc < 0) {
        return mx_failure_push(L, err);
    }
    mx_scratch_push(L);
    return 1;
}

static const mx_keyring *check_keyring(lua_State *L) {
    const mx_keyring *ring = mx_script_of(L)->options.keyring;
    if (!ring) {
        luaL_error(L, "there is no key file here: this needs a data folder");
    }
    return ring;
}

// --- names and digests --------------------------------------------------------------------------

// token() -> 43 characters, 256 bits
static int l_token(lua_State *L) {
    char text[MX_TOKEN_LEN + 1];
    mx_token_create(mx_script_of(L)->world, text);
    lua_pushlstring(L, text, MX_TOKEN_LEN);
    return 1;
}

// token_hash(token) -> what is stored instead of it
static int l_token_hash(lua_State *L) {
    unsigned char hash[MX_TOKEN_HASH_SIZE];
    mx_token_hash(mx_slice_check(L, 1), hash);
    lua_pushlstring(L, (const char *)hash, sizeof(hash));
    return 1;
}

static int l_uuid(lua_State *L) {
    char text[MX_UUID_LEN + 1];
    mx_uuid_create(mx_script_of(L)->world, text);
    lua_pushlstring(L, text, MX_UUID_LEN);
    return 1;
}

static int l_sha256(lua_State *L) {
    unsigned char digest[MX_SHA256_SIZE];
    mx_sha256(mx_slice_check(L, 1), digest);
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    return 1;
}

static int l_sha512(lua_State *L) {
    unsigned char digest[MX_SHA512_SIZE];
    mx_sha512(mx_slice_check(L, 1), digest);
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    return 1;
}

// blake2b(s [, key]) -> 32 bytes
static int l_blake2b(lua_State *L) {
    unsigned char digest[MX_BLAKE2B_SIZE];
    struct mx_error err;
    if (mx_blake2b(mx_slice_opt(L, 2), mx_slice_check(L, 1), digest, &err) < 0) {
        return luaL_error(L, "%s", err.text);
    }
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    return 1;
}

// hmac_sha256(key, s) -> 32 bytes
static int l_hmac_sha256(lua_State *L) {
    unsigned char digest[MX_SHA256_SIZE];
    mx_hmac_sha256(mx_slice_check(L, 1), mx_slice_check(L, 2), digest);
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    return 1;
}

// hmac_sha512(key, s) -> 64 bytes
static int l_hmac_sha512(lua_State *L) {
    unsigned char digest[MX_SHA512_SIZE];
    mx_hmac_sha512(mx_slice_check(L, 1), mx_slice_check(L, 2), digest);
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    return 1;
}

// hmac_sha1(key, s) -> 20 bytes, for one-time passwords and old providers
static int l_hmac_sha1(lua_State *L) {
    unsigned char digest[MX_SHA1_SIZE];
    mx_hmac_sha1(mx_slice_check(L, 1), mx_slice_check(L, 2), digest);
    lua_pushlstring(L, (const char *)digest, sizeof(digest));
    return 1;
}

// equal(a, b) -> boolean, in a time that does not tell where they differ
static int l_equal(lua_State *L) {
    lua_pushboolean(L, mx_secret_equal(mx_slice_check(L, 1), mx_slice_check(L, 2)));
    return 1;
}

// --- the key file -------------------------------------------------------------------------------

// seal(name, plain) -> sealed
static int l_seal(lua_State *L) {
    const mx_keyring *ring = check_keyring(L);
    struct mx_slice name = mx_slice_check(L, 1);
    struct mx_slice plain = mx_slice_check(L, 2);
    struct mx_error err;
    mx_buf *out = mx_scratch_take(L);
    return push_outcome(L, mx_seal(ring, mx_script_of(L)->world, name, plain, out, &err), &err);
}

// open(name, sealed) -> plain | nil, err
static int l_open(lua_State *L) {
    const mx_keyring *ring = check_keyring(L);
    struct mx_slice name = mx_slice_check(L, 1);
    struct mx_slice sealed = mx_slice_check(L, 2);
    struct mx_error err;
    return push_outcome(L, mx_unseal(ring, name, sealed, mx_scratch_take(L), &err), &err);
}

// sign(purpose, value) -> signed text
static int l_sign(lua_State *L) {
    const mx_keyring *ring = check_keyring(L);
    const char *purpose = luaL_checkstring(L, 1);
    struct mx_slice value = mx_slice_check(L, 2);
    struct mx_error err;
    return push_outcome(L, mx_sign(ring, purpose, value, mx_scratch_take(L), &err), &err);
}

// verify(purpose, signed) -> value | nil, err
static int l_verify(lua_State *L) {
    const mx_keyring *ring = check_keyring(L);
    const char *purpose = luaL_checkstring(L, 1);
    struct mx_slice text = mx_slice_check(L, 2);
    struct mx_error err;
    return push_outcome(L, mx_verify(ring, purpose, text, mx_scratch_take(L), &err), &err);
}

// --- what providers need ------------------------------------------------------------------------

// rsa_sign(private_key, message) -> signature | nil, err
static int l_rsa_sign(lua_State *L) {
    struct mx_slice key = mx_slice_check(L, 1);
    struct mx_slice message = mx_slice_check(L, 2);
    struct mx_error err;
    return push_outcome(L, mx_rsa_sign(key, message, mx_scratch_take(L), &err), &err);
}

// rsa_verify(public_key, message, signature) -> true | nil, err
static int l_rsa_verify(lua_State *L) {
    struct mx_error err;
    if (mx_rsa_verify(mx_slice_check(L, 1), mx_slice_check(L, 2), mx_slice_check(L, 3), &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// aes_gcm_seal(key, nonce, associated, plain) -> sealed | nil, err
static int l_aes_gcm_seal(lua_State *L) {
    struct mx_error err;
    mx_buf *out = mx_scratch_take(L);
    int rc = mx_aes_gcm_seal(mx_slice_check(L, 1), mx_slice_check(L, 2), mx_slice_opt(L, 3),
        mx_slice_check(L, 4), out, &err);
    return push_outcome(L, rc, &err);
}

// aes_gcm_open(key, nonce, associated, sealed) -> plain | nil, err
static int l_aes_gcm_open(lua_State *L) {
    struct mx_error err;
    mx_buf *out = mx_scratch_take(L);
    int rc = mx_aes_gcm_open(mx_slice_check(L, 1), mx_slice_check(L, 2), mx_slice_opt(L, 3),
        mx_slice_check(L, 4), out, &err);
    return push_outcome(L, rc, &err);
}

// --- passwords: slow on purpose, so they are work for the pool
// --------------------------------------

struct password_work {
    struct mx_work work;
    size_t hash_len;
    size_t password_len;
    char bytes[]; // hash, password
};

static struct mx_slice hash_of(const struct password_work *work) {
    return (struct mx_slice){work->bytes, work->hash_len};
}

static struct mx_slice password_of(const struct password_work *work) {
    return (struct mx_slice){work->bytes + work->hash_len, work->password_len};
}

static int run_hash(struct mx_work *base, mx_buf *out, struct mx_error *err) {
    char hash[MX_PASSWORD_HASH_SIZE];
    int rc = mx_password_hash(password_of((struct password_work *)base), hash, err);
    if (rc == MX_OK) {
        mx_buf_append_text(out, hash);
    }
    return rc;
}

static int run_verify(struct mx_work *base, mx_buf *out, struct mx_error *err) {
    (void)err;
    const struct password_work *work = (struct password_work *)base;
    bool is_right = false;
    if (work->hash_len == 0) {
        mx_password_verify_nobody(password_of(work));
    } else {
        is_right = mx_password_verify(hash_of(work), password_of(work));
    }
    mx_buf_append_char(out, is_right ? '1' : '0');
    return MX_OK;
}

static void destroy_password(struct mx_work *base) {
    struct password_work *work = (struct password_work *)base;
    mx_secret_wipe(work->bytes, work->hash_len + work->password_len);
    mx_free(work);
}

static struct mx_work *create_password_work(struct mx_slice hash, struct mx_slice password,
    int (*run)(struct mx_work *, mx_buf *, struct mx_error *)) {
    struct password_work *work = mx_alloc(sizeof(*work) + hash.len + password.len);
    work->work = (struct mx_work){run, destroy_password};
    work->hash_len = hash.len;
    work->password_len = password.len;
    if (hash.len > 0) {
        memcpy(work->bytes, hash.ptr, hash.len);
    }
    if (password.len > 0) {
        memcpy(work->bytes + hash.len, password.ptr, password.len);
    }
    return &work->work;
}

// hash_password(password) -> hash | nil, err. Waits in a task.
static int l_hash_password(lua_State *L) {
    struct mx_slice password = mx_slice_check(L, 1);
    return mx_work_run(
        L, create_password_work((struct mx_slice){"", 0}, password, run_hash), 0, NULL);
}

static int after_verify(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    const struct mx_arg *answer = mx_task_answer(L);
    if (answer->kind != MX_ARG_BYTES) {
        return mx_arg_push(L, answer);
    }
    lua_pushboolean(L, mx_slice_equal(answer->bytes, MX_SLICE("1")));
    return 1;
}

// verify_password(hash or nil, password) -> boolean | nil, err. Waits in a task. Without a hash it
// takes as long and says false: for accounts that do not exist.
static int l_verify_password(lua_State *L) {
    struct mx_slice hash = mx_slice_opt(L, 1);
    struct mx_slice password = mx_slice_check(L, 2);
    return mx_work_run(L, create_password_work(hash, password, run_verify), 0, after_verify);
}

// needs_rehash(hash) -> whether it was made with weaker parameters than today's
static int l_needs_rehash(lua_State *L) {
    lua_pushboolean(L, mx_password_needs_rehash(mx_slice_check(L, 1)));
    return 1;
}

static const luaL_Reg crypto_module[] = {
    {"aes_gcm_open", l_aes_gcm_open},
    {"aes_gcm_seal", l_aes_gcm_seal},
    {"blake2b", l_blake2b},
    {"equal", l_equal},
    {"hash_password", l_hash_password},
    {"hmac_sha1", l_hmac_sha1},
    {"hmac_sha256", l_hmac_sha256},
    {"hmac_sha512", l_hmac_sha512},
    {"needs_rehash", l_needs_rehash},
    {"open", l_open},
    {"rsa_sign", l_rsa_sign},
    {"rsa_verify", l_rsa_verify},
    {"seal", l_seal},
    {"sha256", l_sha256},
    {"sha512", l_sha512},
    {"sign", l_sign},
    {"token", l_token},
    {"token_hash", l_token_hash},
    {"uuid", l_uuid},
    {"verify", l_verify},
    {"verify_password", l_verify_password},
    {NULL, NULL},
};

int mx_luaopen_crypto(lua_State *L) {
    luaL_newlib(L, crypto_module);
    return 1;
}

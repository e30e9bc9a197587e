// Lua's view of crypto/minisign: the module `native.minisign`, for tools and packages. Keys and
// signatures are the text of their files.
#include "script/bindings.h"

#include <lauxlib.h>

#include "crypto/equal.h"
#include "crypto/minisign.h"
#include "script/state.h"

static int push_outcome(lua_State *L, int rc, const struct mx_error *err) {
    if (rc < 0) {
        return mx_failure_push(L, err);
    }
    mx_scratch_push(L);
    return 1;
}

// [-0, +1]
static void push_id(lua_State *L, const unsigned char id[MX_MINISIGN_ID_SIZE]) {
    char text[MX_MINISIGN_ID_TEXT];
    mx_minisign_id_text(id, text);
    lua_pushstring(L, text);
}

// create(password) -> secret | nil, err: the file of a new secret key
static int l_create(lua_State *L) {
    struct mx_slice password = mx_slice_check(L, 1);
    const struct mx_world *world = mx_script_of(L)->world;
    struct mx_minisign_secret secret;
    struct mx_minisign_public public;
    struct mx_error err;
    mx_buf *out = mx_scratch_take(L);
    mx_minisign_create(world, &secret, &public);
    int rc = mx_minisign_secret_write(&secret, password, world, out, &err);
    mx_secret_wipe(&secret, sizeof(secret));
    return push_outcome(L, rc, &err);
}

// is_locked(secret) -> whether it takes a password
static int l_is_locked(lua_State *L) {
    lua_pushboolean(L, mx_minisign_secret_is_locked(mx_slice_check(L, 1)));
    return 1;
}

// public_of(secret, password) -> public | nil, err
static int l_public_of(lua_State *L) {
    struct mx_slice text = mx_slice_check(L, 1);
    struct mx_slice password = mx_slice_check(L, 2);
    struct mx_minisign_secret secret;
    struct mx_minisign_public public;
    struct mx_error err;
    mx_buf *out = mx_scratch_take(L);
    int rc = mx_minisign_secret_read(text, password, &secret, &err);
    if (rc == MX_OK) {
        mx_minisign_public_of(&secret, &public);
        mx_minisign_public_write(&public, out);
        mx_secret_wipe(&secret, sizeof(secret));
    }
    return push_outcome(L, rc, &err);
}

// key_id(public) -> 16 hex digits | nil, err
static int l_key_id(lua_State *L) {
    struct mx_minisign_public key;
    struct mx_error err;
    if (mx_minisign_public_read(mx_slice_check(L, 1), &key, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    push_id(L, key.id);
    return 1;
}

// signed_by(signature) -> the id of the key that it names | nil, err: nothing is verified
static int l_signed_by(lua_State *L) {
    struct mx_minisign_signature signature;
    struct mx_error err;
    if (mx_minisign_signature_read(mx_slice_check(L, 1), &signature, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    push_id(L, signature.id);
    return 1;
}

// sign(secret, password, bytes, comment [, legacy]) -> signature | nil, err
static int l_sign(lua_State *L) {
    struct mx_slice text = mx_slice_check(L, 1);
    struct mx_slice password = mx_slice_check(L, 2);
    struct mx_slice bytes = mx_slice_check(L, 3);
    struct mx_slice comment = mx_slice_check(L, 4);
    bool prehashed = !lua_toboolean(L, 5);
    struct mx_minisign_secret secret;
    struct mx_error err;
    mx_buf *out = mx_scratch_take(L);
    int rc = mx_minisign_secret_read(text, password, &secret, &err);
    if (rc == MX_OK) {
        rc = mx_minisign_sign(&secret, bytes, comment, prehashed, out, &err);
        mx_secret_wipe(&secret, sizeof(secret));
    }
    return push_outcome(L, rc, &err);
}

// verify(public, bytes, signature) -> trusted comment | nil, err
static int l_verify(lua_State *L) {
    struct mx_minisign_public key;
    struct mx_minisign_signature signature;
    struct mx_error err;
    struct mx_slice bytes = mx_slice_check(L, 2);
    int rc = mx_minisign_public_read(mx_slice_check(L, 1), &key, &err);
    if (rc == MX_OK) {
        rc = mx_minisign_signature_read(mx_slice_check(L, 3), &signature, &err);
    }
    if (rc == MX_OK) {
        rc = mx_minisign_verify(&key, &signature, bytes, &err);
    }
    if (rc < 0) {
        return mx_failure_push(L, &err);
    }
    mx_slice_push(L, signature.comment);
    return 1;
}

static const luaL_Reg minisign_module[] = {
    {"create", l_create},
    {"is_locked", l_is_locked},
    {"key_id", l_key_id},
    {"public_of", l_public_of},
    {"sign", l_sign},
    {"signed_by", l_signed_by},
    {"verify", l_verify},
    {NULL, NULL},
};

int mx_luaopen_minisign(lua_State *L) {
    luaL_newlib(L, minisign_module);
    return 1;
}

// Lua's view of platform/files: the module `native.fs`, for boot, tools, themes and tests.
#include "script/bindings.h"

#include <lauxlib.h>

#include "platform/files.h"
#include "script/state.h"

enum { READ_MAX = 256 * 1024 * 1024, DEFAULT_FILE_MODE = 0644, DEFAULT_DIR_MODE = 0755 };

// [-0, +1 or 2]
static int push_outcome(lua_State *L, int rc, const struct mx_error *err) {
    if (rc < 0) {
        return mx_failure_push(L, err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// read(path) -> bytes | nil, err
static int l_read(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct mx_error err;
    if (mx_file_read(path, READ_MAX, mx_scratch_take(L), &err) < 0) {
        return mx_failure_push(L, &err);
    }
    mx_scratch_push(L);
    return 1;
}

// write(path, bytes [, mode]) -> true | nil, err: the old content or the new, never half
static int l_write(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct mx_slice bytes = mx_slice_check(L, 2);
    unsigned mode = (unsigned)luaL_optinteger(L, 3, DEFAULT_FILE_MODE);
    struct mx_error err;
    return push_outcome(L, mx_file_write(path, bytes, mode, &err), &err);
}

// Names are gathered as bytes first: pushing may raise, and the walk holds an open folder.
static int on_name_found(void *ctx, const char *name, struct mx_error *err) {
    (void)err;
    mx_buf_append(ctx, name, strlen(name) + 1);
    return MX_OK;
}

// list(path) -> { name, … } sorted | nil, err
static int l_list(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    mx_buf *names = mx_scratch_take(L);
    struct mx_error err;
    if (mx_dir_list(path, on_name_found, names, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_newtable(L);
    lua_Integer count = 0;
    for (size_t at = 0; at < names->len; at += strlen(names->ptr + at) + 1) {
        lua_pushstring(L, names->ptr + at);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

// stat(path) -> { kind = "file"|"dir"|"other", size, modified } | nil, err
static int l_stat(lua_State *L) {
    static const char *const kinds[] = {"other", "file", "dir"};
    struct mx_file_info info;
    struct mx_error err;
    if (mx_file_stat(luaL_checkstring(L, 1), &info, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_createtable(L, 0, 3);
    lua_pushstring(L, kinds[info.kind]);
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, (lua_Integer)info.size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, info.modified_ms);
    lua_setfield(L, -2, "modified");
    return 1;
}

// exists(path) -> boolean
static int l_exists(lua_State *L) {
    struct mx_file_info info;
    struct mx_error err;
    lua_pushboolean(L, mx_file_stat(luaL_checkstring(L, 1), &info, &err) == MX_OK);
    return 1;
}

// is_below(root, path) -> boolean: with all links followed
static int l_is_below(lua_State *L) {
    lua_pushboolean(L, mx_file_is_below(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    return 1;
}

// mkdir(path [, mode]) -> true | nil, err: with the folders above it
static int l_mkdir(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    unsigned mode = (unsigned)luaL_optinteger(L, 2, DEFAULT_DIR_MODE);
    struct mx_error err;
    return push_outcome(L, mx_dir_make(path, mode, &err), &err);
}

// remove(path) -> true | nil, err: a file, or a folder and all below it
static int l_remove(lua_State *L) {
    struct mx_error err;
    return push_outcome(L, mx_file_remove(luaL_checkstring(L, 1), &err), &err);
}

// rename(from, to) -> true | nil, err: on one disk, durable
static int l_rename(lua_State *L) {
    struct mx_error err;
    return push_outcome(
        L, mx_file_move(luaL_checkstring(L, 1), luaL_checkstring(L, 2), &err), &err);
}

static const luaL_Reg fs_module[] = {
    {"exists", l_exists},
    {"is_below", l_is_below},
    {"list", l_list},
    {"mkdir", l_mkdir},
    {"read", l_read},
    {"remove", l_remove},
    {"rename", l_rename},
    {"stat", l_stat},
    {"write", l_write},
    {NULL, NULL},
};

int mx_luaopen_fs(lua_State *L) {
    luaL_newlib(L, fs_module);
    return 1;
}

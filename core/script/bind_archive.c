// One file that holds many: the module `native.archive`, for backups and packages.
#include "script/bindings.h"

#include <lauxlib.h>

#include "storage/archive.h"

#define WRITER_TYPE "native.archive.writer"

struct writer_box {
    mx_archive_writer *writer; // NULL once closed
};

static int l_close(lua_State *L) { // also __gc and __close: safe to repeat
    struct writer_box *box = luaL_checkudata(L, 1, WRITER_TYPE);
    mx_archive_writer_close(box->writer);
    box->writer = NULL;
    return 0;
}

static mx_archive_writer *check_open(lua_State *L) {
    struct writer_box *box = luaL_checkudata(L, 1, WRITER_TYPE);
    luaL_argcheck(L, box->writer != NULL, 1, "the archive is closed");
    return box->writer;
}

static int push_outcome(lua_State *L, int rc, const struct mx_error *err) {
    if (rc < 0) {
        return mx_failure_push(L, err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// create(path) -> writer | nil, err: it appears at `path` when finished
static int l_create(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct writer_box *box = lua_newuserdatauv(L, sizeof(*box), 0); // box
    box->writer = NULL;
    luaL_setmetatable(L, WRITER_TYPE);
    struct mx_error err;
    if (mx_archive_writer_open(path, &box->writer, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    return 1;
}

// writer:add_bytes(name, bytes) -> true | nil, err
static int l_add_bytes(lua_State *L) {
    mx_archive_writer *writer = check_open(L);
    struct mx_error err;
    return push_outcome(
        L, mx_archive_add_bytes(writer, luaL_checkstring(L, 2), mx_slice_check(L, 3), &err), &err);
}

// writer:add_file(name, path) -> true | nil, err
static int l_add_file(lua_State *L) {
    mx_archive_writer *writer = check_open(L);
    struct mx_error err;
    return push_outcome(
        L, mx_archive_add_file(writer, luaL_checkstring(L, 2), luaL_checkstring(L, 3), &err), &err);
}

// writer:add_tree(name, folder) -> true | nil, err: every file below it; a missing folder adds
// nothing
static int l_add_tree(lua_State *L) {
    mx_archive_writer *writer = check_open(L);
    struct mx_error err;
    return push_outcome(
        L, mx_archive_add_tree(writer, luaL_checkstring(L, 2), luaL_checkstring(L, 3), &err), &err);
}

// writer:finish() -> true | nil, err: on disk and in place
static int l_finish(lua_State *L) {
    mx_archive_writer *writer = check_open(L);
    struct mx_error err;
    return push_outcome(L, mx_archive_writer_finish(writer, &err), &err);
}

// extract(path, folder) -> true | nil, err: the folder must be empty or missing
static int l_extract(lua_State *L) {
    static const struct mx_archive_limits limits = {
        .file_bytes = UINT64_C(1) << 40,
        .total_bytes = UINT64_C(1) << 40,
        .files = 10000000,
    };
    struct mx_error err;
    return push_outcome(
        L, mx_archive_extract(luaL_checkstring(L, 1), luaL_checkstring(L, 2), &limits, &err), &err);
}

static const luaL_Reg writer_meta[] = {
    {"__close", l_close},
    {"__gc", l_close},
    {NULL, NULL},
};

static const luaL_Reg writer_methods[] = {
    {"add_bytes", l_add_bytes},
    {"add_file", l_add_file},
    {"add_tree", l_add_tree},
    {"close", l_close},
    {"finish", l_finish},
    {NULL, NULL},
};

static const luaL_Reg archive_module[] = {
    {"create", l_create},
    {"extract", l_extract},
    {NULL, NULL},
};

int mx_luaopen_archive(lua_State *L) {
    luaL_newmetatable(L, WRITER_TYPE); // meta
    luaL_setfuncs(L, writer_meta, 0);
    luaL_newlib(L, writer_methods); // meta methods
    lua_setfield(L, -2, "__index"); // meta
    lua_pop(L, 1);                  //
    luaL_newlib(L, archive_module); // module
    return 1;
}

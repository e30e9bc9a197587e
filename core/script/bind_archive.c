// One file that holds many: the module `native.archive`, for backups and packages.
#include "script/bindings.h"

#include <lauxlib.h>

#include "platform/alloc.h"
#include "script/state.h"
#include "storage/archive.h"

#define WRITER_TYPE "native.archive.writer"

enum { READ_ONE_MAX = 256 * 1024 * 1024 };

// What an archive may hold: far more than any shop has.
static const struct mx_archive_limits generous = {
    .file_bytes = UINT64_C(1) << 40,
    .total_bytes = UINT64_C(1) << 40,
    .files = 10000000,
};

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

// [-0, +1] { name, size, digest }
static void push_member(lua_State *L, const struct mx_archive_member *member) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, member->name);
    lua_setfield(L, -2, "name");
    lua_pushinteger(L, (lua_Integer)member->size);
    lua_setfield(L, -2, "size");
    lua_pushstring(L, member->digest);
    lua_setfield(L, -2, "digest");
}

// writer:members() -> { { name, size, digest }, … } in the order in which they were added
static int l_members(lua_State *L) {
    size_t count = 0;
    const struct mx_archive_member *members = mx_archive_members(check_open(L), &count);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_member(L, &members[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// writer:finish() -> true | nil, err: on disk and in place
static int l_finish(lua_State *L) {
    mx_archive_writer *writer = check_open(L);
    struct mx_error err;
    return push_outcome(L, mx_archive_writer_finish(writer, &err), &err);
}

// --- reading ------------------------------------------------------------------------------------

// What was read, collected in plain memory: between the archive's opening and its end nothing in
// Lua may raise. A box, so that it is freed whatever happens.
struct list_box {
    struct mx_archive_member *members; // owned
    size_t count;
    size_t cap;
};

#define LIST_TYPE "native.archive.list"

static int l_list_gc(lua_State *L) {
    struct list_box *box = luaL_checkudata(L, 1, LIST_TYPE);
    mx_free(box->members);
    *box = (struct list_box){NULL, 0, 0};
    return 0;
}

// [-0, +1]
static struct list_box *push_list_box(lua_State *L) {
    struct list_box *box = lua_newuserdatauv(L, sizeof(*box), 0);
    *box = (struct list_box){NULL, 0, 0};
    luaL_setmetatable(L, LIST_TYPE);
    return box;
}

static int on_member_read(void *ctx, const struct mx_archive_member *member, struct mx_error *err) {
    (void)err;
    struct list_box *box = ctx;
    if (box->count == box->cap) {
        box->cap = box->cap ? box->cap * 2 : 16;
        box->members = mx_realloc(box->members, box->cap * sizeof(*box->members));
    }
    box->members[box->count++] = *member;
    return MX_OK;
}

static int push_list(lua_State *L, const struct list_box *box) {
    lua_createtable(L, (int)box->count, 0);
    for (size_t i = 0; i < box->count; i++) {
        push_member(L, &box->members[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// A limit that may be tightened, not loosened.
static uint64_t field_limit(lua_State *L, int index, const char *name, uint64_t most) {
    int64_t value = mx_field_int(L, index, name, (int64_t)most);
    luaL_argcheck(L, value >= 0, index, "a limit is not negative");
    return (uint64_t)value < most ? (uint64_t)value : most;
}

// { exact, file_bytes, total_bytes, files }, each optional, or nothing
static struct mx_archive_limits check_limits(lua_State *L, int index) {
    struct mx_archive_limits limits = generous;
    if (!lua_isnoneornil(L, index)) {
        luaL_checktype(L, index, LUA_TTABLE);
        limits.exact = mx_field_bool(L, index, "exact", false);
        limits.file_bytes = field_limit(L, index, "file_bytes", generous.file_bytes);
        limits.total_bytes = field_limit(L, index, "total_bytes", generous.total_bytes);
        limits.files = field_limit(L, index, "files", generous.files);
    }
    return limits;
}

// list(path [, limits]) -> { { name, size, digest }, … } | nil, err: reads everything; an exact one
// takes nothing but what create() would have written
static int l_list(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct mx_archive_limits limits = check_limits(L, 2);
    struct list_box *box = push_list_box(L);
    struct mx_error err;
    if (mx_archive_list(path, &limits, on_member_read, box, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    return push_list(L, box);
}

// read(path, name) -> bytes | nil, err
static int l_read(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    const char *name = luaL_checkstring(L, 2);
    mx_buf *bytes = mx_scratch_take(L);
    struct mx_error err;
    if (mx_archive_read_one(path, name, &generous, READ_ONE_MAX, bytes, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    mx_scratch_push(L);
    return 1;
}

// extract(path, folder [, limits]) -> { { name, size, digest }, … } | nil, err: the folder must be
// empty or missing
static int l_extract(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    const char *folder = luaL_checkstring(L, 2);
    struct mx_archive_limits limits = check_limits(L, 3);
    struct list_box *box = push_list_box(L);
    struct mx_error err;
    if (mx_archive_extract(path, folder, &limits, on_member_read, box, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    return push_list(L, box);
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
    {"members", l_members},
    {NULL, NULL},
};

static const luaL_Reg archive_module[] = {
    {"create", l_create},
    {"extract", l_extract},
    {"list", l_list},
    {"read", l_read},
    {NULL, NULL},
};

int mx_luaopen_archive(lua_State *L) {
    luaL_newmetatable(L, WRITER_TYPE); // meta
    luaL_setfuncs(L, writer_meta, 0);
    luaL_newlib(L, writer_methods);  // meta methods
    lua_setfield(L, -2, "__index");  // meta
    lua_pop(L, 1);                   //
    luaL_newmetatable(L, LIST_TYPE); // meta
    lua_pushcfunction(L, l_list_gc); // meta gc
    lua_setfield(L, -2, "__gc");     // meta
    lua_pop(L, 1);                   //
    luaL_newlib(L, archive_module);  // module
    return 1;
}

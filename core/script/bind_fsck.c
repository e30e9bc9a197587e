// Damage in databases: the module `native.fsck`, for merx fsck and merx restore.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/db_box.h"
#include "storage/backup.h"
#include "storage/fsck.h"

#define REPORT_TYPE "native.fsck.report"

static int l_report_gc(lua_State *L) {
    mx_fsck_report_deinit(luaL_checkudata(L, 1, REPORT_TYPE));
    return 0;
}

static void set_integer(lua_State *L, const char *name, int64_t value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

// run(conn, "quick"|"full") -> { problems = text, count, pages, free_pages, page_size, wal_bytes,
// schema_version } | nil, err
static int l_run(lua_State *L) {
    static const char *const depths[] = {"quick", "full", NULL};
    mx_db *db = mx_db_check(L, 1);
    int depth = luaL_checkoption(L, 2, "quick", depths);
    struct mx_fsck_report *report = lua_newuserdatauv(L, sizeof(*report), 0); // report
    *report = (struct mx_fsck_report){.count = 0};
    luaL_setmetatable(L, REPORT_TYPE);
    struct mx_error err;
    if (mx_fsck_run(db, (enum mx_fsck_depth)depth, report, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_createtable(L, 0, 7); // report {}
    mx_slice_push(L, mx_buf_slice(&report->problems));
    lua_setfield(L, -2, "problems");
    set_integer(L, "count", report->count);
    set_integer(L, "pages", report->pages);
    set_integer(L, "free_pages", report->free_pages);
    set_integer(L, "page_size", report->page_size);
    set_integer(L, "wal_bytes", report->wal_bytes);
    set_integer(L, "schema_version", report->schema_version);
    return 1;
}

// check(path, newest) -> { schema_version, bytes } | nil, err: may it take the place of a database?
static int l_check(lua_State *L) {
    struct mx_backup_info info;
    struct mx_error err;
    if (mx_backup_check(luaL_checkstring(L, 1), (int)luaL_optinteger(L, 2, 0), false, &info, &err) <
        0) {
        return mx_failure_push(L, &err);
    }
    lua_createtable(L, 0, 2);
    set_integer(L, "schema_version", info.schema_version);
    set_integer(L, "bytes", (int64_t)info.bytes);
    return 1;
}

static const luaL_Reg fsck_module[] = {
    {"check", l_check},
    {"run", l_run},
    {NULL, NULL},
};

int mx_luaopen_fsck(lua_State *L) {
    luaL_newmetatable(L, REPORT_TYPE); // meta
    lua_pushcfunction(L, l_report_gc); // meta gc
    lua_setfield(L, -2, "__gc");       // meta
    lua_pop(L, 1);                     //
    luaL_newlib(L, fsck_module);       // module
    return 1;
}

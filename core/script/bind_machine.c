// What stands below the program: the module `native.machine`, for tools.
#include "script/bindings.h"

#include <unistd.h>

#include <lauxlib.h>

#include "platform/machine.h"

enum { SYNCS = 32 };

static void set_integer(lua_State *L, const char *name, int64_t value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void set_boolean(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *value) {
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

// look(folder) -> facts | nil, err
static int l_look(lua_State *L) {
    struct mx_machine machine;
    struct mx_error err;
    if (mx_machine_look(luaL_checkstring(L, 1), &machine, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_createtable(L, 0, 16); // facts
    set_text(L, "kernel", machine.kernel);
    set_integer(L, "files_soft", machine.files_soft);
    set_integer(L, "files_hard", machine.files_hard);
    set_integer(L, "backlog", machine.backlog);
    set_integer(L, "cpus", machine.cpus);
    set_integer(L, "memory_bytes", machine.memory_bytes);
    set_integer(L, "memory_limit", machine.memory_limit);
    set_boolean(L, "is_clock_known", machine.is_clock_known);
    set_boolean(L, "is_clock_kept", machine.is_clock_kept);
    set_integer(L, "clock_error_us", machine.clock_error_us);
    set_text(L, "encoding", machine.encoding);
    set_text(L, "file_system", machine.file_system);
    set_integer(L, "disk_bytes", machine.disk_bytes);
    set_integer(L, "disk_free_bytes", machine.disk_free_bytes);
    set_integer(L, "disk_free_files", machine.disk_free_files);
    set_boolean(L, "is_read_only", machine.is_read_only);
    return 1;
}

// access(path) -> { mode, owner, is_own } | nil, err: of the link itself, if it is one
static int l_access(lua_State *L) {
    struct mx_access access;
    struct mx_error err;
    if (mx_machine_access(luaL_checkstring(L, 1), &access, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_createtable(L, 0, 3);
    set_integer(L, "mode", access.mode);
    set_integer(L, "owner", access.owner);
    set_boolean(L, "is_own", access.is_own);
    return 1;
}

// time_sync(folder) -> median, longest (microseconds) | nil, err: of small writes until they are on
// disk
static int l_time_sync(lua_State *L) {
    int64_t median = 0, longest = 0;
    struct mx_error err;
    if (mx_machine_time_sync(luaL_checkstring(L, 1), SYNCS, &median, &longest, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    lua_pushinteger(L, median);
    lua_pushinteger(L, longest);
    return 2;
}

// is_terminal(fd) -> whether a person sits there
static int l_is_terminal(lua_State *L) {
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

static const luaL_Reg machine_module[] = {
    {"access", l_access},
    {"is_terminal", l_is_terminal},
    {"look", l_look},
    {"time_sync", l_time_sync},
    {NULL, NULL},
};

int mx_luaopen_machine(lua_State *L) {
    luaL_newlib(L, machine_module);
    return 1;
}

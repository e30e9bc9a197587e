// What trusted Lua finds when it starts: the standard libraries without loaders of files or
// bytecode (and, while serving, without coroutines of its own: a task is the only one, so that the
// watchdog always knows what runs), `require` over SHARE/lua (and SHARE/tests in tests), and the
// native modules.
#include "script/state.h"

#include <lauxlib.h>
#include <lualib.h>

#include "platform/files.h"
#include "script/bindings.h"

enum { SOURCE_MAX = 8 * 1024 * 1024 };

static const luaL_Reg natives[] = {
    {"native.activity", mx_luaopen_activity},
    {"native.answer", mx_luaopen_answer},
    {"native.archive", mx_luaopen_archive},
    {"native.buf", mx_luaopen_buf},
    {"native.cache", mx_luaopen_cache},
    {"native.client", mx_luaopen_client},
    {"native.clock", mx_luaopen_clock},
    {"native.crypto", mx_luaopen_crypto},
    {"native.db", mx_luaopen_db},
    {"native.fs", mx_luaopen_fs},
    {"native.fsck", mx_luaopen_fsck},
    {"native.int", mx_luaopen_int},
    {"native.json", mx_luaopen_json},
    {"native.log", mx_luaopen_log},
    {"native.machine", mx_luaopen_machine},
    {"native.minisign", mx_luaopen_minisign},
    {"native.plugin", mx_luaopen_plugin},
    {"native.projection", mx_luaopen_projection},
    {"native.random", mx_luaopen_random},
    {"native.request", mx_luaopen_request},
    {"native.table", mx_luaopen_table},
    {"native.task", mx_luaopen_task},
    {"native.template", mx_luaopen_template},
    {"native.test", mx_luaopen_test},
    {"native.text", mx_luaopen_text},
    {"native.thread", mx_luaopen_thread},
    {"native.value", mx_luaopen_value},
    {NULL, NULL},
};

// Key of the table of loaded modules in the registry.
static const char loaded_key = 0;

// --- loading files ----------------------------------------------------------------------------

// [-0, +1 | 0]
static int load_bytes(lua_State *L, const mx_buf *bytes, const char *name, struct mx_error *err) {
    struct mx_slice source = mx_buf_slice(bytes);
    if (source.len > 0 && source.ptr[0] == '#') { // a first line for the shell
        mx_slice_cut(&source, '\n');
    }
    if (mx_state_load(L, source, name) != LUA_OK) {
        const char *text = lua_tostring(L, -1);
        int rc = mx_fail(err, MX_E_INVALID, "%s", text ? text : "no memory to compile");
        lua_pop(L, 1);
        return rc;
    }
    return MX_OK;
}

static int load_file(lua_State *L, const char *path, const char *name, struct mx_error *err) {
    mx_buf bytes = {0}; // loading raises nothing
    int rc = mx_file_read(path, SOURCE_MAX, &bytes, err);
    if (rc == MX_OK) {
        rc = load_bytes(L, &bytes, name, err);
    }
    mx_buf_deinit(&bytes);
    return rc;
}

int mx_library_load(lua_State *L, const char *path, const char *name, struct mx_error *err) {
    struct mx_slice key = mx_slice_of(name);
    if (!mx_slice_starts_with(key, MX_SLICE("@lua/"))) { // plugins come and go with their versions
        return load_file(L, path, name, err);
    }
    mx_chunks *chunks = mx_script_of(L)->options.chunks;
    if (mx_chunks_load(chunks, L, key)) {
        return MX_OK;
    }
    int rc = load_file(L, path, name, err);
    if (rc == MX_OK) {
        mx_chunks_keep(chunks, L, key);
    }
    return rc;
}

// --- require ----------------------------------------------------------------------------------

bool mx_library_is_module_name(struct mx_slice name) {
    if (name.len == 0 || name.ptr[0] == '.' || name.ptr[name.len - 1] == '.') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_double_dot = c == '.' && i > 0 && name.ptr[i - 1] == '.';
        if (is_double_dot ||
            !(is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.')) {
            return false;
        }
    }
    return true;
}

// [-0, +1] ROOT/kernel/db.lua for "kernel.db".
static const char *push_path(lua_State *L, const char *root, const char *name, const char *end) {
    const char *path = luaL_gsub(L, name, ".", "/"); // path
    lua_pushfstring(L, "%s/%s%s", root, path, end);  // path full
    lua_remove(L, -2);                               // full
    return lua_tostring(L, -1);
}

// [-0, +1 | 0] Whether there is such a file; leaves its path.
static bool find_file(lua_State *L, const char *root, const char *name) {
    static const char *const ends[] = {".lua", "/init.lua"};
    struct mx_file_info info;
    struct mx_error err;
    for (size_t i = 0; i < 2; i++) {
        const char *path = push_path(L, root, name, ends[i]);
        if (mx_file_stat(path, &info, &err) == MX_OK && info.kind == MX_FILE_REGULAR) {
            return true;
        }
        lua_pop(L, 1);
    }
    return false;
}

// [-0, +1 | 0] The same below the folders that this role may load from.
static bool find_module(lua_State *L, const char *name) {
    const struct mx_script_options *options = &mx_script_of(L)->options;
    if (find_file(L, lua_pushfstring(L, "%s/lua", options->share), name)) { // root path
        lua_remove(L, -2);                                                  // path
        return true;
    }
    lua_pop(L, 1);
    if (options->role == MX_ROLE_TEST &&
        find_file(L, lua_pushfstring(L, "%s/tests", options->share), name)) { // root path
        lua_remove(L, -2);                                                    // path
        return true;
    }
    return false;
}

// [-0, +1] The chunk of a module. What one thread found the others find without a look at the disk:
// trusted Lua changes only by restart.
static void load_module(lua_State *L, const char *name) {
    struct mx_error err;
    mx_chunks *chunks = mx_script_of(L)->options.chunks;
    if (mx_chunks_load(chunks, L, mx_slice_of(name))) {
        return;
    }
    if (!find_module(L, name)) {
        luaL_error(L, "module '%s' not found: there is no %s/lua/%s.lua nor …/init.lua", name,
            mx_script_of(L)->options.share, luaL_gsub(L, name, ".", "/"));
    }
    const char *path = lua_tostring(L, -1); // path
    // Chunks are named by their place below the share folder, so that traces are the same anywhere.
    const char *shown = path + strlen(mx_script_of(L)->options.share) + 1;
    if (load_file(L, path, lua_pushfstring(L, "@%s", shown), &err) < 0) { // path name fn
        luaL_error(L, "%s", err.text);
    }
    mx_chunks_keep(chunks, L, mx_slice_of(name));
}

// require(name) -> module. Upvalue 1: loaded modules; a module that is being loaded is `true`.
static int l_require(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    if (lua_getfield(L, lua_upvalueindex(1), name) == LUA_TBOOLEAN) {
        return luaL_error(L, "'%s' requires itself, by way of others", name);
    }
    if (!lua_isnil(L, 2)) {
        return 1;
    }
    luaL_argcheck(
        L, mx_library_is_module_name(mx_slice_check(L, 1)), 1, "not the name of a module");
    lua_settop(L, 1);
    load_module(L, name); // name … fn
    lua_pushboolean(L, 1);
    lua_setfield(L, lua_upvalueindex(1), name);
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) { // name … module | error
        lua_pushnil(L);
        lua_setfield(L, lua_upvalueindex(1), name); // so that the next attempt tells the same
        return lua_error(L);
    }
    if (lua_isnil(L, -1)) {
        return luaL_error(L, "the module '%s' returns nothing: end it with `return`", name);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), name);
    return 1;
}

// --- standard libraries -----------------------------------------------------------------------

// load(text or function [, name [, mode [, env]]]), text only. Upvalue 1: Lua's own.
static int l_load(lua_State *L) {
    lua_settop(L, lua_isnone(L, 4) ? 3 : 4);
    lua_pushliteral(L, "t");
    lua_replace(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static void remove_fields(lua_State *L, const char *library, const char *const *names) {
    lua_getglobal(L, library);
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
    lua_pop(L, 1);
}

static void open_standard(lua_State *L, bool is_tool) {
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},
        {LUA_TABLIBNAME, luaopen_table},
        {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},
        {LUA_DBLIBNAME, luaopen_debug},
        {LUA_OSLIBNAME, luaopen_os},
        {NULL, NULL},
    };
    static const char *const loaders[] = {"dofile", "loadfile", NULL};
    static const char *const processes[] = {
        "execute", "exit", "remove", "rename", "setlocale", "tmpname", NULL};
    for (const luaL_Reg *library = libraries; library->func; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    remove_fields(L, LUA_GNAME, loaders);
    if (is_tool) {
        luaL_requiref(L, LUA_IOLIBNAME, luaopen_io, 1);
        luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 1);
        lua_pop(L, 2);
    } else {
        remove_fields(L, LUA_OSLIBNAME, processes);
    }
    lua_getglobal(L, "load");
    lua_pushcclosure(L, l_load, 1);
    lua_setglobal(L, "load");
}

int mx_library_open(lua_State *L) {
    enum mx_role role = mx_script_of(L)->options.role;
    open_standard(L, role == MX_ROLE_TOOL || role == MX_ROLE_TEST);
    lua_newtable(L); // loaded
    for (const luaL_Reg *native = natives; native->name; native++) {
        lua_pushcfunction(L, native->func);
        lua_call(L, 0, 1);
        lua_setfield(L, -2, native->name);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
    lua_pushcclosure(L, l_require, 1); //
    lua_setglobal(L, "require");
    return 0;
}

// [-0, +1] Calls require(name) on the trusted state. May raise.
void mx_library_require(lua_State *L, const char *name) {
    lua_getglobal(L, "require");
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
}

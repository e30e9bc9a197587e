// How P is furnished: two environments of flat tables, each made when it is needed, the prelude of
// the kernel in each, and a `require` that sees the plugin's own folders and nothing else.
#include "script/plugin.h"

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "script/bindings.h"
#include "script/html.h"
#include "script/json.h"
#include "script/sandbox.h"
#include "script/value.h"

const char *const mx_plugin_kinds[] = {"pure", "view", "command", "effect", NULL};

enum { OPEN_MS = 1000 };

// Keys in P's registry; for the tables of an environment, the address of its element.
static const char env_keys[MX_ENV_COUNT];
static const char loaded_keys[MX_ENV_COUNT];
static const char handler_keys[MX_ENV_COUNT];
static const char modules_key;
static const char preludes_key;

int mx_values_copy(lua_State *to, const struct mx_values *values) {
    struct mx_error err;
    luaL_checkstack(to, values->count + 4, "too many values");
    for (int i = 0; i < values->count; i++) {
        if (mx_value_copy(values->L, values->first + i, to, NULL, &err) < 0) {
            luaL_error(to, "%s", err.text);
        }
    }
    return values->count;
}

// --- modules of the plugin
// ------------------------------------------------------------------------

// [-0, +1 | 0] A module given as text when the plugin was opened.
static bool load_given(lua_State *P, const char *name, const char *id) {
    lua_rawgetp(P, LUA_REGISTRYINDEX, &modules_key); // modules
    if (lua_getfield(P, -1, name) != LUA_TSTRING) {  // modules source
        lua_pop(P, 2);
        return false;
    }
    struct mx_slice source;
    source.ptr = lua_tolstring(P, -1, &source.len);
    const char *chunk = lua_pushfstring(P, "@%s/src/%s.lua", id, name); // modules source chunk
    if (mx_state_load(P, source, chunk) != LUA_OK) {
        lua_error(P);
    }
    lua_replace(P, -4); // fn source chunk
    lua_pop(P, 2);      // fn
    return true;
}

// [-0, +1 | 0] A module from src/ or lib/ of the plugin's folder.
static bool load_from_folder(lua_State *P, const struct mx_plugin *plugin, const char *name) {
    static const char *const folders[] = {"src", "lib"};
    struct mx_file_info info;
    struct mx_error err;
    const char *file = luaL_gsub(P, name, ".", "/"); // file
    for (size_t i = 0; plugin->root[0] && i < 2; i++) {
        const char *path = lua_pushfstring(P, "%s/%s/%s.lua", plugin->root, folders[i], file);
        if (mx_file_stat(path, &info, &err) == MX_OK && info.kind == MX_FILE_REGULAR) {
            if (!mx_file_is_below(plugin->root, path)) {
                luaL_error(P, "%s/%s.lua of %s is a link that leads out of the plugin", folders[i],
                    file, plugin->id);
            }
            const char *chunk = lua_pushfstring(P, "@%s/%s/%s.lua", plugin->id, folders[i], file);
            if (mx_library_load(P, path, chunk, &err) < 0) {
                luaL_error(P, "%s", err.text);
            }
            lua_replace(P, -4); // fn path chunk
            lua_pop(P, 2);      // fn
            return true;
        }
        lua_pop(P, 1); // file
    }
    lua_pop(P, 1);
    return false;
}

// [-1, +1] Runs the chunk on top in the environment and replaces it by what it returns.
static void run_chunk(lua_State *P, int env) {
    lua_rawgetp(P, LUA_REGISTRYINDEX, &env_keys[env]); // fn env
    lua_setupvalue(P, -2, 1);                          // fn
    lua_call(P, 0, 1);
}

// [-0, +1 | 0] A module, loaded at most once in each environment.
static bool push_module(lua_State *P, int env, const char *name) {
    const struct mx_plugin *plugin = mx_state_of(P)->plugin;
    lua_rawgetp(P, LUA_REGISTRYINDEX, &loaded_keys[env]); // loaded
    int type = lua_getfield(P, -1, name);                 // loaded module
    if (type == LUA_TBOOLEAN) {
        luaL_error(P, "'%s' requires itself, by way of others", name);
    }
    if (type != LUA_TNIL) {
        lua_remove(P, -2);
        return true;
    }
    lua_pop(P, 1); // loaded
    if (!load_given(P, name, plugin->id) && !load_from_folder(P, plugin, name)) {
        lua_pop(P, 1);
        return false;
    }
    lua_pushboolean(P, 1); // loaded fn true
    lua_setfield(P, -3, name);
    run_chunk(P, env); // loaded module
    if (lua_isnil(P, -1) || lua_isboolean(P, -1)) {
        luaL_error(P, "the module '%s' returns nothing: end it with `return`", name);
    }
    lua_pushvalue(P, -1);
    lua_setfield(P, -3, name);
    lua_remove(P, -2); // module
    if (env == MX_ENV_PURE) {
        mx_seal_value(P, lua_gettop(P), false);
    }
    return true;
}

// A module that failed to load must not look as if it were being loaded.
static void forget_unfinished(lua_State *P, int env, const char *name) {
    lua_rawgetp(P, LUA_REGISTRYINDEX, &loaded_keys[env]);
    if (lua_getfield(P, -1, name) == LUA_TBOOLEAN) {
        lua_pushnil(P);
        lua_setfield(P, -3, name);
    }
    lua_pop(P, 2);
}

// require(name), upvalue 1: the environment
static int l_require(lua_State *P) {
    int env = (int)lua_tointeger(P, lua_upvalueindex(1));
    struct mx_slice name = mx_slice_check(P, 1);
    luaL_argcheck(P, mx_library_is_module_name(name), 1, "not the name of a module");
    // What is loaded already depends on what was asked before.
    if (env == MX_ENV_PURE && !mx_state_of(P)->plugin->loading) {
        return luaL_error(P, "pure code requires its modules at their head, not in a handler");
    }
    if (!push_module(P, env, name.ptr)) {
        return luaL_error(P, "module '%s' not found: it must be in src/ or lib/ of %s", name.ptr,
            mx_state_of(P)->plugin->id);
    }
    return 1;
}

// --- handlers
// -------------------------------------------------------------------------------------

static void fail_missing(lua_State *P, struct mx_plugin_call *call, const char *why) {
    call->is_missing = true;
    luaL_error(P, "there is no handler '%s': %s", call->handler.ptr, why);
}

// [-0, +1] Looks the function up in its module.
static void push_function(lua_State *P, struct mx_plugin_call *call, int env) {
    struct mx_slice function = call->handler;
    struct mx_slice module = mx_slice_cut(&function, ':');
    if (!function.ptr || function.len == 0 || !mx_library_is_module_name(module)) {
        fail_missing(P, call, "write it as \"module:function\"");
    }
    const char *name = lua_pushlstring(P, module.ptr, module.len); // name
    forget_unfinished(P, env, name);
    if (!push_module(P, env, name)) { // name module
        fail_missing(P, call, "its module is neither in src/ nor in lib/");
    }
    if (!lua_istable(P, -1)) {
        fail_missing(P, call, "its module does not return a table");
    }
    if (mx_seal_push_shadow(P, -1)) {
        lua_replace(P, -2);
    }
    lua_pushlstring(P, function.ptr, function.len);
    if (lua_rawget(P, -2) != LUA_TFUNCTION) { // name module fn
        fail_missing(P, call, "its module has no such function");
    }
    lua_replace(P, -3); // fn module
    lua_pop(P, 1);      // fn
}

void mx_plugin_push_handler(lua_State *P, struct mx_plugin_call *call) {
    int env = mx_plugin_env(call->kind);
    lua_rawgetp(P, LUA_REGISTRYINDEX, &handler_keys[env]); // handlers
    mx_slice_push(P, call->handler);                       // handlers name
    lua_pushvalue(P, -1);                                  // handlers name name
    if (lua_rawget(P, -3) == LUA_TNIL) {                   // handlers name fn
        lua_pop(P, 1);                                     // handlers name
        push_function(P, call, env);                       // handlers name fn
        lua_pushvalue(P, -2);                              // handlers name fn name
        lua_pushvalue(P, -2);                              // handlers name fn name fn
        lua_rawset(P, -5);                                 // handlers name fn
    }
    lua_replace(P, -3); // fn name
    lua_pop(P, 1);      // fn
}

// --- environments
// ---------------------------------------------------------------------------------

static void set_library(lua_State *P, const char *name, void (*push)(lua_State *)) {
    push(P);
    lua_setfield(P, -2, name);
}

// [-0, +1] A flat table with everything but require.
static void push_environment(lua_State *P) {
    lua_newtable(P); // env
    mx_sandbox_add_base(P);
    set_library(P, "math", mx_sandbox_push_math);
    set_library(P, "string", mx_sandbox_push_string);
    set_library(P, "table", mx_sandbox_push_table);
    set_library(P, "utf8", mx_sandbox_push_utf8);
}

// Methods of strings come from a table that no code can reach and change.
static void hide_string_methods(lua_State *P) {
    lua_pushliteral(P, "");
    lua_getmetatable(P, -1); // "" meta
    mx_sandbox_push_string(P);
    lua_setfield(P, -2, "__index");
    lua_pop(P, 2);
}

// Only the prelude may require these.
static int l_require_native(lua_State *P) {
    const char *name = luaL_checkstring(P, 1);
    if (strcmp(name, "native.int") == 0) {
        return mx_luaopen_int(P);
    }
    if (strcmp(name, "native.json") == 0) {
        mx_luaopen_json(P); // json
        static const char *const charged[] = {"decode", "encode"};
        for (size_t i = 0; i < 2; i++) {
            lua_getfield(P, -1, charged[i]);
            mx_sandbox_wrap_charged(P);
            lua_setfield(P, -2, charged[i]);
        }
        return 1;
    }
    if (strcmp(name, "native.list") == 0) {
        mx_sandbox_push_list(P);
        return 1;
    }
    if (strcmp(name, "native.host") == 0) {
        mx_plugin_push_host(P);
        return 1;
    }
    return luaL_error(P, "a prelude cannot require '%s'", name);
}

// [-0, +1] The name of the file without folder and ".lua".
static void push_base_name(lua_State *P, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    lua_pushlstring(P, base, dot ? (size_t)(dot - base) : strlen(base));
}

// Runs one file of the kernel in the environment at `own` and gives what it returns to the one at
// `env`, under its name.
static void run_prelude(lua_State *P, int env, int own, const char *path) {
    struct mx_error err;
    const char *share = mx_script_of(P)->options.share;
    const char *chunk = lua_pushfstring(P, "@lua/%s", path);         // chunk
    const char *full = lua_pushfstring(P, "%s/lua/%s", share, path); // chunk full
    if (mx_library_load(P, full, chunk, &err) < 0) {                 // chunk full fn
        luaL_error(P, "%s", err.text);
    }
    lua_pushvalue(P, own);
    lua_setupvalue(P, -2, 1); // chunk full fn
    lua_call(P, 0, 1);        // chunk full value
    push_base_name(P, path);  // chunk full value name
    lua_insert(P, -2);        // chunk full name value
    lua_rawset(P, env);       // chunk full
    lua_pop(P, 2);
}

// The preludes share an environment: what plugin code does to its own tables does not reach it.
static void run_preludes(lua_State *P, int env) {
    lua_rawgetp(P, LUA_REGISTRYINDEX, &preludes_key); // preludes
    int list = lua_gettop(P);
    push_environment(P); // preludes own
    lua_pushcfunction(P, l_require_native);
    lua_setfield(P, -2, "require");
    for (lua_Integer i = 1; lua_rawgeti(P, list, i) == LUA_TSTRING; i++) {
        run_prelude(P, env, list + 1, lua_tostring(P, -1));
        lua_pop(P, 1);
    }
    lua_settop(P, list - 1);
}

static void make_environment(lua_State *P, int env) {
    push_environment(P); // env
    hide_string_methods(P);
    lua_pushinteger(P, env);
    lua_pushcclosure(P, l_require, 1);
    lua_setfield(P, -2, "require");
    run_preludes(P, lua_gettop(P));
    if (env == MX_ENV_PURE) {
        mx_seal_value(P, lua_gettop(P), true);
    }
    lua_rawsetp(P, LUA_REGISTRYINDEX, &env_keys[env]); //
    lua_newtable(P);
    lua_rawsetp(P, LUA_REGISTRYINDEX, &loaded_keys[env]);
    lua_newtable(P);
    lua_rawsetp(P, LUA_REGISTRYINDEX, &handler_keys[env]);
}

// Few plugins have handlers in both environments, so each is made when the first handler is loaded
// there.
void mx_plugin_need_environment(lua_State *P, enum mx_plugin_kind kind) {
    int env = mx_plugin_env(kind);
    if (lua_rawgetp(P, LUA_REGISTRYINDEX, &handler_keys[env]) == LUA_TNIL) {
        make_environment(P, env);
    }
    lua_pop(P, 1);
}

// Values are copied out of P when nothing protects it: looking up these names must not allocate.
static void keep_mark_names(lua_State *P) {
    static const char *const names[] = {MX_JSON_ARRAY_TYPE, MX_HTML_TYPE};
    for (size_t i = 0; i < 2; i++) {
        lua_pushstring(P, names[i]);
        luaL_ref(P, LUA_REGISTRYINDEX);
    }
}

struct furnish {
    const struct mx_values *preludes;
    lua_State *T;
    int modules;
};

// In P. [1] struct furnish
static int l_furnish(lua_State *P) {
    struct furnish *furnish = lua_touserdata(P, 1);
    struct mx_error err;
    if (furnish->modules == 0) {
        lua_newtable(P);
    } else if (mx_value_copy(furnish->T, furnish->modules, P, NULL, &err) < 0) {
        return luaL_error(P, "modules: %s", err.text);
    }
    lua_rawsetp(P, LUA_REGISTRYINDEX, &modules_key);
    lua_createtable(P, furnish->preludes->count, 0);
    for (int i = 0; i < furnish->preludes->count; i++) {
        lua_pushstring(P, lua_tostring(furnish->T, furnish->preludes->first + i));
        lua_rawseti(P, -2, i + 1);
    }
    lua_rawsetp(P, LUA_REGISTRYINDEX, &preludes_key);
    keep_mark_names(P);
    return 0;
}

int mx_plugin_open(
    struct mx_plugin *plugin, const struct mx_values *preludes, int modules, struct mx_error *err) {
    static const struct mx_budget budget = {.ms = OPEN_MS};
    struct furnish furnish = {preludes, preludes->L, modules};
    int rc = mx_state_open(&plugin->state, err);
    if (rc < 0) {
        return rc;
    }
    lua_State *P = plugin->state.L;
    lua_pushcfunction(P, l_furnish);
    lua_pushlightuserdata(P, &furnish);
    rc = mx_script_call(P, 1, 0, &budget, err);
    if (rc == MX_OK) {
        lua_gc(P, LUA_GCCOLLECT);
    }
    return rc;
}

// One writer: no locked instruction.
static void add(_Atomic uint64_t *number, uint64_t by) {
    uint64_t now = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, now + by, memory_order_relaxed);
}

void mx_plugin_count_call(struct mx_plugin *plugin) {
    add(&plugin->tally.calls, 1);
}

void mx_plugin_bill(struct mx_plugin *plugin, uint64_t ns) {
    add(&plugin->tally.ns, ns);
    atomic_store_explicit(&plugin->tally.memory, plugin->state.used, memory_order_relaxed);
}

void mx_plugin_show(struct mx_plugin *plugin, uint64_t generation) {
    const struct mx_services *services = &plugin->state.script->services;
    plugin->tally.id = plugin->id;
    plugin->tally.generation = generation;
    mx_plugin_bill(plugin, 0);
    if (services->show_plugin) {
        services->show_plugin(services->ctx, &plugin->tally);
    }
}

static void hide(struct mx_plugin *plugin) {
    if (!plugin->tally.id) { // its own; the links are for those who count
        return;
    }
    const struct mx_services *services = &plugin->state.script->services;
    if (services->hide_plugin) {
        services->hide_plugin(services->ctx, &plugin->tally);
    }
    plugin->tally.id = NULL;
}

void mx_plugin_close(struct mx_plugin *plugin) {
    hide(plugin);
    mx_state_close(&plugin->state);
    mx_seal_deinit(&plugin->seal);
    mx_free(plugin->id);
    mx_free(plugin->root);
    mx_buf_deinit(&plugin->loaded);
    plugin->id = NULL;
    plugin->root = NULL;
}

// Lua's view of storage/db: the module `native.db`. A connection is a box that may be empty;
// whoever opened the thread's own one also closes it.
#include "script/bindings.h"

#include <lauxlib.h>

#include "script/db_box.h"
#include "script/state.h"
#include "storage/backup.h"
#include "storage/migrate.h"

// Registry: the box of the thread's own connection.
static const char main_key = 0;

int mx_db_failure_push(lua_State *L, const struct mx_error *err) {
    mx_failure_push(L, err); // nil err
    if (err->code == MX_E_CONFLICT) {
        lua_pushstring(L, err->text);
        lua_setfield(L, -2, "detail");
    }
    return 2;
}

// [-0, +1] An empty box.
static struct mx_db_box *push_box(lua_State *L) {
    struct mx_db_box *box = lua_newuserdatauv(L, sizeof(*box), 0);
    *box = (struct mx_db_box){NULL, false};
    luaL_setmetatable(L, MX_DB_TYPE);
    return box;
}

mx_db *mx_db_check(lua_State *L, int index) {
    struct mx_db_box *box = luaL_checkudata(L, index, MX_DB_TYPE);
    luaL_argcheck(L, box->db != NULL, index, "the connection is closed");
    return box->db;
}

// What most methods end with: true, or nil and the error.
static int push_outcome(lua_State *L, int rc, const struct mx_error *err) {
    if (rc < 0) {
        return mx_db_failure_push(L, err);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// --- connections ------------------------------------------------------------------------------

// open{path=, mode="read"|"write"|"memory"} -> conn | nil, err
static int l_open(lua_State *L) {
    static const char *const modes[] = {"read", "write", "memory", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "mode"); // options mode
    enum mx_db_mode mode = (enum mx_db_mode)luaL_checkoption(L, 2, "read", modes);
    lua_getfield(L, 1, "path"); // options mode path
    struct mx_db_options options = {
        .path = mode == MX_DB_MEMORY ? "" : luaL_checkstring(L, 3),
        .mode = mode,
        .relaxed = mx_field_bool(L, 1, "relaxed", false),
        .allow_old_deps = mx_field_bool(L, 1, "allow_old_deps", false),
        .schema_newest = (int)mx_field_int(L, 1, "schema_newest", 0),
    };
    struct mx_db_box *box = push_box(L); // the box comes first
    struct mx_error err;
    if (mx_db_open(&options, &box->db, &err) < 0) {
        return mx_db_failure_push(L, &err);
    }
    box->is_owner = true;
    return 1;
}

// main() -> the connection of this thread | nil
static int l_main(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &main_key);
    return 1;
}

// set_main(conn or nil)
static int l_set_main(lua_State *L) {
    mx_script *script = mx_script_of(L);
    lua_settop(L, 1);
    if (!lua_isnil(L, 1)) {
        mx_db_check(L, 1);
    }
    struct mx_db_box *box = lua_touserdata(L, 1);
    script->options.db = box ? box->db : NULL;
    lua_rawsetp(L, LUA_REGISTRYINDEX, &main_key);
    return 0;
}

static int l_close(lua_State *L) { // also __gc and __close: safe to repeat
    struct mx_db_box *box = luaL_checkudata(L, 1, MX_DB_TYPE);
    mx_script *script = mx_script_of(L);
    if (script->options.db == box->db) {
        script->options.db = NULL;
    }
    if (box->is_owner) {
        mx_db_close(box->db);
    }
    box->db = NULL;
    return 0;
}

static int l_exec(lua_State *L) {
    struct mx_error err;
    return push_outcome(L, mx_db_exec(mx_db_check(L, 1), luaL_checkstring(L, 2), &err), &err);
}

// begin([immediate]): for writing by default
static int l_begin(lua_State *L) {
    struct mx_error err;
    mx_db *db = mx_db_check(L, 1);
    bool immediate = lua_isnoneornil(L, 2) ? mx_db_mode(db) != MX_DB_READ : lua_toboolean(L, 2);
    return push_outcome(L, mx_db_begin(db, immediate, &err), &err);
}

static int l_commit(lua_State *L) {
    struct mx_error err;
    return push_outcome(L, mx_db_commit(mx_db_check(L, 1), &err), &err);
}

static int l_rollback(lua_State *L) {
    struct mx_error err;
    return push_outcome(L, mx_db_rollback(mx_db_check(L, 1), &err), &err);
}

static int l_savepoint(lua_State *L) {
    struct mx_error err;
    return push_outcome(L, mx_db_savepoint(mx_db_check(L, 1), luaL_checkstring(L, 2), &err), &err);
}

static int l_release(lua_State *L) {
    struct mx_error err;
    return push_outcome(L, mx_db_release(mx_db_check(L, 1), luaL_checkstring(L, 2), &err), &err);
}

static int l_rollback_to(lua_State *L) {
    struct mx_error err;
    return push_outcome(
        L, mx_db_rollback_to(mx_db_check(L, 1), luaL_checkstring(L, 2), &err), &err);
}

static int l_in_transaction(lua_State *L) {
    lua_pushboolean(L, mx_db_in_transaction(mx_db_check(L, 1)));
    return 1;
}

static int l_changes(lua_State *L) {
    lua_pushinteger(L, mx_db_changes(mx_db_check(L, 1)));
    return 1;
}

static int l_last_id(lua_State *L) {
    lua_pushinteger(L, mx_db_last_id(mx_db_check(L, 1)));
    return 1;
}

// end_slice(): ends the read transaction, for tools and tests
static int l_end_slice(lua_State *L) {
    mx_db_slice_end(mx_db_check(L, 1));
    return 0;
}

// statements() -> how many are open, cached ones included
static int l_statements(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)mx_db_statements(mx_db_check(L, 1)));
    return 1;
}

static int l_path(lua_State *L) {
    lua_pushstring(L, mx_db_path(mx_db_check(L, 1)));
    return 1;
}

// --- owners -------------------------------------------------------------------------------------

// Whose SQL a statement is; user values keep the strings that `owner` borrows.
struct owner_box {
    struct mx_db_owner owner;
    const char *views[]; // NULL at the end
};

#define OWNER_TYPE "native.db.owner"

// owner{prefix=, views={…}, grant="view"|"command"|"migrate"} -> owner
static int l_owner(lua_State *L) {
    static const char *const grants[] = {"view", "command", "migrate", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "grant");
    int grant = luaL_checkoption(L, 2, "view", grants);
    lua_getfield(L, 1, "prefix");
    luaL_argcheck(L, luaL_len(L, 3) > 0, 1, "'prefix' must not be empty");
    if (lua_getfield(L, 1, "views") == LUA_TNIL) { // options grant prefix views
        lua_newtable(L);
        lua_replace(L, 4);
    }
    luaL_checktype(L, 4, LUA_TTABLE);
    size_t count = (size_t)lua_rawlen(L, 4);
    size_t size = sizeof(struct owner_box) + (count + 1) * sizeof(const char *);
    struct owner_box *box = lua_newuserdatauv(L, size, 1); // … views box
    lua_createtable(L, (int)count + 1, 0);                 // … views box kept
    for (size_t i = 0; i < count; i++) {
        luaL_argcheck(L, lua_rawgeti(L, 4, (lua_Integer)i + 1) == LUA_TSTRING, 1,
            "'views' must be a list of names");
        box->views[i] = lua_tostring(L, -1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushvalue(L, 3);
    lua_rawseti(L, -2, (lua_Integer)count + 1);
    lua_setiuservalue(L, -2, 1); // … views box
    box->views[count] = NULL;
    box->owner = (struct mx_db_owner){
        .prefix = lua_tostring(L, 3),
        .views = box->views,
        .grant = (enum mx_db_grant)grant,
    };
    luaL_setmetatable(L, OWNER_TYPE);
    return 1;
}

const struct mx_db_owner *mx_db_owner_check(lua_State *L, int index) {
    if (lua_isnoneornil(L, index)) {
        return NULL;
    }
    struct owner_box *box = luaL_checkudata(L, index, OWNER_TYPE);
    return &box->owner;
}

// --- files --------------------------------------------------------------------------------------

static void push_applied(lua_State *L, const struct mx_migrate_report *report) {
    lua_createtable(L, report->applied, 0); // list
    lua_Integer at = 0;
    for (int i = report->count - report->applied; i < report->count; i++) {
        lua_pushfstring(L, "%d %s", report->list[i].number, report->list[i].name);
        lua_rawseti(L, -2, ++at);
    }
}

// A report in a box, so that its memory is freed whatever is raised while it is told.
static int l_report_gc(lua_State *L) {
    mx_migrate_report_deinit(luaL_checkudata(L, 1, "native.db.report"));
    return 0;
}

// migrate(conn, dir [, owner]) -> { applied = { "7 add_notes", … } } | nil, err
static int l_migrate(lua_State *L) {
    mx_db *db = mx_db_check(L, 1);
    struct mx_migrate_options options = {
        .dir = luaL_checkstring(L, 2),
        .now_ms = mx_now_ms(mx_script_of(L)->world),
        .no_copy = mx_db_mode(db) == MX_DB_MEMORY || !lua_isnoneornil(L, 3),
        .owner = mx_db_owner_check(L, 3),
    };
    struct mx_migrate_report *report = lua_newuserdatauv(L, sizeof(*report), 0);
    *report = (struct mx_migrate_report){NULL, 0, 0};
    luaL_setmetatable(L, "native.db.report");
    struct mx_error err;
    if (mx_migrate_run(db, &options, report, &err) < 0) {
        return mx_db_failure_push(L, &err);
    }
    lua_createtable(L, 0, 1);
    push_applied(L, report);
    lua_setfield(L, -2, "applied");
    return 1;
}

// backup(conn, path) -> true | nil, err
static int l_backup(lua_State *L) {
    mx_db *db = mx_db_check(L, 1);
    const char *path = luaL_checkstring(L, 2);
    struct mx_error err;
    return push_outcome(L, mx_backup_database(mx_db_path(db), path, false, NULL, NULL, &err), &err);
}

// version() -> "3.51.3"
static int l_version(lua_State *L) {
    lua_pushstring(L, mx_db_version());
    return 1;
}

// blob(s) -> the bytes as a value that is bound as BLOB, not as text
static int l_blob(lua_State *L) {
    mx_slice_check(L, 1);
    lua_newuserdatauv(L, 0, 1); // box
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, MX_BLOB_TYPE);
    return 1;
}

static const luaL_Reg db_methods[] = {
    {"begin", l_begin},
    {"changes", l_changes},
    {"close", l_close},
    {"commit", l_commit},
    {"end_slice", l_end_slice},
    {"exec", l_exec},
    {"in_transaction", l_in_transaction},
    {"last_id", l_last_id},
    {"path", l_path},
    {"prepare", mx_stmt_l_prepare},
    {"release", l_release},
    {"rollback", l_rollback},
    {"rollback_to", l_rollback_to},
    {"savepoint", l_savepoint},
    {"statements", l_statements},
    {NULL, NULL},
};

static const luaL_Reg db_meta[] = {
    {"__gc", l_close},
    {"__close", l_close},
    {NULL, NULL},
};

static const luaL_Reg db_module[] = {
    {"backup", l_backup},
    {"blob", l_blob},
    {"main", l_main},
    {"migrate", l_migrate},
    {"open", l_open},
    {"owner", l_owner},
    {"set_main", l_set_main},
    {"version", l_version},
    {NULL, NULL},
};

static void make_types(lua_State *L) {
    luaL_newmetatable(L, MX_DB_TYPE); // meta
    luaL_setfuncs(L, db_meta, 0);
    luaL_newlib(L, db_methods); // meta methods
    lua_setfield(L, -2, "__index");
    luaL_newmetatable(L, MX_BLOB_TYPE);
    luaL_newmetatable(L, OWNER_TYPE);
    luaL_newmetatable(L, "native.db.report");
    lua_pushcfunction(L, l_report_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 4);
}

int mx_luaopen_db(lua_State *L) {
    make_types(L);
    mx_stmt_make_type(L);
    mx_db *db = mx_script_of(L)->options.db;
    if (db) {
        push_box(L)->db = db; // borrowed: is_owner stays false
        lua_rawsetp(L, LUA_REGISTRYINDEX, &main_key);
    }
    luaL_newlib(L, db_module);
    return 1;
}

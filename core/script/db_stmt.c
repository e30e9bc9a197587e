// Statements of native.db. Rows come whole: no cursor outlives a call, so none can outlive a yield.
#include "script/db_box.h"

#include <lauxlib.h>

#include "script/bindings.h"
#include "storage/stmt.h"

enum { UV_PARAMS = 1, UV_COLUMNS = 2, UV_OWNER = 3, UV_SQL = 4, UV_COUNT = 4 };

struct stmt_box {
    mx_stmt *stmt; // NULL once closed
    int params;
    int columns;
};

static struct stmt_box *check_box(lua_State *L) {
    struct stmt_box *box = luaL_checkudata(L, 1, MX_STMT_TYPE);
    if (!box->stmt || !mx_stmt_db(box->stmt)) {
        luaL_argerror(L, 1, "the statement is closed");
    }
    return box;
}

// --- preparing --------------------------------------------------------------------------------

// [-0, +0] Sets user value `slot` of the box at `index` to the list of names.
static void keep_names(lua_State *L, int index, int slot, const mx_stmt *stmt, int count,
    const char *(*name)(const mx_stmt *, int), int first) {
    lua_createtable(L, count, 0); // names
    for (int i = 0; i < count; i++) {
        const char *text = name(stmt, i + first);
        lua_pushstring(L, text ? text : "");
        lua_rawseti(L, -2, i + 1);
    }
    lua_setiuservalue(L, index, slot);
}

static int prepare(mx_db *db, const struct mx_db_owner *owner, struct mx_slice sql, mx_stmt **out,
    struct mx_error *err) {
    const struct mx_db_owner *before = mx_db_owner_set(db, owner);
    int rc = mx_stmt_prepare(db, sql, out, err);
    mx_db_owner_set(db, before);
    return rc;
}

int mx_stmt_l_prepare(lua_State *L) {
    mx_db *db = mx_db_check(L, 1);
    struct mx_slice sql = mx_slice_check(L, 2);
    lua_settop(L, 3);
    const struct mx_db_owner *owner = mx_db_owner_check(L, 3);
    struct stmt_box *box = lua_newuserdatauv(L, sizeof(*box), UV_COUNT); // … box
    *box = (struct stmt_box){NULL, 0, 0};
    luaL_setmetatable(L, MX_STMT_TYPE);
    lua_pushvalue(L, 3); // the statement borrows its owner
    lua_setiuservalue(L, 4, UV_OWNER);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 4, UV_SQL);
    struct mx_error err;
    if (prepare(db, owner, sql, &box->stmt, &err) < 0) {
        return mx_db_failure_push(L, &err);
    }
    box->params = mx_stmt_param_count(box->stmt);
    box->columns = mx_stmt_column_count(box->stmt);
    keep_names(L, 4, UV_PARAMS, box->stmt, box->params, mx_stmt_param_name, 1);
    keep_names(L, 4, UV_COLUMNS, box->stmt, box->columns, mx_stmt_column_name, 0);
    return 1;
}

// --- binding ----------------------------------------------------------------------------------

static int refuse_value(lua_State *L, struct stmt_box *box, int param) {
    const char *type = luaL_typename(L, -1);
    const char *name = mx_stmt_param_name(box->stmt, param);
    mx_stmt_reset(box->stmt);
    return luaL_error(L, "parameter '%s' is a %s", name ? name : "?", type);
}

// Binds the value on top, whose bytes stay alive in the table of parameters.
static void bind_value(lua_State *L, struct stmt_box *box, int param) {
    struct mx_slice bytes;
    switch (lua_type(L, -1)) {
    case LUA_TNIL: mx_stmt_bind_null(box->stmt, param); break;
    case LUA_TBOOLEAN: mx_stmt_bind_int(box->stmt, param, lua_toboolean(L, -1)); break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1)) {
            mx_stmt_bind_int(box->stmt, param, lua_tointeger(L, -1));
        } else {
            mx_stmt_bind_real(box->stmt, param, lua_tonumber(L, -1));
        }
        break;
    case LUA_TSTRING:
        bytes.ptr = lua_tolstring(L, -1, &bytes.len);
        mx_stmt_bind_text(box->stmt, param, bytes);
        break;
    default:
        if (!luaL_testudata(L, -1, MX_BLOB_TYPE)) {
            refuse_value(L, box, param);
        }
        lua_getiuservalue(L, -1, 1);
        bytes.ptr = lua_tolstring(L, -1, &bytes.len);
        lua_pop(L, 1);
        mx_stmt_bind_blob(box->stmt, param, bytes);
    }
}

// Binds the table of parameters at index 2; what it does not name is NULL.
static void bind_params(lua_State *L, struct stmt_box *box) {
    lua_settop(L, 2);
    if (box->params == 0) {
        return;
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getiuservalue(L, 1, UV_PARAMS); // stmt params names
    for (int i = 1; i <= box->params; i++) {
        lua_rawgeti(L, 3, i); // stmt params names name
        lua_rawget(L, 2);     // stmt params names value
        bind_value(L, box, i);
        lua_pop(L, 1); // stmt params names
    }
    lua_pop(L, 1); // stmt params
}

// --- reading ----------------------------------------------------------------------------------

// [-0, +1]
static void push_value(lua_State *L, const struct mx_stmt_value *value) {
    switch (value->type) {
    case MX_STMT_NULL: lua_pushnil(L); break;
    case MX_STMT_INT: lua_pushinteger(L, value->integer); break;
    case MX_STMT_REAL: lua_pushnumber(L, value->real); break;
    case MX_STMT_TEXT:
    case MX_STMT_BLOB: mx_slice_push(L, value->bytes); break;
    }
}

// [-0, +1] A row by column names, which stand on the stack from `names` on.
static void push_row(lua_State *L, const struct stmt_box *box, int names) {
    lua_createtable(L, 0, box->columns); // row
    struct mx_stmt_value value;
    for (int i = 0; i < box->columns; i++) {
        mx_stmt_column(box->stmt, i, &value);
        if (value.type != MX_STMT_NULL) {
            lua_pushvalue(L, names + i);
            push_value(L, &value);
            lua_rawset(L, -3);
        }
    }
}

// [-0, +columns] Returns the index of the first name.
static int push_names(lua_State *L, const struct stmt_box *box) {
    luaL_checkstack(L, box->columns + 8, "too many columns");
    lua_getiuservalue(L, 1, UV_COLUMNS); // … list
    int list = lua_gettop(L);
    for (int i = 1; i <= box->columns; i++) {
        lua_rawgeti(L, list, i); // … list name…
    }
    return list + 1;
}

static int push_step_failure(lua_State *L, struct stmt_box *box, const struct mx_error *err) {
    mx_stmt_reset(box->stmt);
    return mx_db_failure_push(L, err);
}

// Whatever raises while a row is pushed (memory) leaves the statement stepped; the next use of it
// must not find it so.
static struct stmt_box *begin_use(lua_State *L) {
    struct stmt_box *box = check_box(L);
    mx_stmt_reset(box->stmt);
    bind_params(L, box);
    return box;
}

// stmt:one(params) -> row | nil | nil, err
static int l_one(lua_State *L) {
    struct stmt_box *box = begin_use(L);
    struct mx_error err;
    int names = push_names(L, box);
    int rc = mx_stmt_step(box->stmt, &err);
    if (rc < 0) {
        return push_step_failure(L, box, &err);
    }
    if (rc == MX_STMT_DONE) {
        lua_pushnil(L);
    } else {
        push_row(L, box, names);
    }
    mx_stmt_reset(box->stmt);
    return 1;
}

// stmt:all(params) -> { row, … } | nil, err
static int l_all(lua_State *L) {
    struct stmt_box *box = begin_use(L);
    struct mx_error err;
    int names = push_names(L, box);
    lua_newtable(L); // … rows
    int rc;
    for (lua_Integer i = 1; (rc = mx_stmt_step(box->stmt, &err)) == MX_STMT_ROW; i++) {
        push_row(L, box, names);
        lua_rawseti(L, -2, i);
    }
    if (rc < 0) {
        return push_step_failure(L, box, &err);
    }
    mx_stmt_reset(box->stmt);
    return 1;
}

// [-0, +0] Appends a row to the arrays that stand on the stack from `arrays` on.
static void append_row(lua_State *L, const struct stmt_box *box, int arrays, lua_Integer at) {
    struct mx_stmt_value value;
    for (int i = 0; i < box->columns; i++) {
        mx_stmt_column(box->stmt, i, &value);
        if (value.type == MX_STMT_NULL) {
            lua_pushboolean(L, false); // an array has no holes
        } else {
            push_value(L, &value);
        }
        lua_rawseti(L, arrays + i, at);
    }
}

// stmt:arrays(params) -> { value of each row, … } for each column | nil, err
static int l_arrays(lua_State *L) {
    struct stmt_box *box = begin_use(L);
    struct mx_error err;
    luaL_checkstack(L, box->columns + 8, "too many columns");
    int arrays = lua_gettop(L) + 1;
    for (int i = 0; i < box->columns; i++) {
        lua_newtable(L); // … array…
    }
    int rc;
    for (lua_Integer at = 1; (rc = mx_stmt_step(box->stmt, &err)) == MX_STMT_ROW; at++) {
        append_row(L, box, arrays, at);
    }
    if (rc < 0) {
        return push_step_failure(L, box, &err);
    }
    mx_stmt_reset(box->stmt);
    return box->columns;
}

// stmt:value(params) -> the first column of the first row | nil | nil, err
static int l_value(lua_State *L) {
    struct stmt_box *box = begin_use(L);
    luaL_argcheck(L, box->columns > 0, 1, "the statement has no columns: use run");
    struct mx_error err;
    int rc = mx_stmt_step(box->stmt, &err);
    if (rc < 0) {
        return push_step_failure(L, box, &err);
    }
    if (rc == MX_STMT_DONE) {
        lua_pushnil(L);
    } else {
        struct mx_stmt_value value;
        mx_stmt_column(box->stmt, 0, &value);
        push_value(L, &value);
    }
    mx_stmt_reset(box->stmt);
    return 1;
}

// stmt:run(params) -> changes, last_insert_rowid | nil, err
static int l_run(lua_State *L) {
    struct stmt_box *box = begin_use(L);
    mx_db *db = mx_stmt_db(box->stmt);
    int64_t before = mx_db_total_changes(db);
    struct mx_error err;
    if (mx_stmt_run(box->stmt, &err) < 0) {
        return push_step_failure(L, box, &err);
    }
    // changes() keeps the number of the last INSERT, UPDATE or DELETE: a SELECT changed nothing.
    bool changed = mx_db_total_changes(db) != before;
    lua_pushinteger(L, changed ? mx_db_changes(db) : 0);
    lua_pushinteger(L, mx_db_last_id(db));
    return 2;
}

// --- the type -----------------------------------------------------------------------------------

static int l_close(lua_State *L) { // also __gc and __close: safe to repeat
    struct stmt_box *box = luaL_checkudata(L, 1, MX_STMT_TYPE);
    mx_stmt_close(box->stmt);
    box->stmt = NULL;
    return 0;
}

// stmt.sql, stmt.columns, stmt.params, and the methods (upvalue 1)
static int l_index(lua_State *L) {
    luaL_checkudata(L, 1, MX_STMT_TYPE);
    const char *name = luaL_checkstring(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        return 1;
    }
    if (strcmp(name, "sql") == 0) {
        lua_getiuservalue(L, 1, UV_SQL);
    } else if (strcmp(name, "columns") == 0) {
        lua_getiuservalue(L, 1, UV_COLUMNS);
    } else if (strcmp(name, "params") == 0) {
        lua_getiuservalue(L, 1, UV_PARAMS);
    }
    return 1;
}

static const luaL_Reg stmt_methods[] = {
    {"all", l_all},
    {"arrays", l_arrays},
    {"close", l_close},
    {"one", l_one},
    {"run", l_run},
    {"value", l_value},
    {NULL, NULL},
};

static const luaL_Reg stmt_meta[] = {
    {"__gc", l_close},
    {"__close", l_close},
    {NULL, NULL},
};

void mx_stmt_make_type(lua_State *L) {
    luaL_newmetatable(L, MX_STMT_TYPE); // meta
    luaL_setfuncs(L, stmt_meta, 0);
    luaL_newlib(L, stmt_methods); // meta methods
    lua_pushcclosure(L, l_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

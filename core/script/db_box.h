// What the two halves of native.db share: connections (bind_db.c) and statements (db_stmt.c).
#pragma once

#include <lua.h>

#include "storage/db.h"
#include "storage/owner.h"

#define MX_DB_TYPE "native.db"
#define MX_STMT_TYPE "native.db.statement"
#define MX_BLOB_TYPE "native.db.blob" // its user value is the string

struct mx_db_box {
    mx_db *db; // NULL once closed
    bool is_owner;
};

// The open connection at `index`, or raises.
mx_db *mx_db_check(lua_State *L, int index);

// The owner at `index`, NULL for nil.
const struct mx_db_owner *mx_db_owner_check(lua_State *L, int index);

// [-0, +2] As mx_failure_push, with `detail` for a broken constraint.
int mx_db_failure_push(lua_State *L, const struct mx_error *err);

// conn:prepare(sql [, owner]) -> stmt | nil, err
int mx_stmt_l_prepare(lua_State *L);

// Registers the metatable of statements.
void mx_stmt_make_type(lua_State *L);

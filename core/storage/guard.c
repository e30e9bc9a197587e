// The guard of a connection: what may be prepared for whom, and for how long it may run.
//
// Our own SQL passes. A plugin's is judged name by name. Two things the authorizer is told are not
// to be believed as they stand, so mx_guard_check() looks at the text first:
//  - the "innermost view" is just a name, and WITH can give that name to anything;
//  - a table of which no column is used arrives without its database, exactly as a WITH name does.
#include <stdio.h>
#include <stdlib.h>

#include "platform/world.h"
#include "storage/internal.h"
#include "storage/scan.h"

enum {
    SQL_MAX = 64 * 1024,        // of a plugin
    STEPS_BETWEEN_LOOKS = 1000, // of SQLite's machine, between two looks at the clock: 10 to 50 us
};

// What a plugin may call: nothing that tells the time, rolls dice, sees the connection or makes
// values out of nothing. Sorted.
static const char *const functions[] = {"->", "->>", "abs", "avg", "ceil", "ceiling", "char",
    "coalesce", "concat", "concat_ws", "count", "cume_dist", "dense_rank", "first_value", "floor",
    "format", "glob", "group_concat", "hex", "ifnull", "iif", "instr", "json", "json_array",
    "json_array_length", "json_each", "json_error_position", "json_extract", "json_group_array",
    "json_group_object", "json_insert", "json_object", "json_patch", "json_quote", "json_remove",
    "json_replace", "json_set", "json_tree", "json_type", "json_valid", "lag", "last_value", "lead",
    "length", "like", "likely", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile",
    "nullif", "octet_length", "percent_rank", "printf", "quote", "rank", "replace", "round",
    "row_number", "rtrim", "sign", "string_agg", "substr", "substring", "sum", "total", "trim",
    "trunc", "typeof", "unhex", "unicode", "unlikely", "upper"};

static int compare_names(const void *a, const void *b) {
    return sqlite3_stricmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_function_allowed(const char *name) {
    size_t count = sizeof(functions) / sizeof(functions[0]);
    return bsearch(&name, functions, count, sizeof(functions[0]), compare_names) != NULL;
}

static bool is_own(const struct mx_db_owner *owner, const char *name) {
    int len = (int)strlen(owner->prefix);
    return len > 0 && name && sqlite3_strnicmp(name, owner->prefix, len) == 0;
}

static bool is_granted_view(const struct mx_db_owner *owner, const char *name) {
    for (const char *const *view = owner->views; view && *view; view++) {
        if (sqlite3_stricmp(*view, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_schema_table(const char *name) {
    return sqlite3_stricmp(name, "sqlite_master") == 0 ||
           sqlite3_stricmp(name, "sqlite_schema") == 0;
}

static bool is_own_index(const struct mx_db_owner *owner, const char *name) {
    return is_own(owner, name) || sqlite3_strnicmp(name, "sqlite_autoindex_", 17) == 0;
}

static bool contains_nocase(struct mx_slice text, const char *word) {
    int len = (int)strlen(word);
    for (size_t i = 0; i + (size_t)len <= text.len; i++) {
        if (sqlite3_strnicmp(text.ptr + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

// One question of the authorizer, as sqlite3_set_authorizer() documents it.
struct access {
    int action;
    const char *first;
    const char *second;
    const char *database;
    const char *inner; // the innermost view or trigger
};

// ALTER TABLE ADD COLUMN checks the rows there are, by a pragma that its text does not name.
static bool is_hidden_check(const mx_db *db) {
    return db->running->grant == MX_DB_GRANT_MIGRATE && !contains_nocase(db->running_sql, "pragma");
}

// A table below a granted view, of which only the row number is used, comes without the view's
// name. It is that, and not the table itself, when the text names nothing but granted things.
static bool is_below_granted_view(const mx_db *db, const struct access *access) {
    return db->text_is_clean && access->database && access->second && access->second[0] == '\0' &&
           sqlite3_strnicmp(access->first, "pragma_", 7) != 0 &&
           sqlite3_strnicmp(access->first, "sqlite_", 7) != 0;
}

static bool may_read(const mx_db *db, const struct access *access) {
    const struct mx_db_owner *owner = db->running;
    const char *table = access->first;
    bool is_main = access->database && strcmp(access->database, "main") == 0;
    if (access->database && !is_main) {
        return false; // temporary things
    }
    if (is_own(owner, table) || is_granted_view(owner, table)) {
        return true;
    }
    if (is_schema_table(table)) {
        return owner->grant == MX_DB_GRANT_MIGRATE; // CREATE reads it
    }
    if (sqlite3_stricmp(table, "pragma_quick_check") == 0) {
        return is_hidden_check(db);
    }
    if (access->inner && is_granted_view(owner, access->inner)) {
        return true;
    }
    if (is_below_granted_view(db, access)) {
        return true;
    }
    if (sqlite3_stricmp(table, "json_each") == 0 || sqlite3_stricmp(table, "json_tree") == 0) {
        return true;
    }
    return !access->database && mx_scan_has_with_name(db->running_sql, table);
}

static bool may_change_rows(const mx_db *db, const struct access *access) {
    const struct mx_db_owner *owner = db->running;
    if (!access->database || strcmp(access->database, "main") != 0) {
        return false;
    }
    if (owner->grant == MX_DB_GRANT_MIGRATE && is_schema_table(access->first)) {
        return true; // CREATE writes it; by hand is refused by "defensive"
    }
    return owner->grant != MX_DB_GRANT_VIEW && is_own(owner, access->first);
}

static bool may_call(const mx_db *db, const char *name) {
    // ALTER TABLE calls helpers that no SQL text can name.
    bool is_helper = sqlite3_strnicmp(name, "sqlite_rename_", 14) == 0 ||
                     sqlite3_strnicmp(name, "sqlite_drop_", 12) == 0 ||
                     sqlite3_strnicmp(name, "sqlite_fail", 11) == 0;
    return is_helper ? db->running->grant == MX_DB_GRANT_MIGRATE : is_function_allowed(name);
}

static bool may_define(const mx_db *db, const struct access *access) {
    const struct mx_db_owner *owner = db->running;
    if (owner->grant != MX_DB_GRANT_MIGRATE) {
        return false;
    }
    switch (access->action) {
    case SQLITE_CREATE_TABLE: return is_own(owner, access->first);
    case SQLITE_ALTER_TABLE: return is_own(owner, access->second);
    case SQLITE_CREATE_INDEX:
        return is_own_index(owner, access->first) && is_own(owner, access->second);
    case SQLITE_REINDEX: return is_own_index(owner, access->first); // fills a new index
    default: return false;
    }
}

static bool may(const mx_db *db, const struct access *access) {
    switch (access->action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return true;
    case SQLITE_READ: return may_read(db, access);
    case SQLITE_FUNCTION: return may_call(db, access->second);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: return may_change_rows(db, access);
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_ALTER_TABLE:
    case SQLITE_REINDEX: return may_define(db, access);
    case SQLITE_PRAGMA:
        return sqlite3_stricmp(access->first, "quick_check") == 0 && is_hidden_check(db);
    default: return false;
    }
}

static const char *action_text(int action) {
    switch (action) {
    case SQLITE_READ: return "reading";
    case SQLITE_INSERT: return "INSERT into";
    case SQLITE_UPDATE: return "UPDATE of";
    case SQLITE_DELETE: return "DELETE from";
    case SQLITE_FUNCTION: return "the function";
    case SQLITE_ATTACH:
    case SQLITE_DETACH: return "ATTACH and DETACH of";
    case SQLITE_PRAGMA: return "PRAGMA";
    case SQLITE_TRANSACTION: return "the transaction statement";
    case SQLITE_SAVEPOINT: return "the savepoint statement";
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_VIEW: return "CREATE of";
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_TEMP_TRIGGER: return "the trigger";
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_VIEW: return "the temporary";
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE: return "the virtual table";
    case SQLITE_ALTER_TABLE: return "ALTER TABLE in";
    default: return "a statement of this kind on";
    }
}

static void note_refusal(mx_db *db, const struct access *access) {
    bool is_function = access->action == SQLITE_FUNCTION;
    const char *what = is_function ? access->second : access->first;
    snprintf(db->refusal, sizeof(db->refusal), "%s %s", action_text(access->action),
        what ? what : "this");
}

static int on_access_asked(void *ctx, int action, const char *first, const char *second,
    const char *database, const char *inner) {
    mx_db *db = ctx;
    struct access access = {action, first, second, database, inner};
    bool allowed = true;
    if (db->running) {
        allowed = may(db, &access);
    }
    if (db->one_transaction && action == SQLITE_TRANSACTION) {
        allowed = false; // whoever runs inside may not end what others have a part in
    }
    if (allowed) {
        return SQLITE_OK;
    }
    note_refusal(db, &access);
    return SQLITE_DENY;
}

static int on_progress_made(void *ctx) {
    const mx_db *db = ctx;
    return db->deadline_ns != 0 && mx_mono_ns(mx_world_real()) >= db->deadline_ns;
}

void mx_guard_install(mx_db *db) {
    sqlite3_set_authorizer(db->handle, on_access_asked, db);
    sqlite3_progress_handler(db->handle, STEPS_BETWEEN_LOOKS, on_progress_made, db);
}

// A WITH name must not be one that means something else here.
static int check_with_name(void *ctx, const char *name, struct mx_error *err) {
    mx_db *db = ctx;
    bool is_taken = is_granted_view(db->owner, name) || sqlite3_strnicmp(name, "sqlite_", 7) == 0 ||
                    sqlite3_strnicmp(name, "pragma_", 7) == 0 ||
                    sqlite3_table_column_metadata(
                        db->handle, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
    if (is_taken) {
        return mx_fail(err, MX_E_INVALID,
            "the WITH name %s is also the name of a table or view: choose another", name);
    }
    return MX_OK;
}

// Whether the text holds no name of a table or view that is neither the owner's nor granted.
static int check_names(mx_db *db, struct mx_slice sql, struct mx_error *err) {
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db->handle,
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", -1, &stmt, NULL);
    db->text_is_clean = true;
    while (code == SQLITE_OK && db->text_is_clean && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        db->text_is_clean = is_own(db->owner, name) || is_granted_view(db->owner, name) ||
                            !mx_scan_has_word(sql, name);
        code = SQLITE_OK;
    }
    int rc = code == SQLITE_OK || code == SQLITE_DONE ? MX_OK : mx_db_fail(db, err);
    sqlite3_finalize(stmt);
    return rc;
}

int mx_guard_check(mx_db *db, struct mx_slice sql, struct mx_error *err) {
    db->text_is_clean = false;
    if (!db->owner) {
        return MX_OK;
    }
    if (sql.len > SQL_MAX) {
        return mx_fail(err, MX_E_LIMIT, "the SQL text is longer than %d bytes", SQL_MAX);
    }
    if (sql.len > 0 && memchr(sql.ptr, '\0', sql.len)) {
        return mx_fail(err, MX_E_INVALID, "the SQL text holds a zero byte");
    }
    int rc = mx_scan_with_names(sql, check_with_name, db, err);
    return rc < 0 ? rc : check_names(db, sql, err);
}

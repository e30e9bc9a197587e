// What a plugin's SQL may do, and the ways around it that must stay closed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "platform/buf.h"
#include "storage/owner.h"
#include "storage/scan.h"
#include "storage/stmt.h"

static mx_db *db;

static const char *const granted[] = {"public_orders", "public_count", NULL};
static const struct mx_db_owner view = {"p_acme_points_", granted, MX_DB_GRANT_VIEW};
static const struct mx_db_owner command = {"p_acme_points_", granted, MX_DB_GRANT_COMMAND};
static const struct mx_db_owner migrate = {"p_acme_points_", granted, MX_DB_GRANT_MIGRATE};

static const char schema[] =
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT UNIQUE, secret TEXT) STRICT;"
    "CREATE VIEW public_orders AS SELECT id, number FROM orders;"
    "CREATE VIEW public_count AS SELECT count(*) AS n FROM orders;"
    "CREATE VIEW hidden_orders AS SELECT * FROM orders;"
    "CREATE TABLE p_other_thing_rows (id INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE p_acme_points_rows (id INTEGER PRIMARY KEY, note TEXT) STRICT;"
    "INSERT INTO orders VALUES (1, 'A1', 'card'), (2, 'A2', 'card');"
    "INSERT INTO p_acme_points_rows VALUES (1, 'x')";

static int open_memory(void **state) {
    (void)state;
    struct mx_db_options options = {.mode = MX_DB_MEMORY};
    struct mx_error err;
    if (mx_db_open(&options, &db, &err) < 0 || mx_db_exec(db, schema, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return 0;
}

static int close_memory(void **state) {
    (void)state;
    mx_db_close(db);
    return 0;
}

// Prepares, runs and closes `sql` as `owner`.
static int run_as(const struct mx_db_owner *owner, const char *sql, struct mx_error *err) {
    mx_stmt *stmt = NULL;
    const struct mx_db_owner *before = mx_db_owner_set(db, owner);
    int rc = mx_stmt_prepare(db, mx_slice_of(sql), &stmt, err);
    mx_db_owner_set(db, before);
    if (rc == MX_OK) {
        rc = mx_stmt_run(stmt, err);
    }
    mx_stmt_close(stmt);
    return rc;
}

static void allows(const struct mx_db_owner *owner, const char *const *list) {
    struct mx_error err;
    for (; *list; list++) {
        if (run_as(owner, *list, &err) < 0) {
            fail_msg("%s: %s", *list, err.text);
        }
    }
}

static void refuses(const struct mx_db_owner *owner, const char *const *list) {
    struct mx_error err;
    for (; *list; list++) {
        int rc = run_as(owner, *list, &err);
        if (rc != MX_E_INVALID) {
            fail_msg("%s: was not refused (%d)", *list, rc);
        }
    }
}

static void own_tables_and_granted_views_can_be_read(void **state) {
    (void)state;
    static const char *const good[] = {
        "SELECT * FROM p_acme_points_rows",
        "SELECT note FROM main.p_acme_points_rows WHERE id = 1",
        "SELECT count(*) FROM p_acme_points_rows",
        "SELECT id, number FROM public_orders ORDER BY id",
        "SELECT count(*) FROM public_orders",
        "SELECT id FROM public_orders ORDER BY id",
        "SELECT count(id) FROM main.public_orders",
        "SELECT count(*) FROM public_orders WHERE number = 'A1'",
        "SELECT n FROM public_count",
        "SELECT o.number, r.note FROM public_orders o JOIN p_acme_points_rows r ON r.id = o.id",
        "WITH recent AS (SELECT id FROM public_orders) SELECT count(*) FROM recent",
        "WITH recent (n) AS MATERIALIZED (SELECT id FROM p_acme_points_rows) SELECT 1 FROM recent",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
        "SELECT sum(i) FROM n",
        "SELECT value FROM json_each('[1,2]')",
        "SELECT upper(note), json_extract('{}', '$.a'), row_number() OVER (ORDER BY id) "
        "FROM p_acme_points_rows",
        "SELECT '{\"a\":1}' ->> 'a'",
        "SELECT 'Abc' LIKE 'a%' AND 'abc' GLOB 'a*'",
        NULL,
    };
    allows(&view, good);
    allows(&command, good);
}

static void everything_else_is_closed_to_reading(void **state) {
    (void)state;
    static const char *const bad[] = {
        "SELECT * FROM orders",
        "SELECT count(*) FROM orders",
        "SELECT 1 FROM orders",
        "SELECT (SELECT count(*) FROM orders)",
        "SELECT EXISTS (SELECT 1 FROM orders WHERE secret = 'card')",
        "SELECT * FROM main.orders",
        "SELECT count(*) FROM main.orders",
        "SELECT * FROM hidden_orders",
        "SELECT count(*) FROM hidden_orders",
        "SELECT * FROM p_other_thing_rows",
        "SELECT count(*) FROM p_other_thing_rows",
        "SELECT * FROM sqlite_schema",
        "SELECT count(*) FROM sqlite_master",
        "SELECT * FROM sqlite_temp_schema",
        "SELECT o.secret FROM public_orders p JOIN orders o ON o.id = p.id",
        "SELECT name FROM pragma_table_info('orders')",
        "SELECT count(*) FROM pragma_table_list",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM dbstat",
        "SELECT count(*) FROM main.pragma_table_list",
        "SELECT count(*) FROM \"orders\"",
        "SELECT count(*) FROM [orders]",
        "SELECT count(*) FROM main.'orders'",
        "SELECT count(*) FROM main . /* */ `ORDERS`",
        "SELECT id FROM orders",
        "SELECT rowid FROM main.orders",
        "SELECT count(p.id) FROM public_orders p, orders",
        NULL,
    };
    refuses(&view, bad);
    refuses(&command, bad);
}

// The authorizer is told the name of the innermost view. WITH must not be able to lend it.
static void a_name_in_with_opens_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {
        "WITH public_orders AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH Public_Orders AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH \"public_orders\" AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH 'public_orders' AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH [public_orders] AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH `public_orders` AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH public_orders (a, b, c) AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "WITH public_orders AS NOT MATERIALIZED (SELECT * FROM orders) SELECT 1 FROM public_orders",
        "WITH public_orders/**/AS/* */MATERIALIZED--\n(SELECT * FROM orders) "
        "SELECT 1 FROM public_orders",
        "WITH a AS (SELECT 1), public_orders AS (SELECT * FROM orders) SELECT * FROM public_orders",
        "SELECT * FROM (WITH public_orders AS (SELECT * FROM orders) SELECT * FROM public_orders)",
        "SELECT (WITH public_orders AS (SELECT secret FROM orders) SELECT secret "
        "FROM public_orders)",
        "WITH orders AS (SELECT 1) SELECT count(*) FROM orders",
        "SELECT * FROM (WITH orders AS (SELECT 1) SELECT * FROM orders), orders",
        "WITH hidden_orders AS (SELECT 1) SELECT count(*) FROM main.hidden_orders",
        "WITH x AS (SELECT * FROM orders) SELECT * FROM x",
        "WITH x AS (SELECT 1 FROM orders) SELECT count(*) FROM x",
        "SELECT * FROM (SELECT * FROM orders) AS public_orders",
        "SELECT * FROM orders AS public_orders",
        "SELECT count(*) FROM orders AS public_orders",
        "WITH sqlite_schema AS (SELECT 1) SELECT * FROM sqlite_schema",
        "WITH pragma_table_list AS (SELECT 1) SELECT count(*) FROM pragma_table_list",
        NULL,
    };
    refuses(&view, bad);
    refuses(&command, bad);
    refuses(&migrate, bad);
}

static void only_a_command_changes_rows_and_only_its_own(void **state) {
    (void)state;
    static const char *const own[] = {
        "INSERT INTO p_acme_points_rows (note) VALUES ('y')",
        "UPDATE p_acme_points_rows SET note = 'z' WHERE id = 1",
        "INSERT INTO p_acme_points_rows (id, note) VALUES (1, 'w') "
        "ON CONFLICT (id) DO UPDATE SET note = excluded.note",
        "INSERT INTO p_acme_points_rows (note) SELECT number FROM public_orders RETURNING id",
        "DELETE FROM p_acme_points_rows WHERE id = 1",
        NULL,
    };
    static const char *const foreign[] = {
        "INSERT INTO orders (number) VALUES ('x')",
        "UPDATE orders SET number = 'x'",
        "DELETE FROM orders",
        "DELETE FROM p_other_thing_rows",
        "UPDATE p_acme_points_rows SET note = (SELECT secret FROM orders)",
        "INSERT INTO p_acme_points_rows (note) SELECT secret FROM orders",
        "UPDATE p_acme_points_rows SET note = o.secret FROM orders o",
        "DELETE FROM sqlite_schema",
        NULL,
    };
    allows(&command, own);
    refuses(&view, own);
    refuses(&view, foreign);
    refuses(&command, foreign);
}

static void nobody_touches_transactions_or_the_connection(void **state) {
    (void)state;
    static const char *const bad[] = {
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE mx_job",
        "ROLLBACK TO mx_job",
        "ATTACH ':memory:' AS x",
        "DETACH main",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA table_info(orders)",
        "VACUUM",
        "VACUUM INTO '/tmp/merx-stolen.db'",
        "ANALYZE",
        "REINDEX",
        "CREATE TEMP TABLE p_acme_points_t (a)",
        "CREATE TEMP VIEW public_orders AS SELECT 1",
        "CREATE TEMP TRIGGER p_acme_points_t AFTER INSERT ON p_acme_points_rows BEGIN SELECT 1; "
        "END",
        "CREATE TRIGGER p_acme_points_t AFTER INSERT ON p_acme_points_rows BEGIN SELECT 1; END",
        "CREATE TRIGGER p_acme_points_t AFTER INSERT ON orders BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE p_acme_points_f USING fts5(a)",
        "DROP TABLE orders",
        "DROP TABLE p_acme_points_rows",
        "DROP VIEW public_orders",
        "ALTER TABLE orders ADD COLUMN x",
        "ALTER TABLE p_acme_points_rows RENAME TO orders2",
        "CREATE TABLE other (a)",
        "CREATE INDEX p_acme_points_i ON orders (secret)",
        "CREATE VIEW stolen AS SELECT * FROM orders",
        NULL,
    };
    refuses(&view, bad);
    refuses(&command, bad);
}

static void functions_come_from_a_list(void **state) {
    (void)state;
    static const char *const bad[] = {
        "SELECT random()",
        "SELECT hex(randomblob(8))",
        "SELECT zeroblob(1000000)",
        "SELECT datetime('now')",
        "SELECT unixepoch()",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT load_extension('x')",
        "SELECT last_insert_rowid()",
        "SELECT changes()",
        "SELECT sqlite_version()",
        "SELECT fts5(1)",
        "SELECT sqlite_rename_test(1, 2, 3, 4, 5, 6, 7)",
        NULL,
    };
    refuses(&view, bad);
    refuses(&command, bad);
    refuses(&migrate, bad);
}

static void a_migration_defines_what_bears_its_name(void **state) {
    (void)state;
    static const char *const good[] = {
        "CREATE TABLE p_acme_points_ledger (id INTEGER PRIMARY KEY, customer TEXT NOT NULL UNIQUE, "
        "points INTEGER NOT NULL DEFAULT 0 CHECK (points >= 0)) STRICT",
        "CREATE INDEX p_acme_points_ledger_by_points ON p_acme_points_ledger (points)",
        "ALTER TABLE p_acme_points_ledger ADD COLUMN note TEXT",
        "ALTER TABLE p_acme_points_ledger ADD COLUMN kind TEXT NOT NULL DEFAULT 'a' "
        "CHECK (kind IN ('a', 'b'))",
        "INSERT INTO p_acme_points_ledger (customer) VALUES ('a')",
        NULL,
    };
    static const char *const bad[] = {
        "CREATE TABLE ledger (id INTEGER PRIMARY KEY)",
        "CREATE INDEX p_acme_points_x ON orders (number)",
        "CREATE INDEX other ON p_acme_points_rows (note)",
        "ALTER TABLE orders ADD COLUMN p_acme_points_x TEXT",
        "DROP TABLE p_acme_points_rows",
        "ALTER TABLE p_acme_points_rows RENAME TO p_acme_points_lines",
        "ALTER TABLE p_acme_points_rows RENAME COLUMN note TO remark",
        "ALTER TABLE p_acme_points_rows DROP COLUMN note",
        "CREATE VIEW p_acme_points_steal AS SELECT * FROM orders",
        "CREATE TABLE p_acme_points_copy AS SELECT * FROM orders",
        "CREATE TRIGGER p_acme_points_t AFTER INSERT ON p_acme_points_rows BEGIN SELECT 1; END",
        "UPDATE sqlite_schema SET sql = ''",
        "SELECT * FROM pragma_quick_check('orders')",
        NULL,
    };
    allows(&migrate, good);
    refuses(&migrate, bad);
}

// Even a view that bears the plugin's name does not lend it to what is below.
static void an_own_view_opens_nothing(void **state) {
    (void)state;
    struct mx_error err;
    static const char *const bad[] = {"SELECT * FROM p_acme_points_steal", NULL};
    assert_int_equal(
        mx_db_exec(db, "CREATE VIEW p_acme_points_steal AS SELECT * FROM orders", &err), MX_OK);
    refuses(&view, bad);
}

// SQLite prepares a statement again when the schema has changed: the guard must judge it then, too.
static void a_statement_prepared_anew_is_judged_as_its_owner(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *mine = NULL, *ours = NULL;
    mx_db_owner_set(db, &view);
    assert_int_equal(
        mx_stmt_prepare(db, MX_SLICE("SELECT count(id) FROM public_orders"), &mine, &err), MX_OK);
    mx_db_owner_set(db, NULL);
    assert_int_equal(
        mx_stmt_prepare(db, MX_SLICE("SELECT count(*) FROM orders"), &ours, &err), MX_OK);
    assert_int_equal(mx_db_exec(db,
                         "DROP VIEW public_orders; CREATE VIEW public_orders AS SELECT 1 AS id; "
                         "CREATE TABLE later (a)",
                         &err),
        MX_OK);
    assert_int_equal(mx_stmt_step(mine, &err), MX_STMT_ROW);
    assert_int_equal(mx_stmt_step(ours, &err), MX_STMT_ROW);
    mx_stmt_reset(mine);
    // The grant is for what this view reads itself, not for what lies below another one.
    assert_int_equal(mx_db_exec(db,
                         "DROP VIEW public_orders; "
                         "CREATE VIEW public_orders AS SELECT * FROM hidden_orders",
                         &err),
        MX_OK);
    assert_int_equal(mx_stmt_step(mine, &err), MX_E_INVALID);
    mx_stmt_close(mine);
    mx_stmt_close(ours);
}

static void ours_may_do_everything(void **state) {
    (void)state;
    static const char *const good[] = {"SELECT secret FROM orders", "PRAGMA table_info(orders)",
        "CREATE TEMP TABLE t (a)", "SELECT random()", "SAVEPOINT a", "RELEASE a", NULL};
    allows(NULL, good);
}

static void a_refusal_says_what_was_refused(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(run_as(&view, "SELECT secret FROM orders", &err), MX_E_INVALID);
    assert_string_equal(err.text, "not allowed here: reading orders");
    assert_int_equal(run_as(&view, "SELECT random()", &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "random"));
}

static void forgetting_an_owner_closes_its_cached_statements(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = NULL;
    size_t before = mx_db_statements(db);
    mx_db_owner_set(db, &view);
    assert_int_equal(mx_stmt_cached(db, MX_SLICE("SELECT 1"), &stmt, &err), MX_OK);
    assert_int_equal(mx_db_statements(db), before + 1);
    mx_db_owner_forget(db, &view);
    assert_int_equal(mx_db_statements(db), before);
    assert_null(mx_db_owner_set(db, NULL));
}

static void exec_is_guarded_as_well(void **state) {
    (void)state;
    struct mx_error err;
    mx_db_owner_set(db, &command);
    assert_int_equal(mx_db_exec(db, "SELECT 1; DELETE FROM orders", &err), MX_E_INVALID);
    assert_int_equal(
        mx_db_exec(
            db, "WITH public_orders AS (SELECT * FROM orders) SELECT * FROM public_orders", &err),
        MX_E_INVALID);
    mx_db_owner_set(db, NULL);
}

static int collect(void *ctx, const char *name, struct mx_error *err) {
    (void)err;
    mx_buf *out = ctx;
    mx_buf_append_text(out, name);
    mx_buf_append_char(out, ' ');
    return MX_OK;
}

static void names_of_with_are_found_in_any_dress(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        const char *names;
    } cases[] = {
        {"SELECT 1", ""},
        {"WITH a AS (SELECT 1) SELECT * FROM a", "a "},
        {"WITH \"a\"\"b\" AS (SELECT 1), c(d, e) AS NOT MATERIALIZED (SELECT 1) SELECT 1",
            "a\"b c "},
        {"SELECT 'WITH a AS (' -- WITH b AS (\n /* WITH c AS ( */", ""},
        {"WITH[x]AS(SELECT 1)SELECT 1", "x "},
        {"SELECT (WITH a AS (SELECT (WITH b AS (SELECT 1) SELECT 2)) SELECT 3)", "a b "},
        {"SELECT 1 AS a, 2 AS b FROM t AS c", ""},
        {"'open", ""},
        {"/* open", ""},
        {"WITH a AS", ""},
        {")) WITH a AS (", "a "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_buf names = {0};
        struct mx_error err;
        assert_int_equal(
            mx_scan_with_names(mx_slice_of(cases[i].sql), collect, &names, &err), MX_OK);
        assert_string_equal(mx_buf_text(&names), cases[i].names);
        mx_buf_deinit(&names);
    }
}

static void text_that_nests_without_end_is_refused(void **state) {
    (void)state;
    mx_buf sql = {0};
    struct mx_error err;
    for (int i = 0; i < 100000; i++) {
        mx_buf_append_text(&sql, "a(");
    }
    assert_int_equal(mx_scan_with_names(mx_buf_slice(&sql), collect, NULL, &err), MX_E_INVALID);
    mx_buf_deinit(&sql);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)
    const struct CMUnitTest tests[] = {
        CASE(own_tables_and_granted_views_can_be_read),
        CASE(everything_else_is_closed_to_reading),
        CASE(a_name_in_with_opens_nothing),
        CASE(only_a_command_changes_rows_and_only_its_own),
        CASE(nobody_touches_transactions_or_the_connection),
        CASE(functions_come_from_a_list),
        CASE(a_migration_defines_what_bears_its_name),
        CASE(an_own_view_opens_nothing),
        CASE(a_statement_prepared_anew_is_judged_as_its_owner),
        CASE(ours_may_do_everything),
        CASE(a_refusal_says_what_was_refused),
        CASE(forgetting_an_owner_closes_its_cached_statements),
        CASE(exec_is_guarded_as_well),
        CASE(names_of_with_are_found_in_any_dress),
        CASE(text_that_nests_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

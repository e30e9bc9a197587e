// Statements: binding, stepping, reading, and the cache of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "storage/stmt.h"

static mx_db *db;

static int open_memory(void **state) {
    (void)state;
    struct mx_db_options options = {.mode = MX_DB_MEMORY};
    struct mx_error err;
    return mx_db_open(&options, &db, &err);
}

// After each test no statement is left but the cache's.
static int close_memory(void **state) {
    (void)state;
    mx_db_close(db);
    db = NULL;
    return 0;
}

static mx_stmt *prepare(const char *sql) {
    struct mx_error err;
    mx_stmt *stmt = NULL;
    if (mx_stmt_prepare(db, mx_slice_of(sql), &stmt, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    return stmt;
}

static void every_type_comes_back_as_it_was_bound(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6");
    mx_stmt_bind_int(stmt, 1, INT64_MIN);
    mx_stmt_bind_real(stmt, 2, 0.5);
    mx_stmt_bind_text(stmt, 3, (struct mx_slice){"a\0b", 3});
    mx_stmt_bind_blob(stmt, 4, (struct mx_slice){"\xff\x00", 2});
    mx_stmt_bind_null(stmt, 5);
    mx_stmt_bind_text(stmt, 6, (struct mx_slice){NULL, 0});
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW);
    assert_int_equal(mx_stmt_column_type(stmt, 0), MX_STMT_INT);
    assert_true(mx_stmt_column_int(stmt, 0) == INT64_MIN);
    assert_int_equal(mx_stmt_column_type(stmt, 1), MX_STMT_REAL);
    assert_true(mx_stmt_column_real(stmt, 1) == 0.5);
    assert_int_equal(mx_stmt_column_type(stmt, 2), MX_STMT_TEXT);
    assert_int_equal(mx_stmt_column_text(stmt, 2).len, 3);
    assert_memory_equal(mx_stmt_column_text(stmt, 2).ptr, "a\0b", 3);
    assert_int_equal(mx_stmt_column_type(stmt, 3), MX_STMT_BLOB);
    assert_int_equal(mx_stmt_column_blob(stmt, 3).len, 2);
    assert_int_equal(mx_stmt_column_type(stmt, 4), MX_STMT_NULL);
    assert_int_equal(mx_stmt_column_type(stmt, 5), MX_STMT_TEXT); // empty is not NULL
    assert_int_equal(mx_stmt_column_text(stmt, 5).len, 0);
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_DONE);
    mx_stmt_close(stmt);
}

static void parameters_have_names_without_marks(void **state) {
    (void)state;
    mx_stmt *stmt = prepare("SELECT :first, @second, $third, ?");
    assert_int_equal(mx_stmt_param_count(stmt), 4);
    assert_string_equal(mx_stmt_param_name(stmt, 1), "first");
    assert_string_equal(mx_stmt_param_name(stmt, 2), "second");
    assert_null(mx_stmt_param_name(stmt, 4));
    assert_int_equal(mx_stmt_param_index(stmt, MX_SLICE("third")), 3);
    assert_int_equal(mx_stmt_param_index(stmt, MX_SLICE("fourth")), 0);
    assert_int_equal(mx_stmt_param_index(stmt, MX_SLICE("")), 0);
    mx_stmt_close(stmt);
}

static void columns_have_names(void **state) {
    (void)state;
    mx_stmt *stmt = prepare("SELECT 1 AS one, 2 AS two");
    assert_int_equal(mx_stmt_column_count(stmt), 2);
    assert_string_equal(mx_stmt_column_name(stmt, 1), "two");
    assert_true(mx_stmt_is_read_only(stmt));
    mx_stmt_close(stmt);
}

static void a_mistaken_bind_is_told_by_the_step(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = prepare("SELECT ?1");
    mx_stmt_bind_int(stmt, 2, 1);
    mx_stmt_bind_int(stmt, 1, 1);
    assert_int_equal(mx_stmt_step(stmt, &err), MX_E_INVALID);
    mx_stmt_reset(stmt); // forgotten
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW);
    assert_int_equal(mx_stmt_column_type(stmt, 0), MX_STMT_NULL);
    mx_stmt_close(stmt);
}

static void one_text_is_one_statement(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = NULL;
    static const char *const wrong[] = {"", "  -- nothing", "SELECT 1; SELECT 2", "SELECT 1; x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(mx_stmt_prepare(db, mx_slice_of(wrong[i]), &stmt, &err), MX_E_INVALID);
    }
    assert_int_equal(mx_db_statements(db), 0);
    mx_stmt_close(prepare("SELECT 1; -- the end\n /* really */ ;"));
}

static void a_statement_may_outlive_its_connection(void **state) {
    (void)state;
    mx_stmt *stmt = prepare("SELECT 1");
    mx_db_close(db);
    db = NULL;
    assert_null(mx_stmt_db(stmt));
    mx_stmt_reset(stmt);
    mx_stmt_close(stmt);
    mx_stmt_close(NULL);
}

static void statements_are_counted(void **state) {
    (void)state;
    mx_stmt *a = prepare("SELECT 1"), *b = prepare("SELECT 2"), *c = prepare("SELECT 3");
    assert_int_equal(mx_db_statements(db), 3);
    mx_stmt_close(b);
    mx_stmt_close(c);
    assert_int_equal(mx_db_statements(db), 1);
    mx_stmt_close(a);
    assert_int_equal(mx_db_statements(db), 0);
}

static mx_stmt *cached(const char *sql) {
    struct mx_error err;
    mx_stmt *stmt = NULL;
    if (mx_stmt_cached(db, mx_slice_of(sql), &stmt, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    return stmt;
}

static void the_cache_gives_the_same_statement_for_the_same_text(void **state) {
    (void)state;
    mx_stmt *first = cached("SELECT 1; -- with a tail");
    assert_ptr_equal(cached("SELECT 1; -- with a tail"), first);
    assert_ptr_not_equal(cached("SELECT 2"), first);
    assert_int_equal(mx_db_statements(db), 2);
}

static void a_cached_statement_that_runs_is_not_given_twice(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = cached("SELECT 1 UNION SELECT 2"), *again = NULL;
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW);
    assert_int_equal(
        mx_stmt_cached(db, MX_SLICE("SELECT 1 UNION SELECT 2"), &again, &err), MX_E_BUSY);
    mx_stmt_reset(stmt);
    assert_ptr_equal(cached("SELECT 1 UNION SELECT 2"), stmt);
}

static void the_cache_forgets_the_oldest_and_spares_the_running(void **state) {
    (void)state;
    struct mx_error err;
    char sql[64];
    mx_stmt *running = cached("SELECT 0 UNION SELECT 1");
    assert_int_equal(mx_stmt_step(running, &err), MX_STMT_ROW);
    for (int i = 0; i < 1000; i++) {
        snprintf(sql, sizeof(sql), "SELECT %d", i);
        cached(sql);
    }
    assert_int_equal(mx_db_statements(db), 256);
    assert_int_equal(mx_stmt_step(running, &err), MX_STMT_ROW);
    assert_int_equal(mx_stmt_column_int(running, 0), 1);
    mx_stmt_reset(running);
}

static void a_failed_statement_does_not_stay_in_the_cache(void **state) {
    (void)state;
    struct mx_error err;
    mx_stmt *stmt = NULL;
    assert_int_equal(mx_stmt_cached(db, MX_SLICE("SELECT nothing"), &stmt, &err), MX_E_INVALID);
    assert_int_equal(mx_db_statements(db), 0);
}

static void changes_and_ids_are_told(void **state) {
    (void)state;
    struct mx_error err;
    assert_int_equal(mx_db_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", &err), 0);
    mx_stmt *stmt = prepare("INSERT INTO t (a) VALUES (?1), (?1)");
    mx_stmt_bind_text(stmt, 1, MX_SLICE("x"));
    assert_int_equal(mx_stmt_run(stmt, &err), MX_STMT_DONE);
    assert_int_equal(mx_db_changes(db), 2);
    assert_int_equal(mx_db_last_id(db), 2);
    mx_stmt_close(stmt);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)
    const struct CMUnitTest tests[] = {
        CASE(every_type_comes_back_as_it_was_bound),
        CASE(parameters_have_names_without_marks),
        CASE(columns_have_names),
        CASE(a_mistaken_bind_is_told_by_the_step),
        CASE(one_text_is_one_statement),
        CASE(a_statement_may_outlive_its_connection),
        CASE(statements_are_counted),
        CASE(the_cache_gives_the_same_statement_for_the_same_text),
        CASE(a_cached_statement_that_runs_is_not_given_twice),
        CASE(the_cache_forgets_the_oldest_and_spares_the_running),
        CASE(a_failed_statement_does_not_stay_in_the_cache),
        CASE(changes_and_ids_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// What a connection promises: whose files it opens, how it is tuned, what its failures mean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/world.h"
#include "storage/db.h"
#include "storage/stmt.h"
#include "temp_folder.h"

static struct temp_folder folder;

static int make_folder(void **state) {
    (void)state;
    temp_folder_make(&folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    temp_folder_remove(&folder);
    return 0;
}

static mx_db *open_at(const char *path, enum mx_db_mode mode) {
    struct mx_db_options options = {.path = path, .mode = mode, .busy_ms = 20};
    struct mx_error err;
    mx_db *db = NULL;
    if (mx_db_open(&options, &db, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return db;
}

static void must(mx_db *db, const char *sql) {
    struct mx_error err;
    if (mx_db_exec(db, sql, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
}

static int64_t number(mx_db *db, const char *sql) {
    struct mx_error err;
    int64_t value = 0;
    if (mx_db_int(db, sql, &value, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    return value;
}

static int open_fails(const char *path, enum mx_db_mode mode, int newest, struct mx_error *err) {
    struct mx_db_options options = {.path = path, .mode = mode, .schema_newest = newest};
    mx_db *db = NULL;
    int rc = mx_db_open(&options, &db, err);
    assert_null(db);
    return rc;
}

static void a_new_file_is_marked_as_ours_and_private(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "shop.db");
    mx_db *db = open_at(path, MX_DB_WRITE);
    assert_int_equal(number(db, "PRAGMA application_id"), MX_DB_APPLICATION_ID);
    must(db, "CREATE TABLE t (a INTEGER) STRICT");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat(temp_path(&folder, "shop.db-wal"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    mx_db_close(db);
}

static void a_writer_is_durable_and_strict(void **state) {
    (void)state;
    mx_db *db = open_at(temp_path(&folder, "shop.db"), MX_DB_WRITE);
    assert_int_equal(number(db, "PRAGMA synchronous"), 2);
    assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(db, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number(db, "PRAGMA cell_size_check"), 1);
    assert_int_equal(number(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    struct mx_error err; // defensive: the schema cannot be written by hand
    must(db, "PRAGMA writable_schema = ON");
    assert_int_equal(mx_db_exec(db, "DELETE FROM sqlite_schema", &err), MX_E_INVALID);
    mx_db_close(db);
}

static void activity_may_be_relaxed_to_normal(void **state) {
    (void)state;
    struct mx_db_options options = {
        .path = temp_path(&folder, "activity.db"), .mode = MX_DB_WRITE, .relaxed = true};
    struct mx_error err;
    mx_db *db = NULL;
    assert_int_equal(mx_db_open(&options, &db, &err), MX_OK);
    assert_int_equal(number(db, "PRAGMA synchronous"), 1);
    mx_db_close(db);
}

static void a_missing_file_is_not_made_by_a_reader(void **state) {
    (void)state;
    struct mx_error err;
    const char *path = temp_path(&folder, "none.db");
    assert_int_equal(open_fails(path, MX_DB_READ, 0, &err), MX_E_MISSING);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_missing_folder_is_named(void **state) {
    (void)state;
    struct mx_error err;
    const char *path = temp_path(&folder, "nowhere/shop.db");
    assert_int_equal(open_fails(path, MX_DB_WRITE, 0, &err), MX_E_MISSING);
    assert_non_null(strstr(err.text, "nowhere"));
}

static void a_file_of_another_program_is_left_alone(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "other.db");
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    struct mx_error err;
    assert_int_equal(open_fails(path, MX_DB_WRITE, 0, &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "not a Merx database"));
    assert_int_equal(open_fails(path, MX_DB_READ, 0, &err), MX_E_INVALID);
    assert_int_equal(access(temp_path(&folder, "other.db-wal"), F_OK), -1);
}

static void a_file_that_is_no_database_is_refused(void **state) {
    (void)state;
    struct mx_error err;
    const char *path = temp_path(&folder, "text.db");
    struct mx_slice text = MX_SLICE("This is a letter, and long enough to be read as a header. "
                                    "It goes on for a while, as letters do, and says little.");
    assert_int_equal(mx_file_write(path, text, 0600, &err), MX_OK);
    assert_int_equal(open_fails(path, MX_DB_WRITE, 0, &err), MX_E_INVALID);
}

static void a_file_that_was_cut_off_is_refused_and_kept(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_file_info info;
    mx_db *db = NULL;
    const char *path = temp_path(&folder, "cut.db");
    struct mx_db_options options = {.path = path, .mode = MX_DB_WRITE, .allow_old_deps = true};
    assert_int_equal(mx_db_open(&options, &db, &err), MX_OK);
    assert_int_equal(mx_db_exec(db, "CREATE TABLE t (a TEXT)", &err), MX_OK);
    mx_db_close(db);
    assert_int_equal(mx_file_stat(path, &info, &err), MX_OK);
    const off_t lengths[] = {(off_t)info.size - 1, 5000, 100, 1};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        assert_int_equal(truncate(path, lengths[i]), 0);
        assert_true(open_fails(path, MX_DB_WRITE, 0, &err) < 0);
        assert_non_null(strstr(err.text, "is damaged"));
        assert_non_null(strstr(err.text, "merx restore FILE"));
        assert_int_equal(mx_file_stat(path, &info, &err), MX_OK);
        assert_int_equal(info.size, lengths[i]);
    }
}

static void a_newer_schema_is_refused(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "shop.db");
    mx_db *db = open_at(path, MX_DB_WRITE);
    must(db, "PRAGMA user_version = 8");
    mx_db_close(db);
    struct mx_error err;
    assert_int_equal(open_fails(path, MX_DB_WRITE, 7, &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "schema 8"));
    mx_db_close(open_at(path, MX_DB_WRITE));
}

static void a_reader_cannot_write(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "shop.db");
    mx_db *writer = open_at(path, MX_DB_WRITE);
    must(writer, "CREATE TABLE t (a INTEGER) STRICT");
    mx_db *reader = open_at(path, MX_DB_READ);
    struct mx_error err;
    assert_int_equal(mx_db_exec(reader, "INSERT INTO t VALUES (1)", &err), MX_E_INVALID);
    mx_db_close(reader);
    mx_db_close(writer);
}

static void nothing_can_be_attached(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    struct mx_error err;
    assert_int_equal(mx_db_exec(db, "ATTACH ':memory:' AS other", &err), MX_E_INVALID);
    mx_db_close(db);
}

static void a_broken_constraint_is_a_conflict_with_its_name(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    must(db, "CREATE TABLE carts (token TEXT UNIQUE) STRICT; INSERT INTO carts VALUES ('a')");
    struct mx_error err;
    assert_int_equal(mx_db_exec(db, "INSERT INTO carts VALUES ('a')", &err), MX_E_CONFLICT);
    assert_string_equal(err.text, "UNIQUE constraint failed: carts.token");
    assert_int_equal(mx_db_extended_code(db), SQLITE_CONSTRAINT_UNIQUE);
    mx_db_close(db);
}

static void bad_sql_is_invalid(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    struct mx_error err;
    assert_int_equal(mx_db_exec(db, "SELEC 1", &err), MX_E_INVALID);
    assert_int_equal(mx_db_exec(db, "SELECT \"no_such_column\"", &err), MX_E_INVALID);
    mx_db_close(db);
}

static void a_locked_database_is_busy(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "shop.db");
    mx_db *a = open_at(path, MX_DB_WRITE), *b = open_at(path, MX_DB_WRITE);
    struct mx_error err;
    assert_int_equal(mx_db_begin(a, true, &err), MX_OK);
    assert_int_equal(mx_db_begin(b, true, &err), MX_E_BUSY);
    assert_int_equal(mx_db_rollback(a, &err), MX_OK);
    assert_int_equal(mx_db_begin(b, true, &err), MX_OK);
    assert_int_equal(mx_db_commit(b, &err), MX_OK);
    mx_db_close(b);
    mx_db_close(a);
}

static void a_statement_past_its_deadline_is_stopped(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    uint64_t begin = mx_mono_ns(mx_world_real());
    assert_int_equal(mx_db_deadline_set(db, begin + 20000000), 0);
    struct mx_error err;
    static const char endless[] =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    assert_int_equal(mx_db_exec(db, endless, &err), MX_E_LIMIT);
    assert_true(mx_mono_ns(mx_world_real()) - begin < 2000000000);
    mx_db_deadline_set(db, 0);
    must(db, "SELECT 1");
    mx_db_close(db);
}

static void an_interrupted_write_ends_the_transaction_and_that_shows(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    must(db, "CREATE TABLE t (a INTEGER) STRICT; BEGIN; INSERT INTO t VALUES (0)");
    mx_db_deadline_set(db, mx_mono_ns(mx_world_real()) + 5000000);
    struct mx_error err;
    static const char endless[] =
        "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i FROM n";
    assert_int_equal(mx_db_exec(db, endless, &err), MX_E_LIMIT);
    mx_db_deadline_set(db, 0);
    assert_false(mx_db_in_transaction(db));
    assert_int_equal(mx_db_rollback(db, &err), MX_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
    mx_db_close(db);
}

static void savepoints_nest_and_their_names_are_checked(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    struct mx_error err;
    must(db, "CREATE TABLE t (a INTEGER) STRICT");
    assert_int_equal(mx_db_begin(db, true, &err), MX_OK);
    assert_int_equal(mx_db_savepoint(db, "one", &err), MX_OK);
    must(db, "INSERT INTO t VALUES (1)");
    assert_int_equal(mx_db_savepoint(db, "two", &err), MX_OK);
    must(db, "INSERT INTO t VALUES (2)");
    assert_int_equal(mx_db_rollback_to(db, "two", &err), MX_OK);
    assert_int_equal(mx_db_release(db, "two", &err), MX_OK);
    assert_int_equal(mx_db_release(db, "one", &err), MX_OK);
    assert_int_equal(mx_db_commit(db, &err), MX_OK);
    assert_int_equal(number(db, "SELECT sum(a) FROM t"), 1);
    assert_int_equal(mx_db_savepoint(db, "a\"; DROP TABLE t; --", &err), MX_E_INVALID);
    assert_int_equal(mx_db_savepoint(db, "", &err), MX_E_INVALID);
    mx_db_close(db);
}

static void count_call(void *ctx) {
    (*(int *)ctx)++;
}

static void a_run_slice_sees_one_moment(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "shop.db");
    mx_db *writer = open_at(path, MX_DB_WRITE);
    must(writer, "CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1)");
    mx_db *reader = open_at(path, MX_DB_READ);
    int begins = 0;
    mx_db_slice_watch(reader, count_call, &begins);

    assert_int_equal(number(reader, "SELECT max(a) FROM t"), 1);
    must(writer, "INSERT INTO t VALUES (2)");
    assert_int_equal(number(reader, "SELECT max(a) FROM t"), 1); // the same slice
    assert_int_equal(begins, 1);
    assert_true(mx_db_in_transaction(reader));
    mx_db_slice_end(reader);
    assert_false(mx_db_in_transaction(reader));
    assert_int_equal(number(reader, "SELECT max(a) FROM t"), 2);
    assert_int_equal(begins, 2);
    mx_db_close(reader);
    mx_db_close(writer);
}

static void the_end_of_a_slice_resets_statements_left_in_the_middle(void **state) {
    (void)state;
    const char *path = temp_path(&folder, "shop.db");
    mx_db *writer = open_at(path, MX_DB_WRITE);
    must(writer, "CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1), (2), (3)");
    mx_db *reader = open_at(path, MX_DB_READ);
    struct mx_error err;
    mx_stmt *stmt = NULL;
    assert_int_equal(mx_stmt_prepare(reader, MX_SLICE("SELECT a FROM t"), &stmt, &err), MX_OK);
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW);
    mx_db_slice_end(reader);
    assert_false(mx_db_in_transaction(reader));
    // Nothing holds the log back any more: a truncating checkpoint goes through.
    assert_int_equal(number(writer, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    assert_int_equal(mx_stmt_step(stmt, &err), MX_STMT_ROW); // from the beginning again
    assert_int_equal(mx_stmt_column_int(stmt, 0), 1);
    mx_stmt_close(stmt);
    mx_db_slice_end(reader);
    mx_db_close(reader);
    mx_db_close(writer);
}

static void a_slice_that_read_nothing_is_free(void **state) {
    (void)state;
    mx_db *db = open_at(NULL, MX_DB_MEMORY);
    mx_db_slice_end(db);
    mx_db_slice_end(db);
    assert_false(mx_db_in_transaction(db));
    mx_db_close(db);
    mx_db_close(NULL);
}

static void an_old_library_is_told_apart(void **state) {
    (void)state;
    struct mx_db_options options = {.mode = MX_DB_MEMORY, .allow_old_deps = false};
    struct mx_error err;
    mx_db *db = NULL;
    int rc = mx_db_open(&options, &db, &err);
    bool is_new = sqlite3_libversion_number() >= MX_DB_SQLITE_OLDEST;
    assert_int_equal(rc, is_new ? MX_OK : MX_E_SYSTEM);
    assert_string_equal(mx_db_version(), sqlite3_libversion());
    mx_db_close(db);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(a_new_file_is_marked_as_ours_and_private),
        CASE(a_writer_is_durable_and_strict),
        CASE(activity_may_be_relaxed_to_normal),
        CASE(a_missing_file_is_not_made_by_a_reader),
        CASE(a_missing_folder_is_named),
        CASE(a_file_of_another_program_is_left_alone),
        CASE(a_file_that_is_no_database_is_refused),
        CASE(a_file_that_was_cut_off_is_refused_and_kept),
        CASE(a_newer_schema_is_refused),
        CASE(a_reader_cannot_write),
        CASE(nothing_can_be_attached),
        CASE(a_broken_constraint_is_a_conflict_with_its_name),
        CASE(bad_sql_is_invalid),
        CASE(a_locked_database_is_busy),
        CASE(a_statement_past_its_deadline_is_stopped),
        CASE(an_interrupted_write_ends_the_transaction_and_that_shows),
        CASE(savepoints_nest_and_their_names_are_checked),
        CASE(a_run_slice_sees_one_moment),
        CASE(the_end_of_a_slice_resets_statements_left_in_the_middle),
        CASE(a_slice_that_read_nothing_is_free),
        CASE(an_old_library_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

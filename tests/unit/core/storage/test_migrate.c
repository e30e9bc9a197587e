// Migrations: applied once, in order, whole or not at all, and resumable after a kill anywhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storage/migrate.h"
#include "storage/owner.h"
#include "storage/sha256.h"
#include "temp_folder.h"

static struct temp_folder folder;

static void put(const char *name, const char *text) {
    struct mx_error err;
    char path[256];
    snprintf(path, sizeof(path), "%s/migrations/%s", folder.path, name);
    assert_int_equal(mx_file_write(path, mx_slice_of(text), 0600, &err), MX_OK);
}

static void take_away(const char *name) {
    char path[256];
    snprintf(path, sizeof(path), "%s/migrations/%s", folder.path, name);
    assert_int_equal(unlink(path), 0);
}

static int make_folder(void **state) {
    (void)state;
    struct mx_error err;
    temp_folder_make(&folder);
    assert_int_equal(mx_dir_make(temp_path(&folder, "migrations"), 0700, &err), MX_OK);
    put("0001_base.sql", "CREATE TABLE shops (id INTEGER PRIMARY KEY, name TEXT) STRICT;\n"
                         "CREATE TABLE notes (id INTEGER PRIMARY KEY, shop_id INTEGER NOT NULL "
                         "REFERENCES shops (id) ON DELETE CASCADE) STRICT;\n");
    put("0002_more.sql", "ALTER TABLE shops ADD COLUMN city TEXT;\n"
                         "INSERT INTO shops (id, name) VALUES (1, 'one');\n");
    put("README.md", "not a migration");
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    temp_folder_remove(&folder);
    return 0;
}

static mx_db *open_shop(void) {
    struct mx_db_options options = {.path = temp_path(&folder, "shop.db"), .mode = MX_DB_WRITE};
    struct mx_error err;
    mx_db *db = NULL;
    if (mx_db_open(&options, &db, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return db;
}

static int migrate(mx_db *db, struct mx_migrate_report *report, struct mx_error *err) {
    struct mx_migrate_options options = {
        .dir = temp_path(&folder, "migrations"), .now_ms = 1700000000000};
    return mx_migrate_run(db, &options, report, err);
}

static void migrates(mx_db *db, int applied) {
    struct mx_migrate_report report;
    struct mx_error err;
    if (migrate(db, &report, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(report.applied, applied);
    mx_migrate_report_deinit(&report);
}

static void refuses(mx_db *db, enum mx_code code, const char *text) {
    struct mx_migrate_report report;
    struct mx_error err;
    assert_int_equal(migrate(db, &report, &err), code);
    if (!strstr(err.text, text)) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    }
    mx_migrate_report_deinit(&report);
}

static int64_t number(mx_db *db, const char *sql) {
    struct mx_error err;
    int64_t value = 0;
    if (mx_db_int(db, sql, &value, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    return value;
}

static bool has_copy(void) {
    return access(temp_path(&folder, "shop.db.before-migration"), F_OK) == 0;
}

static void a_failure_names_the_line_of_its_statement(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"-- First;\n/* a\nb */ CREATE TABLE x (a);\n\n  -- then\n  INSERT INTO x\n VALUES (1, 2);",
            "0003_bad.sql:6: table x has 1 columns but 2 values"},
        {"CREATE TABLE x (a UNIQUE);\nINSERT INTO x VALUES (1);\n\nINSERT INTO x\nVALUES (1);\n",
            "0003_bad.sql:4: UNIQUE constraint failed: x.a"},
        {"CREATE TABLE x (a);\nCREATE TABLE y (\n  a,\n  b,, c);", "0003_bad.sql:4: near \",\""},
        {"\nCOMMIT;", "0003_bad.sql:2: not allowed here"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_db *db = open_shop();
        put("0003_bad.sql", cases[i].text);
        refuses(db, i == 1 ? MX_E_CONFLICT : MX_E_INVALID, cases[i].message);
        mx_db_close(db);
    }
    put("0003_fine.sql", "-- nothing\n;;\nCREATE TABLE fine (a) ; -- the last");
    take_away("0003_bad.sql");
    mx_db *db = open_shop();
    migrates(db, 1);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'fine'"), 1);
    mx_db_close(db);
}

static void a_new_database_gets_everything_once(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    assert_int_equal(number(db, "PRAGMA user_version"), 2);
    assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(db, "SELECT count(*) FROM shops WHERE city IS NULL"), 1);
    assert_int_equal(
        number(db, "SELECT applied_at FROM schema_migrations WHERE number = 2"), 1700000000000);
    migrates(db, 0);
    assert_false(has_copy());
    mx_db_close(db);
}

static void the_report_lists_what_is_and_what_will_be(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    put("0005_later.sql", "CREATE TABLE later (a INTEGER) STRICT;");
    struct mx_migrate_report report;
    struct mx_migrate_options options = {.dir = temp_path(&folder, "migrations")};
    struct mx_error err;
    assert_int_equal(mx_migrate_list(db, &options, &report, &err), MX_OK);
    assert_int_equal(report.count, 3);
    assert_int_equal(report.list[2].number, 5);
    assert_string_equal(report.list[2].name, "later");
    assert_int_equal(report.list[2].applied_at, 0);
    assert_true(report.list[1].applied_at > 0);
    mx_migrate_report_deinit(&report);
    int newest = 0;
    assert_int_equal(mx_migrate_newest(temp_path(&folder, "migrations"), &newest, &err), MX_OK);
    assert_int_equal(newest, 5);
    mx_db_close(db);
}

static void a_failing_file_leaves_nothing_and_keeps_the_copy(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    put("0003_good.sql", "CREATE TABLE good (a INTEGER) STRICT;");
    put("0004_bad.sql", "CREATE TABLE half (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);");
    refuses(db, MX_E_INVALID, "0004_bad.sql:1: no such table");
    assert_int_equal(number(db, "PRAGMA user_version"), 3);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
    assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
    assert_true(has_copy());

    put("0004_bad.sql", "CREATE TABLE whole (a INTEGER) STRICT;");
    migrates(db, 1);
    assert_false(has_copy());
    mx_db_close(db);
}

static void the_copy_shows_the_state_before_all_of_it(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    put("0003_good.sql", "DELETE FROM shops;");
    put("0004_bad.sql", "nonsense;");
    refuses(db, MX_E_INVALID, "0004");
    refuses(db, MX_E_INVALID, "0004"); // the second run has only 0004 to do
    mx_db_close(db);

    struct mx_db_options options = {
        .path = temp_path(&folder, "shop.db.before-migration"), .mode = MX_DB_READ};
    struct mx_error err;
    mx_db *copy = NULL;
    assert_int_equal(mx_db_open(&options, &copy, &err), MX_OK);
    assert_int_equal(number(copy, "SELECT count(*) FROM shops"), 1);
    assert_int_equal(number(copy, "PRAGMA user_version"), 2);
    mx_db_close(copy);
}

static void an_edited_file_is_refused(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    put("0002_more.sql", "ALTER TABLE shops ADD COLUMN town TEXT;");
    refuses(db, MX_E_CONFLICT, "0002_more.sql was edited");
    mx_db_close(db);
}

static void a_newer_database_is_refused(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    take_away("0002_more.sql");
    refuses(db, MX_E_INVALID, "0002");
    mx_db_close(db);
}

static void two_files_of_one_number_are_refused(void **state) {
    (void)state;
    mx_db *db = open_shop();
    put("0002_another.sql", "SELECT 1;");
    refuses(db, MX_E_CONFLICT, "0002");
    mx_db_close(db);
}

static void a_number_below_the_newest_applied_is_refused(void **state) {
    (void)state;
    put("0004_four.sql", "SELECT 1;");
    mx_db *db = open_shop();
    migrates(db, 3);
    put("0003_late.sql", "SELECT 1;");
    refuses(db, MX_E_CONFLICT, "0003_late.sql");
    mx_db_close(db);
}

static void a_wrong_name_is_refused(void **state) {
    (void)state;
    mx_db *db = open_shop();
    static const char *const names[] = {"3_x.sql", "0003.sql", "0003_.sql", "0003_Big.sql",
        "0000_zero.sql", "0003-x.sql", "00003_x.sql"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put(names[i], "SELECT 1;");
        refuses(db, MX_E_INVALID, "no name for a migration");
        take_away(names[i]);
    }
    migrates(db, 2);
    mx_db_close(db);
}

static void rows_that_refer_to_nothing_are_refused(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    put("0003_orphan.sql", "INSERT INTO notes (shop_id) VALUES (99);");
    refuses(db, MX_E_CONFLICT, "rows of notes");
    assert_int_equal(number(db, "SELECT count(*) FROM notes"), 0);
    mx_db_close(db);
}

static void a_table_can_be_rebuilt_because_references_rest(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    struct mx_error err;
    assert_int_equal(mx_db_exec(db, "INSERT INTO notes (shop_id) VALUES (1)", &err), MX_OK);
    put("0003_rebuild.sql",
        "CREATE TABLE shops_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
        "INSERT INTO shops_new SELECT id, name FROM shops; DROP TABLE shops;"
        "ALTER TABLE shops_new RENAME TO shops;");
    migrates(db, 1);
    assert_int_equal(number(db, "SELECT count(*) FROM notes"), 1); // not cascaded away
    mx_db_close(db);
}

static void a_file_cannot_leave_its_transaction(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    put("0003_escape.sql", "CREATE TABLE escaped (a INTEGER) STRICT; COMMIT;");
    refuses(db, MX_E_INVALID, "0003_escape.sql");
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'escaped'"), 0);
    mx_db_close(db);
}

static void a_plugin_migrates_its_own_tables_only(void **state) {
    (void)state;
    struct mx_error err;
    mx_db *db = open_shop();
    migrates(db, 2);
    assert_int_equal(mx_dir_make(temp_path(&folder, "plugin"), 0700, &err), MX_OK);
    const char *file = temp_path(&folder, "plugin/0001_rows.sql");
    struct mx_slice good = MX_SLICE("CREATE TABLE p_acme_points_rows (a INTEGER) STRICT;");
    assert_int_equal(mx_file_write(file, good, 0600, &err), MX_OK);
    struct mx_db_owner owner = {"p_acme_points_", NULL, MX_DB_GRANT_MIGRATE};
    struct mx_migrate_options options = {
        .dir = temp_path(&folder, "plugin"), .now_ms = 1, .no_copy = true, .owner = &owner};
    struct mx_migrate_report report;
    assert_int_equal(mx_migrate_run(db, &options, &report, &err), MX_OK);
    assert_int_equal(report.applied, 1);
    mx_migrate_report_deinit(&report);
    assert_int_equal(number(db, "PRAGMA user_version"), 2); // the shop's own
    assert_int_equal(number(db, "SELECT count(*) FROM p_acme_points_schema_migrations"), 1);

    struct mx_slice bad = MX_SLICE("DROP TABLE shops;");
    const char *second = temp_path(&folder, "plugin/0002_evil.sql");
    assert_int_equal(mx_file_write(second, bad, 0600, &err), MX_OK);
    assert_int_equal(mx_migrate_run(db, &options, &report, &err), MX_E_INVALID);
    mx_migrate_report_deinit(&report);
    assert_int_equal(number(db, "SELECT count(*) FROM shops"), 1);
    mx_db_owner_forget(db, &owner);
    mx_db_close(db);
}

static void a_reader_cannot_migrate_but_list(void **state) {
    (void)state;
    mx_db *db = open_shop();
    migrates(db, 2);
    struct mx_db_options options = {.path = temp_path(&folder, "shop.db"), .mode = MX_DB_READ};
    struct mx_migrate_options wanted = {.dir = temp_path(&folder, "migrations")};
    struct mx_migrate_report report;
    struct mx_error err;
    mx_db *reader = NULL;
    assert_int_equal(mx_db_open(&options, &reader, &err), MX_OK);
    assert_int_equal(mx_migrate_run(reader, &wanted, &report, &err), MX_E_INVALID);
    mx_migrate_report_deinit(&report);
    assert_int_equal(mx_migrate_list(reader, &wanted, &report, &err), MX_OK);
    assert_int_equal(report.count, 2);
    mx_migrate_report_deinit(&report);
    mx_db_close(reader);
    mx_db_close(db);
}

// R12: a child is killed after more and more time; whoever comes next finishes.
static void a_kill_at_any_moment_is_made_good_by_the_next_run(void **state) {
    (void)state;
    char name[32], text[512];
    for (int i = 3; i <= 12; i++) {
        snprintf(name, sizeof(name), "%04d_step.sql", i);
        snprintf(text, sizeof(text),
            "CREATE TABLE step_%d (a INTEGER) STRICT; INSERT INTO step_%d "
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
            "SELECT i FROM n; INSERT INTO shops (name) VALUES ('step');",
            i, i);
        put(name, text);
    }
    int killed = 0;
    for (int us = 0; us < 60000; us += 1500) {
        struct mx_error err;
        for (int i = 0; i < 4; i++) {
            static const char *const files[] = {
                "shop.db", "shop.db-wal", "shop.db-shm", "shop.db.before-migration"};
            assert_int_equal(mx_file_remove(temp_path(&folder, files[i]), &err), MX_OK);
        }
        pid_t child = fork();
        if (child == 0) {
            struct mx_migrate_report report;
            mx_db *db = open_shop();
            _exit(migrate(db, &report, &err) == MX_OK ? 0 : 1);
        }
        nanosleep(&(struct timespec){0, us * 1000}, NULL);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        killed += WIFSIGNALED(status);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);

        struct mx_migrate_report report;
        mx_db *db = open_shop();
        if (migrate(db, &report, &err) < 0) {
            fail_msg("after %d us: %s", us, err.text);
        }
        mx_migrate_report_deinit(&report);
        assert_int_equal(number(db, "PRAGMA user_version"), 12);
        assert_int_equal(number(db, "SELECT count(*) FROM shops"), 11); // each step once
        assert_int_equal(number(db, "SELECT count(*) FROM step_12"), 2000);
        assert_false(has_copy());
        mx_db_close(db);
    }
    assert_true(killed > 0);
}

static void the_checksum_is_sha_256(void **state) {
    (void)state;
    char hex[2 * MX_CHECKSUM_SIZE + 1];
    mx_checksum_hex(MX_SLICE("abc"), hex); // FIPS 180-4, appendix
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    mx_checksum_hex(MX_SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    mx_checksum_hex((struct mx_slice){NULL, 0}, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    mx_buf million = {0};
    for (int i = 0; i < 1000000; i++) {
        mx_buf_append_char(&million, 'a');
    }
    mx_checksum_hex(mx_buf_slice(&million), hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    mx_buf_deinit(&million);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(a_new_database_gets_everything_once),
        CASE(a_failure_names_the_line_of_its_statement),
        CASE(the_report_lists_what_is_and_what_will_be),
        CASE(a_failing_file_leaves_nothing_and_keeps_the_copy),
        CASE(the_copy_shows_the_state_before_all_of_it),
        CASE(an_edited_file_is_refused),
        CASE(a_newer_database_is_refused),
        CASE(two_files_of_one_number_are_refused),
        CASE(a_number_below_the_newest_applied_is_refused),
        CASE(a_wrong_name_is_refused),
        CASE(rows_that_refer_to_nothing_are_refused),
        CASE(a_table_can_be_rebuilt_because_references_rest),
        CASE(a_file_cannot_leave_its_transaction),
        CASE(a_plugin_migrates_its_own_tables_only),
        CASE(a_reader_cannot_migrate_but_list),
        CASE(a_kill_at_any_moment_is_made_good_by_the_next_run),
        CASE(the_checksum_is_sha_256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// A reader's mapping of the file stays over the commits of others, shows what they wrote, and goes
// when the file has another length.
#include "writer_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault_vfs.h"
#include "platform/files.h"

enum { ROWS = 500, PAGE = 4096 };

// A row is 1,600 bytes: its number, again and again. What is wrong in any shows.
#define TEXT_OF(number) "replace(hex(zeroblob(400)), '00', substr('000' || (" number "), -4))"
#define FILL(from, to)                                                                             \
    "INSERT INTO r WITH RECURSIVE n (i) AS (SELECT " from " UNION ALL SELECT i + 1 FROM n "        \
    "WHERE i < " to ") SELECT i, i, " TEXT_OF("i") " FROM n"
#define COUNT_WRONG "SELECT count(*) FROM r WHERE b <> " TEXT_OF("a")

// What SQLite asked of the kernel for the database itself; its shared memory can be written to.
static struct {
    atomic_int made;
    atomic_int given_up;
    atomic_bool is_refused;
    _Atomic(void *) at;
    atomic_size_t bytes;
} maps;

static void *map_counted(void *at, size_t size, int access, int flags, int fd, off_t offset) {
    if (access == PROT_READ && maps.is_refused) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *memory = mmap(at, size, access, flags, fd, offset);
    if (access == PROT_READ) {
        maps.made++;
        maps.at = memory;
        maps.bytes = size;
    }
    return memory;
}

static int unmap_counted(void *at, size_t size) {
    maps.given_up += at == maps.at;
    return munmap(at, size);
}

static void replace_call(const char *name, sqlite3_syscall_ptr call) {
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    assert_int_equal(vfs->xSetSystemCall(vfs, name, call), SQLITE_OK);
}

static mx_db *reader;

static void must(const char *sql) {
    struct mx_error err;
    if (mx_db_exec(db, sql, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
}

static mx_db *open_reader(int64_t mmap_bytes) {
    struct mx_db_options options = {
        .path = mx_db_path(db), .mode = MX_DB_READ, .mmap_bytes = mmap_bytes};
    struct mx_error err;
    mx_db *out = NULL;
    if (mx_db_open(&options, &out, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return out;
}

// One slice of `from`, with one number out of it.
static int64_t seen_by(mx_db *from, const char *sql) {
    struct mx_error err;
    int64_t value = 0;
    if (mx_db_int(from, sql, &value, &err) < 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    mx_db_slice_end(from);
    return value;
}

static size_t file_bytes(void) {
    struct mx_file_info info;
    struct mx_error err;
    assert_int_equal(mx_file_stat(mx_db_path(db), &info, &err), MX_OK);
    return (size_t)info.size;
}

// A database of some 250 pages, all in the file, and a reader that has mapped and seen them.
static int make_rows(void **state) {
    make_database(state);
    must("CREATE TABLE r (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b TEXT NOT NULL) STRICT");
    must(FILL("1", "500"));
    must("PRAGMA wal_checkpoint(TRUNCATE)");
    replace_call("mmap", (sqlite3_syscall_ptr)map_counted);
    replace_call("munmap", (sqlite3_syscall_ptr)unmap_counted);
    maps.made = 0;
    maps.given_up = 0;
    maps.is_refused = false;
    reader = open_reader(0);
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(maps.made, 1);
    assert_int_equal(maps.bytes, file_bytes());
    return 0;
}

static int remove_rows(void **state) {
    mx_db_close(reader);
    reader = NULL;
    replace_call("mmap", NULL);
    replace_call("munmap", NULL);
    return remove_database(state);
}

static void commits_of_others_are_seen_and_unmap_nothing(void **state) {
    (void)state;
    for (int i = 1; i <= 40; i++) {
        char sql[160];
        snprintf(sql, sizeof(sql),
            "UPDATE r SET a = 1000 + %d, b = " TEXT_OF("1000 + %d") " WHERE id = %d", i, i, i * 7);
        must(sql);
        if (i % 4 == 0) { // from then on those rows are read from the file, no longer from the log
            must("PRAGMA wal_checkpoint(PASSIVE)");
        }
        assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
        assert_int_equal(seen_by(reader, "SELECT count(*) FROM r WHERE a > 1000"), i);
    }
    assert_int_equal(maps.made, 1);
    assert_int_equal(maps.given_up, 0);
}

static void a_file_that_has_grown_is_mapped_anew(void **state) {
    (void)state;
    must(FILL("501", "1000"));
    must("PRAGMA wal_checkpoint(PASSIVE)");
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(seen_by(reader, "SELECT count(*) FROM r"), 1000);
    must("DELETE FROM r WHERE id = 1");
    assert_int_equal(seen_by(reader, "SELECT count(*) FROM r"), 999);
    assert_int_equal(maps.made, 2);
    assert_int_equal(maps.given_up, 1);
    assert_int_equal(maps.bytes, file_bytes());
}

static void beyond_the_limit_growth_does_not_matter(void **state) {
    (void)state;
    enum { LIMIT = 64 * PAGE };
    mx_db_close(reader);
    reader = open_reader(LIMIT);
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(maps.bytes, LIMIT);
    maps.given_up = 0;
    must(FILL("501", "1000"));
    must("PRAGMA wal_checkpoint(PASSIVE)");
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(seen_by(reader, "SELECT count(*) FROM r"), 1000);
    assert_int_equal(maps.given_up, 0);
}

static void a_file_that_became_shorter_is_mapped_anew(void **state) {
    (void)state;
    size_t before = file_bytes();
    sqlite3 *other = NULL; // ours cannot VACUUM, and nothing in Merx does: somebody with a tool
    assert_int_equal(sqlite3_open(mx_db_path(db), &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(other, "DELETE FROM r WHERE id > 100; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(other);
    assert_true(file_bytes() < before / 2);
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(seen_by(reader, "SELECT count(*) FROM r"), 100);
    assert_int_equal(maps.given_up, 1);
    assert_int_equal(maps.bytes, file_bytes());
}

static void a_mapping_that_is_refused_is_done_without(void **state) {
    (void)state;
    maps.is_refused = true;
    must(FILL("501", "1000"));
    must("PRAGMA wal_checkpoint(PASSIVE)");
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    must("DELETE FROM r WHERE id = 1");
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(seen_by(reader, "SELECT count(*) FROM r"), 999);
    assert_int_equal(maps.made, 1);
    assert_int_equal(maps.given_up, 1);
}

static void what_somebody_cut_off_is_an_error_after_the_next_commit(void **state) {
    (void)state;
    struct mx_error err;
    int64_t value = 0;
    assert_int_equal(truncate(mx_db_path(db), (off_t)(file_bytes() / 2)), 0);
    must("UPDATE r SET a = 7, b = " TEXT_OF("7") " WHERE id = 1");
    assert_int_equal(seen_by(reader, "SELECT a FROM r WHERE id = 1"), 7);
    assert_int_equal(
        mx_db_int(reader, "SELECT a FROM r WHERE id = 400", &value, &err), MX_E_SYSTEM);
    assert_non_null(strstr(err.text, "damaged"));
}

// What POSIX leaves open and Linux promises: ADR 0007 stands on it.
static void a_mapping_shows_what_was_cut_off_and_written_again(void **state) {
    (void)state;
    size_t size = file_bytes();
    char *bytes = malloc(size);
    int fd = open(mx_db_path(db), O_RDWR | O_CLOEXEC);
    assert_non_null(bytes);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, bytes, size, 0), size);
    assert_int_equal(ftruncate(fd, (off_t)2 * PAGE), 0);
    assert_int_equal(pwrite(fd, bytes, size, 0), size);
    close(fd);
    free(bytes);
    must("UPDATE r SET a = 1, b = " TEXT_OF("1") " WHERE id = 2");
    assert_int_equal(seen_by(reader, COUNT_WRONG), 0);
    assert_int_equal(seen_by(reader, "SELECT count(*) FROM r WHERE a = 1"), 2);
    assert_int_equal(maps.given_up, 0);
}

struct onlooker {
    pthread_t thread;
    mx_db *db; // its own
    atomic_bool *is_over;
    int64_t slices;
    int64_t wrong;
};

static bool is_seen(mx_db *from, const char *sql, int64_t wanted) {
    struct mx_error err;
    int64_t value = 0;
    int rc = mx_db_int(from, sql, &value, &err);
    mx_db_slice_end(from);
    return rc == MX_OK && value == wanted;
}

static void *look_on(void *arg) {
    struct onlooker *self = arg;
    while (!*self->is_over) {
        self->wrong += !is_seen(self->db, COUNT_WRONG, 0);
        self->wrong += !is_seen(
            self->db, "SELECT sum(a) FROM r WHERE id <= 500", (int64_t)ROWS * (ROWS + 1) / 2);
        self->slices += 2;
    }
    return NULL;
}

// Rows swap their numbers, so that the sum stays; others are added, so that the file grows.
static void readers_see_whole_commits_while_the_file_grows(void **state) {
    (void)state;
    enum { READERS = 2, COMMITS = 300 };
    static struct onlooker readers[READERS];
    static atomic_bool is_over;
    is_over = false;
    must("PRAGMA synchronous = NORMAL");
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct onlooker){.db = open_reader(0), .is_over = &is_over};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, look_on, &readers[i]), 0);
    }
    for (int i = 1; i <= COMMITS; i++) {
        char sql[400];
        snprintf(sql, sizeof(sql),
            "BEGIN IMMEDIATE; UPDATE r SET a = 501 - a, b = " TEXT_OF(
                "501 - a") " WHERE id IN (%d, 501 - %d); INSERT INTO r VALUES (1000 + %d, "
                           "7, " TEXT_OF("7") "); COMMIT",
            i % 250 + 1, i % 250 + 1, i);
        must(sql);
        if (i % 10 == 0) {
            must("PRAGMA wal_checkpoint(PASSIVE)");
        }
    }
    is_over = true;
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        mx_db_close(readers[i].db);
        assert_true(readers[i].slices > 0);
        assert_int_equal(readers[i].wrong, 0);
    }
}

static void a_file_system_without_mappings_is_read(void **state) {
    (void)state;
    fault_register();
    mx_db *own = open_reader(0);
    maps.made = 0; // for its shared memory only
    must("UPDATE r SET a = 7, b = " TEXT_OF("7") " WHERE id = 9");
    assert_int_equal(seen_by(own, COUNT_WRONG), 0);
    assert_int_equal(seen_by(own, "SELECT a FROM r WHERE id = 9"), 7);
    mx_db_close(own);
    fault_unregister();
    assert_int_equal(maps.made, 0);
}

int main(void) {
#define ROWS_CASE(name) cmocka_unit_test_setup_teardown(name, make_rows, remove_rows)
    const struct CMUnitTest tests[] = {
        ROWS_CASE(commits_of_others_are_seen_and_unmap_nothing),
        ROWS_CASE(a_file_that_has_grown_is_mapped_anew),
        ROWS_CASE(beyond_the_limit_growth_does_not_matter),
        ROWS_CASE(a_file_that_became_shorter_is_mapped_anew),
        ROWS_CASE(a_mapping_that_is_refused_is_done_without),
        ROWS_CASE(what_somebody_cut_off_is_an_error_after_the_next_commit),
        ROWS_CASE(a_mapping_shows_what_was_cut_off_and_written_again),
        ROWS_CASE(readers_see_whole_commits_while_the_file_grows),
        ROWS_CASE(a_file_system_without_mappings_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

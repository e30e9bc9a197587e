// check DATABASE [PROMISES]: whether a shop's database keeps all laws, and every promise of a file.
// check DATABASE --ask SQL: the first column of the rows that a question gives, one a line.
// 0 when all is well.
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "invariants.h"

static int ask(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(db, 10000);
        code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    }
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) {
            const unsigned char *text = sqlite3_column_text(stmt, 0);
            printf("%s\n", text ? (const char *)text : "");
        }
    }
    if (code != SQLITE_DONE) {
        fprintf(stderr, "%s: %s\n", path, db ? sqlite3_errmsg(db) : "out of memory");
    }
    sqlite3_finalize(stmt);
    sqlite3_close_v2(db);
    return code == SQLITE_DONE ? 0 : 1;
}

static int check(const char *path, const char *promised) {
    struct mx_promises promises = {0};
    struct mx_findings found;
    if (promised) {
        mx_promises_read(&promises, promised);
    }
    bool is_well = mx_check_database(path, &promises, promises.count, &found);
    printf("%zu orders, %zu of %zu promises kept, %zu problems%s%s\n", found.orders, found.kept,
        promises.count, found.count, is_well ? "" : "; first: ", found.first);
    mx_promises_deinit(&promises);
    return is_well ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[2], "--ask") == 0) {
        return ask(argv[1], argv[3]);
    }
    if (argc != 2 && argc != 3) {
        fputs("usage: check DATABASE [PROMISES] | check DATABASE --ask SQL\n", stderr);
        return 2;
    }
    return check(argv[1], argc == 3 ? argv[2] : NULL);
}

// A shop that does nothing but place orders, right or with a planted mistake: what the net must
// hold, and what it must catch.
//
//   sample_shop FOLDER MIGRATIONS LOG ORDERS MISTAKE
//
//   none       orders are whole, synced, and promised afterwards
//   no-sync    synchronous = OFF
//   relaxed    synchronous = NORMAL: the log of WAL mode is not synced at a commit
//   early      promised before the commit
//   halves     head and lines in two transactions
//   oversell   stock is read and then written, and two buyers read the same
#define _GNU_SOURCE // writev(), scandir()
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sqlite3.h>

#include "log.h"
#include "platform/error.h"
#include "storage/tokenizer.h"

struct shop {
    sqlite3 *db;
    int log;
    const char *mistake;
};

static void die(const char *what, const char *why) {
    fprintf(stderr, "sample_shop: %s: %s\n", what, why);
    exit(2);
}

static void run(struct shop *shop, const char *sql) {
    char *text = NULL;
    if (sqlite3_exec(shop->db, sql, NULL, NULL, &text) != SQLITE_OK) {
        die(sql, text);
    }
}

static bool has(const struct shop *shop, const char *mistake) {
    return strcmp(shop->mistake, mistake) == 0;
}

// --- the shop ---------------------------------------------------------------------------------

static char *read_text(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat info;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0) {
        die(path, strerror(errno));
    }
    char *text = malloc((size_t)info.st_size + 1);
    assert(text && "memory for a migration");
    ssize_t len = read(fd, text, (size_t)info.st_size);
    assert(len == info.st_size && "a regular file is read whole");
    text[len] = '\0';
    close(fd);
    return text;
}

static int is_sql(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".sql") == 0;
}

static void migrate(struct shop *shop, const char *folder) {
    struct dirent **list = NULL;
    int count = scandir(folder, &list, is_sql, alphasort);
    if (count <= 0) {
        die(folder, "holds no migrations");
    }
    run(shop, "BEGIN");
    for (int i = 0; i < count; i++) {
        char *sql = read_text(folder, list[i]->d_name);
        run(shop, sql);
        free(sql);
        free(list[i]);
    }
    run(shop, "COMMIT");
    free(list);
}

static void open_shop(struct shop *shop, const char *folder, const char *migrations) {
    char path[PATH_MAX];
    struct mx_error err;
    snprintf(path, sizeof(path), "%s/shop.db", folder);
    if (sqlite3_open(path, &shop->db) != SQLITE_OK) {
        die(path, sqlite3_errmsg(shop->db));
    }
    if (mx_tokenizer_register(shop->db, &err) < 0) {
        die(path, err.text);
    }
    run(shop,
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 100; PRAGMA foreign_keys = ON");
    run(shop, has(shop, "no-sync")   ? "PRAGMA synchronous = OFF"
              : has(shop, "relaxed") ? "PRAGMA synchronous = NORMAL"
                                     : "PRAGMA synchronous = FULL");
    migrate(shop, migrations);
    run(shop, "BEGIN;"
              "INSERT INTO products (id, handle, title, tracking, created_at, updated_at)"
              " VALUES (1, 'mug', 'Mug', 'product', 1, 1);"
              "INSERT INTO accounts (id, kind, owner_id, place_id, balance, floor, updated_at)"
              " VALUES (1, 'stock', 1, 1, 100000, 0, 1);"
              "INSERT INTO account_movements (account_id, delta, reason, at) VALUES (1, 100000, "
              "'received', 1);"
              "COMMIT");
}

// --- one order --------------------------------------------------------------------------------

static const char head_sql[] =
    "INSERT INTO carts (token, state, channel_id, currency, locale, created_at, updated_at)"
    " VALUES ('cart-' || ?1, 'ordered', 1, 'EUR', 'en', 1, 1);"
    "INSERT INTO orders (id, token, number, cart_id, locale, currency, base_currency, list_amount,"
    "       subtotal_amount, discount_amount, delivery_amount, fee_amount, tax_amount, "
    "added_tax_amount,"
    "       total_amount, due_amount, is_tax_included, policy, ledger, quote_hash, placed_at, "
    "created_at,"
    "       updated_at)"
    " VALUES (?1, 'token-' || ?1, 1000 + ?1, last_insert_rowid(), 'en', 'EUR', 'EUR', 2000, "
    "2000, 0, 0,"
    "       0, 0, 0, 1990, 1990, 1, '{}', '[{\"delta\":-10}]', 'hash', 1, 1, 1);"
    "UPDATE sequences SET next = 1001 + ?1 WHERE name = 'order_number';";

static const char rest_sql[] =
    "INSERT INTO order_lines (id, order_id, position, kind, key, product_id, title, quantity,"
    "       list_unit_amount, unit_amount, subtotal_amount, discount_amount, total_amount, "
    "is_tax_included)"
    " VALUES (?1, ?1, 1, 'goods', 'line', 1, printf('Mug %.600d', 7), 2, 1000, 1000, 2000, "
    "10, 1990, 1);"
    "INSERT INTO order_allocations (line_id, seq, order_id, handler, amount) VALUES (?1, 1, "
    "?1, 'p', 10);"
    "INSERT INTO order_addresses (order_id, kind, country) VALUES (?1, 'delivery', 'PT');"
    "INSERT INTO payments (order_id, reference, method, flow, currency, amount, created_at, "
    "updated_at)"
    " VALUES (?1, 'pay-' || ?1, 'cash', 'offline', 'EUR', 1990, 1, 1);"
    "UPDATE accounts SET balance = balance - 2 WHERE id = 1;"
    "INSERT INTO account_holds (account_id, quantity, state, order_id, line_id, created_at, "
    "updated_at)"
    " VALUES (1, 2, 'committed', ?1, ?1, 1, 1);"
    "INSERT INTO outbox (key, event, body, at) VALUES ('order:' || ?1, 'order.placed', '{}', 1);"
    "INSERT INTO command_results (actor, command, key, fingerprint, result, created_at)"
    " VALUES ('', 'order.place', 'key-' || ?1, 'f', printf('{\"id\":%d}', ?1), 1);";

// Runs statements with `number` as their ?1.
static void run_for(struct shop *shop, const char *sql, int number) {
    while (*sql) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(shop->db, sql, -1, &stmt, &sql) != SQLITE_OK) {
            die("a statement", sqlite3_errmsg(shop->db));
        }
        sqlite3_bind_int(stmt, 1, number);
        if (sqlite3_step(stmt) != SQLITE_DONE) {
            die(sqlite3_sql(stmt), sqlite3_errmsg(shop->db));
        }
        sqlite3_finalize(stmt);
    }
}

static void promise(const struct shop *shop, int number) {
    char line[64];
    int len = snprintf(line, sizeof(line), "order token-%d 2 1990", number);
    struct mx_record_head head = {
        .magic = MX_RECORD_MAGIC, .kind = MX_RECORD_ACK, .length = (uint64_t)len};
    struct iovec parts[] = {{&head, sizeof(head)}, {line, (size_t)len}};
    if (writev(shop->log, parts, 2) != (ssize_t)sizeof(head) + len) {
        die("cannot promise", strerror(errno));
    }
}

static void place(struct shop *shop, int number) {
    run(shop, "BEGIN IMMEDIATE");
    run_for(shop, head_sql, number);
    if (has(shop, "halves")) {
        run(shop, "COMMIT; BEGIN IMMEDIATE");
    }
    run_for(shop, rest_sql, number);
    if (has(shop, "oversell") && number % 10 == 0) {
        run(shop, "UPDATE accounts SET balance = balance + 2 WHERE id = 1");
    }
    if (has(shop, "early")) {
        promise(shop, number);
    }
    run(shop, "COMMIT");
    if (!has(shop, "early")) {
        promise(shop, number);
    }
}

int main(int argc, char **argv) {
    static const char *const mistakes[] = {
        "none", "no-sync", "relaxed", "early", "halves", "oversell"};
    struct shop shop = {.log = -1};
    for (size_t i = 0; argc == 6 && i < sizeof(mistakes) / sizeof(*mistakes); i++) {
        if (strcmp(mistakes[i], argv[5]) == 0) {
            shop.mistake = mistakes[i];
        }
    }
    if (!shop.mistake) {
        fputs("usage: sample_shop FOLDER MIGRATIONS LOG ORDERS MISTAKE\n", stderr);
        return 2;
    }
    shop.log = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (shop.log < 0) {
        die(argv[3], strerror(errno));
    }
    open_shop(&shop, argv[1], argv[2]);
    for (int number = 1; number <= (int)strtol(argv[4], NULL, 10); number++) {
        place(&shop, number);
    }
    sqlite3_close(shop.db);
    close(shop.log);
    return 0;
}

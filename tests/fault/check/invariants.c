// The laws are queries that name whoever breaks them; each must find nobody.
#include "invariants.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "platform/error.h"
#include "storage/tokenizer.h"

enum { WORDS = 4, LINE_MAX_LEN = 512 };

struct law {
    const char *name;
    const char *sql; // rows: the offender
};

static const struct law laws[] = {
    {"pages and indexes are whole",
        "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
    {"references refer to something",
        "SELECT \"table\" || ' row ' || rowid || ' -> ' || parent FROM pragma_foreign_key_check"},
    {"an order has lines of goods",
        "SELECT number FROM orders AS o"
        " WHERE NOT EXISTS (SELECT 1 FROM order_lines AS l"
        "                    WHERE l.order_id = o.id AND l.kind = 'goods')"},
    {"the lines of an order make its total",
        "SELECT number FROM orders AS o"
        " WHERE total_amount <> added_tax_amount"
        "       + (SELECT sum(l.total_amount) FROM order_lines AS l WHERE l.order_id = o.id)"},
    {"list price and ledger make the total",
        "SELECT number FROM orders AS o"
        " WHERE total_amount <> list_amount + coalesce("
        "       (SELECT sum(json_extract(e.value, '$.delta')) FROM json_each(o.ledger) AS e), 0)"},
    {"what is due is the total without tenders",
        "SELECT number FROM orders WHERE due_amount <> total_amount - tender_amount"},
    {"a line is its pieces without its discounts",
        "SELECT o.number FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
        " WHERE l.total_amount <> l.subtotal_amount - l.discount_amount"
        "    OR l.discount_amount <> coalesce("
        "       (SELECT sum(a.amount) FROM order_allocations AS a WHERE a.line_id = l.id), 0)"},
    {"tax rows make the tax of a line",
        "SELECT o.number FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
        " WHERE l.tax_amount <> coalesce("
        "       (SELECT sum(t.amount) FROM order_taxes AS t WHERE t.line_id = l.id), 0)"},
    {"a cart that was ordered has its order, and an order's cart was ordered",
        "SELECT 'cart ' || c.id FROM carts AS c WHERE c.state = 'ordered'"
        "   AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.cart_id = c.id)"
        " UNION ALL "
        "SELECT 'order ' || o.number FROM orders AS o JOIN carts AS c ON c.id = o.cart_id"
        " WHERE o.state <> 'cancelled' AND c.state <> 'ordered'"},
    {"an order has its addresses",
        "SELECT number FROM orders AS o WHERE delivery_state <> 'not_required' AND NOT EXISTS ("
        "       SELECT 1 FROM order_addresses AS a WHERE a.order_id = o.id AND a.kind = "
        "'delivery')"},
    {"an order that is due has a payment",
        "SELECT number FROM orders AS o WHERE due_amount > 0 AND NOT EXISTS ("
        "       SELECT 1 FROM payments AS p WHERE p.order_id = o.id)"},
    {"an order was told to the outbox", // as long as nothing was pruned
        "SELECT number FROM orders AS o"
        " WHERE (SELECT count(*) FROM outbox) ="
        "       coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)"
        "   AND NOT EXISTS (SELECT 1 FROM outbox AS x"
        "                    WHERE x.event = 'order.placed' AND x.key = 'order:' || o.id)"},
    {"the outbox tells of orders that are there",
        "SELECT x.seq || ' ' || x.key FROM outbox AS x WHERE x.event = 'order.placed'"
        "   AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE x.key = 'order:' || o.id)"},
    {"open holds make what is held",
        "SELECT a.kind || ' ' || a.owner_id FROM accounts AS a WHERE a.held <> coalesce("
        "       (SELECT sum(h.quantity) FROM account_holds AS h"
        "         WHERE h.account_id = a.id AND h.state = 'held'), 0)"},
    {"sold + held + available = received",
        "SELECT a.kind || ' ' || a.owner_id FROM accounts AS a"
        " WHERE coalesce((SELECT sum(h.quantity) FROM account_holds AS h"
        "                  WHERE h.account_id = a.id AND h.state = 'committed'), 0)"
        "       + a.held + (a.balance - a.held) <> coalesce("
        "       (SELECT sum(m.delta) FROM account_movements AS m WHERE m.account_id = a.id), 0)"},
    {"nothing is sold below the floor",
        "SELECT kind || ' ' || owner_id FROM accounts WHERE balance - held < floor"},
    {"every line of counted goods holds what it sells",
        "SELECT o.number FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
        "  JOIN products AS p ON p.id = l.product_id"
        " WHERE l.kind = 'goods' AND p.tracking <> 'none' AND o.state <> 'cancelled'"
        "   AND l.quantity - l.returned_quantity <> coalesce((SELECT sum(h.quantity)"
        "       FROM account_holds AS h WHERE h.order_id = o.id AND h.line_id = l.id"
        "        AND h.state IN ('held', 'committed')), 0)"},
    {"a hold belongs to an order that is there",
        "SELECT h.id FROM account_holds AS h WHERE h.order_id IS NOT NULL"
        "   AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.id = h.order_id)"},
    {"the result of a command that placed an order names one that is there",
        "SELECT r.key FROM command_results AS r WHERE r.command = 'order.place'"
        "   AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.id = json_extract(r.result, "
        "'$.id'))"},
    {"no number is given twice", "SELECT 'order ' || number FROM orders"
                                 " WHERE CAST(number AS INTEGER) >= (SELECT next FROM sequences "
                                 "WHERE name = 'order_number')"},
};

// --- promises ---------------------------------------------------------------------------------

// Cuts `line` at its blanks; returns how many words it has.
static int cut_words(char line[LINE_MAX_LEN], const char *words[WORDS]) {
    int count = 0;
    for (char *at = line; *at;) {
        char *end = at + strcspn(at, " ");
        if (count == WORDS) {
            return WORDS + 1;
        }
        words[count++] = at;
        at = *end ? end + 1 : end;
        *end = '\0';
    }
    return count;
}

static bool is_number(const char *text) {
    return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_promise(const char *text) {
    char line[LINE_MAX_LEN];
    const char *words[WORDS] = {0};
    snprintf(line, sizeof(line), "%s", text);
    int count = cut_words(line, words);
    return (count == 4 && strcmp(words[0], "order") == 0 && is_number(words[2]) &&
               is_number(words[3])) ||
           (count == 3 && strcmp(words[0], "cart") == 0 && is_number(words[2]));
}

void mx_promises_add(struct mx_promises *promises, const char *line, size_t len) {
    if (promises->count == promises->room) {
        promises->room = promises->room ? promises->room * 2 : 64;
        promises->lines = realloc(promises->lines, promises->room * sizeof(*promises->lines));
    }
    char *copy = promises->lines ? malloc(len + 1) : NULL;
    assert(copy && "memory for promises");
    memcpy(copy, line, len);
    copy[len] = '\0';
    if (len >= LINE_MAX_LEN || !is_promise(copy)) {
        fprintf(stderr, "this is no promise: %s\n", copy);
        exit(2);
    }
    promises->lines[promises->count++] = copy;
}

void mx_promises_read(struct mx_promises *promises, const char *path) {
    char line[LINE_MAX_LEN];
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
        exit(2);
    }
    while (fgets(line, sizeof(line), file)) {
        size_t len = strcspn(line, "\n");
        if (len > 0) {
            mx_promises_add(promises, line, len);
        }
    }
    fclose(file);
}

void mx_promises_deinit(struct mx_promises *promises) {
    for (size_t i = 0; i < promises->count; i++) {
        free(promises->lines[i]);
    }
    free(promises->lines);
    *promises = (struct mx_promises){0};
}

// --- looking ----------------------------------------------------------------------------------

static void note(struct mx_findings *out, const char *what, const char *who, const char *why) {
    if (out->count++ == 0) {
        snprintf(out->first, sizeof(out->first), "%s: %s: %s", what, who, why);
    }
}

static void check_law(sqlite3 *db, const struct law *law, struct mx_findings *out) {
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, law->sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
    }
    if (code == SQLITE_ROW) {
        note(out, "not so", law->name, (const char *)sqlite3_column_text(stmt, 0));
    } else if (code != SQLITE_DONE) {
        note(out, "cannot see whether", law->name, sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
}

static const char order_sql[] =
    "SELECT 1 FROM orders AS o WHERE o.token = ?1 AND o.total_amount = ?3 AND ?2 ="
    "       (SELECT sum(l.quantity) FROM order_lines AS l WHERE l.order_id = o.id AND l.kind = "
    "'goods')";

static const char cart_sql[] =
    "SELECT 1 FROM carts AS c WHERE c.token = ?1 AND ?2 <="
    "       (SELECT sum(l.quantity) FROM cart_lines AS l WHERE l.cart_id = c.id)";

static void check_promise(sqlite3 *db, const char *promise, struct mx_findings *out) {
    char line[LINE_MAX_LEN];
    const char *words[WORDS] = {0};
    sqlite3_stmt *stmt = NULL;
    snprintf(line, sizeof(line), "%s", promise);
    int count = cut_words(line, words);
    int code = sqlite3_prepare_v2(db, count == 4 ? order_sql : cart_sql, -1, &stmt, NULL);
    for (int i = 1; i < count && code == SQLITE_OK; i++) {
        code = i == 1 ? sqlite3_bind_text(stmt, i, words[i], -1, SQLITE_STATIC)
                      : sqlite3_bind_int64(stmt, i, strtoll(words[i], NULL, 10));
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
    }
    if (code == SQLITE_ROW) {
        out->kept++;
    } else {
        note(out, "promised and not there", promise, sqlite3_errmsg(db));
    }
    sqlite3_finalize(stmt);
}

static size_t count_orders(sqlite3 *db) {
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM orders", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        count = (size_t)sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return count;
}

bool mx_check_database(
    const char *path, const struct mx_promises *promises, size_t count, struct mx_findings *out) {
    sqlite3 *db = NULL;
    struct mx_error err = {0};
    *out = (struct mx_findings){0};
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        note(out, "cannot open", path, db ? sqlite3_errmsg(db) : "out of memory");
    } else if (mx_tokenizer_register(db, &err) < 0) {
        note(out, "cannot open", path, err.text);
    } else {
        // A look changes nothing, and the database may be served meanwhile.
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        sqlite3_busy_timeout(db, 10000);
        for (size_t i = 0; i < sizeof(laws) / sizeof(*laws); i++) {
            check_law(db, &laws[i], out);
        }
        for (size_t i = 0; i < count; i++) {
            check_promise(db, promises->lines[i], out);
        }
        out->orders = count_orders(db);
    }
    sqlite3_close_v2(db);
    return out->count == 0;
}

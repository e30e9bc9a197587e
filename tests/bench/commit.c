// The limit of durable writes on this disk: C alone, no HTTP, no Lua, no rule. Producers hand
// operations to one thread, which writes the rows that the shop would write, many operations to a
// commit, with synchronous=FULL.
//
//   commit SHOP.DB QUERIES WORK SECONDS     WORK: order (one line) or cart (one addition)
//   commit FOLDER sync SECONDS              how often the disk takes 4 KiB for good
//
// The statements are the shop's own, from the files of named queries, so that the two sides write
// the same. Works on the file itself: give it a copy. Prints one JSON object.
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sqlite3.h>

#include "histogram.h"

enum {
    PRODUCERS = 64,
    BATCH = 64,
    SQL_SIZE = 64 * 1024,
    BLOCK = 4096,
    TOKEN_SIZE = 48,
    MOST_PARAMETERS = 64,
    MOST_ROWS = 32
};

// A value for every parameter of that name; text when it has any, else the number.
struct value {
    const char *name;
    const char *text;
    sqlite3_int64 number;
};

// What a parameter gets: a value that is the same each time, or one that the operation knows.
enum source { FIXED, TOKEN, KEY, PARENT, LAST_ID, VARIANT, ACCOUNT };

struct binding {
    enum source source;
    const struct value *value; // of FIXED; NULL for an SQL NULL
};

// One statement of an operation, with what its parameters get.
struct row {
    sqlite3_stmt *statement;
    struct binding bindings[MOST_PARAMETERS];
    int count;
};

struct operation {
    struct operation *next;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool is_done;
};

struct bench {
    sqlite3 *db;
    char *queries; // owned; all files one after another
    struct row rows[MOST_ROWS];
    int row_count;
    sqlite3_stmt *steps[4]; // begin, savepoint, release, commit
    sqlite3_int64 number;   // of the operation: makes tokens and references unique
    sqlite3_int64 parent;   // the cart or order that rows refer to
    sqlite3_int64 variants; // how many there are
    sqlite3_int64 account;
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct operation *first;
    struct operation *last;
    atomic_bool is_over;
    atomic_long operations;
    atomic_long commits;
    pthread_mutex_t histogram_mutex;
    struct bench_histogram latencies;
};

static const char ADDRESS[] = "Ada Byron";
static const char DOCUMENT[] =
    "{\"currency\":\"EUR\",\"id\":12345,\"number\":\"12345\",\"total\":12990}";
static const char LEDGER[] = "[{\"amount\":-500,\"handler\":\"merx.catalog-prices/"
                             "sale\",\"line\":\"l1\",\"op\":\"set_price\",\"phase\":\"price\"},"
                             "{\"amount\":490,\"handler\":\"merx.flat-rate/"
                             "standard\",\"op\":\"rate\",\"phase\":\"delivery\"}]";
static const char HASH[] = "5f2c7f0f6d4b4a8f9f0e1d2c3b4a59687786a5b4c3d2e1f00112233445566778";

// What most parameters get, by name. Others are NULL where a column allows it, or given by the row.
static const struct value common[] = {{"actor", "", 0}, {"address", "127.0.0.1", 0},
    {"added_tax_amount", NULL, 0}, {"amount", NULL, 2074}, {"at", NULL, 1767225600000},
    {"attributes", "{}", 0}, {"base_amount", NULL, 10916}, {"base_currency", "EUR", 0},
    {"body", DOCUMENT, 0}, {"brand", "Tidewright", 0}, {"captured_amount", NULL, 0},
    {"channel_id", NULL, 1}, {"city", "Hamburg", 0}, {"codes", "[]", 0},
    {"confirmed_at", NULL, 1767225600000}, {"country", "DE", 0}, {"currency", "EUR", 0},
    {"delivery_amount", NULL, 490}, {"delivery_method", "merx.flat-rate/standard:standard", 0},
    {"delivery_state", "unfulfilled", 0}, {"delivery_title", "Standard", 0}, {"delta", NULL, -1},
    {"discount_amount", NULL, 0}, {"due_amount", NULL, 12990}, {"email", "bench@example.com", 0},
    {"email_key", "bench@example.com", 0}, {"event", "order.placed", 0},
    {"family_name", "Byron", 0}, {"fee_amount", NULL, 0}, {"flow", "offline", 0},
    {"given_name", "Ada", 0}, {"image", "30/30303030303030.webp", 0}, {"is_downloadable", NULL, 0},
    {"is_gift_card", NULL, 0}, {"is_included", NULL, 1}, {"is_tax_included", NULL, 1},
    {"is_test", NULL, 0}, {"jurisdiction", "DE", 0}, {"ledger", LEDGER, 0},
    {"line1", "Hafenstrasse 12", 0}, {"list_amount", NULL, 12500}, {"list_pieces", NULL, 1},
    {"list_unit_amount", NULL, 12500}, {"locale", "en", 0}, {"method", "merx.cod/cash", 0},
    {"name", ADDRESS, 0}, {"note", "", 0}, {"options", "[]", 0},
    {"payment_method", "merx.cod/cash", 0}, {"payment_state", "unpaid", 0},
    {"phone", "+49 40 1234567", 0}, {"policy", "{}", 0}, {"position", NULL, 1},
    {"postal_code", "20457", 0}, {"ppm", NULL, 190000}, {"product_id", NULL, 1},
    {"properties", "{}", 0}, {"quantity", NULL, 1}, {"quote_hash", HASH, 0},
    {"rate_exponent", NULL, 0}, {"rate_id", "standard", 0}, {"rate_mantissa", NULL, 1},
    {"reason", "sold", 0}, {"ships", NULL, 1}, {"sku", "BEN-0012345", 0}, {"source", "web", 0},
    {"state", "confirmed", 0}, {"subtotal_amount", NULL, 12500}, {"tax_amount", NULL, 2074},
    {"tax_class", "standard", 0}, {"tender_amount", NULL, 0}, {"title", "Harbour Lamp 12345", 0},
    {"total_amount", NULL, 12990}, {"unit_amount", NULL, 12500}, {"unit_pieces", NULL, 1},
    {"variant_title", "", 0}, {"weight_mg", NULL, 350000}, {NULL, NULL, 0}};

static void die(const char *what, const char *why) {
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

// --- the shop's statements --------------------------------------------------------------------

static char *read_queries(const char *folder, const char *const *names, int count) {
    char path[1024];
    size_t len = 0;
    char *all = calloc(1, (size_t)count * SQL_SIZE + 1);
    for (int i = 0; all && i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s.sql", folder, names[i]);
        FILE *file = fopen(path, "r");
        if (!file) {
            die(path, "cannot be read");
        }
        len += fread(all + len, 1, SQL_SIZE, file);
        fclose(file);
    }
    return all;
}

static sqlite3_stmt *prepare(struct bench *bench, const char *sql, int len) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(bench->db, sql, len, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        die(sql, sqlite3_errmsg(bench->db));
    }
    return statement;
}

// The statement behind "-- :name NAME ", up to the next name.
static sqlite3_stmt *find_query(struct bench *bench, const char *name) {
    char line[128];
    snprintf(line, sizeof(line), "-- :name %s ", name);
    const char *found = strstr(bench->queries, line);
    if (!found) {
        die(name, "there is no such query any more: the rows of the shop have changed, change the "
                  "list in commit.c");
    }
    const char *end = strstr(found + 1, "-- :name ");
    return prepare(bench, found, end ? (int)(end - found) : -1);
}

// --- one operation ----------------------------------------------------------------------------

static void bind_token(struct bench *bench, sqlite3_stmt *statement, int index, int len) {
    char text[TOKEN_SIZE];
    int size = snprintf(text, sizeof(text), "%043lld", (long long)bench->number);
    sqlite3_bind_text(statement, index, text + size - len, len, SQLITE_TRANSIENT);
}

static void bind_fixed(sqlite3_stmt *statement, int index, const struct value *value) {
    if (value && value->text) {
        sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
    } else if (value) {
        sqlite3_bind_int64(statement, index, value->number);
    }
}

static void bind(struct bench *bench, const struct row *row) {
    sqlite3_int64 variant = 2 + 2 * (bench->number * 7919 % (bench->variants / 4));
    for (int i = 1; i <= row->count; i++) {
        switch (row->bindings[i - 1].source) {
        case FIXED: break; // bound once and for all
        case TOKEN: bind_token(bench, row->statement, i, 43); break;
        case KEY: bind_token(bench, row->statement, i, 32); break;
        case PARENT: sqlite3_bind_int64(row->statement, i, bench->parent); break;
        case LAST_ID:
            sqlite3_bind_int64(row->statement, i, sqlite3_last_insert_rowid(bench->db));
            break;
        case VARIANT: sqlite3_bind_int64(row->statement, i, variant); break;
        case ACCOUNT: sqlite3_bind_int64(row->statement, i, bench->account); break;
        }
    }
}

static void step(struct bench *bench, sqlite3_stmt *statement) {
    int rc = sqlite3_step(statement);
    while (rc == SQLITE_ROW) {
        rc = sqlite3_step(statement);
    }
    sqlite3_reset(statement);
    if (rc != SQLITE_DONE) {
        die(sqlite3_sql(statement), sqlite3_errmsg(bench->db));
    }
}

static void perform(struct bench *bench) {
    bench->number++;
    for (int i = 0; i < bench->row_count; i++) {
        bind(bench, &bench->rows[i]);
        step(bench, bench->rows[i].statement);
        if (i == 0) {
            bench->parent = sqlite3_last_insert_rowid(bench->db);
        }
    }
}

// --- threads ----------------------------------------------------------------------------------

static int take_batch(struct bench *bench, struct operation *batch[BATCH]) {
    int count = 0;
    pthread_mutex_lock(&bench->mutex);
    while (!bench->first && !bench->is_over) {
        pthread_cond_wait(&bench->filled, &bench->mutex);
    }
    for (; bench->first && count < BATCH; count++) {
        batch[count] = bench->first;
        bench->first = bench->first->next;
    }
    pthread_mutex_unlock(&bench->mutex);
    return count;
}

static void *write_all(void *ctx) {
    struct bench *bench = ctx;
    struct operation *batch[BATCH];
    int count;
    while ((count = take_batch(bench, batch)) > 0) {
        step(bench, bench->steps[0]);
        for (int i = 0; i < count; i++) {
            step(bench, bench->steps[1]);
            perform(bench);
            step(bench, bench->steps[2]);
        }
        step(bench, bench->steps[3]);
        bench->commits++;
        bench->operations += count;
        for (int i = 0; i < count; i++) {
            pthread_mutex_lock(&batch[i]->mutex);
            batch[i]->is_done = true;
            pthread_cond_signal(&batch[i]->done);
            pthread_mutex_unlock(&batch[i]->mutex);
        }
    }
    return NULL;
}

static void submit(struct bench *bench, struct operation *operation) {
    operation->next = NULL;
    operation->is_done = false;
    pthread_mutex_lock(&bench->mutex);
    *(bench->first ? &bench->last->next : &bench->first) = operation;
    bench->last = operation;
    pthread_cond_signal(&bench->filled);
    pthread_mutex_unlock(&bench->mutex);
}

static void *produce(void *ctx) {
    struct bench *bench = ctx;
    struct operation own = {.mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    while (!bench->is_over) {
        int64_t start = bench_now();
        submit(bench, &own);
        pthread_mutex_lock(&own.mutex);
        while (!own.is_done) {
            pthread_cond_wait(&own.done, &own.mutex);
        }
        pthread_mutex_unlock(&own.mutex);
        pthread_mutex_lock(&bench->histogram_mutex);
        bench_histogram_add(&bench->latencies, bench_now() - start);
        pthread_mutex_unlock(&bench->histogram_mutex);
    }
    return NULL;
}

// --- what parameters get ----------------------------------------------------------------------

static const struct value *find_value(const struct value *values, const char *name) {
    while (values && values->name && strcmp(values->name, name) != 0) {
        values++;
    }
    return values && values->name ? values : NULL;
}

static enum source source_of(const char *name) {
    static const struct {
        const char *name;
        enum source source;
    } own[] = {{"token", TOKEN}, {"number", TOKEN}, {"reference", TOKEN}, {"key", KEY},
        {"order_id", PARENT}, {"cart_id", PARENT}, {"id", PARENT}, {"line_id", LAST_ID},
        {"owner_id", VARIANT}, {"variant_id", VARIANT}, {"account_id", ACCOUNT}};
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (!strcmp(name, own[i].name)) {
            return own[i].source;
        }
    }
    return FIXED;
}

// `values` are those of this row alone, before the common ones; NULL, or ending with a NULL name.
static void add_row(struct bench *bench, const char *query, const struct value *values) {
    struct row *row = &bench->rows[bench->row_count++];
    row->statement = find_query(bench, query);
    row->count = sqlite3_bind_parameter_count(row->statement);
    if (row->count > MOST_PARAMETERS || bench->row_count > MOST_ROWS) {
        die(query, "too many parameters or rows");
    }
    for (int i = 0; i < row->count; i++) {
        const char *name = sqlite3_bind_parameter_name(row->statement, i + 1) + 1;
        const struct value *value = find_value(values, name);
        row->bindings[i].source = value ? FIXED : source_of(name);
        row->bindings[i].value = value ? value : find_value(common, name);
        if (row->bindings[i].source == FIXED) {
            bind_fixed(row->statement, i + 1, row->bindings[i].value);
        }
    }
}

// --- the two works ----------------------------------------------------------------------------

static const struct value delivery_line[] = {
    {"kind", "delivery", 0}, {"position", NULL, 2}, {NULL, NULL, 0}};
static const struct value goods_line[] = {{"kind", "goods", 0}, {NULL, NULL, 0}};
static const struct value stock[] = {
    {"kind", "stock", 0}, {"key", "", 0}, {"place_id", NULL, 1}, {NULL, NULL, 0}};
static const struct value hold[] = {{"state", "committed", 0}, {NULL, NULL, 0}};
static const struct value delivery_address[] = {{"kind", "delivery", 0}, {NULL, NULL, 0}};
static const struct value billing_address[] = {{"kind", "billing", 0}, {NULL, NULL, 0}};
static const struct value charge[] = {
    {"kind", "charge", 0}, {"state", "created", 0}, {NULL, NULL, 0}};
static const struct value confirmed[] = {{"event", "order.confirmed", 0}, {NULL, NULL, 0}};
static const struct value order_number[] = {{"name", "order_number", 0}, {NULL, NULL, 0}};
static const struct value cart[] = {
    {"id", NULL, 0}, {"payment", "merx.cod/cash", 0}, {NULL, NULL, 0}};

// What order.place writes for one line, delivery and cash on delivery.
static void prepare_order(struct bench *bench) {
    add_row(bench, "order_insert", NULL);
    add_row(bench, "sequence_step", order_number);
    add_row(bench, "sequence_last", order_number);
    add_row(bench, "order_line_insert", goods_line);
    add_row(bench, "order_tax_insert", NULL);
    add_row(bench, "order_line_insert", delivery_line);
    add_row(bench, "order_tax_insert", NULL);
    add_row(bench, "account_take_at", stock);
    add_row(bench, "account_find", stock);
    add_row(bench, "hold_insert", hold);
    add_row(bench, "order_address_insert", delivery_address);
    add_row(bench, "order_address_insert", billing_address);
    add_row(bench, "payment_insert", charge);
    add_row(bench, "cart_set_ordered", cart);
    add_row(bench, "outbox_append", NULL);
    add_row(bench, "outbox_append", confirmed);
}

// What cart.add writes for a new cart.
static void prepare_cart(struct bench *bench) {
    add_row(bench, "cart_insert", NULL);
    add_row(bench, "cart_line_put", NULL);
    add_row(bench, "cart_touch", NULL);
}

static sqlite3_int64 ask_number(struct bench *bench, const char *sql) {
    sqlite3_stmt *statement = prepare(bench, sql, -1);
    sqlite3_int64 number =
        sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return number;
}

static void open_shop(struct bench *bench, const char *path, const char *folder, const char *work) {
    static const char *const files[] = {"kernel", "cart", "order", "inventory", "payment"};
    static const char *const steps[] = {"BEGIN IMMEDIATE", "SAVEPOINT c", "RELEASE c", "COMMIT"};
    if (sqlite3_open_v2(path, &bench->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(bench->db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=10000",
            NULL, NULL, NULL) != SQLITE_OK) {
        die(path, sqlite3_errmsg(bench->db));
    }
    bench->queries = read_queries(folder, files, 5);
    for (int i = 0; i < 4; i++) {
        bench->steps[i] = prepare(bench, steps[i], -1);
    }
    bench->variants = ask_number(bench, "SELECT count(*) FROM variants");
    bench->account = ask_number(bench, "SELECT min(id) FROM accounts WHERE kind = 'stock'");
    !strcmp(work, "order") ? prepare_order(bench) : prepare_cart(bench);
}

static double cpu_us(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int run_writes(const char *path, const char *folder, const char *work, double seconds) {
    static struct bench bench = {.mutex = PTHREAD_MUTEX_INITIALIZER,
        .filled = PTHREAD_COND_INITIALIZER,
        .histogram_mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[PRODUCERS + 1];
    open_shop(&bench, path, folder, work);
    double cpu = cpu_us();
    int64_t start = bench_now();
    pthread_create(&threads[PRODUCERS], NULL, write_all, &bench);
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_create(&threads[i], NULL, produce, &bench);
    }
    usleep((useconds_t)(seconds * 1e6));
    double count = (double)bench.operations;
    double commits = (double)bench.commits;
    double took = (double)(bench_now() - start) / 1e9;
    cpu = cpu_us() - cpu;
    bench.is_over = true;
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_cond_signal(&bench.filled);
    pthread_join(threads[PRODUCERS], NULL);
    printf("{\"work\": \"%s\", \"per_second\": %.1f, \"cpu_us\": %.1f, \"batch\": %.1f, ", work,
        count / took, cpu / count, count / commits);
    bench_histogram_print(&bench.latencies, "all");
    printf("}\n");
    return 0;
}

static int run_sync(const char *folder, double seconds) {
    static const char block[BLOCK];
    char path[1024];
    struct bench_histogram *latencies = calloc(1, sizeof(*latencies));
    snprintf(path, sizeof(path), "%s/sync.bin", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || !latencies) {
        die(path, "cannot be made");
    }
    for (int64_t end = bench_now() + (int64_t)(seconds * 1e9); bench_now() < end;) {
        int64_t start = bench_now();
        if (write(fd, block, sizeof(block)) != BLOCK || fdatasync(fd) < 0) {
            die(path, "cannot be written");
        }
        bench_histogram_add(latencies, bench_now() - start);
    }
    close(fd);
    unlink(path);
    printf("{\"per_second\": %.1f, ", (double)latencies->total / seconds);
    bench_histogram_print(latencies, "all");
    printf("}\n");
    free(latencies);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[2], "sync")) {
        return run_sync(argv[1], strtod(argv[3], NULL));
    }
    if (argc == 5 && (!strcmp(argv[3], "order") || !strcmp(argv[3], "cart"))) {
        return run_writes(argv[1], argv[2], argv[3], strtod(argv[4], NULL));
    }
    fprintf(stderr,
        "usage: commit SHOP.DB QUERIES order|cart SECONDS\n       commit FOLDER sync SECONDS\n");
    return 2;
}

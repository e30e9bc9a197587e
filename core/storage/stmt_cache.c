// The statements a connection has seen lately, found by text and owner. Few enough (256) that the
// oldest is found by looking at all, which happens only when one is prepared anyway.
#include "platform/alloc.h"
#include "storage/internal.h"

enum { CACHE_SIZE = 256 };

struct cached {
    uint64_t hash;
    char *text; // owned: SQLite keeps only what it read, without what stands behind the ";"
    size_t len;
    const struct mx_db_owner *owner;
    mx_stmt *stmt; // NULL: free
    uint64_t used; // when, counted in look-ups
};

struct mx_stmt_cache {
    struct cached entries[CACHE_SIZE];
    uint64_t clock;
};

static struct cached *find(mx_db *db, uint64_t hash, struct mx_slice sql) {
    for (int i = 0; i < CACHE_SIZE; i++) {
        struct cached *entry = &db->cache->entries[i];
        if (entry->stmt && entry->hash == hash && entry->owner == db->owner &&
            mx_slice_equal((struct mx_slice){entry->text, entry->len}, sql)) {
            return entry;
        }
    }
    return NULL;
}

static void empty(struct cached *entry) {
    mx_stmt_close(entry->stmt);
    mx_free(entry->text);
    *entry = (struct cached){0};
}

static char *copy(struct mx_slice slice) {
    char *text = mx_alloc(slice.len + 1);
    memcpy(text, slice.ptr, slice.len);
    return text;
}

// A free place, or the one unused for longest. NULL when all are running.
static struct cached *make_room(struct mx_stmt_cache *cache) {
    struct cached *oldest = NULL;
    for (int i = 0; i < CACHE_SIZE; i++) {
        struct cached *entry = &cache->entries[i];
        if (!entry->stmt) {
            return entry;
        }
        if (!mx_stmt_is_stepped(entry->stmt) && (!oldest || entry->used < oldest->used)) {
            oldest = entry;
        }
    }
    if (oldest) {
        empty(oldest);
    }
    return oldest;
}

int mx_stmt_cached(mx_db *db, struct mx_slice sql, mx_stmt **out, struct mx_error *err) {
    if (!db->cache) {
        db->cache = mx_alloc(sizeof(*db->cache));
    }
    uint64_t hash = mx_slice_hash(sql);
    struct cached *entry = find(db, hash, sql);
    if (entry && mx_stmt_is_stepped(entry->stmt)) {
        return mx_fail(
            err, MX_E_BUSY, "this statement is running already: read all its rows first");
    }
    if (!entry) {
        mx_stmt *stmt = NULL;
        int rc = mx_stmt_prepare(db, sql, &stmt, err);
        if (rc < 0) {
            return rc;
        }
        entry = make_room(db->cache);
        if (!entry) {
            mx_stmt_close(stmt);
            return mx_fail(err, MX_E_LIMIT, "%d statements are running at once", CACHE_SIZE);
        }
        *entry = (struct cached){
            .hash = hash, .text = copy(sql), .len = sql.len, .owner = db->owner, .stmt = stmt};
    }
    entry->used = ++db->cache->clock;
    *out = entry->stmt;
    return MX_OK;
}

void mx_stmt_cache_clear(mx_db *db, const struct mx_db_owner *owner, bool all) {
    if (!db->cache) {
        return;
    }
    for (int i = 0; i < CACHE_SIZE; i++) {
        struct cached *entry = &db->cache->entries[i];
        if (entry->stmt && (all || entry->owner == owner)) {
            empty(entry);
        }
    }
    if (all) {
        mx_free(db->cache);
        db->cache = NULL;
    }
}

void mx_db_owner_forget(mx_db *db, const struct mx_db_owner *owner) {
    mx_stmt_cache_clear(db, owner, false);
    if (db->owner == owner) {
        db->owner = NULL;
    }
}

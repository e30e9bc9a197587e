// What a piece of work read, collected in nested scopes: what an inner scope read, its outer one
// read too. Inside core/script only.
#pragma once

#include "script/services.h"

struct mx_scope {
    struct mx_scope *outer;
    struct mx_cache_deps deps; // `tags` is owned
    size_t capacity;           // of deps.tags
    uint32_t *slots;           // hash table: index + 1 into deps.tags, 0: free
    size_t slot_count;         // a power of two, at least twice the capacity
};

// Opens a scope inside `*top` (which may be NULL). `seq` is of a moment before its first read.
void mx_scope_open(struct mx_scope **top, uint64_t seq);

// Closes the innermost scope: passes what it read to the outer one and frees it.
void mx_scope_close(struct mx_scope **top);

// Closes all.
void mx_scope_close_all(struct mx_scope **top);

// Notes a read; nothing without a scope.
void mx_scope_read(struct mx_scope *top, uint64_t tag);
void mx_scope_until(struct mx_scope *top, int64_t ms);
void mx_scope_merge(struct mx_scope *top, const struct mx_cache_deps *deps);

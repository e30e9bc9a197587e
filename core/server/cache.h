// What was rendered once and still holds: whole pages as bytes ready for the socket, and fragments.
// One cache for all workers, bounded in bytes, in shards; entries are counted references, so a hit
// copies nothing and nobody waits while bytes are sent.
#pragma once

#include <stdatomic.h>

#include "http/negotiate.h"
#include "platform/buf.h"
#include "script/services.h"
#include "server/stamps.h"

typedef struct mx_cache mx_cache;

enum { MX_CACHE_VARIANTS = 3 }; // by enum mx_encoding

// One form of a thing. A fragment is only bytes; a page has a head before its body (page.c knows
// how it is laid out). Immutable once it is visible.
struct mx_cache_variant {
    mx_buf bytes;
    uint32_t head_len;
    uint32_t type_at; // value of Content-Type
    uint32_t type_len;
    uint32_t etag_at; // value of ETag
    uint32_t etag_len;
    uint32_t kept_at; // fields that a 304 has too, ETag first
};

// Immutable but for what is atomic; freed with the last reference.
struct mx_cache_entry {
    struct mx_slice key; // behind the struct
    uint64_t hash;
    uint64_t *tags; // behind the struct
    size_t tag_count;
    uint64_t seq;
    int64_t until_ms;
    bool is_worth_compressing;
    _Atomic(struct mx_cache_variant *) variants[MX_CACHE_VARIANTS]; // identity is always there
    atomic_int files[MX_CACHE_VARIANTS]; // their copies in files; see mx_cache_variant_file()
    uint64_t version;                    // whatever its owner compares, as of the file it came from
    _Atomic uint64_t note;               // what a visitor does who sees it (activity.h); 0: nothing
    _Atomic uint64_t looked_at_ms;       // when the owner last did
    _Atomic uint64_t checked_seq;        // the global sequence at which it was last found valid
    atomic_int refs;
    atomic_bool used; // since the hand last came by
    size_t size;
    struct mx_cache_entry *next;  // in the bucket; the cache's
    struct mx_cache_entry *newer; // in the ring; the cache's
    struct mx_cache_entry *older;
};

struct mx_cache_stats {
    uint64_t hits;
    uint64_t misses;
    uint64_t stale; // of the misses: found, but touched or out of time
    uint64_t evicted;
    uint64_t bytes;
    uint64_t entries;
};

// `stamps` is borrowed. Owned by the caller: give it to mx_cache_destroy().
mx_cache *mx_cache_create(size_t max_bytes, const mx_stamps *stamps);

// Keeps at most `max_bytes` from now on.
void mx_cache_resize(mx_cache *cache, size_t max_bytes);

// All entries must have been released. `cache` may be NULL.
void mx_cache_destroy(mx_cache *cache);

// The valid entry for `key`, a reference that is owned: give it to mx_cache_release(). NULL when
// there is none.
struct mx_cache_entry *mx_cache_acquire(mx_cache *cache, struct mx_slice key, int64_t now_ms);

// `entry` may be NULL.
void mx_cache_release(struct mx_cache_entry *entry);

// Stores the plain form of a thing under `key`, in the place of what was there; `variant` is taken
// and zeroed. What is too large, depends on too much or does not hold any more is not stored. The
// result is a reference to the entry all the same, owned: give it to mx_cache_release().
struct mx_cache_entry *mx_cache_store(mx_cache *cache, struct mx_slice key,
    const struct mx_cache_deps *deps, uint64_t version, struct mx_cache_variant *variant,
    bool is_worth_compressing);

// The form of `entry` for `encoding`, borrowed with the entry, or NULL when it was not made yet.
const struct mx_cache_variant *mx_cache_variant_find(
    const struct mx_cache_entry *entry, enum mx_encoding encoding);

// Adds a form. `variant` is taken and zeroed; when another thread was quicker, its one is kept.
// Returns the kept one, borrowed with the entry.
const struct mx_cache_variant *mx_cache_variant_add(mx_cache *cache, struct mx_cache_entry *entry,
    enum mx_encoding encoding, struct mx_cache_variant *variant);

// A file that holds the bytes of `form`, a form of `entry`, so that the kernel can send them
// without a copy; borrowed with the entry. It is made when a form is asked for again; -1: there is
// none.
int mx_cache_variant_file(
    mx_cache *cache, struct mx_cache_entry *entry, const struct mx_cache_variant *form);

// Forgets everything.
void mx_cache_clear(mx_cache *cache);

void mx_cache_stats_get(mx_cache *cache, struct mx_cache_stats *out);

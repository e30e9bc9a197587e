// Sixteen shards, each a hash table and a ring with a hand (CLOCK, which approximates LRU): a hit
// only sets a flag, so a shard's lock is held for the length of a bucket. Whether an entry still
// holds is judged outside the lock, and only once for each published sequence.
#define _GNU_SOURCE // memfd_create()
#include "server/cache.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "server/limits.h"

enum { SHARDS = 16, BUCKETS_MIN = 64 };

// What entry->files holds instead of a descriptor; those below 3 are never a file of ours.
enum { FILE_NEVER_ASKED = 0, FILE_ASKED_ONCE = 1, FILE_NONE = 2, FILE_MIN = 3 };

struct shard {
    pthread_mutex_t lock;
    struct mx_cache_entry **buckets;
    size_t bucket_count; // a power of two
    size_t count;
    size_t bytes;
    struct mx_cache_entry *hand; // any entry of the ring, NULL when empty
    uint64_t hits;
    uint64_t misses;
    uint64_t stale;
    uint64_t evicted;
};

struct mx_cache {
    const mx_stamps *stamps; // borrowed
    atomic_size_t shard_max;
    struct shard shards[SHARDS];
};

static struct shard *shard_of(mx_cache *cache, uint64_t hash) {
    return &cache->shards[hash >> 60]; // buckets use the low bits
}

static void variant_destroy(struct mx_cache_variant *variant) {
    if (variant) {
        mx_buf_deinit(&variant->bytes);
        mx_free(variant);
    }
}

// Descriptors are the process's, so is their limit.
static atomic_int files_open;

static void file_close(int file) {
    if (file >= FILE_MIN) {
        close(file);
        atomic_fetch_sub_explicit(&files_open, 1, memory_order_relaxed);
    }
}

void mx_cache_release(struct mx_cache_entry *entry) {
    if (!entry || atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (int i = 0; i < MX_CACHE_VARIANTS; i++) {
        variant_destroy(atomic_load(&entry->variants[i]));
        file_close(atomic_load(&entry->files[i]));
    }
    mx_free(entry);
}

static struct mx_cache_entry **find_link(
    const struct shard *shard, struct mx_slice key, uint64_t hash) {
    struct mx_cache_entry **link = &shard->buckets[hash & (shard->bucket_count - 1)];
    while (*link && ((*link)->hash != hash || !mx_slice_equal((*link)->key, key))) {
        link = &(*link)->next;
    }
    return link;
}

static void ring_add(struct shard *shard, struct mx_cache_entry *entry) {
    if (!shard->hand) {
        shard->hand = entry->newer = entry->older = entry;
        return;
    }
    entry->newer = shard->hand; // behind the hand: visited last
    entry->older = shard->hand->older;
    entry->older->newer = entry;
    shard->hand->older = entry;
}

static void ring_remove(struct shard *shard, struct mx_cache_entry *entry) {
    if (entry->newer == entry) {
        shard->hand = NULL;
        return;
    }
    if (shard->hand == entry) {
        shard->hand = entry->newer;
    }
    entry->newer->older = entry->older;
    entry->older->newer = entry->newer;
}

// Takes the entry at `link` out and lets it go.
static void drop(struct shard *shard, struct mx_cache_entry **link) {
    struct mx_cache_entry *entry = *link;
    *link = entry->next;
    ring_remove(shard, entry);
    shard->count--;
    shard->bytes -= entry->size;
    mx_cache_release(entry);
}

static void evict_down_to(struct shard *shard, size_t max) {
    while (shard->bytes > max && shard->hand) {
        struct mx_cache_entry *entry = shard->hand;
        shard->hand = entry->newer;
        if (atomic_exchange_explicit(&entry->used, false, memory_order_relaxed)) {
            continue; // a second chance
        }
        shard->evicted++;
        drop(shard, find_link(shard, entry->key, entry->hash));
    }
}

static void grow_buckets(struct shard *shard) {
    if (shard->count < shard->bucket_count) {
        return;
    }
    size_t count = shard->bucket_count * 2;
    struct mx_cache_entry **buckets = mx_alloc(count * sizeof(struct mx_cache_entry *));
    for (size_t i = 0; i < shard->bucket_count; i++) {
        struct mx_cache_entry *entry = shard->buckets[i];
        while (entry) {
            struct mx_cache_entry *next = entry->next;
            entry->next = buckets[entry->hash & (count - 1)];
            buckets[entry->hash & (count - 1)] = entry;
            entry = next;
        }
    }
    mx_free(shard->buckets);
    shard->buckets = buckets;
    shard->bucket_count = count;
}

mx_cache *mx_cache_create(size_t max_bytes, const mx_stamps *stamps) {
    mx_cache *cache = mx_alloc(sizeof(*cache));
    cache->stamps = stamps;
    atomic_init(&cache->shard_max, max_bytes / SHARDS);
    for (int i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->bucket_count = BUCKETS_MIN;
        shard->buckets = mx_alloc(BUCKETS_MIN * sizeof(struct mx_cache_entry *));
    }
    return cache;
}

void mx_cache_resize(mx_cache *cache, size_t max_bytes) {
    atomic_store(&cache->shard_max, max_bytes / SHARDS);
    for (int i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        evict_down_to(shard, max_bytes / SHARDS);
        pthread_mutex_unlock(&shard->lock);
    }
}

void mx_cache_destroy(mx_cache *cache) {
    if (!cache) {
        return;
    }
    mx_cache_clear(cache);
    for (int i = 0; i < SHARDS; i++) {
        mx_free(cache->shards[i].buckets);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    mx_free(cache);
}

// A sequence that was loaded before the look at the stamps: whatever is published later has a
// higher one, so the answer may be kept for this one.
static bool still_holds(const mx_cache *cache, struct mx_cache_entry *entry, int64_t now_ms) {
    if (now_ms >= entry->until_ms) {
        return false;
    }
    uint64_t seq = mx_stamps_seq(cache->stamps);
    if (atomic_load_explicit(&entry->checked_seq, memory_order_relaxed) == seq) {
        return true;
    }
    if (!mx_stamps_hold(cache->stamps, entry->tags, entry->tag_count, entry->seq)) {
        return false;
    }
    atomic_store_explicit(&entry->checked_seq, seq, memory_order_relaxed);
    return true;
}

static void forget_stale(struct shard *shard, struct mx_cache_entry *entry) {
    pthread_mutex_lock(&shard->lock);
    struct mx_cache_entry **link = find_link(shard, entry->key, entry->hash);
    if (*link == entry) { // nobody has replaced it meanwhile
        drop(shard, link);
    }
    shard->hits--;
    shard->misses++;
    shard->stale++;
    pthread_mutex_unlock(&shard->lock);
}

struct mx_cache_entry *mx_cache_acquire(mx_cache *cache, struct mx_slice key, int64_t now_ms) {
    uint64_t hash = mx_slice_hash(key);
    struct shard *shard = shard_of(cache, hash);
    pthread_mutex_lock(&shard->lock);
    struct mx_cache_entry *entry = *find_link(shard, key, hash);
    if (entry) {
        atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
        shard->hits++;
    } else {
        shard->misses++;
    }
    pthread_mutex_unlock(&shard->lock);
    if (!entry) {
        return NULL;
    }
    if (!still_holds(cache, entry, now_ms)) {
        forget_stale(shard, entry);
        mx_cache_release(entry);
        return NULL;
    }
    atomic_store_explicit(&entry->used, true, memory_order_relaxed);
    return entry;
}

static struct mx_cache_entry *make_entry(struct mx_slice key, const struct mx_cache_deps *deps) {
    size_t tags_size = deps->count * sizeof(uint64_t);
    struct mx_cache_entry *entry = mx_alloc(sizeof(*entry) + tags_size + key.len);
    entry->tags = (uint64_t *)(entry + 1); // the struct's size is a multiple of its alignment, 8
    char *name = (char *)(entry + 1) + tags_size;
    if (tags_size > 0) {
        memcpy(entry->tags, deps->tags, tags_size);
    }
    memcpy(name, key.ptr, key.len);
    entry->key = (struct mx_slice){name, key.len};
    entry->hash = mx_slice_hash(key);
    entry->tag_count = deps->count;
    entry->seq = deps->seq;
    entry->until_ms = deps->until_ms;
    entry->size = sizeof(*entry) + tags_size + key.len;
    atomic_init(&entry->refs, 1);
    return entry;
}

static struct mx_cache_variant *box_variant(struct mx_cache_variant *variant) {
    struct mx_cache_variant *box = mx_alloc(sizeof(*box));
    *box = *variant;
    memset(variant, 0, sizeof(*variant));
    // What is kept for long keeps no spare room.
    if (box->bytes.cap > box->bytes.len + box->bytes.len / 8 && box->bytes.len > 0) {
        box->bytes.ptr = mx_realloc(box->bytes.ptr, box->bytes.len);
        box->bytes.cap = box->bytes.len;
    }
    return box;
}

static bool may_be_stored(const mx_cache *cache, const struct mx_cache_deps *deps, size_t size) {
    return size <= MX_LIMIT_CACHE_ENTRY_BYTES && size <= cache->shard_max / 2 &&
           deps->count <= MX_LIMIT_CACHE_DEPS &&
           mx_stamps_hold(cache->stamps, deps->tags, deps->count, deps->seq);
}

struct mx_cache_entry *mx_cache_store(mx_cache *cache, struct mx_slice key,
    const struct mx_cache_deps *deps, uint64_t version, struct mx_cache_variant *variant,
    bool is_worth_compressing) {
    size_t size = variant->bytes.len;
    struct mx_cache_entry *entry = make_entry(key, deps);
    entry->version = version;
    entry->is_worth_compressing = is_worth_compressing;
    entry->size += sizeof(*variant) + size;
    atomic_init(&entry->variants[MX_ENCODING_IDENTITY], box_variant(variant));
    if (!may_be_stored(cache, deps, size)) {
        return entry;
    }
    atomic_fetch_add(&entry->refs, 1);
    struct shard *shard = shard_of(cache, entry->hash);
    pthread_mutex_lock(&shard->lock);
    struct mx_cache_entry **link = find_link(shard, key, entry->hash);
    if (*link) {
        drop(shard, link);
    }
    grow_buckets(shard);
    struct mx_cache_entry **bucket = &shard->buckets[entry->hash & (shard->bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
    ring_add(shard, entry);
    shard->count++;
    shard->bytes += entry->size;
    evict_down_to(shard, cache->shard_max);
    pthread_mutex_unlock(&shard->lock);
    return entry;
}

const struct mx_cache_variant *mx_cache_variant_find(
    const struct mx_cache_entry *entry, enum mx_encoding encoding) {
    return atomic_load_explicit(&entry->variants[encoding], memory_order_acquire);
}

// Counts what was added to an entry.
static void account(mx_cache *cache, struct mx_cache_entry *entry, size_t size) {
    struct shard *shard = shard_of(cache, entry->hash);
    pthread_mutex_lock(&shard->lock);
    if (*find_link(shard, entry->key, entry->hash) == entry) { // still ours to account for
        entry->size += size;
        shard->bytes += size;
        evict_down_to(shard, cache->shard_max);
    }
    pthread_mutex_unlock(&shard->lock);
}

const struct mx_cache_variant *mx_cache_variant_add(mx_cache *cache, struct mx_cache_entry *entry,
    enum mx_encoding encoding, struct mx_cache_variant *variant) {
    assert(encoding != MX_ENCODING_IDENTITY && "an entry is made of that one");
    struct mx_cache_variant *box = box_variant(variant);
    struct mx_cache_variant *found = NULL;
    size_t size = sizeof(*box) + box->bytes.len;
    if (!atomic_compare_exchange_strong(&entry->variants[encoding], &found, box)) {
        variant_destroy(box);
        return found;
    }
    account(cache, entry, size);
    return box;
}

static bool write_whole(int fd, struct mx_slice bytes) {
    while (bytes.len > 0) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return false;
        }
        bytes.ptr += wrote;
        bytes.len -= (size_t)wrote;
    }
    return true;
}

// A file of its own for each: bytes that the kernel still sends stay as they are when it is closed,
// as they would not when a part of a file were used again.
static int file_create(struct mx_slice bytes) {
    if (atomic_fetch_add_explicit(&files_open, 1, memory_order_relaxed) < MX_LIMIT_CACHE_FILES) {
        int fd = memfd_create("merx-page", MFD_CLOEXEC);
        if (fd >= FILE_MIN && write_whole(fd, bytes)) {
            return fd;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    atomic_fetch_sub_explicit(&files_open, 1, memory_order_relaxed);
    return FILE_NONE;
}

int mx_cache_variant_file(
    mx_cache *cache, struct mx_cache_entry *entry, const struct mx_cache_variant *form) {
    int at = 0;
    while (atomic_load_explicit(&entry->variants[at], memory_order_relaxed) != form) {
        at++;
        assert(at < MX_CACHE_VARIANTS && "the form is one of the entry");
    }
    int file = atomic_load_explicit(&entry->files[at], memory_order_acquire);
    if (file == FILE_NEVER_ASKED) {
        atomic_compare_exchange_strong(&entry->files[at], &file, FILE_ASKED_ONCE);
    } else if (file == FILE_ASKED_ONCE &&
               atomic_compare_exchange_strong(&entry->files[at], &file, FILE_NONE)) {
        file = file_create(mx_buf_slice(&form->bytes));
        atomic_store_explicit(&entry->files[at], file, memory_order_release);
        account(cache, entry, file >= FILE_MIN ? form->bytes.len : 0);
    }
    return file >= FILE_MIN ? file : -1;
}

void mx_cache_clear(mx_cache *cache) {
    for (int i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        while (shard->hand) {
            drop(shard, find_link(shard, shard->hand->key, shard->hand->hash));
        }
        pthread_mutex_unlock(&shard->lock);
    }
}

void mx_cache_stats_get(mx_cache *cache, struct mx_cache_stats *out) {
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        out->hits += shard->hits;
        out->misses += shard->misses;
        out->stale += shard->stale;
        out->evicted += shard->evicted;
        out->bytes += shard->bytes;
        out->entries += shard->count;
        pthread_mutex_unlock(&shard->lock);
    }
}

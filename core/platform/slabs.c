// A block is taken from the list of its class, else from the class's span, else a new span is cut
// from the newest chunk. Spans grow with their class, so that an owner of few blocks touches few
// pages. Chunks begin at multiples of their distance: a block's address tells its chunk.
#include "platform/slabs.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_DISTANCE = 64 * 1024,
    CHUNK_SIZE = CHUNK_DISTANCE - 64, // malloc()'s own words fit in between: chunks lie close
    CHUNK_HEAD = 64,
    FIRST_SPAN = 512,
    LARGEST_SPAN = 16 * 1024,
    TRIM_FROM = 1024 * 1024, // an owner of less is left alone
};

struct mx_slab_chunk {
    struct mx_slab_chunk *next;
    size_t used; // bytes from its begin that spans, and the head, take
    size_t cut;  // bytes of its blocks
    size_t idle; // of these: bytes not in use, while chunks are looked through
};
static_assert(sizeof(struct mx_slab_chunk) <= CHUNK_HEAD, "blocks begin behind the head");

struct freed_block {
    struct freed_block *next;
};

static struct mx_slab_chunk *chunk_of(const void *block) {
    return (struct mx_slab_chunk *)((uintptr_t)block & ~(uintptr_t)(CHUNK_DISTANCE - 1));
}

static size_t class_of(size_t size) {
    return (size - 1) / MX_SLABS_STEP;
}

static size_t size_of(size_t class) {
    return (class + 1) * MX_SLABS_STEP;
}

// --- giving chunks back -----------------------------------------------------------------------

// Live blocks must halve before chunks are looked through again, however little that gave.
static void plan_trim(struct mx_slabs *slabs) {
    size_t few = slabs->held / 4 < slabs->live / 2 ? slabs->held / 4 : slabs->live / 2;
    slabs->trim_at = slabs->held > TRIM_FROM ? few : 0;
}

static void count_idle(struct mx_slabs *slabs) {
    for (struct mx_slab_chunk *chunk = slabs->chunks; chunk; chunk = chunk->next) {
        chunk->idle = 0;
    }
    for (size_t i = 0; i < MX_SLABS_CLASSES; i++) {
        struct mx_slab_class *class = &slabs->classes[i];
        if (class->at < class->end) {
            chunk_of(class->at)->idle += (size_t)(class->end - class->at);
        }
        for (struct freed_block *block = class->freed; block; block = block->next) {
            chunk_of(block)->idle += size_of(i);
        }
    }
}

static bool is_idle(const struct mx_slab_chunk *chunk) {
    return chunk->idle == chunk->cut;
}

// Takes what lies in idle chunks out of the class.
static void forget_idle(struct mx_slab_class *class, size_t size) {
    struct freed_block *block = class->freed;
    struct freed_block *kept = NULL;
    while (block) {
        struct freed_block *next = block->next;
        if (is_idle(chunk_of(block))) {
            class->cut -= size;
        } else {
            block->next = kept;
            kept = block;
        }
        block = next;
    }
    class->freed = kept;
    if (class->at < class->end && is_idle(chunk_of(class->at))) {
        class->cut -= (size_t)(class->end - class->at);
        class->at = NULL;
        class->end = NULL;
    }
}

void mx_slabs_trim(struct mx_slabs *slabs) {
    count_idle(slabs);
    for (size_t i = 0; i < MX_SLABS_CLASSES; i++) {
        forget_idle(&slabs->classes[i], size_of(i));
    }
    struct mx_slab_chunk **link = &slabs->chunks;
    while (*link) {
        struct mx_slab_chunk *chunk = *link;
        if (is_idle(chunk)) {
            *link = chunk->next;
            slabs->held -= CHUNK_SIZE;
            free(chunk);
        } else {
            link = &chunk->next;
        }
    }
    plan_trim(slabs);
}

// --- blocks -----------------------------------------------------------------------------------

static bool add_chunk(struct mx_slabs *slabs) {
    void *memory;
    if (posix_memalign(&memory, CHUNK_DISTANCE, CHUNK_SIZE) != 0) {
        return false;
    }
    struct mx_slab_chunk *chunk = memory;
    *chunk = (struct mx_slab_chunk){.next = slabs->chunks, .used = CHUNK_HEAD};
    slabs->chunks = chunk;
    slabs->held += CHUNK_SIZE;
    plan_trim(slabs);
    return true;
}

// Gives the class, which has nothing left, a new span.
static bool cut_span(struct mx_slabs *slabs, struct mx_slab_class *class, size_t size) {
    size_t wanted = class->cut < FIRST_SPAN ? FIRST_SPAN : class->cut;
    wanted = wanted > LARGEST_SPAN ? LARGEST_SPAN : wanted;
    if ((!slabs->chunks || CHUNK_SIZE - slabs->chunks->used < size) && !add_chunk(slabs)) {
        return false;
    }
    struct mx_slab_chunk *chunk = slabs->chunks;
    size_t room = CHUNK_SIZE - chunk->used;
    size_t len = (wanted < room ? wanted : room) / size * size;
    class->at = (char *)chunk + chunk->used;
    class->end = class->at + len;
    class->cut += len;
    chunk->used += len;
    chunk->cut += len;
    return true;
}

static void *take(struct mx_slabs *slabs, size_t index) {
    struct mx_slab_class *class = &slabs->classes[index];
    size_t size = size_of(index);
    struct freed_block *block = class->freed;
    if (block) {
        class->freed = block->next;
        // A collection frees more than the caches hold; the next one to be taken is fetched
        // meanwhile.
        __builtin_prefetch(class->freed, 1);
    } else {
        if (class->at == class->end && !cut_span(slabs, class, size)) {
            return NULL;
        }
        block = (struct freed_block *)class->at;
        class->at += size;
    }
    slabs->live += size;
    return block;
}

static void give(struct mx_slabs *slabs, void *ptr, size_t index) {
    struct mx_slab_class *class = &slabs->classes[index];
    struct freed_block *block = ptr;
    block->next = class->freed;
    class->freed = block;
    slabs->live -= size_of(index);
    if (slabs->live < slabs->trim_at) {
        mx_slabs_trim(slabs);
    }
}

static void *take_any(struct mx_slabs *slabs, size_t size) {
    return size <= MX_SLABS_LARGEST ? take(slabs, class_of(size)) : malloc(size);
}

static void give_any(struct mx_slabs *slabs, void *ptr, size_t size) {
    if (size <= MX_SLABS_LARGEST) {
        give(slabs, ptr, class_of(size));
    } else {
        free(ptr);
    }
}

void *mx_slabs_resize(struct mx_slabs *slabs, void *ptr, size_t old_size, size_t new_size) {
    assert(!ptr == !old_size && "a block knows its size");
    if (!ptr) {
        return new_size ? take_any(slabs, new_size) : NULL;
    }
    if (new_size == 0) {
        give_any(slabs, ptr, old_size);
        return NULL;
    }
    if (old_size > MX_SLABS_LARGEST && new_size > MX_SLABS_LARGEST) {
        return realloc(ptr, new_size);
    }
    if (old_size <= MX_SLABS_LARGEST && new_size <= MX_SLABS_LARGEST &&
        class_of(old_size) == class_of(new_size)) {
        return ptr;
    }
    void *moved = take_any(slabs, new_size);
    if (moved) {
        memcpy(moved, ptr, old_size < new_size ? old_size : new_size);
        give_any(slabs, ptr, old_size);
    }
    return moved;
}

void mx_slabs_deinit(struct mx_slabs *slabs) {
    while (slabs->chunks) {
        struct mx_slab_chunk *chunk = slabs->chunks;
        slabs->chunks = chunk->next;
        free(chunk);
    }
    *slabs = (struct mx_slabs){0};
}

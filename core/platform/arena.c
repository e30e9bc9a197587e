// A chain of blocks. The first one stays through resets, because most requests fit into it.
#include "platform/arena.h"

#include <stdalign.h>

#include "platform/alloc.h"

#ifdef MX_SMALL_BUFFERS
enum { FIRST_BLOCK = 64 };
#else
enum { FIRST_BLOCK = 4096 };
#endif

struct block {
    struct block *next; // older
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

struct mx_arena {
    struct block *blocks; // newest first; the last one is the first taken
    size_t size;
};

static struct block *add_block(mx_arena *arena, size_t size) {
    struct block *block = mx_realloc(NULL, sizeof(*block) + size);
    block->next = arena->blocks;
    block->used = 0;
    block->size = size;
    arena->blocks = block;
    arena->size += size;
    return block;
}

mx_arena *mx_arena_create(void) {
    mx_arena *arena = mx_alloc(sizeof(*arena));
    add_block(arena, FIRST_BLOCK);
    return arena;
}

void mx_arena_destroy(mx_arena *arena) {
    if (!arena) {
        return;
    }
    mx_arena_reset(arena);
    mx_free(arena->blocks);
    mx_free(arena);
}

void mx_arena_reset(mx_arena *arena) {
    while (arena->blocks->next) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        arena->size -= block->size;
        mx_free(block);
    }
    arena->blocks->used = 0;
}

void *mx_arena_take(mx_arena *arena, size_t size) {
    const size_t align = alignof(max_align_t);
    size = (size + align - 1) / align * align;
    struct block *block = arena->blocks;
    if (block->size - block->used < size) {
        size_t wanted = block->size * 2;
        block = add_block(arena, wanted > size ? wanted : size);
    }
    void *ptr = block->bytes + block->used;
    block->used += size;
    return ptr;
}

void *mx_arena_zero(mx_arena *arena, size_t size) {
    return memset(mx_arena_take(arena, size), 0, size);
}

struct mx_slice mx_arena_copy(mx_arena *arena, struct mx_slice slice) {
    char *ptr = mx_arena_take(arena, slice.len + 1);
    if (slice.len > 0) {
        memcpy(ptr, slice.ptr, slice.len);
    }
    ptr[slice.len] = '\0';
    return (struct mx_slice){ptr, slice.len};
}

size_t mx_arena_size(const mx_arena *arena) {
    return arena->size;
}

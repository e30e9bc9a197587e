// Small blocks of one owner who knows their sizes: free lists by size class, cut from chunks that
// all go when the owner goes. A zeroed one is ready. For one thread at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    MX_SLABS_STEP = 16,     // classes are this far apart
    MX_SLABS_LARGEST = 512, // what is larger is left to malloc()
    MX_SLABS_CLASSES = MX_SLABS_LARGEST / MX_SLABS_STEP,
};

struct mx_slab_class {
    void *freed; // blocks that were given back, each holding the next
    char *at;    // the rest of the span that was cut last
    char *end;
    size_t cut; // bytes in all spans of this class: the next one is as large
};

struct mx_slabs {
    struct mx_slab_class classes[MX_SLABS_CLASSES];
    struct mx_slab_chunk *chunks; // the newest first, which spans are cut from
    size_t held;                  // bytes of all chunks
    size_t live;                  // bytes of the blocks in use, in whole classes
    size_t trim_at;               // when so few are in use, chunks are looked through
};

// As lua_Alloc wants it: a block of `new_size` bytes in the place of `ptr`, which has `old_size`
// (0 when `ptr` is NULL), or nothing for 0 bytes. NULL, and `ptr` as before, when the system has no
// memory. Chunks without a block in use are given back when few blocks are.
void *mx_slabs_resize(struct mx_slabs *slabs, void *ptr, size_t old_size, size_t new_size);

// Gives every chunk back that holds no block in use.
void mx_slabs_trim(struct mx_slabs *slabs);

// Frees all small blocks at once; larger ones are the owner's to give back before.
void mx_slabs_deinit(struct mx_slabs *slabs);

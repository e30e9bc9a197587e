// Memory for one request: taken in pieces, given back all at once.
#pragma once

#include "platform/slice.h"

typedef struct mx_arena mx_arena;

// An arena, owned by the caller: give it to mx_arena_destroy().
mx_arena *mx_arena_create(void);

// Frees everything taken from `arena`, and `arena`, which may be NULL.
void mx_arena_destroy(mx_arena *arena);

// Frees everything taken, keeps the first block for the next request.
void mx_arena_reset(mx_arena *arena);

// Uninitialised bytes, aligned for any type, borrowed until reset or destroy.
void *mx_arena_take(mx_arena *arena, size_t size);

// Zeroed bytes.
void *mx_arena_zero(mx_arena *arena, size_t size);

// A copy in the arena, with a NUL behind it that does not count.
struct mx_slice mx_arena_copy(mx_arena *arena, struct mx_slice slice);

// How many bytes the arena holds from the system.
size_t mx_arena_size(const mx_arena *arena);

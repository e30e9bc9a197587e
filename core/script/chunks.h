// Compiled Lua that the threads of a process share: the first one that needs a file compiles it,
// the others load what came out. It never leaves memory, so it is what our own compiler made.
#pragma once

#include <stdbool.h>

#include <lua.h>

#include "platform/slice.h"

typedef struct mx_chunks mx_chunks;

// Owned: give it to mx_chunks_destroy(), after all states that use it.
mx_chunks *mx_chunks_create(void);

// `chunks` may be NULL.
void mx_chunks_destroy(mx_chunks *chunks);

// [-0, +1 | 0] Pushes the function kept under `key`. False when there is none, as in NULL, or no
// memory.
bool mx_chunks_load(mx_chunks *chunks, lua_State *L, struct mx_slice key);

// True when a function is kept under `key`.
bool mx_chunks_has(mx_chunks *chunks, struct mx_slice key);

// [-0, +0] Keeps the function on top under `key`, where nothing is kept yet. `chunks` may be NULL.
void mx_chunks_keep(mx_chunks *chunks, lua_State *L, struct mx_slice key);

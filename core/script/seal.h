// Tables and variables of pure code that cannot change any more. Inside core/script only.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

struct mx_cell;

// What the functions of one plugin share. Zero is empty.
struct mx_seal {
    lua_State *keeper;     // in P
    struct mx_cell *cells; // owned
    size_t count;
    size_t capacity;
};

// In P, protected. [-0, +0] Seals the value at `index` and all it leads to. Functions of the
// kernel keep nothing and are passed over.
void mx_seal_value(lua_State *P, int index, bool is_kernels);

// [-0, +1 | 0] What a sealed table holds, for reading; false for all other values. Raises nothing;
// takes two slots of the stack.
bool mx_seal_push_shadow(lua_State *L, int index);

// Puts variables back that were changed. Returns the name of one, NULL: there is none. Raises
// nothing. Not while code of P runs.
const char *mx_seal_restore(struct mx_seal *seal);

void mx_seal_deinit(struct mx_seal *seal);

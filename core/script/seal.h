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

// In P, protected. [-1, +1] Replaces the value on top, fresh copies of data that nobody else holds,
// by one that can only be read.
void mx_seal_given(lua_State *P);

// In P, protected. [-1, +1] The table on top can be changed, but takes nothing new and no other
// metatable: whoever writes all that is in it finds it as it made it.
void mx_seal_against_more(lua_State *P);

// Whether the value is such a table. Raises nothing; takes two slots of the stack.
bool mx_seal_is_given(lua_State *L, int index);

// How long a table is, or a string. Raises nothing; takes two slots of the stack.
lua_Unsigned mx_seal_length(lua_State *L, int index);

// [-0, +1 | 0] What a sealed table holds, for reading; false for all other values. Raises nothing;
// takes two slots of the stack.
bool mx_seal_push_shadow(lua_State *L, int index);

// Puts variables back that were changed. Returns the name of one, NULL: there is none. Raises
// nothing. Not while code of P runs.
const char *mx_seal_restore(struct mx_seal *seal);

void mx_seal_deinit(struct mx_seal *seal);

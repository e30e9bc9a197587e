// The Lua that plugins see: flat tables of functions that cannot loop unseen, reach other code, or
// tell one machine from another. Inside core/script only.
#pragma once

#include <lua.h>

// [-0, +1] Each pushes a new table of functions.
void mx_sandbox_push_string(lua_State *L);
void mx_sandbox_push_table(lua_State *L);
// native.list of the prelude.
void mx_sandbox_push_list(lua_State *P);
void mx_sandbox_push_math(lua_State *L);
void mx_sandbox_push_utf8(lua_State *L);

// [-0, +0] Adds pairs, pcall, tostring … to the table on top.
void mx_sandbox_add_base(lua_State *L);

// [-0, +1] As tostring: asks __tostring, but never shows an address.
const char *mx_sandbox_tostring(lua_State *L, int index);

// [-0, +1] Pushes a C function that charges for the length of its string arguments, then does what
// the function on top did, which it replaces: [-1, +1].
void mx_sandbox_wrap_charged(lua_State *L);

// Steps for looking at `bytes` bytes once.
static inline size_t mx_sandbox_cost(size_t bytes) {
    return bytes / 16 + 1;
}

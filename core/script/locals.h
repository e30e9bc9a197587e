// What the variables of a plugin's function were when it raised, for its author's desk.
#pragma once

#include <lua.h>

// In a message handler. [-0, +1] Pushes "\nlocals:\n\tname = value…" of the innermost function that
// is written in Lua; "" when there is none. Runs no code of the plugin.
void mx_locals_push(lua_State *L);

// HTML as a value of its own: a string that is markup already and is never escaped again. A table
// with the metatable MX_HTML_TYPE that holds the bytes at index 1. Text is an ordinary string.
#pragma once

#include <stdbool.h>

#include "platform/slice.h"

#define MX_HTML_TYPE "native.html"

typedef struct lua_State lua_State;

// [-1, +1] Replaces the string on top by HTML with those bytes.
void mx_html_wrap(lua_State *L);

// True when the value at `index` is HTML. `*out`, unless NULL, is borrowed while that value lives.
bool mx_html_get(lua_State *L, int index, struct mx_slice *out);

// The CSV half of native.text.
#pragma once

#include <lua.h>

// csv(bytes or {path=} [, {delimiter=, encoding=}]) -> reader | nil, err
int mx_csv_l_open(lua_State *L);

// csv_write({field, …} [, delimiter]) -> line
int mx_csv_l_write(lua_State *L);

void mx_csv_make_type(lua_State *L);

// What encoding and copying share: the way to the value at hand, for messages; the metatables that
// mean something; limits. Inside core/script only.
#pragma once

#include <stdbool.h>

#include <lua.h>

#include "script/value.h"

enum { MX_VALUE_DEPTH_MAX = 180 }; // what the C stack allows

// The way from the outermost table to the value at hand.
struct mx_place {
    const struct mx_place *outer;
    const char *name; // NULL: `number` is the key
    int64_t number;
};

// Fails with "'lines.3.fn' `text`".
int mx_place_fail(
    struct mx_error *err, enum mx_code code, const struct mx_place *place, const char *text);

// Fails because the value at `index` is of a type that cannot travel.
int mx_place_refuse(lua_State *L, int index, const struct mx_place *place, struct mx_error *err);

enum mx_mark { MX_MARK_NONE, MX_MARK_ARRAY, MX_MARK_HTML };

// Identities of the metatables that mean something, in the state that is read.
struct mx_marks {
    const void *array;
    const void *html;
};

struct mx_marks mx_marks_of(lua_State *L);
enum mx_mark mx_mark_of(lua_State *L, int index, const struct mx_marks *marks);

bool mx_is_json_null(lua_State *L, int index);

// `limits`, which may be NULL, with defaults filled in.
unsigned mx_limits_depth(const struct mx_value_limits *limits);
size_t mx_limits_bytes(const struct mx_value_limits *limits);

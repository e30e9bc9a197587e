// Lua patterns for code that is not trusted: the same language as string.find, but every step of a
// match is charged to the running run, so that no pattern can run for ever.
#pragma once

#include <lua.h>

#include "platform/slice.h"

enum { MX_CAPTURES_MAX = 32 };

typedef struct mx_pattern mx_pattern;

// What a match took out of the text. `len` is -1 for a position.
struct mx_capture {
    const char *ptr;
    ptrdiff_t len;
};

struct mx_match {
    struct mx_slice whole;
    int count; // of captures
    struct mx_capture captures[MX_CAPTURES_MAX];
};

// [-0, +1] Compiles `text` and pushes the result, which lives as long as that value. Raises for a
// malformed pattern. Unless `anchors`, a "^" in front is an ordinary character.
mx_pattern *mx_pattern_push(lua_State *L, struct mx_slice text, bool anchors);

// Finds the first match in `text` from the byte `from` on. Raises when the run's budget is spent.
bool mx_pattern_find(lua_State *L, const mx_pattern *pattern, struct mx_slice text, size_t from,
    struct mx_match *out);

// The match that begins exactly at `from`.
bool mx_pattern_match(lua_State *L, const mx_pattern *pattern, struct mx_slice text, size_t from,
    struct mx_match *out);

bool mx_pattern_is_anchored(const mx_pattern *pattern);

// "Did you mean …?"
#pragma once

#include <stddef.h>

// The name of `names` that is closest to `typed`, or NULL when none is close. Borrowed from
// `names`.
const char *mx_suggest(const char *typed, const char *const *names, size_t count);

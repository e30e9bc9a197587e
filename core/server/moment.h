// Moments as people type them.
#pragma once

#include "platform/slice.h"

// Reads milliseconds since 1970, a day "2026-12-24", a moment "2026-12-24T18:00" (UTC), or a step
// from `now_ms` like "+1h30m" or "-2d". False when `text` is none of them, or no such day exists.
bool mx_moment_parse(struct mx_slice text, int64_t now_ms, int64_t *out_ms);

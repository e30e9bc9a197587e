// The time that the shop goes by: the real one, or one that stands still until somebody moves it.
#pragma once

#include "platform/error.h"
#include "platform/world.h"

typedef struct mx_clock mx_clock;

// A real clock, or one that stands at `fake_ms` (unless negative). Owned: mx_clock_destroy().
mx_clock *mx_clock_create(int64_t fake_ms);

// `clock` may be NULL.
void mx_clock_destroy(mx_clock *clock);

// Time and chance for everybody, borrowed from `clock`. Chance and durations are always real.
const struct mx_world *mx_clock_world(const mx_clock *clock);

// Moves a clock that stands still, from any thread. MX_E_INVALID for a real one.
int mx_clock_set(mx_clock *clock, int64_t now_ms, struct mx_error *err);

// The time that the shop goes by: the real one; one that goes on from wherever somebody moves it;
// or one that stands still until it is moved.
#pragma once

#include "platform/error.h"
#include "platform/world.h"
#include "server/options.h"

enum mx_clock_kind { MX_CLOCK_REAL, MX_CLOCK_MOVABLE, MX_CLOCK_STANDING };

typedef struct mx_clock mx_clock;

// `now_ms` is where one that stands begins. Owned: mx_clock_destroy().
mx_clock *mx_clock_create(enum mx_clock_kind kind, int64_t now_ms);

// The one that the options ask for. Owned: mx_clock_destroy().
mx_clock *mx_clock_of_options(const mx_options *options);

// `clock` may be NULL.
void mx_clock_destroy(mx_clock *clock);

// Time and chance for everybody, borrowed from `clock`. Chance and durations are always real.
const struct mx_world *mx_clock_world(const mx_clock *clock);

// Moves a clock, from any thread. MX_E_INVALID for the real one.
int mx_clock_set(mx_clock *clock, int64_t now_ms, struct mx_error *err);

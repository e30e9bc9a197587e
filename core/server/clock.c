// Time is CLOCK_REALTIME, the same with an offset, or one atomic number.
#include "server/clock.h"

#include <stdatomic.h>

#include "platform/alloc.h"

struct mx_clock {
    struct mx_world world;
    enum mx_clock_kind kind;
    _Atomic int64_t ms; // of one that stands: what it shows; else how far it is ahead
};

static int64_t standing_now_ms(void *ctx) {
    mx_clock *clock = ctx;
    return atomic_load_explicit(&clock->ms, memory_order_relaxed);
}

static int64_t real_ms(void) {
    return mx_now_ms(mx_world_real());
}

static int64_t ahead_now_ms(void *ctx) {
    mx_clock *clock = ctx;
    return real_ms() + atomic_load_explicit(&clock->ms, memory_order_relaxed);
}

mx_clock *mx_clock_create(enum mx_clock_kind kind, int64_t now_ms) {
    mx_clock *clock = mx_alloc(sizeof(*clock));
    clock->world = *mx_world_real();
    clock->kind = kind;
    if (kind == MX_CLOCK_REAL) {
        return clock;
    }
    clock->world.now_ms = kind == MX_CLOCK_STANDING ? standing_now_ms : ahead_now_ms;
    clock->world.ctx = clock; // the real functions ask for none
    atomic_store(&clock->ms, kind == MX_CLOCK_STANDING ? now_ms : 0);
    return clock;
}

mx_clock *mx_clock_of_options(const mx_options *options) {
    int64_t now_ms = mx_options_int(options, MX_OPT_WORLD_NOW);
    bool is_movable = mx_options_flag(options, MX_OPT_ALLOW_FAKE_CLOCK);
    enum mx_clock_kind kind = now_ms >= 0  ? MX_CLOCK_STANDING
                              : is_movable ? MX_CLOCK_MOVABLE
                                           : MX_CLOCK_REAL;
    return mx_clock_create(kind, now_ms);
}

void mx_clock_destroy(mx_clock *clock) {
    mx_free(clock);
}

const struct mx_world *mx_clock_world(const mx_clock *clock) {
    return &clock->world;
}

int mx_clock_set(mx_clock *clock, int64_t now_ms, struct mx_error *err) {
    if (clock->kind == MX_CLOCK_REAL) {
        return mx_fail(err, MX_E_INVALID,
            "the clock is the real one: start with --allow-fake-clock to move it");
    }
    int64_t ms = clock->kind == MX_CLOCK_STANDING ? now_ms : now_ms - real_ms();
    atomic_store_explicit(&clock->ms, ms, memory_order_relaxed);
    return MX_OK;
}

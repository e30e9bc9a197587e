// Time is either CLOCK_REALTIME or one atomic number.
#include "server/clock.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "platform/alloc.h"

struct mx_clock {
    struct mx_world world;
    bool is_fake;
    _Atomic int64_t now_ms;
};

static int64_t fake_now_ms(void *ctx) {
    mx_clock *clock = ctx;
    return atomic_load_explicit(&clock->now_ms, memory_order_relaxed);
}

mx_clock *mx_clock_create(int64_t fake_ms) {
    mx_clock *clock = mx_alloc(sizeof(*clock));
    clock->world = *mx_world_real();
    if (fake_ms >= 0) {
        clock->is_fake = true;
        clock->world.now_ms = fake_now_ms;
        clock->world.ctx = clock; // the real functions ask for none
        atomic_store(&clock->now_ms, fake_ms);
    }
    return clock;
}

void mx_clock_destroy(mx_clock *clock) {
    mx_free(clock);
}

const struct mx_world *mx_clock_world(const mx_clock *clock) {
    return &clock->world;
}

int mx_clock_set(mx_clock *clock, int64_t now_ms, struct mx_error *err) {
    if (!clock->is_fake) {
        return mx_fail(err, MX_E_INVALID,
            "the clock is the real one: start with --allow-fake-clock --world-now MS to move it");
    }
    atomic_store_explicit(&clock->now_ms, now_ms, memory_order_relaxed);
    return MX_OK;
}

// Time and chance, behind one table, so that tests can fake both.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct mx_world {
    int64_t (*now_ms)(void *ctx);                      // milliseconds since 1970, UTC
    uint64_t (*mono_ns)(void *ctx);                    // monotonic, for durations and deadlines
    void (*random)(void *ctx, void *out, size_t size); // unpredictable bytes
    void *ctx;                                         // borrowed
};

// The real one: CLOCK_REALTIME, CLOCK_MONOTONIC, getrandom().
const struct mx_world *mx_world_real(void);

// A fixed one for tests: the clock stands still until moved, bytes follow from `seed`.
struct mx_fake_world {
    struct mx_world world; // give &fake.world to whoever wants a world
    int64_t now_ms;
    uint64_t mono_ns;
    uint64_t seed;
};

// Fills `fake`, which must stay where it is while it is used.
void mx_fake_world_init(struct mx_fake_world *fake, int64_t now_ms, uint64_t seed);

static inline int64_t mx_now_ms(const struct mx_world *world) {
    return world->now_ms(world->ctx);
}

static inline uint64_t mx_mono_ns(const struct mx_world *world) {
    return world->mono_ns(world->ctx);
}

static inline void mx_random(const struct mx_world *world, void *out, size_t size) {
    world->random(world->ctx, out, size);
}

// The only place that asks the system for time and chance.
#include "platform/world.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>
#include <time.h>

static int64_t real_now_ms(void *ctx) {
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t real_mono_ns(void *ctx) {
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void real_random(void *ctx, void *out, size_t size) {
    (void)ctx;
    char *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        assert((got > 0 || errno == EINTR) && "getrandom() works since Linux 3.17");
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}

static const struct mx_world real = {real_now_ms, real_mono_ns, real_random, NULL};

const struct mx_world *mx_world_real(void) {
    return &real;
}

static int64_t fake_now_ms(void *ctx) {
    return ((struct mx_fake_world *)ctx)->now_ms;
}

static uint64_t fake_mono_ns(void *ctx) {
    return ((struct mx_fake_world *)ctx)->mono_ns;
}

static uint64_t next_splitmix(uint64_t *state) { // Steele, Lea, Flood 2014: SplitMix64
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void fake_random(void *ctx, void *out, size_t size) {
    struct mx_fake_world *fake = ctx;
    unsigned char *at = out;
    for (size_t i = 0; i < size; i++) {
        at[i] = (unsigned char)(next_splitmix(&fake->seed) >> 56);
    }
}

void mx_fake_world_init(struct mx_fake_world *fake, int64_t now_ms, uint64_t seed) {
    fake->world = (struct mx_world){fake_now_ms, fake_mono_ns, fake_random, fake};
    fake->now_ms = now_ms;
    fake->mono_ns = 0;
    fake->seed = seed;
}

// Stamps are written with release and the sequence after them, so whoever sees a sequence sees
// every stamp that belongs to it.
#include "server/stamps.h"

#include <stdatomic.h>

#include "platform/alloc.h"

struct mx_stamps {
    _Atomic uint64_t seq;
    _Atomic uint64_t everything; // the sequence before which all is stale
    _Atomic uint64_t slots[MX_STAMP_SLOTS];
};

mx_stamps *mx_stamps_create(void) {
    mx_stamps *stamps = mx_alloc(sizeof(*stamps)); // zeroed: sequence 0, nothing touched
    atomic_store(&stamps->seq, 1);
    return stamps;
}

void mx_stamps_destroy(mx_stamps *stamps) {
    mx_free(stamps);
}

uint64_t mx_stamps_seq(const mx_stamps *stamps) {
    return atomic_load_explicit(&stamps->seq, memory_order_acquire);
}

void mx_stamps_publish(mx_stamps *stamps, const uint64_t *tags, size_t count) {
    uint64_t next = atomic_load_explicit(&stamps->seq, memory_order_relaxed) + 1;
    for (size_t i = 0; i < count; i++) {
        atomic_store_explicit(&stamps->slots[tags[i] % MX_STAMP_SLOTS], next, memory_order_release);
    }
    atomic_store_explicit(&stamps->seq, next, memory_order_release);
}

void mx_stamps_publish_all(mx_stamps *stamps) {
    uint64_t next = atomic_load_explicit(&stamps->seq, memory_order_relaxed) + 1;
    atomic_store_explicit(&stamps->everything, next, memory_order_release);
    atomic_store_explicit(&stamps->seq, next, memory_order_release);
}

bool mx_stamps_hold(const mx_stamps *stamps, const uint64_t *tags, size_t count, uint64_t seq) {
    if (atomic_load_explicit(&stamps->everything, memory_order_acquire) > seq) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (atomic_load_explicit(&stamps->slots[tags[i] % MX_STAMP_SLOTS], memory_order_acquire) >
            seq) {
            return false;
        }
    }
    return true;
}

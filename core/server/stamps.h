// When was a thing last touched? Many slots, each the sequence of the last commit that touched a
// tag of that slot. Two tags in one slot only make a page stale that was not.
//
// The protocol: a reader loads the sequence *before* its read transaction begins and keeps it with
// what it made; that is valid while none of its tags has a stamp above. The writer, after COMMIT
// and before any answer, first stamps and then publishes the sequence.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MX_STAMP_SLOTS = 262144 };

typedef struct mx_stamps mx_stamps;

// Owned by the caller: give it to mx_stamps_destroy().
mx_stamps *mx_stamps_create(void);

// `stamps` may be NULL.
void mx_stamps_destroy(mx_stamps *stamps);

// The last sequence that was published. Any thread.
uint64_t mx_stamps_seq(const mx_stamps *stamps);

// Stamps `tags` with the next sequence, then publishes that. Only the writer.
void mx_stamps_publish(mx_stamps *stamps, const uint64_t *tags, size_t count);

// Makes everything stale: after a restore, a reload, a new generation. Only the writer's thread, or
// while there is none.
void mx_stamps_publish_all(mx_stamps *stamps);

// True while nothing of `tags` was touched after `seq`. Any thread.
bool mx_stamps_hold(const mx_stamps *stamps, const uint64_t *tags, size_t count, uint64_t seq);

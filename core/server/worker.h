// One thread that serves requests.
#pragma once

#include "http/compress.h"
#include "http/date.h"
#include "loop/listener.h"
#include "server/lane.h"
#include "server/start.h"

enum { MX_DOORS = 16 };

// A listening socket of one worker.
struct mx_door {
    struct mx_worker *worker;
    mx_listener *listener;
    int fd; // taken by the listener; -1 then
    bool is_admin;
};

struct mx_worker {
    struct mx_lane lane; // first
    struct mx_door doors[MX_DOORS];
    size_t door_count;
    mx_exchange *exchanges;
    mx_compressor *quick;    // for replies that are made once
    mx_compressor *thorough; // for what is kept
    mx_buf head;             // scratch of replies
    char date[MX_DATE_LEN];
    int64_t date_second;
    uint64_t next_id;
    uint64_t id_salt;
    uint64_t answered; // requests
    mx_timer *housekeeping;
    mx_timer *patience; // at the end of a drain
    bool is_draining;
    bool is_over; // patience has ended
    struct mx_letter drain;
    struct mx_letter reload;
    bool is_running;      // the main thread's: to be drained and joined
    bool is_drain_posted; // the main thread's
    _Atomic bool has_ended;
    _Atomic int change; // enum mx_change: what the letter under way is about
    struct mx_start start;
};

// Starts the thread of a zeroed worker whose lane (its first five members, and `tally`) and doors
// are set. mx_worker_wait() must follow.
int mx_worker_start(struct mx_worker *worker, struct mx_error *err);

// Waits until it serves. On failure the thread has ended and its descriptors are closed.
int mx_worker_wait(struct mx_worker *worker, struct mx_error *err);

// Main thread: accepts no more, lets requests end, then ends the thread.
void mx_worker_drain(struct mx_worker *worker);

// Main thread, before the drain: has Lua take up what changed.
void mx_worker_reload(struct mx_worker *worker, enum mx_change change);

// Waits for the thread to end after a drain.
void mx_worker_join(struct mx_worker *worker);

// One connected socket: bytes in with back-pressure, bytes out with a queue that knows its limit.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "platform/slice.h"

typedef struct mx_stream mx_stream;

struct mx_stream_events {
    // Bytes arrived; borrowed for the call.
    void (*data)(void *ctx, struct mx_slice bytes);
    // Nothing more will arrive. `broken`: the peer is gone and nothing can be sent either;
    // otherwise it only finished sending. Not called after mx_stream_close().
    void (*ended)(void *ctx, bool broken);
    // The queue is empty again after mx_stream_write() said that it was full.
    void (*drained)(void *ctx);
    // The last call: after it `ctx` may be freed.
    void (*closed)(void *ctx);
};

// Bytes that lie in a file, too, and never change there.
struct mx_stream_file {
    int fd;
    uint64_t at;
};

// Says that the last slice of a write stays where it is until `release(ctx)` is called: once, when
// it was sent or the stream is closed; perhaps inside the call that hands it over. With `file`,
// which is borrowed for the call, the kernel takes what it can from there without a copy.
struct mx_stream_hold {
    void (*release)(void *ctx);
    void *ctx;
    const struct mx_stream_file *file; // NULL: memory only
};

enum {
    MX_STREAM_PIECES = 8,           // slices of one write
    MX_STREAM_HIGH_WATER = 1 << 18, // bytes that wait before a writer should wait too
};

// Takes the connected socket `fd`, also on failure, and starts reading. `events` is borrowed for
// ever, `ctx` until `closed`. `*out` is owned: give it to mx_stream_close().
int mx_stream_open(mx_loop *loop, int fd, const struct mx_stream_events *events, void *ctx,
    mx_stream **out, struct mx_error *err);

// Stops and resumes reading. Repeating is fine.
void mx_stream_pause(mx_stream *stream);
void mx_stream_resume(mx_stream *stream);

// Sends the `count` slices in order. What the kernel does not take at once waits in the queue, as a
// copy; the last slice where it is, unless `hold` is NULL. True while the queue is below the
// high-water mark; false says: wait for `drained`. Nothing is sent on a broken stream.
bool mx_stream_write(mx_stream *stream, const struct mx_slice *pieces, size_t count,
    const struct mx_stream_hold *hold);

// Bytes that wait for the kernel.
size_t mx_stream_queued(const mx_stream *stream);

// Sends what waits, says goodbye (FIN), swallows what the peer still sends (so that no RST destroys
// our last words) and closes: at the peer's end of stream, or after a moment. Then `closed`.
void mx_stream_finish(mx_stream *stream);

// Closes now; what waits is dropped. `closed` follows in a later turn. `stream` may be NULL.
void mx_stream_close(mx_stream *stream);

// A stream writes at once what the kernel takes and queues the rest as one uv_write after another.
// It ends in one of two ways: mx_stream_finish(), which is polite, and mx_stream_close(), which is
// not; both lead to on_stream_closed(), where the memory goes.
#define _GNU_SOURCE // SO_DOMAIN
#include "loop/stream.h"

#include <assert.h>
#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "loop/internal.h"
#include "platform/alloc.h"

enum {
    LINGER_MS = 2000,       // how long a peer may take to hear our last words
    LINGER_BYTES = 1 << 20, // and how much it may still say
};

// Bytes that wait; copied ones stand behind the struct.
struct pending {
    uv_write_t request; // request.data points back at this struct
    mx_stream *stream;
    struct mx_stream_hold hold; // release is NULL for a copy
    size_t len;
    char bytes[];
};

struct mx_stream {
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle; // any.data points back at this struct
    uv_shutdown_t shutdown;
    mx_loop *loop;
    const struct mx_stream_events *events;
    void *ctx; // borrowed until events->closed
    struct mx_deadline linger;
    size_t queued;
    size_t swallowed;
    bool was_full;   // the owner waits for `drained`
    bool broken;     // nothing can be sent
    bool peer_ended; // nothing will be read
    bool finishing;  // input is swallowed
    bool shut_down;  // our FIN is out
    bool closing;
};

static void on_stream_closed(uv_handle_t *handle) {
    mx_stream *stream = handle->data;
    stream->events->closed(stream->ctx);
    mx_free(stream);
}

// --- reading ----------------------------------------------------------------------------------

static void on_read_asked(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
    (void)suggested;
    mx_stream *stream = handle->data;
    *out = uv_buf_init(stream->loop->read_buffer, sizeof(stream->loop->read_buffer));
}

static void close_when_both_ended(mx_stream *stream) {
    if (stream->peer_ended && stream->shut_down) {
        mx_stream_close(stream);
    }
}

static void swallow(mx_stream *stream, ssize_t got) {
    if (got == UV_EOF) {
        stream->peer_ended = true;
        uv_read_stop(&stream->handle.stream);
        close_when_both_ended(stream);
        return;
    }
    stream->swallowed += got > 0 ? (size_t)got : 0;
    if (got < 0 || stream->swallowed > LINGER_BYTES) {
        mx_stream_close(stream);
    }
}

static void on_stream_read(uv_stream_t *handle, ssize_t got, const uv_buf_t *buf) {
    mx_stream *stream = handle->data;
    if (got == 0) {
        return; // EAGAIN
    }
    if (stream->finishing) {
        swallow(stream, got);
    } else if (got > 0) {
        stream->events->data(stream->ctx, (struct mx_slice){buf->base, (size_t)got});
    } else {
        uv_read_stop(handle);
        stream->peer_ended = true;
        stream->broken = stream->broken || got != UV_EOF;
        stream->events->ended(stream->ctx, stream->broken);
    }
}

int mx_stream_open(mx_loop *loop, int fd, const struct mx_stream_events *events, void *ctx,
    mx_stream **out, struct mx_error *err) {
    int domain = 0;
    socklen_t len = sizeof(domain);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0) {
        close(fd);
        return mx_fail_errno(err, errno, "cannot use a connection");
    }
    mx_stream *stream = mx_alloc(sizeof(*stream));
    stream->loop = loop;
    stream->events = events;
    stream->ctx = ctx;
    int status = 0;
    if (domain == AF_UNIX) {
        uv_pipe_init(&loop->uv, &stream->handle.pipe, 0);
        status = uv_pipe_open(&stream->handle.pipe, fd);
    } else {
        uv_tcp_init(&loop->uv, &stream->handle.tcp);
        status = uv_tcp_open(&stream->handle.tcp, fd);
    }
    stream->handle.any.data = stream;
    assert(status == 0 && "the descriptor is a socket that nobody else uses");
    uv_read_start(&stream->handle.stream, on_read_asked, on_stream_read);
    *out = stream;
    return MX_OK;
}

void mx_stream_pause(mx_stream *stream) {
    uv_read_stop(&stream->handle.stream);
}

void mx_stream_resume(mx_stream *stream) {
    if (!stream->closing && !stream->broken && !stream->peer_ended) {
        uv_read_start(&stream->handle.stream, on_read_asked, on_stream_read);
    }
}

// --- writing ----------------------------------------------------------------------------------

static void release_hold(const struct mx_stream_hold *hold) {
    if (hold && hold->release) {
        hold->release(hold->ctx);
    }
}

static void on_stream_written(uv_write_t *request, int status) {
    struct pending *pending = request->data;
    mx_stream *stream = pending->stream;
    release_hold(&pending->hold);
    stream->queued -= pending->len;
    mx_free(pending);
    if (stream->closing) {
        return;
    }
    if (status < 0 && !stream->broken) {
        stream->broken = true;
        uv_read_stop(&stream->handle.stream);
        if (stream->finishing) {
            mx_stream_close(stream);
        } else {
            stream->events->ended(stream->ctx, true);
        }
    } else if (stream->queued == 0 && stream->was_full) {
        stream->was_full = false;
        stream->events->drained(stream->ctx);
    }
}

// The slices without their first `skip` bytes, as libuv wants them.
static unsigned collect(const struct mx_slice *pieces, size_t count, size_t skip, uv_buf_t *out) {
    unsigned used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t gone = skip < pieces[i].len ? skip : pieces[i].len;
        skip -= gone;
        if (pieces[i].len > gone) {
            out[used++] = (uv_buf_t){(char *)(uintptr_t)pieces[i].ptr + gone, pieces[i].len - gone};
        }
    }
    return used;
}

// With `hold` the last buffer stays where it is and only what stands before it is copied.
static void queue_rest(mx_stream *stream, uv_buf_t *bufs, unsigned count, size_t len,
    const struct mx_stream_hold *hold) {
    unsigned copies = hold ? count - 1 : count;
    size_t copied = hold ? len - bufs[count - 1].len : len;
    struct pending *pending = mx_alloc(sizeof(*pending) + copied);
    pending->stream = stream;
    pending->len = len;
    pending->request.data = pending;
    char *at = pending->bytes;
    for (unsigned i = 0; i < copies; i++) {
        memcpy(at, bufs[i].base, bufs[i].len);
        at += bufs[i].len;
    }
    uv_buf_t wait[2] = {uv_buf_init(pending->bytes, (unsigned)copied)};
    if (hold) {
        pending->hold = (struct mx_stream_hold){.release = hold->release, .ctx = hold->ctx};
        wait[1] = bufs[count - 1];
    }
    bool has_copy = copied > 0;
    stream->queued += len;
    int status = uv_write(&pending->request, &stream->handle.stream, has_copy ? wait : wait + 1,
        (has_copy ? 1u : 0u) + (hold ? 1u : 0u), on_stream_written);
    assert(status == 0 && "the stream is open and the request is ours");
    (void)status;
}

// Sends the head with the promise of more, then the body by reference. Returns what the kernel
// took; an error shows when the rest is written.
static size_t send_with_file(mx_stream *stream, const struct mx_slice *pieces, size_t count,
    const struct mx_stream_file *file) {
    struct iovec head[MX_STREAM_PIECES];
    size_t head_len = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        head[i] = (struct iovec){(char *)(uintptr_t)pieces[i].ptr, pieces[i].len};
        head_len += pieces[i].len;
    }
    uv_os_fd_t fd;
    int status = uv_fileno(&stream->handle.any, &fd);
    assert(status == 0 && "the stream is open");
    (void)status;
    struct msghdr message = {.msg_iov = head, .msg_iovlen = count - 1};
    ssize_t sent = sendmsg(fd, &message, MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < (ssize_t)head_len) {
        return sent > 0 ? (size_t)sent : 0;
    }
    off_t at = (off_t)file->at;
    size_t left = pieces[count - 1].len;
    while (left > 0) {
        ssize_t took = sendfile(fd, file->fd, &at, left);
        if (took > 0) {
            left -= (size_t)took;
        } else if (took == 0 || errno != EINTR) {
            break;
        }
    }
    return head_len + pieces[count - 1].len - left;
}

// Hands the pieces to the kernel without waiting. Returns what it took.
static size_t send_now(mx_stream *stream, const struct mx_slice *pieces, size_t count,
    const struct mx_stream_hold *hold) {
    if (hold && hold->file && pieces[count - 1].len > 0) {
        return send_with_file(stream, pieces, count, hold->file);
    }
    uv_buf_t bufs[MX_STREAM_PIECES];
    unsigned used = collect(pieces, count, 0, bufs);
    int status = uv_try_write(&stream->handle.stream, bufs, used);
    return status > 0 ? (size_t)status : 0;
}

bool mx_stream_write(mx_stream *stream, const struct mx_slice *pieces, size_t count,
    const struct mx_stream_hold *hold) {
    assert(count <= MX_STREAM_PIECES && "uv_buf_t bufs[] has that many");
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += pieces[i].len;
    }
    if (stream->closing || stream->finishing || stream->broken || len == 0) {
        release_hold(hold);
        return true; // `ended` tells of a broken stream
    }
    size_t sent = stream->queued == 0 ? send_now(stream, pieces, count, hold) : 0;
    if (sent == len) {
        release_hold(hold);
        return true;
    }
    uv_buf_t bufs[MX_STREAM_PIECES];
    unsigned left = collect(pieces, count, sent, bufs);
    if (hold && pieces[count - 1].len == 0) { // it keeps nothing
        release_hold(hold);
        hold = NULL;
    }
    queue_rest(stream, bufs, left, len - sent, hold);
    stream->was_full = stream->was_full || stream->queued >= MX_STREAM_HIGH_WATER;
    return !stream->was_full;
}

size_t mx_stream_queued(const mx_stream *stream) {
    return stream->queued;
}

// --- the end ----------------------------------------------------------------------------------

static void on_stream_shut_down(uv_shutdown_t *request, int status) {
    mx_stream *stream = request->data;
    if (stream->closing) {
        return;
    }
    if (status < 0) {
        mx_stream_close(stream);
        return;
    }
    stream->shut_down = true;
    close_when_both_ended(stream);
}

static void on_linger_over(void *ctx) {
    mx_stream_close(ctx);
}

void mx_stream_finish(mx_stream *stream) {
    if (stream->closing || stream->finishing) {
        return;
    }
    if (stream->broken) {
        mx_stream_close(stream);
        return;
    }
    stream->finishing = true;
    stream->shutdown.data = stream;
    if (uv_shutdown(&stream->shutdown, &stream->handle.stream, on_stream_shut_down) < 0) {
        mx_stream_close(stream);
        return;
    }
    // A long queue gets longer: 64 bytes a millisecond is the slowest reader that we wait for.
    mx_deadline_set(
        stream->loop, &stream->linger, LINGER_MS + stream->queued / 64, on_linger_over, stream);
    if (!stream->peer_ended) {
        uv_read_start(&stream->handle.stream, on_read_asked, on_stream_read);
    }
}

void mx_stream_close(mx_stream *stream) {
    if (!stream || stream->closing) {
        return;
    }
    stream->closing = true;
    mx_deadline_clear(stream->loop, &stream->linger);
    uv_close(&stream->handle.any, on_stream_closed);
}

// Sockets that listen, and the connections that come in.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

#include "loop/loop.h"
#include "platform/slice.h"

typedef struct mx_listener mx_listener;

// Who is on the other end. A Unix socket has no address.
struct mx_peer {
    bool is_local;             // came by a Unix socket
    unsigned char address[16]; // IPv4 as ::ffff:a.b.c.d
    unsigned port;
};

// Called with a descriptor that is taken, non-blocking and close-on-exec.
typedef void (*mx_accept_fn)(void *ctx, int fd, const struct mx_peer *peer);

// Opens a socket on "127.0.0.1:8080", "[::]:80", "*:80" or "unix:/run/merx/web.sock" (made with
// `mode`, replacing a stale one) and writes an owned descriptor to `*fd`. With `shared` several
// sockets of this process may have the same port, and the kernel spreads connections over them.
// MX_E_CONFLICT: somebody else has the address.
int mx_socket_listen(
    struct mx_slice address, bool shared, unsigned mode, int *fd, struct mx_error *err);

// The port of a listening descriptor, 0 for a Unix socket: after listening on port 0.
unsigned mx_socket_port(int fd);

// Accepts from `fd` (taken, non-blocking from now on), until EAGAIN each time. `*out` is owned:
// give it to mx_listener_stop().
int mx_listener_start(
    mx_loop *loop, int fd, mx_accept_fn fn, void *ctx, mx_listener **out, struct mx_error *err);

// Stops accepting for now; the kernel's queue holds who comes. Repeating is fine.
void mx_listener_pause(mx_listener *listener);
void mx_listener_resume(mx_listener *listener);

// Accepts everybody who is in the queue already, so that closing resets nobody, then closes the
// descriptor. `listener` may be NULL.
void mx_listener_stop(mx_listener *listener);

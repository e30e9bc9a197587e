// libcurl's sockets as polls of the loop, its one timer as a timer.
#include "script/outgoing.h"

#include <assert.h>

#include "loop/poll.h"
#include "loop/timer.h"
#include "platform/alloc.h"
#include "platform/log.h"

struct socket {
    struct socket *next;
    mx_outgoing *outgoing;
    int fd;
    mx_poll *poll;
};

struct mx_outgoing {
    mx_loop *loop; // borrowed
    mx_client *client;
    mx_timer *timer;        // NULL: none is wanted
    struct socket *sockets; // watched
};

static void on_socket_ready(void *ctx, bool readable, bool writable) {
    struct socket *socket = ctx; // may be gone after the call
    mx_client_ready(socket->outgoing->client, socket->fd, readable, writable);
}

static void forget(struct socket **link) {
    struct socket *socket = *link;
    *link = socket->next;
    mx_poll_stop(socket->poll);
    mx_free(socket);
}

static int add(mx_outgoing *outgoing, int fd, struct mx_error *err) {
    struct socket *socket = mx_alloc(sizeof(*socket));
    socket->outgoing = outgoing;
    socket->fd = fd;
    int rc = mx_poll_start(outgoing->loop, fd, on_socket_ready, socket, &socket->poll, err);
    if (rc < 0) {
        mx_free(socket);
        return rc;
    }
    socket->next = outgoing->sockets;
    outgoing->sockets = socket;
    return MX_OK;
}

static void watch(void *ctx, int fd, bool read, bool write) {
    mx_outgoing *outgoing = ctx;
    struct mx_error err;
    struct socket **link = &outgoing->sockets;
    while (*link && (*link)->fd != fd) {
        link = &(*link)->next;
    }
    if (!read && !write) {
        if (*link) {
            forget(link);
        }
        return;
    }
    int rc = MX_OK;
    if (!*link) {
        rc = add(outgoing, fd, &err);
        link = &outgoing->sockets;
    }
    if (rc == MX_OK) {
        rc = mx_poll_set((*link)->poll, read, write, &err);
    }
    if (rc < 0) { // the transfer ends by its time limit
        mx_log_error("a connection to another server cannot be watched: %s", err.text);
    }
}

static void on_timer_fired(void *ctx) {
    mx_client_tick(((mx_outgoing *)ctx)->client);
}

static void set_timer(void *ctx, long ms) {
    mx_outgoing *outgoing = ctx;
    if (ms < 0) {
        mx_timer_stop(outgoing->timer);
        outgoing->timer = NULL;
    } else if (outgoing->timer) {
        mx_timer_move(outgoing->timer, (uint64_t)ms);
    } else {
        outgoing->timer = mx_timer_start(outgoing->loop, (uint64_t)ms, 0, on_timer_fired, outgoing);
    }
}

int mx_outgoing_open(mx_loop *loop, const struct mx_client_options *options, mx_outgoing **out,
    struct mx_error *err) {
    mx_outgoing *outgoing = mx_alloc(sizeof(*outgoing));
    struct mx_client_options own = *options;
    own.loop = (struct mx_client_loop){watch, set_timer, outgoing};
    outgoing->loop = loop;
    int rc = mx_client_create(&own, &outgoing->client, err);
    if (rc < 0) {
        mx_free(outgoing);
        return rc;
    }
    *out = outgoing;
    return MX_OK;
}

void mx_outgoing_close(mx_outgoing *outgoing) {
    if (!outgoing) {
        return;
    }
    mx_client_destroy(outgoing->client);
    while (outgoing->sockets) {
        forget(&outgoing->sockets);
    }
    mx_timer_stop(outgoing->timer);
    mx_free(outgoing);
}

mx_client *mx_outgoing_client(mx_outgoing *outgoing) {
    return outgoing->client;
}

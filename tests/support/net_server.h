// A small server on 127.0.0.1 with a free port, for tests of what connects to others: a thread for
// each connection, which runs `serve`. TLS comes in through `read` and `write` (tls_server.h).
#pragma once

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "platform/buf.h"

enum { NET_CONNS = 256 };

struct net_server;

struct net_conn {
    struct net_server *server;
    int fd;
    pthread_t thread;
    void *tls; // of tls_server.h
    mx_buf in; // read and not used yet
};

struct net_server {
    int fd;
    unsigned port;
    pthread_t thread;
    struct net_conn conns[NET_CONNS];
    int conn_count;          // of the accepting thread, until it has ended
    _Atomic int connections; // that came
    _Atomic int requests;    // that came, or mails taken
    _Atomic int running;     // answers under way
    _Atomic int running_peak;
    _Atomic bool is_stopping;
    pthread_mutex_t lock;
    mx_buf log; // what clients said; read it by net_log_has()
    void (*serve)(struct net_conn *conn);
    bool (*begin)(struct net_conn *conn); // handshake; NULL: none
    ssize_t (*read)(struct net_conn *conn, char *out, size_t size);
    ssize_t (*write)(struct net_conn *conn, const char *bytes, size_t len);
    void (*end)(struct net_conn *conn);
    void *tls;           // of tls_server.h
    const char *variant; // for `serve`
};

static inline ssize_t net_plain_read(struct net_conn *conn, char *out, size_t size) {
    return recv(conn->fd, out, size, 0);
}

static inline ssize_t net_plain_write(struct net_conn *conn, const char *bytes, size_t len) {
    return send(conn->fd, bytes, len, MSG_NOSIGNAL);
}

static inline void net_sleep(unsigned ms) {
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

// Sleeps, but not beyond the end of the test.
static inline void net_linger(struct net_conn *conn, unsigned ms) {
    for (unsigned slept = 0; slept < ms && !conn->server->is_stopping; slept += 5) {
        net_sleep(5);
    }
}

static inline bool net_send(struct net_conn *conn, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = conn->server->write(conn, bytes, len);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static inline bool net_say(struct net_conn *conn, const char *text) {
    return net_send(conn, text, strlen(text));
}

static inline bool net_more(struct net_conn *conn) {
    char piece[4096];
    ssize_t got = conn->server->read(conn, piece, sizeof(piece));
    if (got <= 0) {
        return false;
    }
    mx_buf_append(&conn->in, piece, (size_t)got);
    return true;
}

static inline void net_log(struct net_conn *conn, const char *bytes, size_t len) {
    pthread_mutex_lock(&conn->server->lock);
    mx_buf_append(&conn->server->log, bytes, len);
    pthread_mutex_unlock(&conn->server->lock);
}

static inline bool net_log_has(struct net_server *server, const char *text) {
    pthread_mutex_lock(&server->lock);
    bool has = strstr(mx_buf_text(&server->log), text) != NULL;
    pthread_mutex_unlock(&server->lock);
    return has;
}

static inline void *net_run_conn(void *ctx) {
    struct net_conn *conn = ctx;
    if (!conn->server->begin || conn->server->begin(conn)) {
        conn->server->serve(conn);
    }
    if (conn->server->end) {
        conn->server->end(conn);
    }
    shutdown(conn->fd, SHUT_RDWR);
    return NULL;
}

static inline void *net_run(void *ctx) {
    struct net_server *server = ctx;
    while (server->conn_count < NET_CONNS) {
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0) {
            break;
        }
        struct net_conn *conn = &server->conns[server->conn_count++];
        conn->server = server;
        conn->fd = fd;
        server->connections++;
        int rc = pthread_create(&conn->thread, NULL, net_run_conn, conn);
        assert(rc == 0 && "a test has threads");
        (void)rc;
    }
    return NULL;
}

// Sets the plain defaults; the test may change them before net_start().
static inline void net_init(struct net_server *server, void (*serve)(struct net_conn *conn)) {
    memset(server, 0, sizeof(*server));
    pthread_mutex_init(&server->lock, NULL);
    server->serve = serve;
    server->read = net_plain_read;
    server->write = net_plain_write;
}

static inline void net_start(struct net_server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int on = 1;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(server->fd, (struct sockaddr *)(void *)&address, sizeof(address)) != 0 ||
        listen(server->fd, 128) != 0 ||
        getsockname(server->fd, (struct sockaddr *)(void *)&address, &size) != 0) {
        perror("a test cannot listen on 127.0.0.1");
        abort();
    }
    server->port = ntohs(address.sin_port);
    pthread_create(&server->thread, NULL, net_run, server);
}

static inline void net_stop(struct net_server *server) {
    server->is_stopping = true;
    shutdown(server->fd, SHUT_RDWR); // wakes accept()
    pthread_join(server->thread, NULL);
    for (int i = 0; i < server->conn_count; i++) {
        shutdown(server->conns[i].fd, SHUT_RDWR);
        pthread_join(server->conns[i].thread, NULL);
        close(server->conns[i].fd);
        mx_buf_deinit(&server->conns[i].in);
    }
    close(server->fd);
    mx_buf_deinit(&server->log);
    pthread_mutex_destroy(&server->lock);
}

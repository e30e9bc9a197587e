// Many keep-alive HTTP/1.1 clients on one epoll, with cookies. For benches on the loopback: it
// trusts the server, and ends the program when a connection is lost.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_COOKIES = 4,
    BENCH_COOKIE_SIZE = 256,
    BENCH_PATH_SIZE = 1024,
    BENCH_REQUEST_SIZE = 16 * 1024,
    BENCH_REPLY_SIZE = 512 * 1024,
};

struct bench_cookie {
    char name[64];
    char value[BENCH_COOKIE_SIZE];
};

// One connection and the reply that came last over it.
struct bench_client {
    int fd;
    int index;
    bool is_busy;
    int64_t sent_at; // nanoseconds; a driver may set another moment, as when it was due
    struct bench_cookie cookies[BENCH_COOKIES];
    char *in; // owned; always ends with NUL
    size_t in_len;
    size_t body_at; // 0: the head is not whole yet
    size_t end_at;  // 0: not known yet
    bool is_chunked;
    void *driver; // of the driver
};

struct bench_reply {
    int status;
    const char *location; // borrowed, NUL-terminated; "" when there is none
    const char *body;     // borrowed, NUL-terminated
    size_t body_len;
    int64_t took_ns;
};

typedef struct bench_loop bench_loop;

// Called when a reply is whole. `reply` lives until the next request of that client.
typedef void (*bench_reply_fn)(
    void *ctx, struct bench_client *client, const struct bench_reply *reply);

// Connects `count` clients to 127.0.0.1:`port`. Ends the program when it cannot.
bench_loop *bench_loop_open(int port, int count, bench_reply_fn fn, void *ctx);

// `loop` may be NULL.
void bench_loop_close(bench_loop *loop);

// The client with that index. Borrowed.
struct bench_client *bench_loop_client(bench_loop *loop, int index);

// Waits at most `wait_ns` for replies and hands over those that are there.
void bench_loop_run(bench_loop *loop, int64_t wait_ns);

// Sends a request; with `form` (application/x-www-form-urlencoded) a POST, else a GET. The client
// must not be busy.
void bench_client_send(struct bench_client *client, const char *path, const char *form);

// Becomes a new visitor.
void bench_client_forget(struct bench_client *client);

// Sockets, replies and cookies of the benches.
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "histogram.h"

enum { EVENTS = 64 };

struct bench_loop {
    int epoll;
    int count;
    struct bench_client *clients; // owned
    bench_reply_fn fn;
    void *ctx; // borrowed
};

static void die(const char *what) {
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *take(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) {
        die("no memory");
    }
    return memory;
}

// --- connections ------------------------------------------------------------------------------

static void connect_client(struct bench_loop *loop, struct bench_client *client, int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        die("cannot connect");
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0) {
        die("epoll_ctl");
    }
}

bench_loop *bench_loop_open(int port, int count, bench_reply_fn fn, void *ctx) {
    bench_loop *loop = take(sizeof(*loop));
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->count = count;
    loop->clients = take((size_t)count * sizeof(*loop->clients));
    loop->fn = fn;
    loop->ctx = ctx;
    for (int i = 0; i < count; i++) {
        loop->clients[i].index = i;
        loop->clients[i].in = take(BENCH_REPLY_SIZE);
        connect_client(loop, &loop->clients[i], port);
    }
    return loop;
}

void bench_loop_close(bench_loop *loop) {
    if (!loop) {
        return;
    }
    for (int i = 0; i < loop->count; i++) {
        close(loop->clients[i].fd);
        free(loop->clients[i].in);
    }
    close(loop->epoll);
    free(loop->clients);
    free(loop);
}

struct bench_client *bench_loop_client(bench_loop *loop, int index) {
    return &loop->clients[index];
}

// --- requests ---------------------------------------------------------------------------------

static size_t put(char *out, size_t at, const char *text) {
    size_t len = strlen(text);
    if (at + len >= BENCH_REQUEST_SIZE) {
        fprintf(stderr, "bench: a request is too long\n");
        exit(1);
    }
    memcpy(out + at, text, len + 1);
    return at + len;
}

static size_t put_cookies(const struct bench_client *client, char *out, size_t at) {
    const char *before = "\r\nCookie: ";
    for (int i = 0; i < BENCH_COOKIES; i++) {
        const struct bench_cookie *cookie = &client->cookies[i];
        if (cookie->name[0]) {
            at = put(
                out, put(out, put(out, put(out, at, before), cookie->name), "="), cookie->value);
            before = "; ";
        }
    }
    return at;
}

void bench_client_send(struct bench_client *client, const char *path, const char *form) {
    char out[BENCH_REQUEST_SIZE];
    size_t at = put(out, put(out, 0, form ? "POST " : "GET "), path);
    at = put(out, at, " HTTP/1.1\r\nHost: bench.test");
    at = put_cookies(client, out, at);
    if (form) {
        char length[160];
        snprintf(length, sizeof(length),
            "\r\nOrigin: http://bench.test\r\nSec-Fetch-Site: same-origin"
            "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu",
            strlen(form));
        at = put(out, put(out, put(out, at, length), "\r\n\r\n"), form);
    } else {
        at = put(out, at, "\r\n\r\n");
    }
    client->in_len = client->body_at = client->end_at = 0;
    client->is_busy = true;
    client->sent_at = bench_now();
    if (send(client->fd, out, at, MSG_NOSIGNAL) != (ssize_t)at) {
        die("cannot send");
    }
}

void bench_client_forget(struct bench_client *client) {
    memset(client->cookies, 0, sizeof(client->cookies));
}

// --- replies ----------------------------------------------------------------------------------

// The value of the next field `name` at or behind `from`, or NULL. `name` has its line break and
// colon.
static const char *find_field(
    const struct bench_client *client, const char *from, const char *name) {
    char *end = client->in + client->body_at - 2; // the body is not looked through
    char kept = *end;
    *end = '\0';
    const char *found = strcasestr(from, name);
    *end = kept;
    return found ? found + strlen(name) : NULL;
}

static void keep_cookie(struct bench_client *client, const char *text) {
    size_t name_len = strcspn(text, "=;\r");
    size_t value_len = text[name_len] == '=' ? strcspn(text + name_len + 1, ";\r") : 0;
    struct bench_cookie *slot = NULL;
    for (int i = BENCH_COOKIES - 1; i >= 0; i--) {
        struct bench_cookie *cookie = &client->cookies[i];
        bool is_same = strlen(cookie->name) == name_len && !strncmp(cookie->name, text, name_len);
        if (is_same) {
            slot = cookie;
            break;
        }
        slot = cookie->name[0] ? slot : cookie;
    }
    if (!slot || name_len >= sizeof(slot->name) || value_len >= sizeof(slot->value)) {
        fprintf(stderr, "bench: no room for the cookie %.40s\n", text);
        exit(1);
    }
    memset(slot, 0, sizeof(*slot));
    memcpy(slot->name, text, value_len > 0 ? name_len : 0); // an empty value takes it away
    memcpy(slot->value, text + name_len + 1, value_len);
}

static void read_head(struct bench_client *client) {
    const char *end = strstr(client->in, "\r\n\r\n");
    if (!end) {
        return;
    }
    client->body_at = (size_t)(end - client->in) + 4;
    const char *length = find_field(client, client->in, "\r\nContent-Length: ");
    const char *status = client->in + 9;
    client->is_chunked = find_field(client, client->in, "\r\nTransfer-Encoding: chunked") != NULL;
    if (length) {
        client->end_at = client->body_at + strtoul(length, NULL, 10);
    } else if (!client->is_chunked || !strncmp(status, "204", 3) || !strncmp(status, "304", 3)) {
        client->end_at = client->body_at;
    }
    const char *cookie = client->in;
    while ((cookie = find_field(client, cookie, "\r\nSet-Cookie: "))) {
        keep_cookie(client, cookie);
    }
}

static bool is_whole(struct bench_client *client) {
    if (client->body_at == 0) {
        read_head(client);
    }
    if (client->is_chunked && client->body_at > 0 && client->end_at == 0 &&
        client->in_len >= client->body_at + 5 &&
        !memcmp(client->in + client->in_len - 5, "0\r\n\r\n", 5)) {
        client->end_at = client->in_len;
    }
    return client->end_at > 0 && client->in_len >= client->end_at;
}

static void hand_over(struct bench_loop *loop, struct bench_client *client) {
    char location[BENCH_PATH_SIZE] = "";
    const char *field = find_field(client, client->in, "\r\nLocation: ");
    if (field) {
        snprintf(location, sizeof(location), "%.*s", (int)strcspn(field, "\r"), field);
    }
    struct bench_reply reply = {
        .status = (int)strtol(client->in + 9, NULL, 10),
        .location = location,
        .body = client->in + client->body_at,
        .body_len = client->end_at - client->body_at,
        .took_ns = bench_now() - client->sent_at,
    };
    client->is_busy = false;
    loop->fn(loop->ctx, client, &reply);
}

static void on_readable(struct bench_loop *loop, struct bench_client *client) {
    size_t room = BENCH_REPLY_SIZE - 1 - client->in_len;
    ssize_t len = recv(client->fd, client->in + client->in_len, room, MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (len <= 0) {
        errno = len == 0 ? ECONNRESET : errno;
        die("a connection was lost");
    }
    client->in_len += (size_t)len;
    client->in[client->in_len] = '\0';
    if (client->is_busy && is_whole(client)) {
        hand_over(loop, client);
    }
}

void bench_loop_run(bench_loop *loop, int64_t wait_ns) {
    struct epoll_event events[EVENTS];
    struct timespec wait = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
    int count = epoll_pwait2(loop->epoll, events, EVENTS, &wait, NULL);
    for (int i = 0; i < count; i++) {
        on_readable(loop, events[i].data.ptr);
    }
}

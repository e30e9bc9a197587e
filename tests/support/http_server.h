// What a net_server says as a web server: the path chooses.
#pragma once

#include "net_server.h"

// 40,000 bytes "a" in 74 of gzip.
static const unsigned char http_packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
    0x03, 0xed, 0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xac, 0xeb, 0x5f, 0xc2, 0xcb, 0x16,
    0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x37, 0xf7, 0xb8, 0xdd, 0xf3, 0x40, 0x9c, 0x00,
    0x00};
enum { HTTP_UNPACKED = 40000 };

// Reads one request into `conn->in`; its length, or 0 at the end.
static inline size_t http_read(struct net_conn *conn) {
    for (;;) {
        const char *text = mx_buf_text(&conn->in);
        const char *end = strstr(text, "\r\n\r\n");
        if (end) {
            size_t head = (size_t)(end + 4 - text);
            const char *length = strstr(text, "Content-Length: ");
            size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
            if (conn->in.len >= head + body) {
                return head + body;
            }
        }
        if (!net_more(conn)) {
            return 0;
        }
    }
}

static inline bool http_answer(
    struct net_conn *conn, const char *head, const char *body, size_t body_len) {
    mx_buf out = {0};
    mx_buf_append_format(&out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, body_len);
    mx_buf_append(&out, body, body_len);
    bool is_sent = net_send(conn, out.ptr, out.len);
    mx_buf_deinit(&out);
    return is_sent;
}

static inline bool http_text(struct net_conn *conn, const char *head, const char *body) {
    return http_answer(conn, head, body, strlen(body));
}

// "302/URL"; "%23" in it becomes "#", which no request can hold.
static inline bool http_redirect(struct net_conn *conn, const char *rest) {
    char head[2048];
    snprintf(head, sizeof(head), "%.3s Elsewhere\r\nLocation: %s", rest, rest + 4);
    char *mark = strstr(head, "%23");
    if (mark) {
        mark[0] = '#';
        memmove(mark + 1, mark + 3, strlen(mark + 3) + 1);
    }
    return http_text(conn, head, "over there");
}

static inline bool http_flood(struct net_conn *conn) {
    char piece[1024];
    int len = snprintf(piece, sizeof(piece), "200\r\n%0512d\r\n", 0);
    bool goes_on = net_say(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (goes_on && !conn->server->is_stopping) {
        goes_on = net_send(conn, piece, (size_t)len);
    }
    return false;
}

// gzip whose blocks hold nothing: bytes as sent, none unpacked.
static inline bool http_hollow(struct net_conn *conn) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"
                               "a\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\r\n";
    static const char piece[] = "f\r\n\0\0\0\xff\xff\0\0\0\xff\xff\0\0\0\xff\xff\r\n";
    bool goes_on = net_send(conn, head, sizeof(head) - 1);
    while (goes_on && !conn->server->is_stopping) {
        goes_on = net_send(conn, piece, sizeof(piece) - 1);
    }
    return false;
}

static inline bool http_fields(struct net_conn *conn, int count, int size) {
    mx_buf out = {0};
    mx_buf_append_text(&out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for (int i = 0; i < count; i++) {
        mx_buf_append_format(&out, "X-%d: %0*d\r\n", i, size, i);
    }
    mx_buf_append_text(&out, "\r\n");
    net_send(conn, out.ptr, out.len);
    mx_buf_deinit(&out);
    return true;
}

static inline bool http_slow(struct net_conn *conn, unsigned ms) {
    int now = ++conn->server->running;
    int peak = conn->server->running_peak;
    while (now > peak && !atomic_compare_exchange_weak(&conn->server->running_peak, &peak, now)) {
    }
    net_linger(conn, ms);
    conn->server->running--;
    return http_text(conn, "200 OK", "at last");
}

// Answers the request of `len` bytes; false: the connection is over.
static inline bool http_reply(struct net_conn *conn, const char *path, size_t len) {
    if (strncmp(path, "/echo", 5) == 0) {
        return http_answer(conn, "200 OK\r\nContent-Type: text/plain", conn->in.ptr, len);
    }
    if (strncmp(path, "/r/", 3) == 0) {
        return http_redirect(conn, path + 3);
    }
    if (strncmp(path, "/rc/", 4) == 0) { // and the connection ends
        http_redirect(conn, path + 4);
        return false;
    }
    if (strncmp(path, "/slow/", 6) == 0) {
        return http_slow(conn, (unsigned)strtoul(path + 6, NULL, 10));
    }
    if (strcmp(path, "/chunked") == 0) {
        return net_say(conn, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Twice: a\r\n"
                             "X-TWICE: b\r\nX-Folded: one\r\n  two\r\n\r\n"
                             "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: no\r\n\r\n");
    }
    if (strcmp(path, "/packed") == 0) {
        return http_answer(conn, "200 OK\r\nContent-Encoding: gzip", (const char *)http_packed,
            sizeof(http_packed));
    }
    if (strcmp(path, "/fields") == 0) {
        return http_fields(conn, 300, 1);
    }
    if (strcmp(path, "/heavy") == 0) {
        return http_fields(conn, 100, 1000);
    }
    if (strcmp(path, "/flood") == 0) {
        return http_flood(conn);
    }
    if (strcmp(path, "/hollow") == 0) {
        return http_hollow(conn);
    }
    if (strcmp(path, "/broken") == 0) {
        net_say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
        return false;
    }
    if (strcmp(path, "/bad-gzip") == 0) {
        return http_text(conn, "200 OK\r\nContent-Encoding: gzip", "not packed at all");
    }
    if (strcmp(path, "/garbage") == 0) {
        net_say(conn, "220 good morning, this is a mail server\r\n");
        return false;
    }
    if (strcmp(path, "/nothing") == 0) {
        return false;
    }
    if (strcmp(path, "/close") == 0) {
        http_text(conn, "200 OK\r\nConnection: close", "bye");
        return false;
    }
    return http_text(conn, strcmp(path, "/none") == 0 ? "404 Not Found" : "200 OK", "hello");
}

static inline void http_serve(struct net_conn *conn) {
    bool goes_on = true;
    size_t len;
    while (goes_on && (len = http_read(conn)) > 0) {
        char path[2048] = "";
        const char *text = conn->in.ptr;
        const char *from = memchr(text, ' ', len);
        const char *to = from ? memchr(from + 1, ' ', len - (size_t)(from + 1 - text)) : NULL;
        if (to && to - from < (long)sizeof(path)) {
            memcpy(path, from + 1, (size_t)(to - from - 1));
            path[to - from - 1] = '\0';
        }
        net_log(conn, text, len);
        conn->server->requests++; // before the reply: a test may look as soon as it has that
        goes_on = http_reply(conn, path, len);
        mx_buf_consume(&conn->in, len);
    }
}

// What a net_server says as a mail server; `variant` names what is special about it.
#pragma once

#include "net_server.h"

static inline bool mail_is(const struct net_conn *conn, const char *variant) {
    return conn->server->variant && strcmp(conn->server->variant, variant) == 0;
}

// One line with its end, in `line`; false at the end.
static inline bool mail_read_line(struct net_conn *conn, char line[1024]) {
    for (;;) {
        const char *text = mx_buf_text(&conn->in);
        const char *end = strstr(text, "\r\n");
        if (end && end + 2 - text < 1024) {
            size_t len = (size_t)(end + 2 - text);
            memcpy(line, text, len);
            line[len] = '\0';
            net_log(conn, line, len);
            mx_buf_consume(&conn->in, len);
            return true;
        }
        if (!net_more(conn)) {
            return false;
        }
    }
}

static inline bool mail_begins(const char *line, const char *word) {
    return strncmp(line, word, strlen(word)) == 0;
}

static inline bool mail_greet(
    struct net_conn *conn, const char *line, bool (*secure)(struct net_conn *)) {
    if (mail_begins(line, "EHLO") && mail_is(conn, "old")) {
        return net_say(conn, "502 what?\r\n");
    }
    net_say(conn, "250-mail.test\r\n");
    if (secure && !conn->tls && !mail_is(conn, "open")) {
        net_say(conn, "250-STARTTLS\r\n");
    }
    return net_say(conn, "250-AUTH PLAIN LOGIN\r\n250 SIZE 1000000\r\n");
}

static inline bool mail_take(struct net_conn *conn) {
    char line[1024];
    net_say(conn, "354 go on\r\n");
    while (mail_read_line(conn, line)) {
        if (strcmp(line, ".\r\n") == 0) {
            conn->server->requests++;
            return net_say(conn,
                mail_is(conn, "spam") ? "554 5.7.1 looks like spam\r\n" : "250 2.0.0 taken\r\n");
        }
    }
    return false;
}

// Answers one line; false: the connection is over.
static inline bool mail_answer(
    struct net_conn *conn, const char *line, bool (*secure)(struct net_conn *)) {
    if (mail_begins(line, "EHLO") || mail_begins(line, "HELO")) {
        return mail_greet(conn, line, secure);
    }
    if (mail_begins(line, "STARTTLS")) {
        net_say(conn, "220 go on\r\n");
        return secure(conn);
    }
    if (mail_begins(line, "AUTH")) {
        char secret[1024];
        net_say(conn, "334 \r\n");
        if (!mail_read_line(conn, secret)) {
            return false;
        }
        return net_say(conn,
            mail_is(conn, "stranger") ? "535 5.7.8 who are you?\r\n" : "235 2.7.0 welcome\r\n");
    }
    if (mail_begins(line, "RCPT TO:<nobody@")) {
        return net_say(conn, "550 5.1.1 no such user\r\n");
    }
    if (mail_begins(line, "MAIL") && mail_is(conn, "busy")) {
        return net_say(conn, "451 4.3.0 later \x1b[31m\r\n");
    }
    if (mail_begins(line, "DATA")) {
        return mail_take(conn);
    }
    if (mail_begins(line, "QUIT")) {
        net_linger(conn, 3000); // whoever waits for this, waits long
        return false;
    }
    return net_say(conn, "250 fine\r\n");
}

static inline void mail_serve_with(struct net_conn *conn, bool (*secure)(struct net_conn *)) {
    char line[1024];
    if (mail_is(conn, "silent")) {
        net_linger(conn, 5000);
        return;
    }
    bool goes_on = net_say(conn, "220 mail.test\r\n");
    while (goes_on && mail_read_line(conn, line)) {
        goes_on = mail_answer(conn, line, secure);
    }
}

static inline void mail_serve(struct net_conn *conn) {
    mail_serve_with(conn, NULL);
}

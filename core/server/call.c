// Plain blocking sockets: a tool has nothing else to do.
#include "server/call.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 65536 };

static int connect_to(const char *data, int *fd, struct mx_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/merx.sock", data);
    if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
        return mx_fail(err, MX_E_INVALID, "the path of the data folder is too long for merx.sock");
    }
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return mx_fail_errno(err, errno, "cannot make a socket");
    }
    if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0) {
        int number = errno;
        close(sock);
        if (number == ENOENT || number == ECONNREFUSED) {
            return mx_fail(
                err, MX_E_MISSING, "no server runs on %s: start one with merx serve", data);
        }
        return mx_fail_errno(err, number, "cannot reach the server at %s", address.sun_path);
    }
    *fd = sock;
    return MX_OK;
}

static int send_all(int fd, struct mx_slice bytes, struct mx_error *err) {
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return mx_fail_errno(err, errno, "cannot talk to the server");
        }
        bytes.ptr += sent;
        bytes.len -= (size_t)sent;
    }
    return MX_OK;
}

static int receive(int fd, mx_buf *out, struct mx_frame *frame, struct mx_error *err) {
    for (;;) {
        size_t used = 0;
        int rc = mx_frame_read(mx_buf_slice(out), frame, &used, err);
        if (rc != 0) {
            return rc < 0 ? rc : MX_OK;
        }
        ssize_t got = recv(fd, mx_buf_reserve(out, PIECE), PIECE, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mx_fail_errno(err, errno, "cannot hear the server");
        }
        if (got == 0) {
            return mx_fail(err, MX_E_BUSY, "the server ended before it answered");
        }
        out->len += (size_t)got;
    }
}

static enum mx_code code_of(struct mx_slice name) {
    for (int code = MX_E_INVALID; code >= MX_E_SYSTEM; code--) {
        if (mx_slice_equal(name, mx_slice_of(mx_code_name((enum mx_code)code)))) {
            return (enum mx_code)code;
        }
    }
    return MX_E_SYSTEM;
}

int mx_call_server(const char *data, const struct mx_slice *words, size_t count, mx_buf *out,
    struct mx_frame *frame, struct mx_error *err) {
    mx_buf request = {0};
    int fd = -1;
    int rc = connect_to(data, &fd, err);
    if (rc < 0) {
        return rc;
    }
    mx_frame_write(&request, words, count);
    rc = send_all(fd, mx_buf_slice(&request), err);
    if (rc == MX_OK) {
        rc = receive(fd, out, frame, err);
    }
    close(fd);
    mx_buf_deinit(&request);
    if (rc < 0) {
        return rc;
    }
    if (frame->count == 3 && mx_slice_equal(frame->words[0], MX_SLICE("error"))) {
        struct mx_slice text = frame->words[2];
        return mx_fail(err, code_of(frame->words[1]), "%.*s", (int)text.len, text.ptr);
    }
    if (frame->count == 0 || !mx_slice_equal(frame->words[0], MX_SLICE("ok"))) {
        return mx_fail(err, MX_E_SYSTEM, "the server's answer is malformed");
    }
    frame->count--;
    memmove(frame->words, frame->words + 1, frame->count * sizeof(frame->words[0]));
    return MX_OK;
}

// Our own accept4() loop on a uv_poll: uv_listen() sleeps a moment after each connection so that
// other processes get their share, which is 50 us that we do not have to give away.
#define _GNU_SOURCE // accept4(), SO_REUSEPORT
#include "loop/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop/internal.h"
#include "platform/alloc.h"
#include "platform/log.h"

enum {
    BACKLOG = 4096,
    ACCEPT_BURST = 256,     // then other events get their turn
    STARVED_PAUSE_MS = 100, // without descriptors or memory: who waits, waits in the kernel
};

struct mx_listener {
    uv_poll_t handle; // handle.data points back at this struct
    mx_loop *loop;
    int fd;
    mx_accept_fn fn;
    void *ctx; // borrowed
    struct mx_deadline starved;
    bool paused;
};

// --- opening ----------------------------------------------------------------------------------

// True when a process answers at `address`: then its socket is not ours to replace.
static bool is_alive(const struct sockaddr_un *address) {
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool answers =
        sock >= 0 &&
        (connect(sock, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);
    if (sock >= 0) {
        close(sock);
    }
    return answers;
}

static int open_unix(struct mx_slice path, unsigned mode, int *fd, struct mx_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path.len == 0 || path.len >= sizeof(address.sun_path)) {
        return mx_fail(err, MX_E_INVALID,
            "the path of a Unix socket has 1 to %zu bytes, this one has %zu: choose a shorter one",
            sizeof(address.sun_path) - 1, path.len);
    }
    memcpy(address.sun_path, path.ptr, path.len);
    if (is_alive(&address)) {
        return mx_fail(err, MX_E_CONFLICT, "another process listens on unix:%s", address.sun_path);
    }
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return mx_fail_errno(err, errno, "cannot make a socket");
    }
    struct stat info;
    if (lstat(address.sun_path, &info) == 0 && S_ISSOCK(info.st_mode)) {
        unlink(address.sun_path); // left over by a process that was killed
    }
    mode_t mask = umask(0777); // nobody may connect before chmod() says who may
    int bound = bind(sock, (struct sockaddr *)&address, sizeof(address));
    int bind_errno = errno;
    umask(mask);
    if (bound < 0 || chmod(address.sun_path, (mode_t)mode) < 0 || listen(sock, BACKLOG) < 0) {
        int number = bound < 0 ? bind_errno : errno;
        close(sock);
        return mx_fail_errno(err, number, "cannot listen on unix:%s", address.sun_path);
    }
    *fd = sock;
    return MX_OK;
}

// "host:port" with a numeric host; "*" is every address of both families.
static int parse_tcp(
    struct mx_slice text, struct sockaddr_storage *out, socklen_t *len, struct mx_error *err) {
    const char *colon = NULL;
    for (size_t i = text.len; i > 0 && !colon; i--) {
        colon = text.ptr[i - 1] == ':' ? text.ptr + i - 1 : NULL;
    }
    uint64_t port = 0;
    struct mx_slice host = {text.ptr, colon ? (size_t)(colon - text.ptr) : 0};
    struct mx_slice digits = {colon ? colon + 1 : text.ptr, 0};
    digits.len = colon ? (size_t)(text.ptr + text.len - digits.ptr) : 0;
    char name[64] = "";
    bool ok = colon && mx_slice_to_u64(digits, 65535, &port) && host.len < sizeof(name);
    if (ok) {
        bool bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
        bool any = mx_slice_equal(host, MX_SLICE("*"));
        memcpy(name, host.ptr + bracketed, host.len - 2 * (size_t)bracketed);
        struct sockaddr_in *in4 = (struct sockaddr_in *)out;
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        if (!bracketed && !any && uv_ip4_addr(name, (int)port, in4) == 0) {
            *len = sizeof(*in4);
            return MX_OK;
        }
        ok = (bracketed || any) && uv_ip6_addr(any ? "::" : name, (int)port, in6) == 0;
        *len = sizeof(*in6);
    }
    return ok ? MX_OK
              : mx_fail(err, MX_E_INVALID,
                    "cannot listen on \"%.*s\": write 127.0.0.1:8080, [::1]:8080, *:8080 or "
                    "unix:/path",
                    (int)(text.len < 100 ? text.len : 100), text.ptr);
}

// Says in `err` why an address cannot be had, and what to do where the system's own words do not.
static int fail_to_listen(struct mx_slice text, int number, struct mx_error *err) {
    int len = (int)(text.len < 100 ? text.len : 100);
    switch (number) {
    case EADDRINUSE:
        mx_fail_errno(err, number, "cannot listen on %.*s", len, text.ptr);
        err->code = MX_E_CONFLICT;
        return err->code;
    case EADDRNOTAVAIL:
        return mx_fail(err, MX_E_SYSTEM,
            "cannot listen on %.*s: this machine has no such address; *:PORT means all that it has",
            len, text.ptr);
    case EACCES:
        return mx_fail(err, MX_E_SYSTEM,
            "cannot listen on %.*s: ports below 1024 need more rights; choose another one and let "
            "a proxy have this one",
            len, text.ptr);
    default: return mx_fail_errno(err, number, "cannot listen on %.*s", len, text.ptr);
    }
}

static int open_tcp(struct mx_slice text, bool shared, int *fd, struct mx_error *err) {
    struct sockaddr_storage address = {0};
    socklen_t len = 0;
    if (parse_tcp(text, &address, &len, err) < 0) {
        return err->code;
    }
    int on = 1;
    int off = 0;
    int sock = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return mx_fail_errno(err, errno, "cannot make a socket");
    }
    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // connections inherit it
    if (address.ss_family == AF_INET6 && mx_slice_starts_with(text, MX_SLICE("*"))) {
        setsockopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    bool ok = !shared || setsockopt(sock, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0;
    if (!ok || bind(sock, (struct sockaddr *)&address, len) < 0 || listen(sock, BACKLOG) < 0) {
        int number = errno;
        close(sock);
        return fail_to_listen(text, number, err);
    }
    *fd = sock;
    return MX_OK;
}

int mx_socket_listen(
    struct mx_slice address, bool shared, unsigned mode, int *fd, struct mx_error *err) {
    struct mx_slice prefix = MX_SLICE("unix:");
    if (mx_slice_starts_with(address, prefix)) {
        struct mx_slice path = {address.ptr + prefix.len, address.len - prefix.len};
        return open_unix(path, mode, fd, err);
    }
    return open_tcp(address, shared, fd, err);
}

unsigned mx_socket_port(int fd) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        return 0;
    }
    if (address.ss_family == AF_INET) {
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    }
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

// --- accepting --------------------------------------------------------------------------------

static void describe_peer(const struct sockaddr_storage *from, struct mx_peer *out) {
    memset(out, 0, sizeof(*out));
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *)from;
        out->address[10] = out->address[11] = 0xff;
        memcpy(out->address + 12, &in4->sin_addr, 4);
        out->port = ntohs(in4->sin_port);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        memcpy(out->address, &in6->sin6_addr, 16);
        out->port = ntohs(in6->sin6_port);
    } else {
        out->is_local = true;
    }
}

static void on_starvation_over(void *ctx) {
    mx_listener *listener = ctx;
    if (!listener->paused) {
        listener->paused = true;
        mx_listener_resume(listener);
    }
}

static void rest_while_starved(mx_listener *listener, int number) {
    mx_log_warn("cannot accept connections for now: %s", strerror(number));
    uv_poll_stop(&listener->handle);
    mx_deadline_set(
        listener->loop, &listener->starved, STARVED_PAUSE_MS, on_starvation_over, listener);
}

// False when there is nobody left to accept.
static bool accept_one(mx_listener *listener) {
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof(from);
    int fd = accept4(listener->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        struct mx_peer peer;
        describe_peer(&from, &peer);
        listener->fn(listener->ctx, fd, &peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        rest_while_starved(listener, errno);
        return false;
    }
    // Anything else but EAGAIN is the fate of one connection that ended before we took it.
    return errno != EAGAIN && errno != EWOULDBLOCK && errno != EBADF && errno != EINVAL;
}

static void on_listener_ready(uv_poll_t *handle, int status, int events) {
    (void)status;
    (void)events;
    mx_listener *listener = handle->data;
    for (int i = 0; i < ACCEPT_BURST && !listener->paused && accept_one(listener); i++) {
    }
}

static void on_listener_closed(uv_handle_t *handle) {
    mx_free(handle->data);
}

int mx_listener_start(
    mx_loop *loop, int fd, mx_accept_fn fn, void *ctx, mx_listener **out, struct mx_error *err) {
    mx_listener *listener = mx_alloc(sizeof(*listener));
    *listener = (mx_listener){.loop = loop, .fd = fd, .fn = fn, .ctx = ctx};
    int status = uv_poll_init(&loop->uv, &listener->handle, fd); // makes it non-blocking
    if (status < 0) {
        close(fd);
        mx_free(listener);
        return mx_fail_uv(err, status, "cannot watch a listening socket");
    }
    listener->handle.data = listener;
    uv_poll_start(&listener->handle, UV_READABLE, on_listener_ready);
    *out = listener;
    return MX_OK;
}

void mx_listener_pause(mx_listener *listener) {
    if (!listener->paused) {
        listener->paused = true;
        uv_poll_stop(&listener->handle);
    }
}

void mx_listener_resume(mx_listener *listener) {
    if (listener->paused) {
        listener->paused = false;
        mx_deadline_clear(listener->loop, &listener->starved);
        uv_poll_start(&listener->handle, UV_READABLE, on_listener_ready);
    }
}

void mx_listener_stop(mx_listener *listener) {
    if (!listener) {
        return;
    }
    uv_poll_stop(&listener->handle);
    while (accept_one(listener)) {
    }
    mx_deadline_clear(listener->loop, &listener->starved);
    uv_poll_stop(&listener->handle);
    close(listener->fd);
    uv_close((uv_handle_t *)&listener->handle, on_listener_closed);
}

// TCP: one socket a worker with SO_REUSEPORT, so that the kernel spreads connections. Everything
// else (Unix sockets, what systemd passes) is one socket that all workers accept from.
#include "server/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/reach.h"
#include "loop/listener.h"
#include "platform/alloc.h"
#include "server/limits.h"
#include "server/sd_notify.h"
#include "server/worker.h"

static unsigned count_workers(const mx_options *options) {
    int64_t wanted = mx_options_int(options, MX_OPT_WORKERS);
    if (wanted == 0) {
        wanted = sysconf(_SC_NPROCESSORS_ONLN);
    }
    return wanted < 1 ? 1 : wanted > MX_LIMIT_WORKERS ? MX_LIMIT_WORKERS : (unsigned)wanted;
}

static int add(
    struct mx_sockets *sockets, int fd, bool is_admin, unsigned worker, struct mx_error *err) {
    if (sockets->count == MX_SOCKETS_MAX) {
        close(fd);
        return mx_fail(err, MX_E_LIMIT,
            "there are more than %d listening sockets: use fewer "
            "addresses or workers",
            MX_SOCKETS_MAX);
    }
    sockets->list[sockets->count++] = (struct mx_socket){fd, is_admin, worker};
    return MX_OK;
}

// Gives every worker a descriptor of the one socket `fd`, which is taken.
static int share(struct mx_sockets *sockets, int fd, bool is_admin, struct mx_error *err) {
    int rc = add(sockets, fd, is_admin, 0, err);
    for (unsigned worker = 1; rc == MX_OK && worker < sockets->workers; worker++) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            return mx_fail_errno(err, errno, "cannot share a listening socket");
        }
        rc = add(sockets, copy, is_admin, worker, err);
    }
    return rc;
}

static bool is_any_port(struct mx_slice address) {
    return address.len > 2 && memcmp(address.ptr + address.len - 2, ":0", 2) == 0;
}

// SO_REUSEPORT would share the port with another server of the same user, and each would get half
// of the visitors: a socket without it says whether somebody listens already.
static int claim(struct mx_slice address, struct mx_error *err) {
    int fd = -1;
    int rc = mx_socket_listen(address, false, 0, &fd, err);
    if (rc == MX_OK) {
        close(fd);
    }
    return rc;
}

static int open_tcp(
    struct mx_sockets *sockets, struct mx_slice address, bool is_admin, struct mx_error *err) {
    char actual[128];
    if (!is_any_port(address) && claim(address, err) < 0) {
        return err->code;
    }
    for (unsigned worker = 0; worker < sockets->workers; worker++) {
        int fd = -1;
        if (mx_socket_listen(address, true, 0, &fd, err) < 0 ||
            add(sockets, fd, is_admin, worker, err) < 0) {
            return err->code;
        }
        if (worker == 0 && is_any_port(address) && address.len < sizeof(actual) - 8) {
            // Port 0 is chosen by the kernel, once; the others must have the same.
            snprintf(actual, sizeof(actual), "%.*s:%u", (int)(address.len - 2), address.ptr,
                mx_socket_port(fd));
            address = mx_slice_of(actual);
        }
    }
    return MX_OK;
}

// Says in `err` which setting named the address, and what to do when somebody else has it.
static int fail_from(const mx_options *options, enum mx_option option, struct mx_error *err) {
    bool is_admin = option == MX_OPT_ADMIN_LISTEN;
    const char *source = mx_options_source(options, option);
    struct mx_error found = *err;
    if (found.code == MX_E_CONFLICT) {
        return mx_fail(err, found.code,
            "%s; end what listens there, or choose another one with %s (this one is from %s)",
            found.text, is_admin ? "--admin-listen" : "--listen", source);
    }
    return mx_fail(err, found.code, "%s (from %s)", found.text, source);
}

static int open_list(struct mx_sockets *sockets, enum mx_option option, const mx_options *options,
    struct mx_error *err) {
    bool is_admin = option == MX_OPT_ADMIN_LISTEN;
    struct mx_slice rest = mx_slice_of(mx_options_text(options, option));
    uint64_t mode = 0;
    for (const char *digit = mx_options_text(options, MX_OPT_SOCKET_MODE); *digit; digit++) {
        mode = mode * 8 + (uint64_t)(*digit - '0');
    }
    size_t doors = 0;
    while (rest.ptr) {
        struct mx_slice address = mx_slice_trim(mx_slice_cut(&rest, ','));
        if (address.len == 0) {
            continue;
        }
        if (++doors > MX_DOORS / 2) {
            return mx_fail(err, MX_E_LIMIT, "at most %d addresses are listened on", MX_DOORS / 2);
        }
        int fd = -1;
        int rc = MX_OK;
        if (mx_slice_starts_with(address, MX_SLICE("unix:"))) {
            rc = mx_socket_listen(address, false, (unsigned)mode, &fd, err);
            rc = rc < 0 ? rc : share(sockets, fd, is_admin, err);
        } else {
            rc = open_tcp(sockets, address, is_admin, err);
        }
        if (rc < 0) {
            return fail_from(options, option, err);
        }
    }
    return MX_OK;
}

static int take_passed(struct mx_sockets *sockets, bool *any, struct mx_error *err) {
    char names[MX_DOORS][32] = {{0}};
    int count = 0;
    for (int i = 0; i < MX_DOORS; i++) {
        mx_sd_listen_name(i, names[i], sizeof(names[i]));
    }
    int first = mx_sd_listen_fds(&count);
    *any = first >= 0;
    if (count > MX_DOORS) {
        return mx_fail(err, MX_E_LIMIT, "systemd passed more than %d sockets", MX_DOORS);
    }
    for (int i = 0; i < count; i++) {
        bool is_admin = strcmp(names[i], "admin") == 0; // FileDescriptorName=admin
        if (share(sockets, first + i, is_admin, err) < 0) {
            return err->code;
        }
    }
    return MX_OK;
}

int mx_sockets_open(const mx_options *options, struct mx_sockets **out, struct mx_error *err) {
    struct mx_sockets *sockets = mx_alloc(sizeof(*sockets));
    sockets->workers = count_workers(options);
    bool passed = false;
    int rc = take_passed(sockets, &passed, err);
    if (rc == MX_OK && !passed) {
        rc = open_list(sockets, MX_OPT_LISTEN, options, err);
    }
    if (rc == MX_OK) {
        rc = open_list(sockets, MX_OPT_ADMIN_LISTEN, options, err);
    }
    if (rc < 0) {
        mx_sockets_close(sockets);
        return rc;
    }
    *out = sockets;
    return MX_OK;
}

void mx_sockets_close(struct mx_sockets *sockets) {
    if (!sockets) {
        return;
    }
    for (size_t i = 0; i < sockets->count; i++) {
        close(sockets->list[i].fd);
    }
    mx_free(sockets);
}

void mx_sockets_describe(const struct mx_sockets *sockets, const mx_options *options, mx_buf *out) {
    unsigned port = 0;
    for (size_t i = 0; i < sockets->count && port == 0; i++) {
        port = sockets->list[i].is_admin ? 0 : mx_socket_port(sockets->list[i].fd);
    }
    struct mx_slice listen = mx_slice_of(mx_options_text(options, MX_OPT_LISTEN));
    if (port != 0 && listen.len > 2 && memcmp(listen.ptr + listen.len - 2, ":0", 2) == 0) {
        mx_buf_append(out, listen.ptr, listen.len - 1);
        mx_buf_append_int(out, port);
    } else {
        mx_buf_append_slice(out, listen);
    }
}

bool mx_sockets_are_local(const struct mx_sockets *sockets) {
    for (size_t i = 0; i < sockets->count; i++) {
        struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
        const struct sockaddr *any = (const struct sockaddr *)(const void *)&address;
        socklen_t size = sizeof(address);
        if (getsockname(sockets->list[i].fd, (struct sockaddr *)(void *)&address, &size) != 0 ||
            (any->sa_family != AF_UNIX && !mx_reach_is_loopback(any))) {
            return false;
        }
    }
    return true;
}

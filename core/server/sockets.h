// The listening sockets of a server: passed by systemd, or opened from the options, one of each for
// every worker. Opened before the server process is made, so that a restart after a crash refuses
// nobody.
#pragma once

#include "server/options.h"

enum { MX_SOCKETS_MAX = 1024 };

struct mx_socket {
    int fd;
    bool is_admin;
    unsigned worker; // whose it is
};

struct mx_sockets {
    struct mx_socket list[MX_SOCKETS_MAX];
    size_t count;
    unsigned workers;
};

// `*out` is owned: give it to mx_sockets_close().
int mx_sockets_open(const mx_options *options, struct mx_sockets **out, struct mx_error *err);

// Closes the descriptors of this process. `sockets` may be NULL.
void mx_sockets_close(struct mx_sockets *sockets);

// Appends "127.0.0.1:8080, unix:/run/merx.sock": where the shop is.
void mx_sockets_describe(const struct mx_sockets *sockets, const mx_options *options, mx_buf *out);

// Whether only programs of this machine can come in.
bool mx_sockets_are_local(const struct mx_sockets *sockets);

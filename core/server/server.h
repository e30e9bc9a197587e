// The server of one data folder: its threads from start to drain.
#pragma once

#include "server/options.h"
#include "server/sockets.h"

// Serves until SIGTERM, SIGINT or `merx stop`. `sockets` is taken. `ready_fd`, unless negative,
// gets one byte when the shop is open, and is closed. MX_OK after a drain.
int mx_server_run(
    mx_options *options, struct mx_sockets *sockets, int ready_fd, struct mx_error *err);

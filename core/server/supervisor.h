// Keeps a server running: one child process that holds the threads, started again when it crashes.
#pragma once

#include "server/options.h"

// Serves in a child process, or, when systemd watches already, in this one. Returns the exit code
// for the shell.
int mx_supervise(mx_options *options);

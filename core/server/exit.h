// Exit codes of every subcommand.
#pragma once

#include "platform/error.h"

enum {
    MX_EXIT_OK = 0,
    MX_EXIT_FAILED = 1,
    MX_EXIT_USAGE = 2,    // unknown subcommand or option
    MX_EXIT_MISSING = 3,  // the thing named does not exist
    MX_EXIT_CONFLICT = 4, // locked by another process, or changed under us
    MX_EXIT_REFUSED = 5,  // the input breaks a rule
    MX_EXIT_SYSTEM = 71,  // out of memory, or the system refused
};

// The exit code for a failure.
int mx_exit_code(enum mx_code code);

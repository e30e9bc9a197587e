// Stops Lua code that runs past its time, at no cost for code that does not: a monitor thread looks
// every 5 ms and signals (SIGUSR2) the thread whose innermost call is late; the handler installs a
// hook on exactly that call, known by its ticket, and the hook raises at every instruction.
#pragma once

#include "platform/error.h"

typedef struct mx_watchdog mx_watchdog;

// Starts the monitor; one a process. Call it before other threads start, so that they all inherit
// SIGUSR2 unblocked; pool threads never get one, because signals are sent to a thread.
// `*out` is owned: give it to mx_watchdog_stop() after all scripts that use it are destroyed.
int mx_watchdog_start(mx_watchdog **out, struct mx_error *err);

// Ends the monitor. `watchdog` may be NULL.
void mx_watchdog_stop(mx_watchdog *watchdog);

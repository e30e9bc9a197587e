// What systemd wants to hear, and the sockets it hands over. Without systemd everything here does
// nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// True when somebody listens (NOTIFY_SOCKET).
bool mx_sd_is_there(void);

// Sends lines such as "READY=1\nSTATUS=serving".
void mx_sd_notify(const char *lines);

// "RELOADING=1" with the time that the protocol asks for.
void mx_sd_notify_reloading(void);

// Milliseconds between two "WATCHDOG=1", or 0 when nobody waits for them.
uint64_t mx_sd_watchdog_ms(void);

// The first of `*count` descriptors that were passed to this process (LISTEN_FDS), or -1. They are
// made close-on-exec, and the variables are removed so that no child takes them for its own.
int mx_sd_listen_fds(int *count);

// The name that systemd gave to passed descriptor number `index` (LISTEN_FDNAMES), written into
// `out`, empty when it has none. Call it before mx_sd_listen_fds().
void mx_sd_listen_name(int index, char *out, size_t size);

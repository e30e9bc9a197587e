// What stands below the program: limits, disk, clock, kernel. For merx doctor, so nothing here is
// quick.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/error.h"

struct mx_machine {
    char kernel[64]; // "6.1.0"
    int64_t files_soft;
    int64_t files_hard;
    int64_t backlog; // longest queue of connections that the kernel keeps; -1: unknown
    int64_t cpus;
    int64_t memory_bytes;    // of the machine
    int64_t memory_limit;    // of the control group; -1: none
    bool is_clock_known;     // whether somebody keeps the clock right can be told
    bool is_clock_kept;      // somebody does
    int64_t clock_error_us;  // at most that far off, as the kernel believes
    char encoding[32];       // of the locale of the environment: "UTF-8"
    char file_system[32];    // below the folder: "ext4", or its number
    int64_t disk_bytes;      // of that file system
    int64_t disk_free_bytes; // for this user
    int64_t disk_free_files; // -1: without a limit
    bool is_read_only;
};

// `folder` must be there.
int mx_machine_look(const char *folder, struct mx_machine *out, struct mx_error *err);

struct mx_access {
    unsigned mode; // permission bits
    int64_t owner;
    bool is_own; // of the user who asks
};

// Follows no link. MX_E_MISSING when there is nothing.
int mx_machine_access(const char *path, struct mx_access *out, struct mx_error *err);

// How long a small write takes until it is on disk: median and longest of `count` in a file of its
// own below `folder`.
int mx_machine_time_sync(
    const char *folder, int count, int64_t *median_us, int64_t *longest_us, struct mx_error *err);

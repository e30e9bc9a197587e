// Options as the threads of a server use them: one immutable value after another, so that whoever
// began with one may finish with it.
#pragma once

#include "http/forwarded.h"
#include "server/options.h"

struct mx_settings {
    const mx_options *options;
    mx_proxies *proxies;       // who may set forwarded headers
    mx_proxies *metrics_allow; // who may read numbers
    struct mx_slice upload_paths;
    size_t cache_bytes;
    int64_t connections_max;
    uint64_t body_max;
    uint64_t upload_max;
    uint64_t head_ms;
    uint64_t idle_ms;
    uint64_t handler_ms;
    uint64_t drain_ms;
    bool access_log;
    bool compress;
    mx_options *own;           // what `options` is when they were read again, else NULL
    struct mx_settings *older; // kept to the end: nobody knows who still reads it
};

// Of `options`, which are borrowed. `*out` is owned: give it to mx_settings_destroy().
int mx_settings_create(const mx_options *options, struct mx_settings **out, struct mx_error *err);

// With those that came before it. `settings` may be NULL.
void mx_settings_destroy(struct mx_settings *settings);

// Reads the options again and logs what is new and what needs a restart. `*out` is NULL when
// nothing changed; else owned, and `settings` with it.
int mx_settings_refresh(
    struct mx_settings *settings, struct mx_settings **out, struct mx_error *err);

// Has the log follow `options`.
void mx_settings_configure_log(const mx_options *options);

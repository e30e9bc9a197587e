// What may be set, and where each value came from: flag > MERX_NAME > MERX_NAME_FILE >
// systemd credential merx.name > configuration file > default.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"
#include "script/services.h"

// In the order of the table in options.c.
enum mx_option {
    MX_OPT_DATA,
    MX_OPT_SHARE,
    MX_OPT_CONFIG,
    MX_OPT_LISTEN,
    MX_OPT_ADMIN_LISTEN,
    MX_OPT_SOCKET_MODE,
    MX_OPT_WORKERS,
    MX_OPT_BASE_URL,
    MX_OPT_TRUSTED_PROXIES,
    MX_OPT_FORWARDED,
    MX_OPT_METRICS_ALLOW,
    MX_OPT_LOG_LEVEL,
    MX_OPT_LOG_FORMAT,
    MX_OPT_ACCESS_LOG,
    MX_OPT_COMPRESS,
    MX_OPT_CACHE_BYTES,
    MX_OPT_CONNECTIONS,
    MX_OPT_BODY_BYTES,
    MX_OPT_UPLOAD_BYTES,
    MX_OPT_UPLOAD_PATHS,
    MX_OPT_HEAD_MS,
    MX_OPT_IDLE_MS,
    MX_OPT_HANDLER_MS,
    MX_OPT_DRAIN_MS,
    MX_OPT_SUPERVISE,
    MX_OPT_MIGRATE,
    MX_OPT_SAFE,
    MX_OPT_ALLOW_OLD_DEPS,
    MX_OPT_ALLOW_FAKE_CLOCK,
    MX_OPT_WORLD_NOW,
    MX_OPT_CLIENT_PRIVATE,
    MX_OPT_DEV,
    MX_OPT_COUNT,
};

typedef struct mx_options mx_options;

// Everything at its default. Owned: give it to mx_options_destroy().
mx_options *mx_options_create(void);

// `options` may be NULL.
void mx_options_destroy(mx_options *options);

// Reads flags from `argv` in any order and moves what is none (and everything behind "--") to the
// front of it; writes how many those are to `*argc`. With `lenient` unknown flags stay too: they
// are a tool's own. MX_E_INVALID names the flag, and a similar one.
int mx_options_read_flags(
    mx_options *options, int *argc, char **argv, bool lenient, struct mx_error *err);

// Reads MERX_*, credentials and the configuration file (of --config, else /etc/merx/merx.conf if it
// exists), checks every value. Call it after mx_options_read_flags().
int mx_options_resolve(mx_options *options, struct mx_error *err);

// Reads everything but flags once more, with `options` for those that need a restart. Appends the
// names of changed ones to `taken`, and those that wait for a restart to `waiting`. `*out` is
// owned: give it to mx_options_destroy().
int mx_options_refresh(const mx_options *options, mx_options **out, mx_buf *taken, mx_buf *waiting,
    struct mx_error *err);

// Values, borrowed from `options`. Text is never NULL; an absent one is "".
const char *mx_options_text(const mx_options *options, enum mx_option option);
int64_t mx_options_int(const mx_options *options, enum mx_option option);
bool mx_options_flag(const mx_options *options, enum mx_option option);

// Where it comes from: "--listen", "MERX_LISTEN", "/etc/merx/merx.conf:3", ..., or "default".
// Borrowed.
const char *mx_options_source(const mx_options *options, enum mx_option option);

// Sets a value, as a program that calls this one would by a flag. For derived defaults and tests.
int mx_options_set(mx_options *options, enum mx_option option, const char *value,
    const char *source, struct mx_error *err);

// All names and values, for native.thread.options. Borrowed from `options`.
const struct mx_pair *mx_options_pairs(const mx_options *options, size_t *count);

// Appends a table: name, value, source, and with `explain` what it means.
void mx_options_print(const mx_options *options, bool explain, mx_buf *out);

// Appends the lines for `merx help`.
void mx_options_print_help(mx_buf *out);

// Start: folder, writer, workers, doors open, merx.sock, jobs. End: doors closed and workers
// drained, jobs, merx.sock, writer, folder. The main thread only watches and is told things.
#include "server/server.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loop/signal.h"
#include "platform/alloc.h"
#include "platform/log.h"
#include "script/ahead.h"
#include "server/activity.h"
#include "server/control.h"
#include "server/folder.h"
#include "server/jobs.h"
#include "server/plugin_counts.h"
#include "server/sd_notify.h"
#include "server/worker.h"
#include "server/writer.h"

enum { SIGNALS = 3, LOOK_MS = 20 };

struct server {
    struct mx_shared shared;
    struct mx_folder folder;
    struct mx_worker *workers;
    unsigned worker_count;
    mx_jobs *jobs;
    mx_loop *loop;
    mx_mailbox *mailbox;
    mx_control *control;
    mx_signal *signals[SIGNALS];
    mx_timer *pulse;  // for systemd's watchdog
    mx_timer *looker; // while draining
    struct mx_letter wake;
    _Atomic bool is_woken; // the letter is under way
    struct mx_letter reload;
    _Atomic int change;       // enum mx_change: what the letter under way is about
    enum mx_change reloading; // what the writer takes up now
    enum mx_change asked;     // once more after that
    bool is_stopping;
};

// --- what happens while it serves -------------------------------------------------------------

static void on_drain_looked_at(void *ctx) {
    struct server *server = ctx;
    for (unsigned i = 0; i < server->worker_count; i++) {
        if (!atomic_load(&server->workers[i].has_ended)) {
            return;
        }
    }
    mx_loop_stop(server->loop);
}

static void begin_drain(void *ctx) {
    struct server *server = ctx;
    if (server->is_stopping) {
        return;
    }
    server->is_stopping = true;
    mx_log_info("stopping: requests may end, no new ones are taken");
    mx_sd_notify("STOPPING=1\nSTATUS=draining");
    atomic_store(&server->shared.phase, MX_PHASE_DRAINING);
    for (unsigned i = 0; i < server->worker_count; i++) {
        mx_worker_drain(&server->workers[i]);
    }
    server->looker = mx_timer_start(server->loop, 0, LOOK_MS, on_drain_looked_at, server);
}

static void post_reload(void *ctx, enum mx_change change) {
    struct server *server = ctx;
    if (mx_change_note(&server->change, change)) {
        mx_mailbox_post(server->mailbox, &server->reload);
    }
}

static void on_writer_reloaded(void *ctx, struct mx_slice answer) {
    (void)answer; // a failure is in the log
    struct server *server = ctx;
    enum mx_change change = server->reloading;
    server->reloading = MX_CHANGE_NONE;
    if (change == MX_CHANGE_ALL) {
        atomic_fetch_add(&server->shared.pages, 1);
    }
    for (unsigned i = 0; i < server->worker_count; i++) {
        mx_worker_reload(&server->workers[i], change);
    }
    if (server->jobs) { // not at the end, nor at a start that failed
        mx_jobs_reload(server->jobs, change);
    }
    mx_log_info(change == MX_CHANGE_ALL ? "reloaded" : "plugins are as they were arranged");
    mx_sd_notify("READY=1\nSTATUS=serving");
    if (server->asked) {
        post_reload(server, server->asked);
        server->asked = MX_CHANGE_NONE;
    }
}

// What cannot be read leaves everything as it was.
static void refresh_settings(struct mx_shared *shared) {
    struct mx_settings *fresh = NULL;
    struct mx_error err;
    if (mx_settings_refresh(atomic_load(&shared->settings), &fresh, &err) < 0) {
        mx_log_error("the options stay as they were: %s", err.text);
    } else if (fresh) {
        atomic_store(&shared->settings, fresh);
        mx_settings_configure_log(fresh->options);
        mx_cache_resize(shared->cache, fresh->cache_bytes);
    }
}

static void begin_reload(struct server *server, enum mx_change change) {
    struct mx_error err;
    if (server->is_stopping) {
        return;
    }
    if (server->reloading) { // what it took up may be older
        server->asked = change > server->asked ? change : server->asked;
        return;
    }
    mx_sd_notify_reloading();
    if (change == MX_CHANGE_ALL) {
        refresh_settings(&server->shared);
    }
    if (mx_commands_reload(server->shared.commands, change, server->mailbox, on_writer_reloaded,
            server, &err) < 0) {
        mx_log_error("reload failed: %s", err.text);
        mx_sd_notify("READY=1\nSTATUS=serving");
        return;
    }
    server->reloading = change;
}

static void reload_all(void *ctx) {
    begin_reload(ctx, MX_CHANGE_ALL);
}

static void on_reload_read(struct mx_letter *letter) {
    struct server *server = (struct server *)((char *)letter - offsetof(struct server, reload));
    begin_reload(server, (enum mx_change)atomic_exchange(&server->change, MX_CHANGE_NONE));
}

static void on_signal(void *ctx, int number) {
    struct server *server = ctx;
    if (number == SIGHUP) {
        begin_reload(server, MX_CHANGE_ALL);
        return;
    }
    if (server->is_stopping) {
        mx_log_warn("told to stop twice: ending at once; what was acknowledged is on disk");
        _exit(1);
    }
    begin_drain(server);
}

static void on_pulse(void *ctx) {
    (void)ctx;
    mx_sd_notify("WATCHDOG=1");
}

// Wake-ups go by the main thread, whose mailbox outlives every thread that wakes.
static void wake_jobs(void *ctx) {
    struct server *server = ctx;
    if (!atomic_exchange(&server->is_woken, true)) {
        mx_mailbox_post(server->mailbox, &server->wake);
    }
}

static void on_wake_read(struct mx_letter *letter) {
    struct server *server = (struct server *)((char *)letter - offsetof(struct server, wake));
    atomic_store(&server->is_woken, false);
    if (server->jobs) {
        mx_jobs_wake(server->jobs);
    }
}

// --- start ------------------------------------------------------------------------------------

static void raise_limits(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int read_options(struct server *server, mx_options *options, struct mx_error *err) {
    struct mx_shared *shared = &server->shared;
    struct mx_settings *settings = NULL;
    shared->options = options;
    shared->share = mx_options_text(options, MX_OPT_SHARE);
    shared->data = mx_options_text(options, MX_OPT_DATA);
    shared->clock = mx_clock_of_options(options);
    shared->world = mx_clock_world(shared->clock);
    shared->wake_jobs = wake_jobs;
    shared->reload = post_reload;
    shared->wake_ctx = server;
    server->wake.fn = on_wake_read;
    server->reload.fn = on_reload_read;
    int rc = mx_settings_create(options, &settings, err);
    atomic_store(&shared->settings, settings);
    return rc;
}

static int open_shared(struct server *server, unsigned workers, struct mx_error *err) {
    struct mx_shared *shared = &server->shared;
    shared->database = server->folder.database;
    shared->uploads = server->folder.uploads;
    shared->keyring = server->folder.keyring;
    shared->stamps = mx_stamps_create();
    shared->cache = mx_cache_create(mx_shared_settings(shared)->cache_bytes, shared->stamps);
    shared->metrics = mx_metrics_create(workers + 2);
    shared->activity = mx_activity_create(workers);
    shared->plugin_counts = mx_plugin_counts_create();
    return mx_watchdog_start(&shared->watchdog, err);
}

// Workers boot side by side; one that fails lets the others end.
static int start_workers(struct server *server, struct mx_sockets *sockets, struct mx_error *err) {
    int rc = MX_OK;
    server->worker_count = sockets->workers;
    server->workers = mx_alloc(sockets->workers * sizeof(struct mx_worker));
    for (unsigned i = 0; i < sockets->workers; i++) {
        struct mx_worker *worker = &server->workers[i];
        worker->lane.shared = &server->shared;
        worker->lane.role = MX_ROLE_WORKER;
        worker->lane.index = i;
        snprintf(worker->lane.name, sizeof(worker->lane.name), "worker-%u", i);
        worker->lane.tally = mx_metrics_tally(server->shared.metrics, i + 2, worker->lane.name);
    }
    for (size_t i = 0; i < sockets->count; i++) {
        struct mx_worker *worker = &server->workers[sockets->list[i].worker];
        assert(worker->door_count < MX_DOORS && "mx_sockets_open() counts them");
        worker->doors[worker->door_count++] =
            (struct mx_door){.fd = sockets->list[i].fd, .is_admin = sockets->list[i].is_admin};
    }
    sockets->count = 0; // the workers' now
    unsigned started = 0;
    for (; started < server->worker_count; started++) {
        rc = mx_worker_start(&server->workers[started], err);
        if (rc < 0) {
            break;
        }
    }
    for (unsigned i = 0; i < started; i++) {
        struct mx_error first;
        struct mx_worker *worker = &server->workers[i];
        worker->is_running = mx_worker_wait(worker, rc < 0 ? &first : err) == MX_OK;
        rc = !worker->is_running && rc == MX_OK ? err->code : rc;
    }
    return rc;
}

static int listen_to_signals(struct server *server, struct mx_error *err) {
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < SIGNALS; i++) {
        int rc =
            mx_signal_start(server->loop, numbers[i], on_signal, server, &server->signals[i], err);
        if (rc < 0) {
            return rc;
        }
    }
    return MX_OK;
}

// What plugins may do on a desk is no matter for a shop that the world can see.
static int check_private(
    const mx_options *options, const struct mx_sockets *sockets, struct mx_error *err) {
    static const struct {
        enum mx_option option;
        const char *name;
    } desk[] = {{MX_OPT_DEV, "dev"}, {MX_OPT_CLIENT_PRIVATE, "client_private"}};
    for (size_t i = 0; i < sizeof(desk) / sizeof(desk[0]); i++) {
        if (mx_options_flag(options, desk[i].option) && !mx_sockets_are_local(sockets)) {
            return mx_fail(err, MX_E_INVALID,
                "%s is for development: listen on 127.0.0.1 only (%s), or leave it out (%s)",
                desk[i].name, mx_options_source(options, MX_OPT_LISTEN),
                mx_options_source(options, desk[i].option));
        }
    }
    return MX_OK;
}

static int start(struct server *server, struct mx_sockets *sockets, struct mx_error *err) {
    struct mx_shared *shared = &server->shared;
    struct mx_control_host host = {reload_all, begin_drain, server};
    int rc = mx_loop_create(&server->loop, err);
    if (rc == MX_OK) {
        rc = mx_mailbox_open(server->loop, &server->mailbox, err);
    }
    if (rc == MX_OK) {
        rc = open_shared(server, sockets->workers, err);
    }
    if (rc == MX_OK) {
        rc = listen_to_signals(server, err);
    }
    if (rc == MX_OK) {
        rc = mx_commands_start(shared, server->folder.db, &shared->commands, err);
    }
    if (rc == MX_OK) {
        rc = start_workers(server, sockets, err);
    }
    if (rc == MX_OK) {
        rc = mx_control_open(server->loop, server->mailbox, shared, &host, &server->control, err);
    }
    if (rc == MX_OK) { // last: visitors who wait already are served meanwhile
        mx_tally *tally = mx_metrics_tally(shared->metrics, 1, "jobs");
        rc = mx_jobs_start(shared, tally, &server->jobs, err);
    }
    return rc;
}

static void announce(struct server *server, const char *where, int ready_fd) {
    mx_log_info(
        "serving %s with %u workers; data in %s", where, server->worker_count, server->shared.data);
    mx_sd_notify("READY=1\nSTATUS=serving");
    if (ready_fd >= 0) {
        ssize_t written = write(ready_fd, "1", 1);
        (void)written; // a supervisor that is gone needs no word
        close(ready_fd);
    }
    uint64_t pulse_ms = mx_sd_watchdog_ms();
    if (pulse_ms > 0) {
        server->pulse = mx_timer_start(server->loop, pulse_ms, pulse_ms, on_pulse, server);
    }
}

// --- end --------------------------------------------------------------------------------------

static void stop_workers(struct server *server) {
    for (unsigned i = 0; i < server->worker_count; i++) {
        if (server->workers[i].is_running) {
            mx_worker_drain(&server->workers[i]);
        }
    }
    for (unsigned i = 0; i < server->worker_count; i++) {
        if (server->workers[i].is_running) {
            mx_worker_join(&server->workers[i]);
        }
    }
    mx_free(server->workers);
}

static void stop(struct server *server) {
    struct mx_shared *shared = &server->shared;
    stop_workers(server);
    mx_jobs_stop(server->jobs);
    server->jobs = NULL;
    while (server->control && !mx_control_close(server->control)) {
        mx_loop_turn(server->loop, true);
    }
    mx_control_destroy(server->control);
    mx_commands_stop(shared->commands);
    for (int i = 0; i < SIGNALS; i++) {
        mx_signal_stop(server->signals[i]);
    }
    mx_timer_stop(server->pulse);
    mx_timer_stop(server->looker);
    mx_mailbox_close(server->mailbox); // what the writer has still posted is delivered
    mx_loop_destroy(server->loop);
    mx_watchdog_stop(shared->watchdog);
    mx_chunks_destroy(shared->chunks);
    mx_activity_destroy(shared->activity);
    mx_plugin_counts_destroy(shared->plugin_counts);
    mx_metrics_destroy(shared->metrics);
    mx_cache_destroy(shared->cache);
    mx_stamps_destroy(shared->stamps);
    mx_settings_destroy(atomic_load(&shared->settings));
    mx_clock_destroy(shared->clock);
    mx_folder_close(&server->folder);
}

int mx_server_run(
    mx_options *options, struct mx_sockets *sockets, int ready_fd, struct mx_error *err) {
    struct server *server = mx_alloc(sizeof(*server));
    mx_buf where = {0};
    signal(SIGPIPE, SIG_IGN);
    raise_limits();
    mx_sockets_describe(sockets, options, &where);
    int rc = read_options(server, options, err);
    if (rc == MX_OK) {
        rc = check_private(options, sockets, err);
    }
    server->shared.chunks = mx_chunks_create();
    mx_ahead *ahead = mx_ahead_start(server->shared.share, server->shared.chunks);
    if (rc == MX_OK) {
        rc = mx_folder_open(options, &server->folder, err);
    }
    if (rc == MX_OK) {
        rc = start(server, sockets, err);
    }
    mx_ahead_stop(ahead);
    if (rc == MX_OK) {
        atomic_store(&server->shared.phase, MX_PHASE_READY);
        announce(server, mx_buf_text(&where), ready_fd);
        mx_loop_run(server->loop);
        mx_log_info("stopped");
    }
    stop(server);
    mx_sockets_close(sockets);
    mx_buf_deinit(&where);
    mx_free(server);
    return rc;
}

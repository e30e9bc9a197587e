// The thread of a worker: its lane, its doors, its connections. A drain accepts who is in the
// queue, answers everybody with "Connection: close" and ends when nobody is left, or when time is
// up.
#include "server/worker.h"

#include <assert.h>
#include <unistd.h>

#include "server/exchange.h"

enum { HOUSEKEEPING_MS = 1000 };

static bool is_done(const struct mx_worker *worker) {
    return worker->is_draining && !worker->exchanges;
}

static void stop_when_done(struct mx_worker *worker) {
    if (is_done(worker)) {
        mx_loop_stop(worker->lane.loop);
    }
}

static void on_housekeeping(void *ctx) {
    struct mx_worker *worker = ctx;
    mx_lane_tally(&worker->lane);
    stop_when_done(worker);
}

static void on_connection(void *ctx, int fd, const struct mx_peer *peer) {
    struct mx_door *door = ctx;
    mx_exchange_accept(door->worker, fd, peer, door->is_admin);
}

static void close_doors(struct mx_worker *worker) {
    for (size_t i = 0; i < worker->door_count; i++) {
        struct mx_door *door = &worker->doors[i];
        if (door->listener) {
            mx_listener_stop(door->listener); // takes in who is waiting
        } else if (door->fd >= 0) {
            close(door->fd);
        }
        door->listener = NULL;
        door->fd = -1;
    }
}

static void on_patience_over(void *ctx) {
    struct mx_worker *worker = ctx;
    worker->is_over = true;
    mx_loop_stop(worker->lane.loop);
}

static void on_drain_posted(struct mx_letter *letter) {
    struct mx_worker *worker =
        (struct mx_worker *)((char *)letter - offsetof(struct mx_worker, drain));
    worker->is_draining = true; // whoever comes in now hears "Connection: close"
    close_doors(worker);
    mx_exchange *next = NULL;
    for (mx_exchange *exchange = worker->exchanges; exchange; exchange = next) {
        next = exchange->next;
        mx_exchange_drain(exchange);
    }
    worker->patience = mx_timer_start(worker->lane.loop,
        mx_shared_settings(worker->lane.shared)->drain_ms, 0, on_patience_over, worker);
    mx_timer_move(worker->housekeeping, 0);
}

static void on_reload_posted(struct mx_letter *letter) {
    struct mx_worker *worker =
        (struct mx_worker *)((char *)letter - offsetof(struct mx_worker, reload));
    mx_lane_reload(&worker->lane, (enum mx_change)atomic_exchange(&worker->change, MX_CHANGE_NONE));
}

static int open_doors(struct mx_worker *worker, struct mx_error *err) {
    for (size_t i = 0; i < worker->door_count; i++) {
        struct mx_door *door = &worker->doors[i];
        door->worker = worker;
        int fd = door->fd;
        door->fd = -1; // the listener's, also when it fails
        int rc =
            mx_listener_start(worker->lane.loop, fd, on_connection, door, &door->listener, err);
        if (rc < 0) {
            return rc;
        }
    }
    return MX_OK;
}

static int begin(struct mx_worker *worker, struct mx_error *err) {
    struct mx_compress_options thorough = {.gzip_level = 7, .brotli_quality = 6};
    struct mx_compress_options quick = {.gzip_level = 4, .brotli_quality = 3};
    worker->quick = mx_compressor_create(&quick);
    worker->thorough = mx_compressor_create(&thorough);
    mx_random(mx_world_real(), &worker->id_salt, sizeof(worker->id_salt));
    int rc = mx_lane_open(&worker->lane, mx_exchange_ops(), err);
    if (rc < 0) {
        return rc;
    }
    worker->housekeeping = mx_timer_start(
        worker->lane.loop, HOUSEKEEPING_MS, HOUSEKEEPING_MS, on_housekeeping, worker);
    return open_doors(worker, err);
}

// What is left when patience is over loses its connection; its tasks are dropped with the state.
static void end(struct mx_worker *worker) {
    close_doors(worker);
    mx_timer_stop(worker->housekeeping);
    mx_timer_stop(worker->patience);
    mx_exchange *next = NULL;
    for (mx_exchange *exchange = worker->exchanges; exchange; exchange = next) {
        next = exchange->next;
        mx_exchange_drop(exchange);
    }
    mx_lane_settle(&worker->lane);
    while (worker->exchanges && mx_loop_turn(worker->lane.loop, false)) {
    }
    assert(!worker->exchanges && "every connection has been let go");
    mx_lane_close(&worker->lane);
    mx_compressor_destroy(worker->quick);
    mx_compressor_destroy(worker->thorough);
    mx_buf_deinit(&worker->head);
}

static void *run(void *ctx) {
    struct mx_worker *worker = ctx;
    struct mx_error err;
    mx_start_name("merx-worker");
    int rc = begin(worker, &err);
    if (rc == MX_OK) {
        mx_start_say(&worker->start, MX_OK, NULL);
        while (!is_done(worker) && !worker->is_over) {
            mx_loop_run(worker->lane.loop);
        }
        end(worker);
        atomic_store(&worker->has_ended, true);
        return NULL;
    }
    end(worker);
    mx_start_say(&worker->start, rc, &err);
    return NULL;
}

int mx_worker_start(struct mx_worker *worker, struct mx_error *err) {
    worker->drain.fn = on_drain_posted;
    worker->reload.fn = on_reload_posted;
    return mx_start_thread(&worker->start, &worker->lane.thread, run, worker, err);
}

int mx_worker_wait(struct mx_worker *worker, struct mx_error *err) {
    return mx_start_wait(&worker->start, worker->lane.thread, err);
}

void mx_worker_drain(struct mx_worker *worker) {
    if (!worker->is_drain_posted) {
        worker->is_drain_posted = true;
        mx_mailbox_post(worker->lane.mailbox, &worker->drain);
    }
}

void mx_worker_reload(struct mx_worker *worker, enum mx_change change) {
    if (!worker->is_drain_posted && mx_change_note(&worker->change, change)) {
        mx_mailbox_post(worker->lane.mailbox, &worker->reload);
    }
}

void mx_worker_join(struct mx_worker *worker) {
    pthread_join(worker->lane.thread, NULL);
}

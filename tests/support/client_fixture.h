// A client on a loop that is nothing but poll(): for tests of core/client.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>

#include "client/client.h"
#include "platform/alloc.h"
#include "platform/world.h"

enum { DRIVE_FDS = 256, DRIVE_PATIENCE_MS = 20000 };

struct drive {
    mx_client *client;
    struct pollfd fds[DRIVE_FDS];
    int count;
    int64_t due; // -1: no timer
    int64_t longest_ms;
};

// What came of one transfer.
struct outcome {
    int done;
    int status; // 0: none
    mx_buf body;
    mx_buf fields; // "name: value\n"
    struct mx_error err;
    unsigned elapsed_ms;
    mx_transfer *transfer;
};

static inline int64_t drive_now(void) {
    return (int64_t)(mx_mono_ns(mx_world_real()) / 1000000);
}

static inline void drive_watch(void *ctx, int fd, bool read, bool write) {
    struct drive *drive = ctx;
    int at = 0;
    while (at < drive->count && drive->fds[at].fd != fd) {
        at++;
    }
    if (!read && !write) {
        assert_true(at < drive->count); // only what was watched is given up
        drive->fds[at] = drive->fds[--drive->count];
        return;
    }
    if (at == drive->count) {
        assert_true(drive->count < DRIVE_FDS);
        drive->count++;
    }
    drive->fds[at] = (struct pollfd){fd, (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0)), 0};
}

static inline void drive_set_timer(void *ctx, long ms) {
    ((struct drive *)ctx)->due = ms < 0 ? -1 : drive_now() + ms;
}

static inline void drive_open(struct drive *drive, struct mx_client_options options) {
    struct mx_error err;
    memset(drive, 0, sizeof(*drive));
    drive->due = -1;
    options.loop = (struct mx_client_loop){drive_watch, drive_set_timer, drive};
    options.transfer_max = options.transfer_max ? options.transfer_max : 64;
    options.waiting_max = options.waiting_max ? options.waiting_max : 64;
    assert_int_equal(mx_client_create(&options, &drive->client, &err), MX_OK);
}

static inline void drive_close(struct drive *drive) {
    mx_client_destroy(drive->client);
    assert_int_equal(drive->count, 0); // nothing is watched any more
}

static inline void drive_turn(struct drive *drive) {
    struct pollfd ready[DRIVE_FDS];
    int64_t now = drive_now();
    int wait = drive->due < 0 ? 100 : drive->due > now + 100 ? 100 : (int)(drive->due - now);
    poll(drive->fds, (nfds_t)drive->count, wait < 0 ? 0 : wait);
    int count = drive->count;
    memcpy(ready, drive->fds, sizeof(ready));
    int64_t before = drive_now();
    for (int i = 0; i < count; i++) {
        short events = ready[i].revents;
        if (events) {
            bool failed = events & (POLLERR | POLLHUP | POLLNVAL);
            mx_client_ready(drive->client, ready[i].fd, failed || (events & POLLIN),
                failed || (events & POLLOUT));
        }
    }
    if (drive->due >= 0 && drive_now() >= drive->due) {
        drive->due = -1;
        mx_client_tick(drive->client);
    }
    int64_t spent = drive_now() - before;
    drive->longest_ms = spent > drive->longest_ms ? spent : drive->longest_ms;
}

// Until `count` of the outcomes are there.
static inline void drive_until(struct drive *drive, const struct outcome *outcomes, int count) {
    int64_t end = drive_now() + DRIVE_PATIENCE_MS;
    for (;;) {
        int done = 0;
        for (int i = 0; i < count; i++) {
            done += outcomes[i].done;
        }
        if (done >= count) {
            return;
        }
        if (drive_now() > end) {
            fail_msg("only %d of %d transfers have ended", done, count);
        }
        drive_turn(drive);
    }
}

static inline void outcome_take(
    void *ctx, const struct mx_client_reply *reply, const struct mx_error *err) {
    struct outcome *outcome = ctx;
    outcome->done++;
    if (!reply) {
        outcome->err = *err;
        return;
    }
    outcome->status = reply->status;
    outcome->elapsed_ms = reply->elapsed_ms;
    mx_buf_append_slice(&outcome->body, reply->body);
    for (size_t i = 0; i < reply->field_count; i++) {
        mx_buf_append_slice(&outcome->fields, reply->fields[i].name);
        mx_buf_append_text(&outcome->fields, ": ");
        mx_buf_append_slice(&outcome->fields, reply->fields[i].value);
        mx_buf_append_text(&outcome->fields, "\n");
    }
}

static inline void outcome_clear(struct outcome *outcome) {
    mx_buf_deinit(&outcome->body);
    mx_buf_deinit(&outcome->fields);
    memset(outcome, 0, sizeof(*outcome));
}

static inline void assert_says(const struct outcome *outcome, enum mx_code code, const char *text) {
    assert_int_equal(outcome->status, 0);
    if (outcome->err.code != code || !strstr(outcome->err.text, text)) {
        fail_msg(
            "%s: '%s' does not say '%s'", mx_code_name(outcome->err.code), outcome->err.text, text);
    }
}

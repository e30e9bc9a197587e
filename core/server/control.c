// The server's end of merx.sock. Each connection handles one message at a time, in order.
#define _GNU_SOURCE // struct ucred
#include "server/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/listener.h"
#include "loop/offload.h"
#include "loop/stream.h"
#include "platform/alloc.h"
#include "platform/log.h"
#include "server/frame.h"
#include "server/health.h"
#include "server/plugin_counts.h"
#include "server/writer.h"
#include "storage/backup.h"

enum { SOCKET_PATH_MAX = 100 };

struct caller {
    mx_control *control;
    struct caller *next;
    struct caller **link; // what points at this one
    mx_stream *stream;    // NULL: gone
    mx_buf in;
    bool is_busy;                         // an answer is on its way from elsewhere
    void (*go_on)(struct caller *caller); // reads the next message after that
};

struct mx_control {
    mx_loop *loop;       // borrowed
    mx_mailbox *mailbox; // borrowed
    struct mx_shared *shared;
    struct mx_control_host host;
    mx_listener *listener;
    struct caller *callers;
    char path[SOCKET_PATH_MAX + 1];
};

// --- answers ----------------------------------------------------------------------------------

static void release(struct caller *caller) {
    if (caller->stream || caller->is_busy) {
        return;
    }
    *caller->link = caller->next;
    if (caller->next) {
        caller->next->link = caller->link;
    }
    mx_buf_deinit(&caller->in);
    mx_free(caller);
}

static void send_words(struct caller *caller, const struct mx_slice *words, size_t count) {
    mx_buf out = {0};
    mx_frame_write(&out, words, count);
    struct mx_slice piece = mx_buf_slice(&out);
    if (caller->stream) {
        mx_stream_write(caller->stream, &piece, 1, NULL);
    }
    mx_buf_deinit(&out);
}

static void send_ok(struct caller *caller, struct mx_slice result) {
    struct mx_slice words[2] = {MX_SLICE("ok"), result};
    send_words(caller, words, result.ptr ? 2 : 1);
}

static void send_error(struct caller *caller, const struct mx_error *err) {
    struct mx_slice words[3] = {
        MX_SLICE("error"), mx_slice_of(mx_code_name(err->code)), mx_slice_of(err->text)};
    send_words(caller, words, 3);
}

// --- verbs ------------------------------------------------------------------------------------

static int do_ping(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    (void)frame;
    (void)err;
    char pid[24];
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    struct mx_slice words[3] = {MX_SLICE("ok"), mx_slice_of(MX_VERSION), mx_slice_of(pid)};
    send_words(caller, words, 3);
    return MX_OK;
}

static int do_status(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    (void)frame;
    (void)err;
    mx_buf out = {0};
    mx_health_write_status(caller->control->shared, &out);
    send_ok(caller, mx_buf_slice(&out));
    mx_buf_deinit(&out);
    return MX_OK;
}

static int do_metrics(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    (void)frame;
    (void)err;
    mx_buf out = {0};
    mx_health_write_metrics(caller->control->shared, NULL, &out);
    send_ok(caller, mx_buf_slice(&out));
    mx_buf_deinit(&out);
    return MX_OK;
}

static int do_plugins(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    (void)frame;
    (void)err;
    mx_buf out = {0};
    mx_plugin_counts_write_json(caller->control->shared->plugin_counts, &out);
    send_ok(caller, mx_buf_slice(&out));
    mx_buf_deinit(&out);
    return MX_OK;
}

// An answer came from elsewhere: the caller may be gone meanwhile.
static void end_wait(struct caller *caller) {
    caller->is_busy = false;
    if (caller->stream) {
        caller->go_on(caller);
    } else {
        release(caller);
    }
}

static void on_command_answered(void *ctx, struct mx_slice answer) {
    struct caller *caller = ctx;
    send_ok(caller, answer);
    end_wait(caller);
}

static int do_command(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    struct mx_control *control = caller->control;
    if (frame->count < 3 || frame->count > 5) {
        return mx_fail(err, MX_E_INVALID, "command NAME ARGS [KEY [ACTOR]]");
    }
    struct mx_command command = {
        .name = frame->words[1],
        .args = frame->words[2],
        .key = frame->count > 3 ? frame->words[3] : (struct mx_slice){0},
        .actor = frame->count > 4 ? frame->words[4] : (struct mx_slice){0},
    };
    int rc = mx_commands_submit(
        control->shared->commands, &command, control->mailbox, on_command_answered, caller, err);
    caller->is_busy = rc == MX_OK;
    return rc;
}

static int do_reload(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    (void)frame;
    (void)err;
    caller->control->host.reload(caller->control->host.ctx);
    send_ok(caller, (struct mx_slice){0});
    return MX_OK;
}

static int do_stop(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    (void)frame;
    (void)err;
    send_ok(caller, (struct mx_slice){0});
    caller->control->host.stop(caller->control->host.ctx);
    return MX_OK;
}

static int do_clock(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    struct mx_shared *shared = caller->control->shared;
    uint64_t ms = 0;
    if (frame->count > 1 && !mx_slice_to_u64(frame->words[1], INT64_MAX, &ms)) {
        return mx_fail(err, MX_E_INVALID, "clock MS: milliseconds since 1970");
    }
    if (frame->count > 1 && mx_clock_set(shared->clock, (int64_t)ms, err) < 0) {
        return err->code;
    }
    if (frame->count > 1) {
        shared->wake_jobs(shared->wake_ctx); // something may be due now
    }
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)mx_now_ms(shared->world));
    send_ok(caller, mx_slice_of(text));
    return MX_OK;
}

struct backup {
    struct caller *caller;
    const char *from; // borrowed
    char *to;         // owned
    bool allow_old_deps;
    int rc;
    struct mx_error err;
};

static void on_backup_run(void *ctx) {
    struct backup *backup = ctx;
    backup->rc = mx_backup_database(
        backup->from, backup->to, backup->allow_old_deps, NULL, NULL, &backup->err);
}

static void on_backup_done(void *ctx) {
    struct backup *backup = ctx;
    struct caller *caller = backup->caller;
    if (backup->rc < 0) {
        send_error(caller, &backup->err);
    } else {
        send_ok(caller, (struct mx_slice){0});
    }
    mx_free(backup->to);
    mx_free(backup);
    end_wait(caller);
}

static int do_backup(struct caller *caller, const struct mx_frame *frame, struct mx_error *err) {
    struct mx_shared *shared = caller->control->shared;
    struct mx_slice path = frame->count == 2 ? frame->words[1] : (struct mx_slice){0};
    if (path.len == 0 || path.ptr[0] != '/' || memchr(path.ptr, '\0', path.len)) {
        return mx_fail(err, MX_E_INVALID, "backup PATH: an absolute path");
    }
    struct backup *backup = mx_alloc(sizeof(*backup));
    backup->caller = caller;
    backup->from = shared->database;
    backup->to = mx_alloc(path.len + 1);
    memcpy(backup->to, path.ptr, path.len);
    backup->allow_old_deps = mx_options_flag(shared->options, MX_OPT_ALLOW_OLD_DEPS);
    caller->is_busy = true;
    mx_offload_start(caller->control->loop, on_backup_run, on_backup_done, backup);
    return MX_OK;
}

static const struct {
    const char *name;
    int (*fn)(struct caller *caller, const struct mx_frame *frame, struct mx_error *err);
} verbs[] = {
    {"backup", do_backup},
    {"clock", do_clock},
    {"command", do_command},
    {"metrics", do_metrics},
    {"ping", do_ping},
    {"plugins", do_plugins},
    {"reload", do_reload},
    {"status", do_status},
    {"stop", do_stop},
};

static void dispatch(struct caller *caller, const struct mx_frame *frame) {
    struct mx_error err;
    struct mx_slice verb = frame->count > 0 ? frame->words[0] : (struct mx_slice){0};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (mx_slice_equal(verb, mx_slice_of(verbs[i].name))) {
            if (verbs[i].fn(caller, frame, &err) < 0) {
                send_error(caller, &err);
            }
            return;
        }
    }
    mx_fail(&err, MX_E_MISSING, "there is no verb \"%.*s\"", (int)(verb.len < 40 ? verb.len : 40),
        verb.len > 0 ? verb.ptr : "");
    send_error(caller, &err);
}

// --- connections ------------------------------------------------------------------------------

static void drop(struct caller *caller) {
    mx_stream *stream = caller->stream;
    if (stream) {
        mx_stream_close(stream); // on_caller_closed() does the rest
    }
}

static void read_messages(struct caller *caller) {
    struct mx_error err;
    while (!caller->is_busy) {
        struct mx_frame frame;
        size_t used = 0;
        int rc = mx_frame_read(mx_buf_slice(&caller->in), &frame, &used, &err);
        if (rc < 0) {
            send_error(caller, &err);
            mx_stream_finish(caller->stream);
            return;
        }
        if (rc == 0) {
            return;
        }
        dispatch(caller, &frame);
        mx_buf_consume(&caller->in, used);
    }
}

static void on_caller_data(void *ctx, struct mx_slice bytes) {
    struct caller *caller = ctx;
    mx_buf_append_slice(&caller->in, bytes);
    read_messages(caller);
}

static void on_caller_ended(void *ctx, bool broken) {
    (void)broken;
    drop(ctx);
}

static void on_caller_drained(void *ctx) {
    (void)ctx; // answers are short: nobody waits
}

static void on_caller_closed(void *ctx) {
    struct caller *caller = ctx;
    caller->stream = NULL;
    release(caller);
}

static bool is_permitted(int fd) {
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void on_caller_accepted(void *ctx, int fd, const struct mx_peer *peer) {
    static const struct mx_stream_events events = {
        on_caller_data, on_caller_ended, on_caller_drained, on_caller_closed};
    (void)peer;
    mx_control *control = ctx;
    struct mx_error err;
    if (!is_permitted(fd)) {
        mx_log_warn("another user tried to use merx.sock");
        close(fd);
        return;
    }
    struct caller *caller = mx_alloc(sizeof(*caller));
    caller->control = control;
    caller->go_on = read_messages;
    caller->next = control->callers;
    caller->link = &control->callers;
    if (caller->next) {
        caller->next->link = &caller->next;
    }
    control->callers = caller;
    if (mx_stream_open(control->loop, fd, &events, caller, &caller->stream, &err) < 0) {
        mx_log_warn("a connection to merx.sock was lost: %s", err.text);
        release(caller);
    }
}

// --- life -------------------------------------------------------------------------------------

int mx_control_open(mx_loop *loop, mx_mailbox *mailbox, struct mx_shared *shared,
    const struct mx_control_host *host, mx_control **out, struct mx_error *err) {
    mx_control *control = mx_alloc(sizeof(*control));
    *control = (mx_control){.loop = loop, .mailbox = mailbox, .shared = shared, .host = *host};
    char address[SOCKET_PATH_MAX + 8];
    int len = snprintf(address, sizeof(address), "unix:%s/merx.sock", shared->data);
    int fd = -1;
    int rc = MX_OK;
    if (len < 0 || (size_t)len >= sizeof(address) - 2) {
        rc = mx_fail(err, MX_E_INVALID, "the path of the data folder is too long for merx.sock");
        goto out;
    }
    snprintf(control->path, sizeof(control->path), "%s", address + strlen("unix:"));
    rc = mx_socket_listen(mx_slice_of(address), false, 0600, &fd, err);
    if (rc < 0) {
        goto out;
    }
    rc = mx_listener_start(loop, fd, on_caller_accepted, control, &control->listener, err);
    if (rc < 0) {
        goto out;
    }
    *out = control;
    control = NULL; // handed over
out:
    mx_free(control);
    return rc;
}

bool mx_control_close(mx_control *control) {
    if (control->listener) {
        mx_listener_stop(control->listener);
        control->listener = NULL;
        unlink(control->path);
    }
    for (struct caller *caller = control->callers; caller; caller = caller->next) {
        if (!caller->is_busy) {
            drop(caller);
        }
    }
    return control->callers == NULL;
}

void mx_control_destroy(mx_control *control) {
    mx_free(control);
}

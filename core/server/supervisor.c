// The parent has no threads, so fork() is safe at any time. It keeps the listening sockets open, so
// while a child is being replaced visitors wait in the kernel's queue instead of being refused.
#define _GNU_SOURCE // prctl()
#include "server/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "platform/log.h"
#include "platform/world.h"
#include "server/exit.h"
#include "server/fault.h"
#include "server/sd_notify.h"
#include "server/server.h"
#include "server/settings.h"

enum {
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 10000,
    LONGEST_PAUSE_READY_MS = 1000, // whoever calls between two crashes is served
    WELL_MS = 2000,                // a child that was ready and ran this long was well
};

struct supervisor {
    mx_options *options; // for the next child
    mx_options *own;     // what they are when they were read again, else NULL
    struct mx_sockets *sockets;
    sigset_t signals; // those that are waited for
    sigset_t before;  // the mask of a child
    pid_t child;
    int ready_fd; // readable when the child has opened the shop
    bool was_ready;
    bool is_stopping;
};

static int run_server(mx_options *options, struct mx_sockets *sockets, int ready_fd) {
    struct mx_error err;
    int rc = mx_server_run(options, sockets, ready_fd, &err);
    if (rc < 0) {
        mx_log_error("cannot serve: %s", err.text);
    }
    return mx_exit_code((enum mx_code)rc);
}

static _Noreturn void be_child(struct supervisor *supervisor, pid_t parent, int ready_fd) {
    sigprocmask(SIG_SETMASK, &supervisor->before, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); // no parent, no shop: nobody would restart it
    if (getppid() != parent) {
        _exit(MX_EXIT_FAILED);
    }
    mx_options *options = supervisor->options;
    int code = run_server(options, supervisor->sockets, ready_fd);
    mx_options_destroy(options);
    exit(code);
}

static int start_child(struct supervisor *supervisor, struct mx_error *err) {
    int ends[2];
    pid_t parent = getpid();
    if (pipe(ends) < 0) {
        return mx_fail_errno(err, errno, "cannot make a pipe");
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        be_child(supervisor, parent, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        int number = errno;
        close(ends[0]);
        return mx_fail_errno(err, number, "cannot start the server process");
    }
    supervisor->child = child;
    supervisor->ready_fd = ends[0];
    supervisor->was_ready = false;
    return MX_OK;
}

static void forward(struct supervisor *supervisor, int number) {
    if (number != SIGHUP) {
        supervisor->is_stopping = true;
        mx_sockets_close(supervisor->sockets); // the child drains its own copies
        supervisor->sockets = NULL;
        number = SIGTERM;
    }
    if (supervisor->child > 0) {
        kill(supervisor->child, number);
    }
}

// Waits for the child to end, passing on what this process is told.
static int wait_for_child(struct supervisor *supervisor) {
    int status = 0;
    for (;;) {
        int number = sigwaitinfo(&supervisor->signals, NULL);
        if (number > 0 && number != SIGCHLD) {
            forward(supervisor, number);
            continue;
        }
        pid_t ended = waitpid(supervisor->child, &status, WNOHANG);
        if (ended == supervisor->child) {
            break;
        }
    }
    char byte;
    supervisor->was_ready = read(supervisor->ready_fd, &byte, 1) == 1;
    close(supervisor->ready_fd);
    supervisor->child = 0;
    return status;
}

// False when this process was told to stop meanwhile.
static bool pause_for(struct supervisor *supervisor, uint64_t ms) {
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    int number = sigtimedwait(&supervisor->signals, NULL, &left);
    if (number > 0 && number != SIGCHLD) {
        forward(supervisor, number);
    }
    return !supervisor->is_stopping;
}

static void tell_of_crash(int status, uint64_t pause_ms) {
    if (WIFSIGNALED(status)) {
        mx_log_error("the server crashed (signal %d); starting it again in %llu ms",
            WTERMSIG(status), (unsigned long long)pause_ms);
    } else {
        mx_log_error("the server ended with status %d; starting it again in %llu ms",
            WEXITSTATUS(status), (unsigned long long)pause_ms);
    }
}

// The next child begins with what the last one had taken up by SIGHUP.
static void refresh_options(struct supervisor *supervisor) {
    mx_options *fresh = NULL;
    mx_buf taken = {0};
    mx_buf waiting = {0};
    struct mx_error err;
    if (mx_options_refresh(supervisor->options, &fresh, &taken, &waiting, &err) == MX_OK) {
        mx_options_destroy(supervisor->own);
        supervisor->own = fresh;
        supervisor->options = fresh;
        mx_settings_configure_log(fresh);
    } else {
        mx_log_error("the options stay as they were: %s", err.text);
    }
    mx_buf_deinit(&taken);
    mx_buf_deinit(&waiting);
}

// How long to wait before the next child, given how long before this one. One that served is
// replaced at once, however often that happens; what dies at its start is given time.
static uint64_t next_pause(uint64_t last_ms, bool was_ready, uint64_t ran_ms) {
    if (was_ready && ran_ms >= WELL_MS) {
        return 0;
    }
    uint64_t longest = was_ready ? LONGEST_PAUSE_READY_MS : LONGEST_PAUSE_MS;
    uint64_t pause_ms = last_ms == 0 ? FIRST_PAUSE_MS : last_ms * 2;
    return pause_ms < longest ? pause_ms : longest;
}

static int watch(struct supervisor *supervisor) {
    uint64_t pause_ms = 0;
    bool is_first = true;
    for (;;) {
        struct mx_error err;
        uint64_t began = mx_mono_ns(mx_world_real());
        if (start_child(supervisor, &err) < 0) {
            mx_log_error("%s", err.text);
            return MX_EXIT_SYSTEM;
        }
        int status = wait_for_child(supervisor);
        bool has_exited = WIFEXITED(status);
        if (supervisor->is_stopping || (has_exited && WEXITSTATUS(status) == MX_EXIT_OK)) {
            return has_exited ? WEXITSTATUS(status) : MX_EXIT_FAILED;
        }
        if (is_first && !supervisor->was_ready && has_exited) {
            return WEXITSTATUS(status); // it never worked: trying again would not help
        }
        is_first = false;
        uint64_t ran_ms = (mx_mono_ns(mx_world_real()) - began) / 1000000;
        pause_ms = next_pause(pause_ms, supervisor->was_ready, ran_ms);
        tell_of_crash(status, pause_ms);
        if (!pause_for(supervisor, pause_ms)) {
            return MX_EXIT_OK;
        }
        refresh_options(supervisor);
    }
}

int mx_supervise(mx_options *options) {
    const char *wanted = mx_options_text(options, MX_OPT_SUPERVISE);
    bool is_alone =
        strcmp(wanted, "false") == 0 || (strcmp(wanted, "auto") == 0 && mx_sd_is_there());
    struct supervisor supervisor = {.options = options};
    struct mx_error err;
    mx_fault_tell(); // the child inherits it
    if (mx_sockets_open(options, &supervisor.sockets, &err) < 0) {
        mx_log_error("cannot serve: %s", err.text);
        return mx_exit_code(err.code);
    }
    if (is_alone) {
        return run_server(options, supervisor.sockets, -1);
    }
    sigemptyset(&supervisor.signals);
    sigaddset(&supervisor.signals, SIGCHLD);
    sigaddset(&supervisor.signals, SIGTERM);
    sigaddset(&supervisor.signals, SIGINT);
    sigaddset(&supervisor.signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &supervisor.signals, &supervisor.before);
    int code = watch(&supervisor);
    mx_sockets_close(supervisor.sockets);
    mx_options_destroy(supervisor.own);
    return code;
}

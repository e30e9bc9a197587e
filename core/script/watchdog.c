// Why tickets: between the monitor's look and the signal's arrival the late call may have ended.
// The handler acts only when what runs is still what the monitor saw; a late run that was missed is
// seen again 5 ms later.
#include "script/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "platform/alloc.h"
#include "script/state.h"

enum { LOOK_EVERY_NS = 5 * 1000 * 1000 };

struct mx_watchdog {
    pthread_t thread;
    pthread_mutex_t lock; // guards `watches`
    struct mx_watch *watches;
    atomic_bool is_stopping;
};

// The watch whose run runs on this thread; what the signal handler reads.
static _Thread_local struct mx_watch *volatile thread_watch;

uint64_t mx_watch_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Release and signal fences only: this runs for every call. The monitor, which reads the ticket
// first, never pairs a new ticket with an old deadline; the handler, on this thread, sees program
// order.
void mx_watch_set(struct mx_watch *watch, lua_State *L, uint64_t deadline_ns) {
    uint64_t ticket = atomic_load_explicit(&watch->ticket, memory_order_relaxed);
    atomic_store_explicit(&watch->deadline_ns, 0, memory_order_relaxed);
    // From here on a signal meant for the run before is ignored.
    atomic_store_explicit(&watch->ticket, ticket + 1, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&watch->running, L, memory_order_relaxed);
    thread_watch = watch;
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&watch->deadline_ns, deadline_ns, memory_order_release);
}

static void on_signal(int number) {
    (void)number;
    struct mx_watch *watch = thread_watch;
    if (!watch || atomic_load(&watch->signalled) != atomic_load(&watch->ticket)) {
        return;
    }
    lua_State *L = atomic_load(&watch->running);
    if (!L || !atomic_load(&watch->deadline_ns) || lua_gethook(L) == mx_run_stop_hook) {
        return;
    }
    // Lua allows this in a handler. It looks at every call on the stack, which may take longer than
    // it takes the next signal to come: not done twice, or the run would never get to its end.
    lua_sethook(L, mx_run_stop_hook, LUA_MASKCOUNT, 1);
}

static void look_at(struct mx_watch *watch, uint64_t now) {
    uint64_t ticket = atomic_load(&watch->ticket);
    uint64_t deadline = atomic_load(&watch->deadline_ns);
    if (deadline && now > deadline) {
        atomic_store(&watch->signalled, ticket);
        pthread_kill(watch->thread, SIGUSR2);
    }
}

static void *monitor(void *ctx) {
    mx_watchdog *watchdog = ctx;
    const struct timespec pause = {0, LOOK_EVERY_NS};
    while (!atomic_load(&watchdog->is_stopping)) {
        nanosleep(&pause, NULL);
        uint64_t now = mx_watch_now();
        pthread_mutex_lock(&watchdog->lock);
        for (struct mx_watch *watch = watchdog->watches; watch; watch = watch->next) {
            look_at(watch, now);
        }
        pthread_mutex_unlock(&watchdog->lock);
    }
    return NULL;
}

int mx_watchdog_start(mx_watchdog **out, struct mx_error *err) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR2, &action, NULL) < 0) {
        return mx_fail_errno(err, errno, "cannot handle SIGUSR2");
    }
    mx_watchdog *watchdog = mx_alloc(sizeof(*watchdog));
    pthread_mutex_init(&watchdog->lock, NULL);

    sigset_t all;
    sigset_t before;
    sigfillset(&all); // the monitor inherits this: it takes no signal of anybody
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&watchdog->thread, NULL, monitor, watchdog);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        pthread_mutex_destroy(&watchdog->lock);
        mx_free(watchdog);
        return mx_fail_errno(err, failed, "cannot start the watchdog thread");
    }
    *out = watchdog;
    return MX_OK;
}

void mx_watchdog_stop(mx_watchdog *watchdog) {
    if (!watchdog) {
        return;
    }
    atomic_store(&watchdog->is_stopping, true);
    pthread_join(watchdog->thread, NULL);
    pthread_mutex_destroy(&watchdog->lock);
    mx_free(watchdog);
}

void mx_watchdog_join(mx_watchdog *watchdog, struct mx_watch *watch) {
    watch->thread = pthread_self();
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    pthread_mutex_lock(&watchdog->lock);
    watch->next = watchdog->watches;
    watchdog->watches = watch;
    pthread_mutex_unlock(&watchdog->lock);
}

void mx_watchdog_leave(mx_watchdog *watchdog, struct mx_watch *watch) {
    pthread_mutex_lock(&watchdog->lock);
    struct mx_watch **link = &watchdog->watches;
    while (*link && *link != watch) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = watch->next;
    }
    pthread_mutex_unlock(&watchdog->lock);
    if (thread_watch == watch) {
        thread_watch = NULL;
    }
}

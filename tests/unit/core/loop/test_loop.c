// Timers, deadlines, letters, the pool: what wakes a loop, and in which order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "loop/deadline.h"
#include "loop/mailbox.h"
#include "loop/offload.h"
#include "loop/poll.h"
#include "loop/signal.h"
#include "loop/timer.h"

static int make_loop(void **state) {
    struct mx_error err;
    mx_loop *loop = NULL;
    assert_int_equal(mx_loop_create(&loop, &err), MX_OK);
    *state = loop;
    return 0;
}

static int destroy_loop(void **state) {
    mx_loop_destroy(*state); // aborts when a handle was left open
    return 0;
}

struct count {
    mx_loop *loop;
    int value;
    int stop_at;
    uint64_t at;
};

static void count_up(void *ctx) {
    struct count *count = ctx;
    count->at = mx_loop_now(count->loop);
    if (++count->value == count->stop_at) {
        mx_loop_stop(count->loop);
    }
}

static void a_timer_fires_once_and_then_as_often_as_it_was_told(void **state) {
    struct count once = {*state, 0, 0, 0};
    struct count often = {*state, 0, 5, 0};
    mx_timer *first = mx_timer_start(*state, 1, 0, count_up, &once);
    mx_timer *second = mx_timer_start(*state, 3, 3, count_up, &often);
    mx_loop_run(*state);
    assert_int_equal(once.value, 1);
    assert_int_equal(often.value, 5);
    mx_timer_stop(first);
    mx_timer_stop(second);
    mx_timer_stop(NULL);
}

static void a_timer_can_be_moved(void **state) {
    struct count count = {*state, 0, 1, 0};
    mx_timer *timer = mx_timer_start(*state, 100000, 0, count_up, &count);
    mx_timer_move(timer, 1);
    mx_loop_run(*state);
    assert_int_equal(count.value, 1);
    mx_timer_stop(timer);
}

// --- deadlines --------------------------------------------------------------------------------

// A deadline alone keeps no loop running, so something else must.
static void run_for(mx_loop *loop, uint64_t ms) {
    struct count count = {loop, 0, 1, 0};
    mx_timer *timer = mx_timer_start(loop, ms, 0, count_up, &count);
    mx_loop_run(loop);
    mx_timer_stop(timer);
}

static void a_deadline_passes_not_early_and_a_tick_late_at_most(void **state) {
    struct mx_deadline deadline = {0};
    struct count count = {*state, 0, 0, 0};
    uint64_t began = mx_loop_now(*state);
    mx_deadline_set(*state, &deadline, 150, count_up, &count);
    run_for(*state, 400);
    assert_int_equal(count.value, 1);
    assert_true(count.at >= began + 150);
    assert_true(count.at <= began + 150 + 3 * MX_DEADLINE_TICK_MS);
    assert_null(deadline.next);
}

static void a_deadline_that_moves_away_does_not_pass(void **state) {
    struct mx_deadline deadline = {0};
    struct count count = {*state, 0, 0, 0};
    for (int i = 0; i < 6; i++) {
        mx_deadline_set(*state, &deadline, 150, count_up, &count);
        run_for(*state, 50);
    }
    assert_int_equal(count.value, 0);
    mx_deadline_clear(*state, &deadline);
    run_for(*state, 300);
    assert_int_equal(count.value, 0);
    mx_deadline_clear(*state, &deadline); // fine when it is not set
}

static void a_deadline_can_come_nearer(void **state) {
    struct mx_deadline deadline = {0};
    struct count count = {*state, 0, 0, 0};
    mx_deadline_set(*state, &deadline, 60000, count_up, &count);
    mx_deadline_set(*state, &deadline, 20, count_up, &count);
    run_for(*state, 250);
    assert_int_equal(count.value, 1);
}

struct crowd {
    mx_loop *loop;
    struct mx_deadline deadlines[2000];
    struct mx_deadline *victims[2000];
    int passed;
};

static void kill_neighbour(void *ctx) {
    struct crowd *crowd = ctx;
    // Whoever passes clears another one and sets itself anew, in the middle of the same slot.
    if (crowd->passed < 1000) {
        mx_deadline_clear(crowd->loop, &crowd->deadlines[1999 - crowd->passed]);
    }
    crowd->passed++;
}

static void deadlines_may_be_cleared_while_others_pass(void **state) {
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    crowd->loop = *state;
    for (int i = 0; i < 2000; i++) {
        mx_deadline_set(*state, &crowd->deadlines[i], 10, kill_neighbour, crowd);
    }
    run_for(*state, 300);
    assert_int_equal(crowd->passed, 1000);
    for (int i = 0; i < 2000; i++) {
        assert_null(crowd->deadlines[i].next);
    }
    free(crowd);
}

static void a_deadline_beyond_one_turn_of_the_wheel_waits_for_its_own(void **state) {
    struct mx_deadline far = {0};
    struct count count = {*state, 0, 0, 0};
    mx_deadline_set(*state, &far, 40000, count_up, &count);
    run_for(*state, 200);
    assert_int_equal(count.value, 0);
    assert_non_null(far.next);
    mx_deadline_clear(*state, &far);
}

// --- letters ----------------------------------------------------------------------------------

enum { SENDERS = 4, LETTERS = 5000 };

struct numbered {
    struct mx_letter letter; // first
    struct post *post;
    int sender;
    int number;
};

struct post {
    mx_loop *loop;
    mx_mailbox *mailbox;
    int next[SENDERS];
    int received;
    bool in_order;
};

static void on_numbered(struct mx_letter *letter) {
    struct numbered *numbered = (struct numbered *)letter;
    struct post *post = numbered->post;
    post->in_order = post->in_order && numbered->number == post->next[numbered->sender];
    post->next[numbered->sender]++;
    free(numbered);
    if (++post->received == SENDERS * LETTERS) {
        mx_loop_stop(post->loop);
    }
}

struct sender {
    pthread_t thread;
    struct post *post;
    int index;
};

static void *send_letters(void *ctx) {
    struct sender *sender = ctx;
    for (int i = 0; i < LETTERS; i++) {
        struct numbered *numbered = calloc(1, sizeof(*numbered));
        *numbered = (struct numbered){{on_numbered, NULL}, sender->post, sender->index, i};
        mx_mailbox_post(sender->post->mailbox, &numbered->letter);
    }
    return NULL;
}

static void letters_of_many_threads_all_arrive_each_sender_in_order(void **state) {
    struct post post = {.loop = *state, .in_order = true};
    struct sender senders[SENDERS];
    struct mx_error err;
    assert_int_equal(mx_mailbox_open(*state, &post.mailbox, &err), MX_OK);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.post = &post, .index = i};
        pthread_create(&senders[i].thread, NULL, send_letters, &senders[i]);
    }
    mx_loop_run(*state);
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
    }
    assert_int_equal(post.received, SENDERS * LETTERS);
    assert_true(post.in_order);
    mx_mailbox_close(post.mailbox);
}

static void a_closing_mailbox_delivers_what_it_has(void **state) {
    struct post post = {.loop = *state, .in_order = true};
    struct mx_error err;
    assert_int_equal(mx_mailbox_open(*state, &post.mailbox, &err), MX_OK);
    struct numbered *numbered = calloc(1, sizeof(*numbered));
    *numbered = (struct numbered){{on_numbered, NULL}, &post, 0, 0};
    mx_mailbox_post(post.mailbox, &numbered->letter);
    assert_int_equal(post.received, 0);
    mx_mailbox_close(post.mailbox);
    assert_int_equal(post.received, 1);
}

// --- the pool, signals, descriptors -----------------------------------------------------------

struct work {
    mx_loop *loop;
    pthread_t ran_on;
    atomic_bool has_run;
    bool is_done;
};

static void run_work(void *ctx) {
    struct work *work = ctx;
    work->ran_on = pthread_self();
    atomic_store(&work->has_run, true);
}

static void end_work(void *ctx) {
    struct work *work = ctx;
    work->is_done = atomic_load(&work->has_run);
    mx_loop_stop(work->loop);
}

static void work_runs_elsewhere_and_ends_here(void **state) {
    struct work work = {.loop = *state};
    mx_offload_start(*state, run_work, end_work, &work);
    assert_false(work.is_done);
    mx_loop_run(*state);
    assert_true(work.is_done);
    assert_false(pthread_equal(work.ran_on, pthread_self()));
}

static void on_signal(void *ctx, int number) {
    struct count *count = ctx;
    count->value = number;
    mx_loop_stop(count->loop);
}

static void a_signal_is_an_event(void **state) {
    struct count count = {*state, 0, 0, 0};
    struct mx_error err;
    mx_signal *signal = NULL;
    assert_int_equal(mx_signal_start(*state, SIGHUP, on_signal, &count, &signal, &err), MX_OK);
    kill(getpid(), SIGHUP);
    mx_loop_run(*state);
    assert_int_equal(count.value, SIGHUP);
    mx_signal_stop(signal);
}

static void on_ready(void *ctx, bool readable, bool writable) {
    struct count *count = ctx;
    count->value += (readable ? 1 : 0) + (writable ? 10 : 0);
    mx_loop_stop(count->loop);
}

static void a_foreign_descriptor_is_watched_as_told(void **state) {
    struct count count = {*state, 0, 0, 0};
    struct mx_error err;
    mx_poll *poll = NULL;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(mx_poll_start(*state, ends[0], on_ready, &count, &poll, &err), MX_OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    run_for(*state, 20); // nobody has asked yet
    assert_int_equal(count.value, 0);
    assert_int_equal(mx_poll_set(poll, true, false, &err), MX_OK);
    mx_loop_run(*state);
    assert_int_equal(count.value, 1);
    mx_poll_stop(poll);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, make_loop, destroy_loop)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_timer_fires_once_and_then_as_often_as_it_was_told),
        LOOP_TEST(a_timer_can_be_moved),
        LOOP_TEST(a_deadline_passes_not_early_and_a_tick_late_at_most),
        LOOP_TEST(a_deadline_that_moves_away_does_not_pass),
        LOOP_TEST(a_deadline_can_come_nearer),
        LOOP_TEST(deadlines_may_be_cleared_while_others_pass),
        LOOP_TEST(a_deadline_beyond_one_turn_of_the_wheel_waits_for_its_own),
        LOOP_TEST(letters_of_many_threads_all_arrive_each_sender_in_order),
        LOOP_TEST(a_closing_mailbox_delivers_what_it_has),
        LOOP_TEST(work_runs_elsewhere_and_ends_here),
        LOOP_TEST(a_signal_is_an_event),
        LOOP_TEST(a_foreign_descriptor_is_watched_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

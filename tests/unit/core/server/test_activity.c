// The books of what visitors did: nothing is lost that fits, what does not fit is counted, and
// nobody waits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/activity.h"

static void count(mx_activity *activity, unsigned pen, uint64_t note) {
    mx_activity_record(activity, pen, &(struct mx_activity_record){.note = note});
}

static uint64_t times_of(const struct mx_activity_book *book, uint64_t note) {
    uint64_t times = 0;
    for (size_t i = 0; i < book->count; i++) {
        times += book->counts[i].note == note ? book->counts[i].times : 0;
    }
    return times;
}

static void what_was_noted_is_taken_once(void **state) {
    (void)state;
    mx_activity *activity = mx_activity_create(2);
    struct mx_activity_book book;
    assert_false(mx_activity_take(activity, &book));
    for (int i = 0; i < 1000; i++) {
        count(activity, 0, 7);
        count(activity, 0, (uint64_t)i + 100);
        count(activity, 1, 7);
    }
    assert_true(mx_activity_take(activity, &book));
    assert_int_equal(book.count, 1001);
    assert_int_equal(times_of(&book, 7), 1000);
    assert_int_equal(times_of(&book, 1099), 1);
    count(activity, 0, 7); // while the first book is read
    assert_int_equal(times_of(&book, 7), 1000);
    assert_true(mx_activity_take(activity, &book));
    uint64_t rest = times_of(&book, 7);
    assert_true(mx_activity_take(activity, &book));
    assert_int_equal(rest + times_of(&book, 7), 1001);
    assert_false(mx_activity_take(activity, &book));
    mx_activity_destroy(activity);
    mx_activity_destroy(NULL);
}

static void only_who_agreed_is_a_row(void **state) {
    (void)state;
    mx_activity *activity = mx_activity_create(1);
    struct mx_activity_book book;
    struct mx_activity_record known = {.note = 5,
        .visitor = MX_SLICE("a.0123456789abcdef"),
        .page = MX_SLICE("/products/x"),
        .body = MX_SLICE("{}"),
        .at_ms = 99};
    struct mx_activity_record sample = {
        .page = MX_SLICE("/:handle"), .at_ms = 100, .status = 200, .us = 812};
    struct mx_activity_record nobody = {.note = 5, .page = MX_SLICE("/private")};
    mx_activity_record(activity, 0, &known);
    mx_activity_record(activity, 0, &nobody);
    mx_activity_record(activity, 0, &sample);
    assert_true(mx_activity_take(activity, &book));
    assert_int_equal(times_of(&book, 5), 2);
    assert_int_equal(book.row_count, 2);
    assert_true(mx_slice_equal(book.rows[0].visitor, known.visitor));
    assert_true(mx_slice_equal(book.rows[0].page, known.page));
    assert_true(mx_slice_equal(book.rows[0].body, known.body));
    assert_int_equal(book.rows[0].at_ms, 99);
    assert_int_equal(book.rows[1].note, 0);
    assert_true(mx_slice_equal(book.rows[1].page, sample.page));
    assert_int_equal(book.rows[1].us, 812);
    mx_activity_destroy(activity);
}

static void a_full_book_drops_and_says_how_many(void **state) {
    (void)state;
    mx_activity *activity = mx_activity_create(1);
    struct mx_activity_book book;
    struct mx_activity_stats stats;
    for (uint64_t note = 1; note <= MX_ACTIVITY_NOTES + 10; note++) {
        count(activity, 0, note);
    }
    count(activity, 0, 1); // known ones still count
    mx_activity_stats_get(activity, &stats);
    assert_int_equal(stats.recorded, MX_ACTIVITY_NOTES + 1);
    assert_int_equal(stats.dropped, 10);
    assert_true(mx_activity_take(activity, &book));
    assert_int_equal(book.count, MX_ACTIVITY_NOTES);
    assert_int_equal(times_of(&book, 1), 2);

    mx_buf text = {0};
    for (int i = 0; i < 4096; i++) {
        mx_buf_append_char(&text, 'x');
    }
    struct mx_activity_record large = {
        .note = 1, .visitor = MX_SLICE("a.b"), .body = mx_buf_slice(&text)};
    for (int i = 0; i < MX_ACTIVITY_ROWS + 5; i++) {
        mx_activity_record(activity, 0, &large);
    }
    assert_true(mx_activity_take(activity, &book));
    assert_int_equal(book.row_count, MX_ACTIVITY_BYTES / (4096 + 3));
    assert_int_equal(times_of(&book, 1), MX_ACTIVITY_ROWS + 5);
    mx_buf_deinit(&text);
    mx_activity_destroy(activity);
}

enum { THREADS = 3, TIMES = 20000 };

struct writer {
    mx_activity *activity;
    unsigned pen;
    _Atomic int *running;
};

static void *write_notes(void *ctx) {
    struct writer *writer = ctx;
    for (uint64_t i = 0; i < TIMES; i++) {
        count(writer->activity, writer->pen, 1 + i % 50);
    }
    atomic_fetch_sub(writer->running, 1);
    return NULL;
}

static void a_reader_beside_writers_loses_nothing(void **state) {
    (void)state;
    mx_activity *activity = mx_activity_create(THREADS);
    _Atomic int running = THREADS;
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){activity, i, &running};
        assert_int_equal(pthread_create(&threads[i], NULL, write_notes, &writers[i]), 0);
    }
    uint64_t sum = 0;
    bool is_over = false;
    while (!is_over) {
        struct mx_activity_book book;
        is_over = atomic_load(&running) == 0;
        while (mx_activity_take(activity, &book)) {
            for (size_t i = 0; i < book.count; i++) {
                sum += book.counts[i].times;
            }
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(sum, THREADS * TIMES);
    mx_activity_destroy(activity);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_noted_is_taken_once),
        cmocka_unit_test(only_who_agreed_is_a_row),
        cmocka_unit_test(a_full_book_drops_and_says_how_many),
        cmocka_unit_test(a_reader_beside_writers_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// The page cache and the stamps it trusts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/cache.h"
#include "server/limits.h"

struct world {
    mx_stamps *stamps;
    mx_cache *cache;
};

static int make_world(void **state) {
    struct world *world = calloc(1, sizeof(*world));
    world->stamps = mx_stamps_create();
    world->cache = mx_cache_create(1024 * 1024, world->stamps);
    *state = world;
    return 0;
}

static int destroy_world(void **state) {
    struct world *world = *state;
    mx_cache_destroy(world->cache);
    mx_stamps_destroy(world->stamps);
    free(world);
    return 0;
}

// Stores `text` under `key`, made of `tag` as things are now.
static void put(
    struct world *world, const char *key, const char *text, uint64_t tag, int64_t until_ms) {
    struct mx_cache_variant variant = {0};
    mx_buf_append_text(&variant.bytes, text);
    struct mx_cache_deps deps = {
        .tags = &tag, .count = 1, .until_ms = until_ms, .seq = mx_stamps_seq(world->stamps)};
    mx_cache_release(mx_cache_store(world->cache, mx_slice_of(key), &deps, 0, &variant, false));
    assert_null(variant.bytes.ptr); // taken
}

static bool has(struct world *world, const char *key, const char *text, int64_t now_ms) {
    struct mx_cache_entry *entry = mx_cache_acquire(world->cache, mx_slice_of(key), now_ms);
    if (!entry) {
        return false;
    }
    const struct mx_cache_variant *variant = mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
    bool equal = mx_slice_equal(mx_buf_slice(&variant->bytes), mx_slice_of(text));
    mx_cache_release(entry);
    return equal;
}

static void what_was_stored_is_found_until_its_tag_is_touched(void **state) {
    struct world *world = *state;
    put(world, "a", "one", 7, INT64_MAX);
    put(world, "b", "two", 8, INT64_MAX);
    assert_true(has(world, "a", "one", 0));
    mx_stamps_publish(world->stamps, (uint64_t[]){7}, 1);
    assert_false(has(world, "a", "one", 0));
    assert_true(has(world, "b", "two", 0));
    put(world, "a", "three", 7, INT64_MAX);
    assert_true(has(world, "a", "three", 0));
}

static void tags_of_one_slot_are_stale_together_but_never_fresh_together(void **state) {
    struct world *world = *state;
    put(world, "a", "one", 7, INT64_MAX);
    mx_stamps_publish(world->stamps, (uint64_t[]){7 + MX_STAMP_SLOTS * 3}, 1);
    assert_false(has(world, "a", "one", 0));
}

static void a_time_boundary_ends_an_entry(void **state) {
    struct world *world = *state;
    put(world, "a", "one", 7, 1000);
    assert_true(has(world, "a", "one", 999));
    assert_false(has(world, "a", "one", 1000));
    assert_false(has(world, "a", "one", 500)); // it is gone, not asleep
}

static void what_was_touched_while_it_was_made_is_not_stored(void **state) {
    struct world *world = *state;
    uint64_t tag = 7;
    struct mx_cache_deps deps = {
        .tags = &tag, .count = 1, .until_ms = INT64_MAX, .seq = mx_stamps_seq(world->stamps)};
    mx_stamps_publish(world->stamps, &tag, 1); // a commit between reading and storing
    struct mx_cache_variant variant = {0};
    mx_buf_append_text(&variant.bytes, "old");
    struct mx_cache_entry *entry =
        mx_cache_store(world->cache, MX_SLICE("a"), &deps, 0, &variant, false);
    assert_non_null(entry); // whoever made it may send it
    mx_cache_release(entry);
    assert_false(has(world, "a", "old", 0));
}

static void everything_can_be_made_stale_at_once(void **state) {
    struct world *world = *state;
    put(world, "a", "one", 7, INT64_MAX);
    put(world, "b", "two", 8, INT64_MAX);
    mx_stamps_publish_all(world->stamps);
    assert_false(has(world, "a", "one", 0));
    assert_false(has(world, "b", "two", 0));
    put(world, "a", "new", 7, INT64_MAX);
    assert_true(has(world, "a", "new", 0));
}

static void a_reference_outlives_its_place_in_the_cache(void **state) {
    struct world *world = *state;
    put(world, "a", "one", 7, INT64_MAX);
    struct mx_cache_entry *entry = mx_cache_acquire(world->cache, MX_SLICE("a"), 0);
    put(world, "a", "two", 7, INT64_MAX);
    mx_cache_clear(world->cache);
    const struct mx_cache_variant *variant = mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
    assert_string_equal(mx_buf_text((mx_buf *)&variant->bytes), "one");
    mx_cache_release(entry);
}

static void the_first_variant_of_an_encoding_stays(void **state) {
    struct world *world = *state;
    put(world, "a", "plain", 7, INT64_MAX);
    struct mx_cache_entry *entry = mx_cache_acquire(world->cache, MX_SLICE("a"), 0);
    assert_null(mx_cache_variant_find(entry, MX_ENCODING_GZIP));
    struct mx_cache_variant first = {0};
    struct mx_cache_variant second = {0};
    mx_buf_append_text(&first.bytes, "first");
    mx_buf_append_text(&second.bytes, "second");
    const struct mx_cache_variant *kept =
        mx_cache_variant_add(world->cache, entry, MX_ENCODING_GZIP, &first);
    assert_ptr_equal(mx_cache_variant_add(world->cache, entry, MX_ENCODING_GZIP, &second), kept);
    assert_ptr_equal(mx_cache_variant_find(entry, MX_ENCODING_GZIP), kept);
    assert_int_equal(kept->bytes.len, 5);
    mx_cache_release(entry);
}

static int count_open_files(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void a_form_that_is_asked_for_again_lies_in_a_file(void **state) {
    struct world *world = *state;
    int before = count_open_files();
    put(world, "a", "some bytes", 7, INT64_MAX);
    struct mx_cache_stats stats[2];
    mx_cache_stats_get(world->cache, &stats[0]);
    struct mx_cache_entry *entry = mx_cache_acquire(world->cache, MX_SLICE("a"), 0);
    const struct mx_cache_variant *form = mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
    assert_int_equal(mx_cache_variant_file(world->cache, entry, form), -1);
    int fd = mx_cache_variant_file(world->cache, entry, form);
    assert_true(fd >= 0);
    assert_int_equal(mx_cache_variant_file(world->cache, entry, form), fd);
    char bytes[16];
    assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), 10);
    assert_memory_equal(bytes, "some bytes", 10);
    mx_cache_stats_get(world->cache, &stats[1]);
    assert_int_equal(stats[1].bytes, stats[0].bytes + 10);
    mx_cache_clear(world->cache);
    assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), 10); // as long as the reference
    mx_cache_release(entry);
    assert_int_equal(count_open_files(), before);
}

static void files_are_few(void **state) {
    struct world *world = *state;
    enum { FORMS = MX_LIMIT_CACHE_FILES + 10 };
    int before = count_open_files();
    int with_file = 0;
    for (int i = 0; i < FORMS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        put(world, key, "x", 1, INT64_MAX);
        struct mx_cache_entry *entry = mx_cache_acquire(world->cache, mx_slice_of(key), 0);
        const struct mx_cache_variant *form = mx_cache_variant_find(entry, MX_ENCODING_IDENTITY);
        mx_cache_variant_file(world->cache, entry, form);
        with_file += mx_cache_variant_file(world->cache, entry, form) >= 0;
        mx_cache_release(entry);
    }
    assert_int_equal(with_file, MX_LIMIT_CACHE_FILES);
    assert_int_equal(count_open_files(), before + MX_LIMIT_CACHE_FILES);
    mx_cache_clear(world->cache);
    assert_int_equal(count_open_files(), before);
}

static void the_size_is_kept_and_what_is_used_survives(void **state) {
    struct world *world = *state;
    char key[16];
    char *text = malloc(4001);
    memset(text, 'x', 4000);
    text[4000] = '\0';
    put(world, "often", "kept", 1, INT64_MAX);
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        put(world, key, text, 1, INT64_MAX);
        assert_true(has(world, "often", "kept", 0));
    }
    struct mx_cache_stats stats;
    mx_cache_stats_get(world->cache, &stats);
    assert_true(stats.bytes <= 1024 * 1024);
    assert_true(stats.evicted > 1000);
    assert_int_equal(stats.stale, 0);
    free(text);
}

static void a_smaller_size_holds_at_once(void **state) {
    struct world *world = *state;
    char key[16];
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        put(world, key, "something", 1, INT64_MAX);
    }
    struct mx_cache_stats stats;
    mx_cache_resize(world->cache, 16 * 1024);
    mx_cache_stats_get(world->cache, &stats);
    assert_true(stats.bytes <= 16 * 1024);
    mx_cache_resize(world->cache, 1024 * 1024);
    put(world, "a", "one", 7, INT64_MAX);
    assert_true(has(world, "a", "one", 0));
}

static void what_is_too_large_is_not_stored(void **state) {
    struct world *world = *state;
    size_t len = 300 * 1024; // more than half of a shard of 64 KiB
    char *text = malloc(len + 1);
    memset(text, 'x', len);
    text[len] = '\0';
    put(world, "a", text, 1, INT64_MAX);
    assert_false(has(world, "a", text, 0));
    free(text);
}

// --- threads ----------------------------------------------------------------------------------

enum { READERS = 3, COMMITS = 20000 };

struct race {
    struct world *world;
    _Atomic uint64_t truth; // what a reader of the database would see
    _Atomic uint64_t acknowledged;
    _Atomic bool is_over;
    _Atomic unsigned wrong;
};

// Renders `truth` as a page and stores it, or takes it from the cache: it must never be older than
// what was acknowledged before.
static void *read_pages(void *ctx) {
    struct race *race = ctx;
    struct world *world = race->world;
    uint64_t tag = 42;
    while (!atomic_load(&race->is_over)) {
        uint64_t known = atomic_load(&race->acknowledged);
        uint64_t seen = 0;
        struct mx_cache_entry *entry = mx_cache_acquire(world->cache, MX_SLICE("page"), 0);
        if (entry) {
            memcpy(&seen, mx_cache_variant_find(entry, MX_ENCODING_IDENTITY)->bytes.ptr, 8);
        } else {
            struct mx_cache_deps deps = {.tags = &tag,
                .count = 1,
                .until_ms = INT64_MAX,
                .seq = mx_stamps_seq(world->stamps)};
            struct mx_cache_variant variant = {0};
            seen = atomic_load(&race->truth);
            mx_buf_append(&variant.bytes, (const char *)&seen, 8);
            entry = mx_cache_store(world->cache, MX_SLICE("page"), &deps, 0, &variant, false);
        }
        mx_cache_release(entry);
        if (seen < known) {
            atomic_fetch_add(&race->wrong, 1);
        }
    }
    return NULL;
}

static void no_thread_ever_sees_less_than_what_was_acknowledged(void **state) {
    struct race race = {.world = *state};
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++) {
        pthread_create(&readers[i], NULL, read_pages, &race);
    }
    for (uint64_t i = 1; i <= COMMITS; i++) {
        atomic_store(&race.truth, i); // COMMIT
        mx_stamps_publish(race.world->stamps, (uint64_t[]){42, i}, 2);
        atomic_store(&race.acknowledged, i); // the answer
    }
    atomic_store(&race.is_over, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
    }
    assert_int_equal(race.wrong, 0);
}

int main(void) {
#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, make_world, destroy_world)
    const struct CMUnitTest tests[] = {
        CACHE_TEST(what_was_stored_is_found_until_its_tag_is_touched),
        CACHE_TEST(tags_of_one_slot_are_stale_together_but_never_fresh_together),
        CACHE_TEST(a_time_boundary_ends_an_entry),
        CACHE_TEST(what_was_touched_while_it_was_made_is_not_stored),
        CACHE_TEST(everything_can_be_made_stale_at_once),
        CACHE_TEST(a_reference_outlives_its_place_in_the_cache),
        CACHE_TEST(a_form_that_is_asked_for_again_lies_in_a_file),
        CACHE_TEST(files_are_few),
        CACHE_TEST(the_first_variant_of_an_encoding_stays),
        CACHE_TEST(the_size_is_kept_and_what_is_used_survives),
        CACHE_TEST(a_smaller_size_holds_at_once),
        CACHE_TEST(what_is_too_large_is_not_stored),
        CACHE_TEST(no_thread_ever_sees_less_than_what_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// Blocks keep their content and their distance whatever is taken and given back, and memory that
// nobody uses any more goes back to the system.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/slabs.h"

enum { MANY = 20000, SIZES = 1200 };

struct block {
    unsigned char *ptr;
    size_t size;
    unsigned char mark;
};

static uint32_t draw(uint32_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void check_content(const struct block *block, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (block->ptr[i] != block->mark) {
            fail_msg("byte %zu of a block of %zu was changed by another block", i, block->size);
        }
    }
}

static void resize(struct mx_slabs *slabs, struct block *block, size_t size, unsigned char mark) {
    block->ptr = mx_slabs_resize(slabs, block->ptr, block->size, size);
    check_content(block, block->size < size ? block->size : size);
    block->size = size;
    block->mark = mark;
    if (size > 0) {
        assert_non_null(block->ptr);
        assert_int_equal((uintptr_t)block->ptr % 16, 0);
        memset(block->ptr, mark, size);
    } else {
        assert_null(block->ptr);
    }
}

static size_t sum_of_classes(const struct block *blocks, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (blocks[i].size <= MX_SLABS_LARGEST) {
            sum += (blocks[i].size + MX_SLABS_STEP - 1) / MX_SLABS_STEP * MX_SLABS_STEP;
        }
    }
    return sum;
}

static void blocks_keep_their_content(void **state) {
    (void)state;
    static struct block blocks[MANY];
    struct mx_slabs slabs = {0};
    uint32_t seed = 20261121;
    for (int round = 0; round < 10 * MANY; round++) {
        struct block *block = &blocks[draw(&seed) % MANY];
        resize(&slabs, block, draw(&seed) % 4 ? draw(&seed) % SIZES : 0, (unsigned char)round);
    }
    assert_int_equal(slabs.live, sum_of_classes(blocks, MANY));
    for (int i = 0; i < MANY; i++) {
        resize(&slabs, &blocks[i], 0, 0);
    }
    assert_int_equal(slabs.live, 0);
    mx_slabs_deinit(&slabs);
    assert_int_equal(slabs.held, 0);
}

static void a_block_moves_from_class_to_class_and_out_of_them(void **state) {
    (void)state;
    struct mx_slabs slabs = {0};
    struct block block = {0};
    for (size_t size = 1; size < SIZES; size++) {
        resize(&slabs, &block, size, (unsigned char)size);
    }
    assert_int_equal(slabs.live, 0);
    for (size_t size = SIZES; size > 0; size--) {
        resize(&slabs, &block, size, (unsigned char)size);
    }
    assert_int_equal(slabs.live, MX_SLABS_STEP);
    resize(&slabs, &block, 0, 0);
    mx_slabs_deinit(&slabs);
}

static void a_block_stays_within_its_class(void **state) {
    (void)state;
    struct mx_slabs slabs = {0};
    void *first = mx_slabs_resize(&slabs, NULL, 0, 17);
    assert_ptr_equal(mx_slabs_resize(&slabs, first, 17, 32), first);
    assert_ptr_equal(mx_slabs_resize(&slabs, first, 32, 18), first);
    mx_slabs_resize(&slabs, first, 18, 0);
    assert_ptr_equal(mx_slabs_resize(&slabs, NULL, 0, 30), first);
    mx_slabs_deinit(&slabs); // with a block in use, as when an owner ends
}

static void few_blocks_touch_few_pages(void **state) {
    (void)state;
    struct mx_slabs slabs = {0};
    size_t cut = 0;
    for (size_t size = 1; size <= MX_SLABS_LARGEST; size++) {
        assert_non_null(mx_slabs_resize(&slabs, NULL, 0, size));
    }
    for (size_t i = 0; i < MX_SLABS_CLASSES; i++) {
        cut += slabs.classes[i].cut;
    }
    assert_true(cut <= 2 * slabs.live + 512);
    mx_slabs_deinit(&slabs);
}

static void a_peak_goes_back_to_the_system(void **state) {
    (void)state;
    static struct block blocks[MANY];
    struct mx_slabs slabs = {0};
    for (int i = 0; i < MANY; i++) {
        resize(&slabs, &blocks[i], 1 + (size_t)i % MX_SLABS_LARGEST, (unsigned char)i);
    }
    size_t peak = slabs.held;
    assert_true(peak > MANY * MX_SLABS_LARGEST / 2);
    for (int i = 100; i < MANY; i++) {
        resize(&slabs, &blocks[i], 0, 0);
    }
    assert_true(slabs.held <= peak / 2);
    for (int i = 0; i < 100; i++) {
        resize(&slabs, &blocks[i], 0, 0);
    }
    mx_slabs_trim(&slabs);
    assert_int_equal(slabs.held, 0);
    resize(&slabs, &blocks[0], 24, 1); // and it goes on
    resize(&slabs, &blocks[0], 0, 0);
    mx_slabs_deinit(&slabs);
}

static void chunks_with_a_block_in_use_stay(void **state) {
    (void)state;
    static struct block blocks[MANY];
    struct mx_slabs slabs = {0};
    for (int i = 0; i < MANY; i++) {
        resize(&slabs, &blocks[i], 64, (unsigned char)i);
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 500 != 0) {
            resize(&slabs, &blocks[i], 0, 0);
        }
    }
    mx_slabs_trim(&slabs);
    for (int i = 0; i < MANY; i += 500) {
        check_content(&blocks[i], 64);
        resize(&slabs, &blocks[i], 0, 0);
    }
    mx_slabs_trim(&slabs);
    assert_int_equal(slabs.held, 0);
    mx_slabs_deinit(&slabs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_their_content),
        cmocka_unit_test(a_block_moves_from_class_to_class_and_out_of_them),
        cmocka_unit_test(a_block_stays_within_its_class),
        cmocka_unit_test(few_blocks_touch_few_pages),
        cmocka_unit_test(a_peak_goes_back_to_the_system),
        cmocka_unit_test(chunks_with_a_block_in_use_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

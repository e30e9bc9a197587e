// What a file of the model holds: the bytes that last, and the changes that were not synced yet.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"

struct bytes {
    uint8_t *ptr;
    size_t len;
    size_t room;
};

struct change {
    uint64_t seq;
    bool is_truncate;
    uint64_t offset; // of the write; the new size
    uint64_t length;
    const uint8_t *data; // borrowed
};

struct file {
    uint64_t inode; // 0: not open so far, or its number was given to another
    struct bytes lasting;
    struct change *changes; // not synced, in order
    size_t change_count;
    size_t change_room;
    struct file *next; // of all that ever were
};

// Ends the program: a tool of tests has nothing better to do.
_Noreturn void die(const char *what, const char *path);

// Makes room for `wanted` things of `size` bytes; ends the program when there is none.
void *grow(void *list, size_t *room, size_t wanted, size_t size);

// Owned.
char *copy_text(const char *text);

// Numbers that only the seed decides (splitmix64).
uint64_t draw(uint64_t *seed);

// What a longer file has new is zero.
void bytes_resize(struct bytes *bytes, uint64_t size);

// The file on the real disk, and back. Owned.
struct bytes bytes_read(const char *path);
void bytes_write(const struct bytes *bytes, const char *path);

// Notes a write or a truncation.
void file_change(
    struct file *file, uint64_t seq, const struct mx_record_head *head, const uint8_t *data);

// What happened before `before` lasts from now on.
void file_sync(struct file *file, uint64_t before);

// What a file would hold after a cut. Owned.
struct bytes file_after(const struct file *file, enum mx_cut cut, uint64_t seed);

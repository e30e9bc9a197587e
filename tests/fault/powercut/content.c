// Changes point into the log, which stays mapped; what lasts is copied.
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

void die(const char *what, const char *path) {
    fprintf(stderr, "powercut: %s %s: %s\n", what, path, strerror(errno));
    exit(2);
}

void *grow(void *list, size_t *room, size_t wanted, size_t size) {
    if (wanted <= *room) {
        return list;
    }
    *room = wanted > *room * 2 ? wanted : *room * 2;
    list = realloc(list, *room * size);
    if (!list) {
        die("no memory for", "the model");
    }
    return list;
}

char *copy_text(const char *text) {
    size_t room = 0;
    char *copy = grow(NULL, &room, strlen(text) + 1, 1);
    memcpy(copy, text, strlen(text) + 1);
    return copy;
}

uint64_t draw(uint64_t *seed) {
    uint64_t z = *seed += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void bytes_resize(struct bytes *bytes, uint64_t size) {
    bytes->ptr = grow(bytes->ptr, &bytes->room, (size_t)size, 1);
    if (size > bytes->len) {
        memset(bytes->ptr + bytes->len, 0, (size_t)size - bytes->len);
    }
    bytes->len = (size_t)size;
}

static void put(struct bytes *bytes, uint64_t offset, const uint8_t *data, size_t length) {
    if (offset + length > bytes->len) {
        bytes_resize(bytes, offset + length);
    }
    memcpy(bytes->ptr + offset, data, length);
}

static void apply_whole(struct bytes *bytes, const struct change *change) {
    if (change->is_truncate) {
        bytes_resize(bytes, change->offset);
    } else {
        put(bytes, change->offset, change->data, (size_t)change->length);
    }
}

// Sectors of the write stay or are lost, each with `percent` in a hundred.
static void apply_torn(
    struct bytes *bytes, const struct change *change, unsigned percent, uint64_t *seed) {
    if (change->is_truncate) {
        if (draw(seed) % 100 < percent) {
            bytes_resize(bytes, change->offset);
        }
        return;
    }
    uint64_t done = 0;
    while (done < change->length) {
        uint64_t at = change->offset + done;
        uint64_t part = SECTOR - at % SECTOR;
        if (part > change->length - done) {
            part = change->length - done;
        }
        if (draw(seed) % 100 < percent) {
            put(bytes, at, change->data + done, (size_t)part);
        }
        done += part;
    }
}

struct bytes file_after(const struct file *file, enum mx_cut cut, uint64_t seed) {
    static const unsigned chances[] = {5, 50, 50, 95};
    struct bytes bytes = {0};
    unsigned percent = chances[draw(&seed) % 4];
    put(&bytes, 0, file->lasting.ptr ? file->lasting.ptr : (const uint8_t *)"", file->lasting.len);
    for (size_t i = 0; i < file->change_count && cut != MX_CUT_DROP; i++) {
        if (cut == MX_CUT_KEEP) {
            apply_whole(&bytes, &file->changes[i]);
        } else {
            apply_torn(&bytes, &file->changes[i], percent, &seed);
        }
    }
    return bytes;
}

struct bytes bytes_read(const char *path) {
    struct bytes bytes = {0};
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0) {
        die("cannot read", path);
    }
    bytes_resize(&bytes, (uint64_t)info.st_size);
    for (size_t done = 0; done < bytes.len;) {
        ssize_t got = read(fd, bytes.ptr + done, bytes.len - done);
        if (got <= 0) {
            die("cannot read", path);
        }
        done += (size_t)got;
    }
    close(fd);
    return bytes;
}

void bytes_write(const struct bytes *bytes, const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        die("cannot write", path);
    }
    for (size_t done = 0; done < bytes->len;) {
        ssize_t put_now = write(fd, bytes->ptr + done, bytes->len - done);
        if (put_now <= 0) {
            die("cannot write", path);
        }
        done += (size_t)put_now;
    }
    close(fd);
}

void file_change(
    struct file *file, uint64_t seq, const struct mx_record_head *head, const uint8_t *data) {
    file->changes =
        grow(file->changes, &file->change_room, file->change_count + 1, sizeof(*file->changes));
    file->changes[file->change_count++] = (struct change){
        .seq = seq,
        .is_truncate = head->kind == MX_RECORD_TRUNCATE,
        .offset = head->offset,
        .length = head->length,
        .data = data,
    };
}

void file_sync(struct file *file, uint64_t before) {
    size_t kept = 0;
    for (size_t i = 0; i < file->change_count; i++) {
        if (file->changes[i].seq < before) {
            apply_whole(&file->lasting, &file->changes[i]);
        } else {
            file->changes[kept++] = file->changes[i];
        }
    }
    file->change_count = kept;
}

// A disk that breaks when told. Loaded with LD_PRELOAD:
//
//   FAILING_FOLDER=DATA FAILING_SWITCH=FILE LD_PRELOAD=failing.so PROGRAM…
//
// While FILE is there, calls on files of the folder fail with EIO: syncs when it holds "sync",
// writes and truncations, too, when it holds "write". The file is looked at before each call, so a
// test switches it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[PATH_MAX];
static const char *switch_path;

__attribute__((constructor)) static void start(void) {
    const char *where = getenv("FAILING_FOLDER");
    if (where && realpath(where, folder)) {
        switch_path = getenv("FAILING_SWITCH");
    }
}

static bool is_inside(int fd) {
    char link[64];
    char path[PATH_MAX];
    size_t len = strlen(folder);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof(path) - 1);
    path[got < 0 ? 0 : got] = '\0';
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

// Whether what `word` names is broken now for this file.
static bool is_broken(int fd, const char *word) {
    char text[64] = "";
    if (!switch_path) {
        return false;
    }
    int saved = errno;
    int file = (int)syscall(SYS_openat, AT_FDCWD, switch_path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t got = read(file, text, sizeof(text) - 1);
        text[got < 0 ? 0 : got] = '\0';
        syscall(SYS_close, file);
    }
    bool broken = strstr(text, word) != NULL && is_inside(fd);
    errno = broken ? EIO : saved;
    return broken;
}

int fsync(int fd) {
    return is_broken(fd, "sync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    return is_broken(fd, "sync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}

ssize_t write(int fd, const void *data, size_t size) {
    return is_broken(fd, "write") ? -1 : syscall(SYS_write, fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return is_broken(fd, "write") ? -1 : syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    return pwrite(fd, data, size, offset);
}

int ftruncate(int fd, off_t size) {
    return is_broken(fd, "write") ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

// Ends a process as kill -9 does, right before a certain call that changes files. Loaded with
// LD_PRELOAD:
//
//   STOPPING_FOLDER=DATA STOPPING_AT=N LD_PRELOAD=stopping.so PROGRAM…
//
// Calls that change something below the folder are counted from 1; before number N the process is
// killed. STOPPING_COUNT names a file into which the count is written at a regular end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];
static unsigned long stop_at;
static _Atomic unsigned long seen;

__attribute__((constructor)) static void start(void) {
    const char *where = getenv("STOPPING_FOLDER");
    const char *at = getenv("STOPPING_AT");
    stop_at = at ? strtoul(at, NULL, 10) : 0;
    if (!where || !realpath(where, folder)) {
        folder[0] = '\0';
    }
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("STOPPING_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%lu\n", atomic_load(&seen));
        fclose(file);
    }
}

static bool is_inside(const char *path) {
    size_t len = strlen(folder);
    return len > 0 && strncmp(path, folder, len) == 0 && path[len] == '/';
}

static void pass(const char *path) {
    if (is_inside(path) && atomic_fetch_add(&seen, 1) + 1 == stop_at) {
        kill(getpid(), SIGKILL);
    }
}

static void pass_fd(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof(path) - 1);
    path[got < 0 ? 0 : got] = '\0';
    pass(path);
}

// Finds the function of libc that stands behind ours.
static void find(void *slot, const char *name) {
    *(void **)slot = dlsym(RTLD_NEXT, name);
}

// --- what changes an open file ----------------------------------------------------------------

ssize_t write(int fd, const void *bytes, size_t size) {
    static ssize_t (*real)(int fd, const void *bytes, size_t size);
    find(&real, "write");
    pass_fd(fd);
    return real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    static ssize_t (*real)(int fd, const void *bytes, size_t size, off_t at);
    find(&real, "pwrite");
    pass_fd(fd);
    return real(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    static ssize_t (*real)(int fd, const void *bytes, size_t size, off64_t at);
    find(&real, "pwrite64");
    pass_fd(fd);
    return real(fd, bytes, size, at);
}

int fsync(int fd) {
    static int (*real)(int fd);
    find(&real, "fsync");
    pass_fd(fd);
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int fd);
    find(&real, "fdatasync");
    pass_fd(fd);
    return real(fd);
}

int ftruncate(int fd, off_t size) {
    static int (*real)(int fd, off_t size);
    find(&real, "ftruncate");
    pass_fd(fd);
    return real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    static int (*real)(int fd, off64_t size);
    find(&real, "ftruncate64");
    pass_fd(fd);
    return real(fd, size);
}

// --- what changes a folder --------------------------------------------------------------------

int rename(const char *from, const char *to) {
    static int (*real)(const char *from, const char *to);
    find(&real, "rename");
    pass(to);
    return real(from, to);
}

int unlink(const char *path) {
    static int (*real)(const char *path);
    find(&real, "unlink");
    pass(path);
    return real(path);
}

int rmdir(const char *path) {
    static int (*real)(const char *path);
    find(&real, "rmdir");
    pass(path);
    return real(path);
}

int mkdir(const char *path, mode_t mode) {
    static int (*real)(const char *path, mode_t mode);
    find(&real, "mkdir");
    pass(path);
    return real(path, mode);
}

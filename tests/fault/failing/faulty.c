// Calls that fail when told, one of a kind, or all from one on. Loaded with LD_PRELOAD:
//
//   FAULTY_SWITCH=FILE FAULTY_FOLDER=DATA LD_PRELOAD=faulty.so PROGRAM…
//
// FILE holds a struct plan and is mapped: a test writes it while the program runs. Calls of the
// planned kind are counted while it is armed; from number `first` on `times` of them fail with
// `number` as errno, or, when that is 0, do less than they were asked to. What touches files counts
// only for files of the folder, what touches sockets only for sockets.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    KIND_NONE,
    KIND_MEMORY,
    KIND_FILE_READ,
    KIND_FILE_WRITE,
    KIND_FILE_SYNC,
    KIND_FILE_OPEN,
    KIND_FILE_CUT,
    KIND_SOCKET_READ,
    KIND_SOCKET_WRITE,
    KIND_ACCEPT,
    KIND_WAIT,
    KIND_MAP,
};

struct plan {
    _Atomic int32_t kind; // armed when it is not KIND_NONE
    int32_t number;       // errno; 0: short
    uint32_t first;
    uint32_t times;
    _Atomic uint32_t seen;
    _Atomic uint32_t failed;
};

static struct plan *plan;
static char folder[PATH_MAX];

__attribute__((constructor)) static void start(void) {
    const char *leak = getenv("FAULTY_LEAK");
    if (leak) { // bytes that nobody frees, for a test of who looks for them
        void *volatile lost = malloc((size_t)strtoul(leak, NULL, 10));
        lost = NULL;
    }
    const char *path = getenv("FAULTY_SWITCH");
    const char *where = getenv("FAULTY_FOLDER");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0 || !where || !realpath(where, folder)) {
        return;
    }
    void *mapped = (void *)syscall(
        SYS_mmap, NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
    plan = mapped == MAP_FAILED ? NULL : mapped;
    syscall(SYS_close, fd);
}

// Whether this call is to fail.
static bool is_due(enum kind kind) {
    if (!plan || atomic_load_explicit(&plan->kind, memory_order_relaxed) != (int32_t)kind) {
        return false;
    }
    uint32_t seen = atomic_fetch_add(&plan->seen, 1) + 1;
    bool is_hit = seen >= plan->first && seen - plan->first < plan->times;
    if (is_hit) {
        atomic_fetch_add(&plan->failed, 1);
    }
    return is_hit;
}

static bool is_armed(enum kind kind) {
    return plan && atomic_load_explicit(&plan->kind, memory_order_relaxed) == (int32_t)kind;
}

static bool is_inside(const char *path) {
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static bool is_file_inside(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof(path) - 1);
    path[got < 0 ? 0 : got] = '\0';
    return is_inside(path);
}

static bool is_socket(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

// -1: go on. Else what the call returns: an error, or 0 for one that does less.
enum { GO_ON, FAIL, DO_LESS };

static int judge(enum kind kind, int fd, bool (*belongs)(int fd)) {
    int saved = errno;
    bool is_hit = is_armed(kind) && belongs(fd) && is_due(kind);
    errno = saved;
    if (!is_hit) {
        return GO_ON;
    }
    if (plan->number == 0) {
        return DO_LESS;
    }
    errno = plan->number;
    return FAIL;
}

static size_t less(size_t size) {
    return size > 1 ? size / 2 : size;
}

// --- memory -----------------------------------------------------------------------------------

// The allocator behind this one: that of libc, or of a sanitizer, which must see every allocation.
static void *(*next_malloc)(size_t size);
static void *(*next_calloc)(size_t count, size_t size);
static void *(*next_realloc)(void *ptr, size_t size);

static void find_next_allocator(void) {
    if (!next_realloc) { // the last one that is set
        *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
        *(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
        *(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
    }
}

static bool is_out_of_memory(void) {
    if (!is_due(KIND_MEMORY)) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    find_next_allocator();
    return is_out_of_memory() ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size) {
    find_next_allocator();
    return is_out_of_memory() ? NULL : next_calloc(count, size);
}

void *realloc(void *ptr, size_t size) {
    find_next_allocator();
    return is_out_of_memory() ? NULL : next_realloc(ptr, size);
}

// --- files and sockets ------------------------------------------------------------------------

static int judge_read(int fd) {
    int verdict = judge(KIND_FILE_READ, fd, is_file_inside);
    return verdict != GO_ON ? verdict : judge(KIND_SOCKET_READ, fd, is_socket);
}

static int judge_write(int fd) {
    int verdict = judge(KIND_FILE_WRITE, fd, is_file_inside);
    return verdict != GO_ON ? verdict : judge(KIND_SOCKET_WRITE, fd, is_socket);
}

ssize_t read(int fd, void *data, size_t size) {
    int verdict = judge_read(fd);
    return verdict == FAIL ? -1
                           : syscall(SYS_read, fd, data, verdict == DO_LESS ? less(size) : size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset) {
    int verdict = judge_read(fd);
    return verdict == FAIL
               ? -1
               : syscall(SYS_pread64, fd, data, verdict == DO_LESS ? less(size) : size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
    return pread(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size) {
    int verdict = judge_write(fd);
    return verdict == FAIL ? -1
                           : syscall(SYS_write, fd, data, verdict == DO_LESS ? less(size) : size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    int verdict = judge_write(fd);
    return verdict == FAIL
               ? -1
               : syscall(SYS_pwrite64, fd, data, verdict == DO_LESS ? less(size) : size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    return pwrite(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    int verdict = judge_write(fd);
    if (verdict == DO_LESS) {
        return syscall(SYS_write, fd, pieces[0].iov_base, less(pieces[0].iov_len));
    }
    return verdict == FAIL ? -1 : syscall(SYS_writev, fd, pieces, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    int verdict = judge_write(fd);
    if (verdict == DO_LESS && message->msg_iovlen > 0) {
        return syscall(
            SYS_write, fd, message->msg_iov[0].iov_base, less(message->msg_iov[0].iov_len));
    }
    return verdict == FAIL ? -1 : syscall(SYS_sendmsg, fd, message, flags);
}

int fsync(int fd) {
    return judge(KIND_FILE_SYNC, fd, is_file_inside) == FAIL ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    return judge(KIND_FILE_SYNC, fd, is_file_inside) == FAIL ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size) {
    return judge(KIND_FILE_CUT, fd, is_file_inside) == FAIL ? -1
                                                            : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

static bool is_path_due(const char *path) {
    return is_armed(KIND_FILE_OPEN) && is_inside(path) && is_due(KIND_FILE_OPEN);
}

static int open_it(int at, const char *path, int flags, mode_t mode) {
    if (is_path_due(path)) {
        errno = plan->number;
        return -1;
    }
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

static mode_t mode_of(int flags, va_list args) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_it(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_it(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int at, const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_it(at, path, flags, mode);
}

void *mmap(void *where, size_t size, int access, int flags, int fd, off_t offset) {
    if (fd >= 0 && judge(KIND_MAP, fd, is_file_inside) == FAIL) {
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, where, size, access, flags, fd, offset);
}

void *mmap64(void *where, size_t size, int access, int flags, int fd, off64_t offset) {
    return mmap(where, size, access, flags, fd, offset);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags) {
    return judge(KIND_ACCEPT, fd, is_socket) == FAIL
               ? -1
               : (int)syscall(SYS_accept4, fd, address, len, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *len) {
    return accept4(fd, address, len, 0);
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int ms, const sigset_t *mask) {
    if (is_due(KIND_WAIT)) {
        errno = plan->number;
        return -1;
    }
    return (int)syscall(SYS_epoll_pwait, fd, events, max, ms, mask, sizeof(uint64_t));
}

int epoll_wait(int fd, struct epoll_event *events, int max, int ms) {
    return epoll_pwait(fd, events, max, ms, NULL);
}

// Records what a process does to one folder. Loaded with LD_PRELOAD:
//
//   POWERCUT_FOLDER=DATA POWERCUT_LOG=FILE LD_PRELOAD=recorder.so PROGRAM…
//
// Each call is made first and logged when it has succeeded, before its caller knows: whatever the
// caller does because of it is logged later. A sync is logged at both ends, since it promises
// nothing about writes that began after it. What this file misses (stdio, memory maps, copied
// descriptors) does not go unseen: the replayer compares its last state with the real folder.
#define _GNU_SOURCE
#include "log.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MOST_FILES = 65536, LOG_FD = 900 };

static char folder[PATH_MAX];
static size_t folder_len;
static int log_fd = -1;
static _Atomic uint64_t inode_of[MOST_FILES]; // 0: not in the folder
static _Atomic uint64_t sync_number;

static void die(const char *why) {
    dprintf(STDERR_FILENO, "powercut recorder: %s: %s\n", why, strerror(errno));
    abort();
}

__attribute__((constructor)) static void start(void) {
    const char *where = getenv("POWERCUT_FOLDER");
    const char *path = getenv("POWERCUT_LOG");
    if (!where || !path) {
        return;
    }
    if (!realpath(where, folder)) {
        die(where);
    }
    folder_len = strlen(folder);
    int fd =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        die(path);
    }
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD);
    syscall(SYS_close, fd);
}

// The part of an absolute path below the folder ("" is the folder itself), or NULL.
static const char *inside(const char *path) {
    if (log_fd < 0 || strncmp(path, folder, folder_len) != 0) {
        return NULL;
    }
    if (path[folder_len] == '\0') {
        return path + folder_len;
    }
    return path[folder_len] == '/' ? path + folder_len + 1 : NULL;
}

// One record is one write, so that records of several threads and processes do not mix.
static void record(
    struct mx_record_head head, const char *path, const struct iovec *data, int count) {
    struct iovec parts[IOV_MAX < 64 ? IOV_MAX : 64];
    int used = 2;
    int saved = errno;
    head.magic = MX_RECORD_MAGIC;
    head.path_len = path ? (uint32_t)strlen(path) : 0;
    head.length = 0;
    if (count > (int)(sizeof(parts) / sizeof(*parts)) - used) {
        errno = E2BIG;
        die("a write has too many pieces");
    }
    for (int i = 0; i < count; i++) {
        parts[used++] = data[i];
        head.length += data[i].iov_len;
    }
    parts[0] = (struct iovec){&head, sizeof(head)};
    parts[1] = (struct iovec){(void *)(uintptr_t)path, head.path_len};
    ssize_t wanted = (ssize_t)(sizeof(head) + head.path_len + head.length);
    if (syscall(SYS_writev, log_fd, parts, used) != wanted) {
        die("the log cannot be written");
    }
    errno = saved;
}

static uint64_t tracked(int fd) {
    return fd >= 0 && fd < MOST_FILES ? inode_of[fd] : 0;
}

// --- opening and closing ----------------------------------------------------------------------

static int opened(int fd, int flags) {
    char link[64];
    char path[PATH_MAX];
    struct stat info;
    if (fd < 0 || log_fd < 0) {
        return fd;
    }
    int saved = errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len < 0 ? 0 : len] = '\0';
    const char *name = inside(path);
    if (name && fd >= MOST_FILES) {
        die("too many files are open");
    }
    if (name && fstat(fd, &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) {
        struct mx_record_head head = {.kind = MX_RECORD_OPEN, .file = info.st_ino};
        head.flags = S_ISDIR(info.st_mode) ? MX_RECORD_FLAG_FOLDER : 0;
        record(head, name, NULL, 0);
        if ((flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY) {
            record((struct mx_record_head){.kind = MX_RECORD_TRUNCATE, .file = info.st_ino}, NULL,
                NULL, 0);
        }
        inode_of[fd] = info.st_ino;
    }
    errno = saved;
    return fd;
}

static int open_at(int dir, const char *path, int flags, mode_t mode) {
    return opened((int)syscall(SYS_openat, dir, path, flags, mode), flags);
}

static mode_t mode_of(int flags, va_list args) {
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, unsigned) : 0;
}

int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_at(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_at(dir, path, flags, mode);
}

// What a hardened build calls instead.
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);

int __open_2(const char *path, int flags) {
    return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags) {
    return open_at(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir, const char *path, int flags) {
    return open_at(dir, path, flags, 0);
}

int creat(const char *path, mode_t mode) {
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd) {
    if (fd == log_fd && fd >= 0) {
        return 0; // programs that close all that they do not know
    }
    if (fd >= 0 && fd < MOST_FILES) {
        inode_of[fd] = 0;
    }
    return (int)syscall(SYS_close, fd);
}

// --- writing ----------------------------------------------------------------------------------

static void wrote(int fd, const void *data, ssize_t done, off_t offset) {
    if (done <= 0 || !tracked(fd)) {
        return;
    }
    struct mx_record_head head = {
        .kind = MX_RECORD_WRITE, .file = tracked(fd), .offset = (uint64_t)offset};
    record(head, NULL, &(struct iovec){(void *)(uintptr_t)data, (size_t)done}, 1);
}

// Where a write that moves the position has begun; right with O_APPEND, too.
static off_t began_at(int fd, ssize_t done) {
    return (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
}

ssize_t write(int fd, const void *data, size_t size) {
    ssize_t done = syscall(SYS_write, fd, data, size);
    if (done > 0 && tracked(fd)) {
        wrote(fd, data, done, began_at(fd, done));
    }
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    ssize_t done = syscall(SYS_pwrite64, fd, data, size, offset);
    wrote(fd, data, done, offset);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    return pwrite(fd, data, size, offset);
}

static void wrote_pieces(
    int fd, const struct iovec *pieces, int count, ssize_t done, off_t offset) {
    for (int i = 0; i < count && done > 0; i++) {
        ssize_t part = done < (ssize_t)pieces[i].iov_len ? done : (ssize_t)pieces[i].iov_len;
        wrote(fd, pieces[i].iov_base, part, offset);
        offset += part;
        done -= part;
    }
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    ssize_t done = syscall(SYS_writev, fd, pieces, count);
    if (done > 0 && tracked(fd)) {
        wrote_pieces(fd, pieces, count, done, began_at(fd, done));
    }
    return done;
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
    ssize_t done = syscall(SYS_pwritev, fd, pieces, count, offset, 0);
    if (done > 0 && tracked(fd)) {
        wrote_pieces(fd, pieces, count, done, offset);
    }
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
    return pwritev(fd, pieces, count, offset);
}

int ftruncate(int fd, off_t size) {
    int rc = (int)syscall(SYS_ftruncate, fd, size);
    if (rc == 0 && tracked(fd)) {
        struct mx_record_head head = {
            .kind = MX_RECORD_TRUNCATE, .file = tracked(fd), .offset = (uint64_t)size};
        record(head, NULL, NULL, 0);
    }
    return rc;
}

int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

// Only ever makes a file longer, and says so to nobody: the size that it leaves is what is
// recorded.
static int allocated(int fd, int rc) {
    struct stat info;
    if (rc == 0 && tracked(fd) && fstat(fd, &info) == 0) {
        struct mx_record_head head = {
            .kind = MX_RECORD_TRUNCATE, .file = tracked(fd), .offset = (uint64_t)info.st_size};
        record(head, NULL, NULL, 0);
    }
    return rc;
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
    return allocated(fd, (int)syscall(SYS_fallocate, fd, mode, offset, size));
}

int posix_fallocate(int fd, off_t offset, off_t size) {
    int saved = errno;
    int rc = allocated(fd, (int)syscall(SYS_fallocate, fd, 0, offset, size)) == 0 ? 0 : errno;
    errno = saved;
    return rc;
}

// --- syncing ----------------------------------------------------------------------------------

static int sync_file(long number, int fd) {
    uint64_t file = tracked(fd);
    struct mx_record_head head = {.file = file, .offset = file ? ++sync_number : 0};
    head.offset |= (uint64_t)getpid() << 32; // unique among the processes of a folder
    if (file) {
        head.kind = MX_RECORD_SYNC_BEGIN;
        record(head, NULL, NULL, 0);
    }
    int rc = (int)syscall(number, fd);
    if (file && rc == 0) {
        head.kind = MX_RECORD_SYNC_END;
        record(head, NULL, NULL, 0);
    }
    return rc;
}

int fsync(int fd) {
    return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd) {
    return sync_file(SYS_fdatasync, fd);
}

// --- names ------------------------------------------------------------------------------------

// The absolute name that `path` has or would have, with its folder resolved. "" when there is none.
static const char *resolve(int dir, const char *path, char out[PATH_MAX]) {
    char joined[PATH_MAX];
    char link[64];
    int saved = errno;
    out[0] = '\0';
    joined[0] = '\0';
    if (path[0] != '/') {
        if (dir == AT_FDCWD) {
            snprintf(link, sizeof(link), "/proc/self/cwd");
        } else {
            snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        }
        ssize_t len = readlink(link, joined, sizeof(joined) - 1);
        joined[len < 0 ? 0 : len] = '\0';
    }
    size_t used = strlen(joined);
    snprintf(joined + used, sizeof(joined) - used, "%s%s", used ? "/" : "", path);
    char *slash = strrchr(joined, '/');
    if (slash) {
        *slash = '\0';
        if (realpath(slash == joined ? "/" : joined, out)) {
            used = strlen(out);
            snprintf(out + used, PATH_MAX - used, "/%s", slash + 1);
        }
    }
    errno = saved;
    return out;
}

static int unlink_at(int dir, const char *path, int flags) {
    char name[PATH_MAX];
    const char *relative = log_fd < 0 ? NULL : inside(resolve(dir, path, name));
    int rc = (int)syscall(SYS_unlinkat, dir, path, flags);
    if (rc == 0 && relative) {
        record((struct mx_record_head){.kind = MX_RECORD_UNLINK}, relative, NULL, 0);
    }
    return rc;
}

int unlink(const char *path) {
    return unlink_at(AT_FDCWD, path, 0);
}

int unlinkat(int dir, const char *path, int flags) {
    return unlink_at(dir, path, flags);
}

int rmdir(const char *path) {
    return unlink_at(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path) {
    int rc = unlink_at(AT_FDCWD, path, 0);
    return rc < 0 && errno == EISDIR ? unlink_at(AT_FDCWD, path, AT_REMOVEDIR) : rc;
}

static int rename_at(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char from_name[PATH_MAX];
    char to_name[PATH_MAX];
    const char *old = log_fd < 0 ? NULL : inside(resolve(from_dir, from, from_name));
    const char *new = log_fd < 0 ? NULL : inside(resolve(to_dir, to, to_name));
    int rc = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (rc == 0 && (old || new)) {
        if (!old || !new || flags != 0) {
            errno = ENOTSUP;
            die("a file was renamed across the border of the folder, or exchanged");
        }
        record((struct mx_record_head){.kind = MX_RECORD_RENAME}, old,
            &(struct iovec){(void *)(uintptr_t) new, strlen(new)}, 1);
    }
    return rc;
}

int rename(const char *from, const char *to) {
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return rename_at(from_dir, from, to_dir, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return rename_at(from_dir, from, to_dir, to, flags);
}

static int make_dir_at(int dir, const char *path, mode_t mode) {
    char name[PATH_MAX];
    const char *relative = log_fd < 0 ? NULL : inside(resolve(dir, path, name));
    int rc = (int)syscall(SYS_mkdirat, dir, path, mode);
    if (rc == 0 && relative) {
        record((struct mx_record_head){.kind = MX_RECORD_MKDIR}, relative, NULL, 0);
    }
    return rc;
}

int mkdir(const char *path, mode_t mode) {
    return make_dir_at(AT_FDCWD, path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode) {
    return make_dir_at(dir, path, mode);
}

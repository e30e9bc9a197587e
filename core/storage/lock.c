// The lock is flock(2)'s; the process id inside the file is only for people to read.
#include "storage/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "platform/alloc.h"

struct mx_lock {
    int fd;
};

// The number at the start of the file; 0 when there is none.
static long read_holder(int fd) {
    char text[32];
    ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    if (got <= 0) {
        return 0;
    }
    text[got] = '\0';
    long pid = strtol(text, NULL, 10);
    return pid > 0 ? pid : 0;
}

static int write_holder(int fd, const char *path, struct mx_error *err) {
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        return mx_fail_errno(err, errno, "cannot write %s", path);
    }
    return MX_OK;
}

int mx_lock_acquire(const char *path, mx_lock **out, struct mx_error *err) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return mx_fail_errno(err, errno,
            "cannot open %s (run this as the user that owns the folder, on a disk that takes "
            "writes)",
            path);
    }
    int rc = MX_OK;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            rc = mx_fail(err, MX_E_CONFLICT,
                "process %ld is using this data folder (%s is locked): stop it first",
                read_holder(fd), path);
        } else {
            rc = mx_fail_errno(err, errno, "cannot lock %s", path);
        }
    } else {
        rc = write_holder(fd, path, err);
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    mx_lock *lock = mx_alloc(sizeof(*lock));
    lock->fd = fd;
    *out = lock;
    return MX_OK;
}

void mx_lock_release(mx_lock *lock) {
    if (!lock) {
        return;
    }
    close(lock->fd); // drops the lock
    mx_free(lock);
}

long mx_lock_holder(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return 0;
    }
    long holder = 0;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        holder = read_holder(fd);
    }
    close(fd);
    return holder;
}

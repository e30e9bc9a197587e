// Plain POSIX, one job a function. Writing goes through a temporary neighbour and rename().
#define _GNU_SOURCE // realpath()
#include "platform/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/alloc.h"

enum { READ_PIECE = 65536, PATH_SIZE = 4096 };

static int fail_open(struct mx_error *err, const char *path, const char *verb) {
    if (errno == ENOENT || errno == ENOTDIR) {
        return mx_fail(err, MX_E_MISSING, "cannot %s %s: there is no such file", verb, path);
    }
    return mx_fail_errno(err, errno, "cannot %s %s", verb, path);
}

static int read_all(int fd, const char *path, size_t max, mx_buf *out, struct mx_error *err) {
    size_t start = out->len;
    for (;;) {
        ssize_t got = read(fd, mx_buf_reserve(out, READ_PIECE), READ_PIECE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mx_fail_errno(err, errno, "cannot read %s", path);
        }
        if (got == 0) {
            return MX_OK;
        }
        out->len += (size_t)got;
        if (out->len - start > max) {
            return mx_fail(err, MX_E_LIMIT, "%s is larger than %zu bytes", path, max);
        }
    }
}

int mx_file_read(const char *path, size_t max, mx_buf *out, struct mx_error *err) {
    // A pipe that nobody writes to must not keep us waiting: it is empty.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_open(err, path, "read");
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0) {
        (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }
    int rc = read_all(fd, path, max, out, err);
    close(fd);
    return rc;
}

static int write_all(int fd, const char *path, struct mx_slice content, struct mx_error *err) {
    while (content.len > 0) {
        ssize_t done = write(fd, content.ptr, content.len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return mx_fail_errno(err, errno, "cannot write %s", path);
        }
        content.ptr += done;
        content.len -= (size_t)done;
    }
    if (fsync(fd) < 0) {
        return mx_fail_errno(err, errno, "cannot write %s to disk", path);
    }
    return MX_OK;
}

static int sync_parent(const char *path, struct mx_error *err) {
    char parent[PATH_SIZE];
    snprintf(parent, sizeof(parent), "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == parent) {
        slash++;
    }
    if (slash) {
        *slash = '\0';
    }
    int fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot open the folder of %s", path);
    }
    int rc =
        fsync(fd) < 0 ? mx_fail_errno(err, errno, "cannot write the folder of %s", path) : MX_OK;
    close(fd);
    return rc;
}

int mx_file_move(const char *from, const char *to, struct mx_error *err) {
    if (rename(from, to) < 0) {
        return mx_fail_errno(err, errno, "cannot rename %s to %s", from, to);
    }
    return sync_parent(to, err);
}

int mx_file_write(const char *path, struct mx_slice content, unsigned mode, struct mx_error *err) {
    char temporary[PATH_SIZE];
    int len = snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(temporary)) {
        return mx_fail(err, MX_E_INVALID, "the path is too long: %.100s...", path);
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) {
        return fail_open(err, temporary, "write");
    }
    int rc = write_all(fd, temporary, content, err);
    close(fd);
    if (rc == MX_OK && rename(temporary, path) < 0) {
        rc = mx_fail_errno(err, errno, "cannot rename %s to %s", temporary, path);
    }
    if (rc < 0) {
        unlink(temporary);
        return rc;
    }
    return sync_parent(path, err);
}

static int make_one(const char *path, unsigned mode, struct mx_error *err) {
    if (mkdir(path, (mode_t)mode) == 0) {
        return MX_OK;
    }
    int why = errno;
    struct stat info;
    if (why != EEXIST || stat(path, &info) < 0) {
        return mx_fail_errno(err, why, "cannot make the folder %s", path);
    }
    return S_ISDIR(info.st_mode)
               ? MX_OK
               : mx_fail(err, MX_E_CONFLICT, "%s is no folder: choose another name", path);
}

int mx_dir_make(const char *path, unsigned mode, struct mx_error *err) {
    char part[PATH_SIZE];
    int len = snprintf(part, sizeof(part), "%s", path);
    if (len <= 0 || (size_t)len >= sizeof(part)) {
        return mx_fail(err, MX_E_INVALID, "the path is empty or too long: %.100s", path);
    }
    for (char *at = part + 1; *at; at++) {
        if (*at == '/' && at[1] != '\0') {
            *at = '\0';
            int rc = make_one(part, 0755, err);
            if (rc < 0) {
                return rc;
            }
            *at = '/';
        }
    }
    return make_one(part, mode, err);
}

int mx_file_stat(const char *path, struct mx_file_info *out, struct mx_error *err) {
    struct stat info;
    if (stat(path, &info) < 0) {
        return fail_open(err, path, "look at");
    }
    out->kind = S_ISREG(info.st_mode)   ? MX_FILE_REGULAR
                : S_ISDIR(info.st_mode) ? MX_FILE_DIR
                                        : MX_FILE_OTHER;
    out->size = (uint64_t)info.st_size;
    out->modified_ms = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
    return MX_OK;
}

bool mx_file_is_below(const char *root, const char *path) {
    char *outer = realpath(root, NULL);
    char *inner = realpath(path, NULL);
    size_t len = outer ? strlen(outer) : 0;
    bool is_below = outer && inner && strncmp(outer, inner, len) == 0 && inner[len] == '/';
    free(outer);
    free(inner);
    return is_below;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **read_names(DIR *dir, size_t *count) {
    char **names = NULL;
    size_t cap = 0;
    *count = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (*count == cap) {
            cap = cap ? cap * 2 : 32;
            names = mx_realloc(names, cap * sizeof(*names));
        }
        names[(*count)++] = mx_strdup(entry->d_name);
    }
    if (*count > 0) {
        qsort(names, *count, sizeof(*names), compare_names);
    }
    return names;
}

int mx_dir_list(const char *path, mx_dir_fn fn, void *ctx, struct mx_error *err) {
    DIR *dir = opendir(path);
    if (!dir) {
        return fail_open(err, path, "list");
    }
    size_t count = 0;
    char **names = read_names(dir, &count);
    closedir(dir);
    int rc = MX_OK;
    for (size_t i = 0; i < count; i++) {
        if (rc == MX_OK) {
            rc = fn(ctx, names[i], err);
        }
        mx_free(names[i]);
    }
    mx_free(names);
    return rc;
}

static int remove_child(void *ctx, const char *name, struct mx_error *err) {
    char child[PATH_SIZE];
    int len = snprintf(child, sizeof(child), "%s/%s", (const char *)ctx, name);
    if (len < 0 || (size_t)len >= sizeof(child)) {
        return mx_fail(err, MX_E_INVALID, "a path below %s is too long", (const char *)ctx);
    }
    return mx_file_remove(child, err);
}

int mx_file_remove(const char *path, struct mx_error *err) {
    struct stat info;
    if (lstat(path, &info) < 0) {
        return errno == ENOENT ? MX_OK : mx_fail_errno(err, errno, "cannot look at %s", path);
    }
    if (!S_ISDIR(info.st_mode)) {
        return unlink(path) < 0 ? mx_fail_errno(err, errno, "cannot remove %s", path) : MX_OK;
    }
    int rc = mx_dir_list(path, remove_child, (void *)path, err);
    if (rc == MX_OK && rmdir(path) < 0) {
        rc = mx_fail_errno(err, errno, "cannot remove %s", path);
    }
    return rc;
}

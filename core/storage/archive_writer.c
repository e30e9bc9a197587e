// Writes an archive beside its place and renames it there when it is whole.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "storage/archive.h"
#include "storage/internal.h"
#include "storage/ustar.h"

enum { PATH_SIZE = 4096, PIECE = 65536 };

struct mx_archive_writer {
    int fd;
    char path[PATH_SIZE];
    char part[PATH_SIZE]; // where it grows
    bool is_finished;
    mx_buf piece;                      // for copying
    struct mx_archive_member *members; // owned
    size_t member_count;
    size_t member_cap;
    struct mx_checksum sum; // of the member that is being written
};

int mx_archive_writer_open(const char *path, mx_archive_writer **out, struct mx_error *err) {
    mx_archive_writer *writer = mx_alloc(sizeof(*writer));
    int rc = MX_OK;
    writer->fd = -1;
    int len = snprintf(writer->part, sizeof(writer->part), "%s.part", path);
    if (len < 0 || (size_t)len >= sizeof(writer->part)) {
        rc = mx_fail(err, MX_E_INVALID, "the path of the archive is too long");
        writer->part[0] = '\0';
        goto out;
    }
    snprintf(writer->path, sizeof(writer->path), "%s", path);
    writer->fd = open(writer->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (writer->fd < 0) {
        rc = mx_fail_errno(err, errno, "cannot make %s", writer->part);
        writer->part[0] = '\0';
        goto out;
    }
    *out = writer;
    writer = NULL; // handed over
out:
    mx_archive_writer_close(writer);
    return rc;
}

void mx_archive_writer_close(mx_archive_writer *writer) {
    if (!writer) {
        return;
    }
    if (writer->fd >= 0) {
        close(writer->fd);
    }
    if (!writer->is_finished && writer->part[0]) {
        unlink(writer->part);
    }
    mx_buf_deinit(&writer->piece);
    mx_free(writer->members);
    mx_free(writer);
}

static int put(mx_archive_writer *writer, const void *ptr, size_t len, struct mx_error *err) {
    const char *at = ptr;
    while (len > 0) {
        ssize_t done = write(writer->fd, at, len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return mx_fail_errno(err, errno, "cannot write %s", writer->part);
        }
        at += done;
        len -= (size_t)done;
    }
    return MX_OK;
}

static void note_member(mx_archive_writer *writer, const char *name, uint64_t size) {
    if (writer->member_count == writer->member_cap) {
        writer->member_cap = writer->member_cap ? writer->member_cap * 2 : 16;
        writer->members =
            mx_realloc(writer->members, writer->member_cap * sizeof(*writer->members));
    }
    struct mx_archive_member *member = &writer->members[writer->member_count++];
    snprintf(member->name, sizeof(member->name), "%s", name);
    member->size = size;
}

const struct mx_archive_member *mx_archive_members(const mx_archive_writer *writer, size_t *count) {
    *count = writer->member_count;
    return writer->members;
}

static int begin_member(
    mx_archive_writer *writer, const char *name, uint64_t size, struct mx_error *err) {
    unsigned char block[MX_USTAR_BLOCK];
    int rc = mx_ustar_write(name, size, block, err);
    mx_checksum_begin(&writer->sum);
    return rc < 0 ? rc : put(writer, block, sizeof(block), err);
}

static int put_content(mx_archive_writer *writer, struct mx_slice bytes, struct mx_error *err) {
    mx_checksum_add(&writer->sum, bytes);
    return put(writer, bytes.ptr, bytes.len, err);
}

// Fills up the last block and notes what was written.
static int end_member(
    mx_archive_writer *writer, const char *name, uint64_t size, struct mx_error *err) {
    static const unsigned char zeros[MX_USTAR_BLOCK];
    size_t over = (size_t)(size % MX_USTAR_BLOCK);
    int rc = over == 0 ? MX_OK : put(writer, zeros, MX_USTAR_BLOCK - over, err);
    if (rc == MX_OK) {
        note_member(writer, name, size);
        mx_checksum_end(&writer->sum, writer->members[writer->member_count - 1].digest);
    }
    return rc;
}

int mx_archive_add_bytes(
    mx_archive_writer *writer, const char *name, struct mx_slice bytes, struct mx_error *err) {
    int rc = begin_member(writer, name, bytes.len, err);
    if (rc == MX_OK) {
        rc = put_content(writer, bytes, err);
    }
    return rc == MX_OK ? end_member(writer, name, bytes.len, err) : rc;
}

// Exactly `size` bytes: the header has promised them.
static int copy_bytes(
    mx_archive_writer *writer, int fd, const char *path, uint64_t size, struct mx_error *err) {
    char *piece = mx_buf_reserve(&writer->piece, PIECE);
    while (size > 0) {
        size_t wanted = size < PIECE ? (size_t)size : PIECE;
        ssize_t got = read(fd, piece, wanted);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mx_fail_errno(err, errno, "cannot read %s", path);
        }
        if (got == 0) {
            return mx_fail(err, MX_E_CONFLICT, "%s became shorter while it was read", path);
        }
        int rc = put_content(writer, (struct mx_slice){piece, (size_t)got}, err);
        if (rc < 0) {
            return rc;
        }
        size -= (uint64_t)got;
    }
    return MX_OK;
}

int mx_archive_add_file(
    mx_archive_writer *writer, const char *name, const char *path, struct mx_error *err) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot read %s", path);
    }
    int rc = MX_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        rc = mx_fail(err, MX_E_INVALID, "%s is not a regular file: it cannot be archived", path);
        goto out;
    }
    uint64_t size = (uint64_t)info.st_size;
    rc = begin_member(writer, name, size, err);
    if (rc == MX_OK) {
        rc = copy_bytes(writer, fd, path, size, err);
    }
    if (rc == MX_OK) {
        rc = end_member(writer, name, size, err);
    }
out:
    close(fd);
    return rc;
}

struct tree {
    mx_archive_writer *writer;
    const char *name;
    const char *dir;
};

static int add_child(void *ctx, const char *child, struct mx_error *err) {
    struct tree *tree = ctx;
    char name[PATH_SIZE], path[PATH_SIZE];
    struct stat info;
    int name_len = snprintf(name, sizeof(name), "%s/%s", tree->name, child);
    int path_len = snprintf(path, sizeof(path), "%s/%s", tree->dir, child);
    if (name_len >= PATH_SIZE || path_len >= PATH_SIZE) {
        return mx_fail(err, MX_E_INVALID, "a path below %s is too long", tree->dir);
    }
    if (lstat(path, &info) != 0) {
        return mx_fail_errno(err, errno, "cannot read %s", path);
    }
    return S_ISDIR(info.st_mode) ? mx_archive_add_tree(tree->writer, name, path, err)
                                 : mx_archive_add_file(tree->writer, name, path, err);
}

int mx_archive_add_tree(
    mx_archive_writer *writer, const char *name, const char *dir, struct mx_error *err) {
    struct tree tree = {writer, name, dir};
    if (access(dir, F_OK) != 0 && errno == ENOENT) {
        return MX_OK;
    }
    return mx_dir_list(dir, add_child, &tree, err);
}

int mx_archive_writer_finish(mx_archive_writer *writer, struct mx_error *err) {
    static const unsigned char end[2 * MX_USTAR_BLOCK];
    int rc = put(writer, end, sizeof(end), err);
    if (rc < 0) {
        return rc;
    }
    if (fsync(writer->fd) != 0) {
        return mx_fail_errno(err, errno, "cannot write %s to disk", writer->part);
    }
    if (rename(writer->part, writer->path) != 0) {
        return mx_fail_errno(err, errno, "cannot make %s", writer->path);
    }
    writer->is_finished = true;
    return mx_sync_folder_of(writer->path, err);
}

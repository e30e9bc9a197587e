// Reads an archive that a stranger may have made.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "storage/archive.h"
#include "storage/ustar.h"

enum { PATH_SIZE = 4096, PIECE = 65536 };

struct mx_archive_reader {
    int fd;
    struct mx_archive_limits limits;
    uint64_t left;                      // of the current file
    uint64_t padding;                   // behind it
    char name[MX_ARCHIVE_NAME_MAX + 1]; // of the current file, or of the last one
    struct mx_checksum sum;             // of what was read of it
    uint64_t total;                     // of all so far
    uint64_t files;
    bool at_end;
    // Names seen, sorted, so that a second one of the same name is noticed. Compared without
    // ASCII case: on some disks they would be the same file.
    char **names;
    size_t name_count;
    mx_buf piece;
};

int mx_archive_reader_open(const char *path, const struct mx_archive_limits *limits,
    mx_archive_reader **out, struct mx_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) {
            return mx_fail(err, MX_E_MISSING, "there is no archive at %s", path);
        }
        return mx_fail_errno(err, errno, "cannot open %s", path);
    }
    mx_archive_reader *reader = mx_alloc(sizeof(*reader));
    reader->fd = fd;
    reader->limits = *limits;
    *out = reader;
    return MX_OK;
}

void mx_archive_reader_close(mx_archive_reader *reader) {
    if (!reader) {
        return;
    }
    close(reader->fd);
    for (size_t i = 0; i < reader->name_count; i++) {
        mx_free(reader->names[i]);
    }
    mx_free(reader->names);
    mx_buf_deinit(&reader->piece);
    mx_free(reader);
}

// Exactly `len` bytes, or the archive is cut off.
static int get(mx_archive_reader *reader, void *out, size_t len, struct mx_error *err) {
    char *at = out;
    while (len > 0) {
        ssize_t got = read(reader->fd, at, len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mx_fail_errno(err, errno, "cannot read the archive");
        }
        if (got == 0) {
            return mx_fail(err, MX_E_INVALID, "the archive is cut off%s%.180s",
                reader->name[0] ? " in or behind " : "", reader->name);
        }
        at += got;
        len -= (size_t)got;
    }
    return MX_OK;
}

static int skip(mx_archive_reader *reader, uint64_t len, struct mx_error *err) {
    char *piece = mx_buf_reserve(&reader->piece, PIECE);
    while (len > 0) {
        size_t part = len < PIECE ? (size_t)len : PIECE;
        int rc = get(reader, piece, part, err);
        if (rc < 0) {
            return rc;
        }
        len -= part;
    }
    return MX_OK;
}

static bool is_zero(const char *ptr, size_t len) {
    size_t i = 0;
    while (i < len && ptr[i] == '\0') {
        i++;
    }
    return i == len;
}

// What fills up the last block of a file.
static int skip_padding(mx_archive_reader *reader, struct mx_error *err) {
    char padding[MX_USTAR_BLOCK];
    size_t len = (size_t)reader->padding;
    reader->padding = 0;
    int rc = get(reader, padding, len, err);
    if (rc == MX_OK && reader->limits.exact && !is_zero(padding, len)) {
        rc = mx_fail(err, MX_E_INVALID, "the archive is damaged right behind %.180s", reader->name);
    }
    return rc;
}

// An end is two empty blocks and then nothing. Others' tar may write more of them.
static int check_end(mx_archive_reader *reader, struct mx_error *err) {
    char block[MX_USTAR_BLOCK];
    char more;
    if (!reader->limits.exact) {
        return MX_OK;
    }
    int rc = get(reader, block, sizeof(block), err);
    if (rc == MX_OK && (!is_zero(block, sizeof(block)) || read(reader->fd, &more, 1) != 0)) {
        rc = mx_fail(err, MX_E_INVALID, "the end of the archive is damaged");
    }
    return rc;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_nocase(const char *a, const char *b) {
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

// Where `name` is among the sorted names, or where it belongs.
static bool find_name(const mx_archive_reader *reader, const char *name, size_t *out) {
    size_t low = 0, high = reader->name_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int sign = compare_nocase(name, reader->names[middle]);
        if (sign == 0) {
            *out = middle;
            return true;
        }
        if (sign < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *out = low;
    return false;
}

static int keep_name(mx_archive_reader *reader, const char *name, struct mx_error *err) {
    size_t at = 0;
    if (find_name(reader, name, &at)) {
        return mx_fail(err, MX_E_INVALID, "the archive holds %.180s twice", name);
    }
    size_t count = reader->name_count + 1;
    reader->names = mx_realloc(reader->names, count * sizeof(char *));
    memmove(reader->names + at + 1, reader->names + at, (reader->name_count - at) * sizeof(char *));
    reader->names[at] = mx_strdup(name);
    reader->name_count = count;
    return MX_OK;
}

static int check_limits(
    mx_archive_reader *reader, const struct mx_archive_entry *entry, struct mx_error *err) {
    const struct mx_archive_limits *limits = &reader->limits;
    if (reader->files == limits->files) {
        return mx_fail(err, MX_E_LIMIT, "the archive holds more than %llu files",
            (unsigned long long)limits->files);
    }
    if (entry->size > limits->file_bytes) {
        return mx_fail(err, MX_E_LIMIT, "%.150s in the archive is larger than %llu bytes",
            entry->name, (unsigned long long)limits->file_bytes);
    }
    if (entry->size > limits->total_bytes - reader->total) {
        return mx_fail(err, MX_E_LIMIT, "the archive unpacks to more than %llu bytes",
            (unsigned long long)limits->total_bytes);
    }
    reader->files++;
    reader->total += entry->size;
    return MX_OK;
}

static int begin_file(
    mx_archive_reader *reader, const struct mx_archive_entry *entry, struct mx_error *err) {
    int rc = check_limits(reader, entry, err);
    if (rc == MX_OK) {
        rc = keep_name(reader, entry->name, err);
    }
    if (rc == MX_OK) {
        snprintf(reader->name, sizeof(reader->name), "%s", entry->name);
        mx_checksum_begin(&reader->sum);
        reader->left = entry->size;
        reader->padding = (MX_USTAR_BLOCK - entry->size % MX_USTAR_BLOCK) % MX_USTAR_BLOCK;
    }
    return rc;
}

// One header. An exact reader wants the very bytes that the writer would have written.
static int read_header(mx_archive_reader *reader, enum mx_ustar_kind *kind,
    struct mx_archive_entry *out, struct mx_error *err) {
    unsigned char block[MX_USTAR_BLOCK];
    unsigned char ours[MX_USTAR_BLOCK];
    struct mx_error why;
    int rc = get(reader, block, sizeof(block), err);
    if (rc < 0) {
        return rc;
    }
    rc = mx_ustar_read(block, kind, out, &why);
    if (rc == MX_OK && reader->limits.exact && *kind != MX_USTAR_END) {
        rc = mx_ustar_write(out->name, out->size, ours, &why);
        if (rc == MX_OK && memcmp(block, ours, sizeof(block)) != 0) {
            rc = mx_fail(&why, MX_E_INVALID,
                "the header of %.60s was not made by Merx, or is damaged: %s", out->name,
                mx_ustar_difference(block, ours));
        }
    }
    if (rc < 0) {
        return mx_fail(err, MX_E_INVALID, "%.160s%s%.60s", why.text,
            reader->name[0] ? ", behind " : "", reader->name);
    }
    return MX_OK;
}

// The next header. Folders are passed over: a file's own name says where it goes.
static int next_header(mx_archive_reader *reader, enum mx_ustar_kind *kind,
    struct mx_archive_entry *out, struct mx_error *err) {
    uint64_t folders = 0;
    for (;;) {
        int rc = read_header(reader, kind, out, err);
        if (rc < 0 || *kind != MX_USTAR_FOLDER) {
            return rc;
        }
        if (out->size != 0 || ++folders > reader->limits.files) {
            return mx_fail(err, MX_E_INVALID, "the archive holds folders that make no sense");
        }
    }
}

int mx_archive_next(mx_archive_reader *reader, struct mx_archive_entry *out, struct mx_error *err) {
    if (reader->at_end) {
        return 0;
    }
    int rc = skip(reader, reader->left, err);
    reader->left = 0;
    enum mx_ustar_kind kind = MX_USTAR_END;
    if (rc == MX_OK) {
        rc = skip_padding(reader, err);
    }
    if (rc == MX_OK) {
        rc = next_header(reader, &kind, out, err);
    }
    if (rc == MX_OK && kind == MX_USTAR_END) {
        reader->at_end = true;
        return check_end(reader, err);
    }
    if (rc == MX_OK) {
        rc = begin_file(reader, out, err);
    }
    return rc < 0 ? rc : 1;
}

int64_t mx_archive_read(mx_archive_reader *reader, char *out, size_t size, struct mx_error *err) {
    size_t part = size < reader->left ? size : (size_t)reader->left;
    int rc = get(reader, out, part, err);
    if (rc < 0) {
        return rc;
    }
    reader->left -= part;
    mx_checksum_add(&reader->sum, (struct mx_slice){out, part});
    return (int64_t)part;
}

int mx_archive_read_all(
    mx_archive_reader *reader, uint64_t max, mx_buf *out, struct mx_error *err) {
    if (reader->left > max) {
        return mx_fail(err, MX_E_LIMIT, "a file in the archive is larger than %llu bytes",
            (unsigned long long)max);
    }
    size_t size = (size_t)reader->left;
    int64_t got = mx_archive_read(reader, mx_buf_reserve(out, size + 1), size, err);
    if (got < 0) {
        return (int)got;
    }
    out->len += (size_t)got;
    return MX_OK;
}

static int write_all(int fd, const char *ptr, size_t len, const char *path, struct mx_error *err) {
    while (len > 0) {
        ssize_t done = write(fd, ptr, len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return mx_fail_errno(err, errno, "cannot write %s", path);
        }
        ptr += done;
        len -= (size_t)done;
    }
    return MX_OK;
}

int mx_archive_read_to(mx_archive_reader *reader, const char *path, struct mx_error *err) {
    // O_EXCL: nothing that is there is ever written to, be it a file or a planted link.
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot make %s", path);
    }
    int rc = MX_OK;
    char *piece = mx_buf_reserve(&reader->piece, PIECE);
    while (rc == MX_OK && reader->left > 0) {
        int64_t got = mx_archive_read(reader, piece, PIECE, err);
        rc = got < 0 ? (int)got : write_all(fd, piece, (size_t)got, path, err);
    }
    if (rc == MX_OK && fsync(fd) != 0) {
        rc = mx_fail_errno(err, errno, "cannot write %s to disk", path);
    }
    close(fd);
    return rc;
}

// Tells `fn` of the current file, all of which was read.
static int tell(mx_archive_reader *reader, const struct mx_archive_entry *entry, mx_archive_fn fn,
    void *ctx, struct mx_error *err) {
    struct mx_archive_member member = {.size = entry->size};
    snprintf(member.name, sizeof(member.name), "%s", entry->name);
    mx_checksum_end(&reader->sum, member.digest);
    return fn ? fn(ctx, &member, err) : MX_OK;
}

static int read_through(mx_archive_reader *reader, struct mx_error *err) {
    char *piece = mx_buf_reserve(&reader->piece, PIECE);
    int64_t got = 0;
    while (got >= 0 && reader->left > 0) {
        got = mx_archive_read(reader, piece, PIECE, err);
    }
    return got < 0 ? (int)got : MX_OK;
}

int mx_archive_list(const char *path, const struct mx_archive_limits *limits, mx_archive_fn fn,
    void *ctx, struct mx_error *err) {
    mx_archive_reader *reader = NULL;
    struct mx_archive_entry entry;
    int rc = mx_archive_reader_open(path, limits, &reader, err);
    while (rc >= 0 && (rc = mx_archive_next(reader, &entry, err)) > 0) {
        rc = read_through(reader, err);
        if (rc == MX_OK) {
            rc = tell(reader, &entry, fn, ctx, err);
        }
    }
    mx_archive_reader_close(reader);
    return rc;
}

int mx_archive_read_one(const char *path, const char *name, const struct mx_archive_limits *limits,
    uint64_t max, mx_buf *out, struct mx_error *err) {
    mx_archive_reader *reader = NULL;
    struct mx_archive_entry entry;
    int rc = mx_archive_reader_open(path, limits, &reader, err);
    while (rc >= 0 && (rc = mx_archive_next(reader, &entry, err)) > 0) {
        if (strcmp(entry.name, name) == 0) {
            rc = mx_archive_read_all(reader, max, out, err);
            goto out;
        }
    }
    if (rc == 0) {
        rc = mx_fail(err, MX_E_MISSING, "the archive holds no %.180s", name);
    }
out:
    mx_archive_reader_close(reader);
    return rc;
}

static int make_parent(const char *path, struct mx_error *err) {
    char parent[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
    return mx_dir_make(parent, 0700, err);
}

static int refuse_child(void *ctx, const char *name, struct mx_error *err) {
    return mx_fail(err, MX_E_CONFLICT, "%s is not empty (it holds %s): unpack into a new folder",
        (const char *)ctx, name);
}

int mx_archive_extract(const char *path, const char *dir, const struct mx_archive_limits *limits,
    mx_archive_fn fn, void *ctx, struct mx_error *err) {
    mx_archive_reader *reader = NULL;
    struct mx_archive_entry entry;
    char target[PATH_SIZE], folder[PATH_SIZE];
    snprintf(folder, sizeof(folder), "%s", dir);
    int rc = mx_archive_reader_open(path, limits, &reader, err);
    if (rc == MX_OK) {
        rc = mx_dir_make(dir, 0700, err);
    }
    if (rc == MX_OK) {
        rc = mx_dir_list(dir, refuse_child, folder, err);
    }
    while (rc >= 0 && (rc = mx_archive_next(reader, &entry, err)) > 0) {
        int len = snprintf(target, sizeof(target), "%s/%s", dir, entry.name);
        if (len < 0 || (size_t)len >= sizeof(target)) {
            rc = mx_fail(err, MX_E_INVALID, "the path of %s is too long", dir);
            break;
        }
        rc = make_parent(target, err);
        if (rc == MX_OK) {
            rc = mx_archive_read_to(reader, target, err);
        }
        if (rc == MX_OK) {
            rc = tell(reader, &entry, fn, ctx, err);
        }
    }
    mx_archive_reader_close(reader);
    return rc;
}

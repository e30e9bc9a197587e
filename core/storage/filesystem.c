// What lies below the files: SQLite's log needs shared memory and locks that only a local file
// system gives.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "platform/log.h"
#include "storage/internal.h"

static const struct {
    uint32_t magic; // of statfs(2)
    const char *name;
} network[] = {
    {0x00006969, "NFS"},
    {0x0000517b, "SMB"},
    {0xfe534d42, "SMB"},
    {0xff534d42, "CIFS"},
    {0x01021997, "9P"},
    {0x00c36400, "Ceph"},
    {0x0bd00bd0, "Lustre"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x73757245, "Coda"},
    {0x0000564c, "NCP"},
};

enum { FUSE_MAGIC = 0x65735546, PATH_SIZE = 4096 };

// The folder of `path`: the file itself may not be there yet.
static void folder_of(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    if (!slash) {
        snprintf(out, size, ".");
    } else if (slash == path) {
        snprintf(out, size, "/");
    } else {
        snprintf(out, size, "%.*s", (int)(slash - path), path);
    }
}

int mx_filesystem_check(const char *path, struct mx_error *err) {
    char folder[PATH_SIZE];
    if (strlen(path) >= sizeof(folder)) {
        return mx_fail(err, MX_E_INVALID, "the path of the database is too long");
    }
    folder_of(path, folder, sizeof(folder));
    struct statfs fs;
    if (statfs(folder, &fs) != 0) {
        if (errno == ENOENT) {
            return mx_fail(err, MX_E_MISSING, "there is no folder %s", folder);
        }
        return mx_fail_errno(err, errno, "%s", folder);
    }
    uint32_t magic = (uint32_t)fs.f_type;
    for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
        if (network[i].magic == magic) {
            return mx_fail(err, MX_E_INVALID,
                "%s is on a network file system (%s), where a database gets damaged: use a local "
                "disk",
                folder, network[i].name);
        }
    }
    if (magic == FUSE_MAGIC) {
        mx_log_warn("%s is on a FUSE file system: make sure that it is a local one", folder);
    }
    return MX_OK;
}

uint64_t mx_file_bytes(const char *path, const char *suffix) {
    char name[PATH_SIZE];
    struct stat info;
    int len = snprintf(name, sizeof(name), "%s%s", path, suffix);
    if (len < 0 || (size_t)len >= sizeof(name) || stat(name, &info) != 0 || info.st_size < 0) {
        return 0;
    }
    return (uint64_t)info.st_size;
}

int mx_sync_path(const char *path, struct mx_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot open %s", path);
    }
    int rc = fsync(fd) == 0 ? MX_OK : mx_fail_errno(err, errno, "cannot write %s to disk", path);
    close(fd);
    return rc;
}

int mx_sync_folder_of(const char *path, struct mx_error *err) {
    char folder[PATH_SIZE];
    if (strlen(path) >= sizeof(folder)) {
        return mx_fail(err, MX_E_INVALID, "the path %.100s... is too long", path);
    }
    folder_of(path, folder, sizeof(folder));
    return mx_sync_path(folder, err);
}

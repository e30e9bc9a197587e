#define _GNU_SOURCE // adjtimex()
#include "platform/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "platform/world.h"

enum { PATH_SIZE = 4096, SYNCS_MAX = 256, BLOCK = 4096 };

static const struct {
    uint32_t magic; // of statfs(2)
    const char *name;
} file_systems[] = {
    {0x0000ef53, "ext4"},
    {0x58465342, "xfs"},
    {0x9123683e, "btrfs"},
    {0x2fc12fc1, "zfs"},
    {0xf2f52010, "f2fs"},
    {0xca451a4e, "bcachefs"},
    {0x01021994, "tmpfs"},
    {0x858458f6, "ramfs"},
    {0x794c7630, "overlay"},
    {0x65735546, "fuse"},
    {0x00006969, "nfs"},
    {0xfe534d42, "smb"},
    {0xff534d42, "cifs"},
    {0x00c36400, "ceph"},
};

// The number in a file of /proc or /sys, or `otherwise`: also when there is a word.
static int64_t read_number(const char *path, int64_t otherwise) {
    char text[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return otherwise;
    }
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    char *end = text;
    long long value = strtoll(text, &end, 10);
    return end == text ? otherwise : value;
}

static void look_at_kernel(struct mx_machine *out) {
    struct utsname name;
    struct rlimit files;
    if (uname(&name) == 0) {
        snprintf(out->kernel, sizeof(out->kernel), "%.63s", name.release);
    }
    out->files_soft = out->files_hard = -1;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        out->files_soft = files.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)files.rlim_cur;
        out->files_hard = files.rlim_max == RLIM_INFINITY ? INT64_MAX : (int64_t)files.rlim_max;
    }
    out->backlog = read_number("/proc/sys/net/core/somaxconn", -1);
    out->cpus = sysconf(_SC_NPROCESSORS_ONLN);
    out->memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    out->memory_limit = read_number("/sys/fs/cgroup/memory.max", -1);
}

static void look_at_clock(struct mx_machine *out) {
    struct timex state = {0};
    int rc = adjtimex(&state); // changes nothing: no mode is set
    out->is_clock_known = rc >= 0;
    out->is_clock_kept = rc >= 0 && rc != TIME_ERROR && !(state.status & STA_UNSYNC);
    out->clock_error_us = rc >= 0 ? state.maxerror : -1;
}

static void look_at_locale(struct mx_machine *out) {
    locale_t named = newlocale(LC_ALL_MASK, "", (locale_t)0);
    const char *codeset = named ? nl_langinfo_l(CODESET, named) : "unknown";
    snprintf(out->encoding, sizeof(out->encoding), "%.31s", codeset);
    if (named) {
        freelocale(named);
    }
}

static int look_at_disk(const char *folder, struct mx_machine *out, struct mx_error *err) {
    struct statfs fs;
    struct statvfs space;
    if (statfs(folder, &fs) != 0 || statvfs(folder, &space) != 0) {
        return errno == ENOENT ? mx_fail(err, MX_E_MISSING, "there is no folder %.180s", folder)
                               : mx_fail_errno(err, errno, "cannot look at %.150s", folder);
    }
    uint32_t magic = (uint32_t)fs.f_type;
    snprintf(out->file_system, sizeof(out->file_system), "%08x", (unsigned)magic);
    for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++) {
        if (file_systems[i].magic == magic) {
            snprintf(out->file_system, sizeof(out->file_system), "%s", file_systems[i].name);
        }
    }
    out->disk_bytes = (int64_t)(space.f_blocks * space.f_frsize);
    out->disk_free_bytes = (int64_t)(space.f_bavail * space.f_frsize);
    out->disk_free_files = space.f_files == 0 ? -1 : (int64_t)space.f_favail;
    out->is_read_only = (space.f_flag & ST_RDONLY) != 0;
    return MX_OK;
}

int mx_machine_look(const char *folder, struct mx_machine *out, struct mx_error *err) {
    memset(out, 0, sizeof(*out));
    look_at_kernel(out);
    look_at_clock(out);
    look_at_locale(out);
    return look_at_disk(folder, out, err);
}

int mx_machine_access(const char *path, struct mx_access *out, struct mx_error *err) {
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? mx_fail(err, MX_E_MISSING, "there is no %.200s", path)
                               : mx_fail_errno(err, errno, "cannot look at %.150s", path);
    }
    *out = (struct mx_access){
        .mode = info.st_mode & 07777,
        .owner = (int64_t)info.st_uid,
        .is_own = info.st_uid == geteuid(),
    };
    return MX_OK;
}

static int compare_times(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

// Each write goes behind the last one, as a log's do.
static int time_syncs(int fd, int count, int64_t *times, struct mx_error *err) {
    static const char block[BLOCK];
    for (int i = 0; i < count; i++) {
        uint64_t began = mx_mono_ns(mx_world_real());
        if (pwrite(fd, block, sizeof(block), (off_t)i * BLOCK) != BLOCK || fdatasync(fd) != 0) {
            return mx_fail_errno(err, errno, "cannot write to the disk");
        }
        times[i] = (int64_t)((mx_mono_ns(mx_world_real()) - began) / 1000);
    }
    return MX_OK;
}

int mx_machine_time_sync(
    const char *folder, int count, int64_t *median_us, int64_t *longest_us, struct mx_error *err) {
    char path[PATH_SIZE];
    int64_t times[SYNCS_MAX];
    int wanted = count < 1 ? 1 : count > SYNCS_MAX ? SYNCS_MAX : count;
    int len = snprintf(path, sizeof(path), "%s/sync.%ld.tmp", folder, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return mx_fail(err, MX_E_INVALID, "the path of the folder is too long");
    }
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return mx_fail_errno(err, errno, "cannot make a file in %.150s", folder);
    }
    int rc = time_syncs(fd, wanted, times, err);
    close(fd);
    unlink(path);
    if (rc == MX_OK) {
        qsort(times, (size_t)wanted, sizeof(times[0]), compare_times);
        *median_us = times[wanted / 2];
        *longest_us = times[wanted - 1];
    }
    return rc;
}

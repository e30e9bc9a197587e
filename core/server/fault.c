// Readers map the database: what would be a result of read() is the signal SIGBUS there, because
// the disk fails or because somebody has cut the file. Nothing can go on in this process; the
// supervisor starts another, which looks at the database before it serves. So that somebody learns
// why, the last thing it does is a line in the log.
//
// The signal comes from an access to memory, so it interrupts no function of libc that holds a
// lock: here may be called what a signal handler else may not.
#include "server/fault.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "platform/log.h"

enum { MAP_LINE = 1024 };

// Reads one line of a file; false at its end. What is longer than `size` is cut.
static bool read_line(int fd, char *line, size_t size) {
    size_t len = 0;
    char c;
    while (read(fd, &c, 1) == 1 && c != '\n') {
        if (len < size - 1) {
            line[len++] = c;
        }
    }
    line[len] = '\0';
    return len > 0;
}

// The path of the file that is mapped at `address`, into `line`; NULL when none is.
static const char *find_mapped(uintptr_t address, char *line, size_t size) {
    const char *path = NULL;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !path && read_line(fd, line, size)) {
        // A line is "7f30a90c8000-7f30a91fa000 r--s 00000000 fe:00 11486211 /srv/shop/shop.db".
        char *end = line;
        uintmax_t from = strtoumax(line, &end, 16);
        uintmax_t to = *end == '-' ? strtoumax(end + 1, &end, 16) : 0;
        if (address >= from && address < to) {
            path = strchr(line, '/');
            break;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return path;
}

static void on_page_missed(int number, siginfo_t *info, void *ctx) {
    (void)number;
    (void)ctx;
    char line[MAP_LINE];
    if (info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO) {
        mx_log_error(
            "the memory of this machine is broken: the process ends; look at the kernel's log");
    } else if (info->si_code == BUS_ADRERR) {
        const char *path = find_mapped((uintptr_t)info->si_addr, line, sizeof(line));
        mx_log_error(
            "a page of %s cannot be read: the process ends. Either its disk fails (the kernel's "
            "log tells) or somebody has cut the file; stop the shop and run merx fsck",
            path ? path : "a mapped file");
    }
    // The handler was taken away when it was called: the same access is made again and ends the
    // process.
}

void mx_fault_tell(void) {
    struct sigaction action = {
        .sa_sigaction = on_page_missed, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

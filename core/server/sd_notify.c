// The protocols of sd_notify(3) and sd_listen_fds(3), which are a datagram and three variables.
#include "server/sd_notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "platform/slice.h"

enum { FIRST_FD = 3, MOST_FDS = 64 };

bool mx_sd_is_there(void) {
    const char *path = getenv("NOTIFY_SOCKET");
    return path && (path[0] == '/' || path[0] == '@') && path[1];
}

void mx_sd_notify(const char *lines) {
    if (!mx_sd_is_there()) {
        return;
    }
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; // an abstract name
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    ssize_t sent =
        sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    (void)sent; // nobody to tell
    close(fd);
}

void mx_sd_notify_reloading(void) {
    struct timespec now;
    char lines[80];
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%lld",
        (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    mx_sd_notify(lines);
}

static bool is_for_us(const char *variable) {
    uint64_t pid = 0;
    const char *text = getenv(variable);
    return text && mx_slice_to_u64(mx_slice_of(text), INT32_MAX, &pid) && pid == (uint64_t)getpid();
}

uint64_t mx_sd_watchdog_ms(void) {
    const char *text = getenv("WATCHDOG_USEC");
    uint64_t us = 0;
    if (!text || !mx_slice_to_u64(mx_slice_of(text), UINT64_MAX, &us) ||
        (getenv("WATCHDOG_PID") && !is_for_us("WATCHDOG_PID"))) {
        return 0;
    }
    uint64_t ms = us / 1000 / 3; // two may get lost
    return us == 0 ? 0 : ms == 0 ? 1 : ms;
}

void mx_sd_listen_name(int index, char *out, size_t size) {
    const char *names = getenv("LISTEN_FDNAMES");
    struct mx_slice rest = mx_slice_of(names);
    struct mx_slice name = {0};
    for (int i = 0; i <= index && rest.ptr; i++) {
        name = mx_slice_cut(&rest, ':');
        if (i < index) {
            name.len = 0;
        }
    }
    snprintf(out, size, "%.*s", (int)name.len, name.len > 0 ? name.ptr : "");
}

int mx_sd_listen_fds(int *count) {
    uint64_t number = 0;
    const char *text = getenv("LISTEN_FDS");
    *count = 0;
    if (!text || !is_for_us("LISTEN_PID") ||
        !mx_slice_to_u64(mx_slice_of(text), MOST_FDS, &number) || number == 0) {
        return -1;
    }
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)number; fd++) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    *count = (int)number;
    return FIRST_FD;
}

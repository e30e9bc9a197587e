// Adds up /proc/PID/task/*/schedstat: nanoseconds on a CPU, where stat counts whole ticks.
#include "usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 128 };

static double task_us(const char *pid, const char *task) {
    char path[PATH_SIZE];
    char line[PATH_SIZE];
    double us = 0;
    snprintf(path, sizeof(path), "/proc/%.10s/task/%.10s/schedstat", pid, task);
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof(line), file)) {
        us = strtod(line, NULL) / 1000;
    }
    if (file) {
        fclose(file);
    }
    return us; // 0 for a thread that has just ended
}

double bench_cpu_us(const char *pid) {
    char path[PATH_SIZE];
    double us = 0;
    struct dirent *entry;
    snprintf(path, sizeof(path), "/proc/%.10s/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) {
        fprintf(stderr, "bench: there is no process %s\n", pid);
        exit(1);
    }
    while ((entry = readdir(tasks))) {
        us += entry->d_name[0] == '.' ? 0 : task_us(pid, entry->d_name);
    }
    closedir(tasks);
    return us;
}

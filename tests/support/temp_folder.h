// A fresh folder for one test, gone after it. Header only: tests link no more rooms for it.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "platform/files.h"

struct temp_folder {
    char path[64];
    char joined[8][256]; // the last eight results of temp_path()
    int next;
};

static inline void temp_folder_make(struct temp_folder *folder) {
    *folder = (struct temp_folder){.path = "/tmp/merx-test-XXXXXX"};
    if (!mkdtemp(folder->path)) {
        perror(folder->path);
        abort();
    }
}

static inline void temp_folder_remove(struct temp_folder *folder) {
    struct mx_error err;
    if (mx_file_remove(folder->path, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

// The path of `name` in the folder, good for seven more calls.
static inline const char *temp_path(struct temp_folder *folder, const char *name) {
    char *out = folder->joined[folder->next++ % 8];
    snprintf(out, sizeof(folder->joined[0]), "%s/%s", folder->path, name);
    return out;
}

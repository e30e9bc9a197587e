// Whole files and folders, for boot, tools and themes; never on a loop thread while serving.
#pragma once

#include "platform/buf.h"
#include "platform/error.h"

// Appends the content of `path` to `out`; refuses more than `max` bytes.
int mx_file_read(const char *path, size_t max, mx_buf *out, struct mx_error *err);

// Writes beside `path`, fsyncs, renames over it, fsyncs the folder: the old or the new, never half.
int mx_file_write(const char *path, struct mx_slice content, unsigned mode, struct mx_error *err);

// Renames a file or folder, on one disk, and fsyncs where it is now. A file at `to` is replaced.
int mx_file_move(const char *from, const char *to, struct mx_error *err);

// Makes `path` and the folders above it (mode 0755, the last one `mode`). Existing ones are fine.
int mx_dir_make(const char *path, unsigned mode, struct mx_error *err);

enum mx_file_kind { MX_FILE_OTHER, MX_FILE_REGULAR, MX_FILE_DIR };

struct mx_file_info {
    enum mx_file_kind kind;
    uint64_t size;
    int64_t modified_ms;
};

// Whether `path`, with all symbolic links followed, still lies below the folder `root`.
bool mx_file_is_below(const char *root, const char *path);

// Follows symbolic links. MX_E_MISSING when there is nothing.
int mx_file_stat(const char *path, struct mx_file_info *out, struct mx_error *err);

// Calls `fn` for each name in `path` except "." and "..", sorted by bytes. `fn` stops with a
// negative result, which is returned.
typedef int (*mx_dir_fn)(void *ctx, const char *name, struct mx_error *err);
int mx_dir_list(const char *path, mx_dir_fn fn, void *ctx, struct mx_error *err);

// Removes a file, or a folder and all below it. Nothing there is fine. Never follows links.
int mx_file_remove(const char *path, struct mx_error *err);

// Which files and folders there are, by their path below the folder.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "content.h"

struct entry {
    char *path;
    struct file *file; // NULL: a folder
};

struct names {
    struct entry *list;
    size_t count;
    size_t room;
};

// "folder/path", or the folder when the path is empty.
void path_join(const char *folder, const char *path, char out[PATH_MAX]);

// NULL when there is none. Borrowed until the names change.
struct entry *names_find(const struct names *names, const char *path);

void names_set(struct names *names, const char *path, struct file *file);
void names_remove(struct names *names, const char *path);

// A folder takes what is in it along.
void names_move(struct names *names, const char *from, const char *to);

// Adds all of `from` to `to`.
void names_copy(const struct names *from, struct names *to);

// Whether all folders above `path` are there.
bool names_reach(const struct names *names, const char *path);

void names_deinit(struct names *names);

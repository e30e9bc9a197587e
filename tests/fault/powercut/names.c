// A plain list: a shop's folder has a dozen files.
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void path_join(const char *folder, const char *path, char out[PATH_MAX]) {
    int len = snprintf(out, PATH_MAX, "%s%s%s", folder, *path ? "/" : "", path);
    if (len < 0 || len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        die("cannot name", path);
    }
}

struct entry *names_find(const struct names *names, const char *path) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i].path, path) == 0) {
            return &names->list[i];
        }
    }
    return NULL;
}

void names_set(struct names *names, const char *path, struct file *file) {
    struct entry *entry = names_find(names, path);
    if (!entry) {
        names->list = grow(names->list, &names->room, names->count + 1, sizeof(*names->list));
        entry = &names->list[names->count++];
        entry->path = copy_text(path);
    }
    entry->file = file;
}

void names_remove(struct names *names, const char *path) {
    struct entry *entry = names_find(names, path);
    if (entry) {
        free(entry->path);
        *entry = names->list[--names->count];
    }
}

void names_move(struct names *names, const char *from, const char *to) {
    size_t len = strlen(from);
    struct entry *entry = names_find(names, from);
    if (!entry) {
        return; // made and moved, and the making was lost
    }
    struct file *file = entry->file;
    names_remove(names, from);
    names_set(names, to, file);
    for (size_t i = 0; i < names->count; i++) {
        char *path = names->list[i].path;
        if (strncmp(path, from, len) == 0 && path[len] == '/') {
            char moved[PATH_MAX];
            path_join(to, path + len + 1, moved);
            names->list[i].path = copy_text(moved);
            free(path);
        }
    }
}

void names_copy(const struct names *from, struct names *to) {
    for (size_t i = 0; i < from->count; i++) {
        names_set(to, from->list[i].path, from->list[i].file);
    }
}

bool names_reach(const struct names *names, const char *path) {
    char parent[PATH_MAX];
    snprintf(parent, sizeof(parent), "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash) {
        return true;
    }
    *slash = '\0';
    return names_find(names, parent) != NULL && names_reach(names, parent);
}

void names_deinit(struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i].path);
    }
    free(names->list);
}

// Two lists of names, one for everyone to read and one that lasts; see content.c for the bytes.
#include "disk.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "names.h"

enum { MOST_SYNCS = 256 };

struct name_change {
    uint64_t seq;
    uint16_t kind; // MX_RECORD_OPEN (made), UNLINK, RENAME or MKDIR
    char *path;
    char *to;
    struct file *file;
};

struct folder_inode {
    uint64_t inode;
    char *path;
};

struct sync {
    uint64_t number;
    uint64_t file;
    uint64_t seq; // the first change that it does not cover
};

struct mx_disk {
    struct file *files;
    struct names now;
    struct names lasting;
    struct name_change *name_changes; // not synced, in order
    size_t name_change_count;
    size_t name_change_room;
    struct folder_inode *folders;
    size_t folder_count;
    size_t folder_room;
    struct sync syncs[MOST_SYNCS]; // that have begun
    size_t sync_count;
    uint64_t seq;
};

static bool ends_with(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_memory(const char *path) {
    return ends_with(path, "-shm");
}

// A database or its log, but not its shared memory.
static bool is_database(const char *path) {
    return ends_with(path, ".db") || ends_with(path, ".db-wal") || ends_with(path, ".db-journal");
}

static void apply_name(struct names *names, const struct name_change *change) {
    switch (change->kind) {
    case MX_RECORD_OPEN:
    case MX_RECORD_MKDIR: names_set(names, change->path, change->file); break;
    case MX_RECORD_UNLINK: names_remove(names, change->path); break;
    case MX_RECORD_RENAME: names_move(names, change->path, change->to); break;
    default: assert(!"no such change of names");
    }
}

static bool is_child_of(const char *path, const char *folder) {
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    return strlen(folder) == len && strncmp(path, folder, len) == 0;
}

static void change_name(
    mx_disk *disk, uint16_t kind, const char *path, const char *to, struct file *file) {
    disk->name_changes = grow(disk->name_changes, &disk->name_change_room,
        disk->name_change_count + 1, sizeof(*disk->name_changes));
    struct name_change *change = &disk->name_changes[disk->name_change_count++];
    *change = (struct name_change){.seq = disk->seq,
        .kind = kind,
        .path = copy_text(path),
        .to = to ? copy_text(to) : NULL,
        .file = file};
    apply_name(&disk->now, change);
}

// --- what records do --------------------------------------------------------------------------

static struct file *make_file(mx_disk *disk) {
    size_t room = 0;
    struct file *file = grow(NULL, &room, 1, sizeof(*file));
    *file = (struct file){.next = disk->files};
    disk->files = file;
    return file;
}

static struct file *find_file(const mx_disk *disk, uint64_t inode) {
    struct file *file = disk->files;
    while (file && file->inode != inode) {
        file = file->next;
    }
    return file;
}

static void open_folder(mx_disk *disk, uint64_t inode, const char *path) {
    for (size_t i = 0; i < disk->folder_count; i++) {
        if (disk->folders[i].inode == inode) {
            free(disk->folders[i].path);
            disk->folders[i].path = copy_text(path);
            return;
        }
    }
    disk->folders =
        grow(disk->folders, &disk->folder_room, disk->folder_count + 1, sizeof(*disk->folders));
    disk->folders[disk->folder_count++] =
        (struct folder_inode){.inode = inode, .path = copy_text(path)};
}

// The same number may come back for another file once its first owner is gone.
static void open_file(mx_disk *disk, uint64_t inode, const char *path) {
    struct entry *entry = names_find(&disk->now, path);
    struct file *file = entry ? entry->file : make_file(disk);
    struct file *earlier = find_file(disk, inode);
    if (earlier && earlier != file) {
        earlier->inode = 0;
    }
    file->inode = inode;
    if (!entry) {
        change_name(disk, MX_RECORD_OPEN, path, NULL, file);
    }
}

static void change_file(mx_disk *disk, const struct mx_record_head *head, const uint8_t *data) {
    struct file *file = find_file(disk, head->file);
    assert(file && "a file is opened before it is written");
    file_change(file, disk->seq, head, data);
}

static void begin_sync(mx_disk *disk, const struct mx_record_head *head) {
    assert(disk->sync_count < MOST_SYNCS);
    disk->syncs[disk->sync_count++] =
        (struct sync){.number = head->offset, .file = head->file, .seq = disk->seq};
}

static void sync_folder(mx_disk *disk, const char *folder, uint64_t before) {
    size_t kept = 0;
    for (size_t i = 0; i < disk->name_change_count; i++) {
        struct name_change *change = &disk->name_changes[i];
        bool is_here =
            is_child_of(change->path, folder) || (change->to && is_child_of(change->to, folder));
        if (change->seq < before && is_here) {
            apply_name(&disk->lasting, change);
            free(change->path);
            free(change->to);
        } else {
            disk->name_changes[kept++] = *change;
        }
    }
    disk->name_change_count = kept;
}

static void end_sync(mx_disk *disk, const struct mx_record_head *head) {
    size_t at = 0;
    while (at < disk->sync_count && disk->syncs[at].number != head->offset) {
        at++;
    }
    assert(at < disk->sync_count && "a sync ends after it began");
    uint64_t before = disk->syncs[at].seq;
    disk->syncs[at] = disk->syncs[--disk->sync_count];
    for (size_t i = 0; i < disk->folder_count; i++) {
        if (disk->folders[i].inode == head->file) {
            sync_folder(disk, disk->folders[i].path, before);
            return;
        }
    }
    struct file *file = find_file(disk, head->file);
    if (file) { // not: removed meanwhile, and its number is another's
        file_sync(file, before);
    }
}

void mx_disk_apply(
    mx_disk *disk, const struct mx_record_head *head, const char *path, const uint8_t *data) {
    char to[PATH_MAX];
    disk->seq++;
    switch (head->kind) {
    case MX_RECORD_OPEN:
        if (head->flags & MX_RECORD_FLAG_FOLDER) {
            open_folder(disk, head->file, path);
        } else {
            open_file(disk, head->file, path);
        }
        break;
    case MX_RECORD_WRITE:
    case MX_RECORD_TRUNCATE: change_file(disk, head, data); break;
    case MX_RECORD_SYNC_BEGIN: begin_sync(disk, head); break;
    case MX_RECORD_SYNC_END: end_sync(disk, head); break;
    case MX_RECORD_UNLINK:
    case MX_RECORD_MKDIR: change_name(disk, head->kind, path, NULL, NULL); break;
    case MX_RECORD_RENAME:
        snprintf(to, sizeof(to), "%.*s", (int)head->length, (const char *)data);
        change_name(disk, head->kind, path, to, NULL);
        break;
    case MX_RECORD_ACK: break;
    default: assert(!"no such record");
    }
}

uint64_t mx_disk_unsynced(const mx_disk *disk) {
    uint64_t sum = 0;
    for (const struct entry *at = disk->now.list; at && at < disk->now.list + disk->now.count;
         at++) {
        for (size_t i = 0; at->file && is_database(at->path) && i < at->file->change_count; i++) {
            sum += at->file->changes[i].is_truncate ? 1 : at->file->changes[i].length;
        }
    }
    return sum;
}

// --- the real disk ----------------------------------------------------------------------------

// Puts all regular files and folders below `folder` into `names`, with what they hold.
static void read_folder(mx_disk *disk, const char *folder, const char *below, struct names *names) {
    char path[PATH_MAX];
    path_join(folder, below, path);
    DIR *dir = opendir(path);
    if (!dir) {
        die("cannot read", path);
    }
    for (struct dirent *item = readdir(dir); item; item = readdir(dir)) {
        char name[PATH_MAX];
        struct stat info;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%s%s%s", below, *below ? "/" : "", item->d_name);
        path_join(folder, name, path);
        if (lstat(path, &info) < 0) {
            die("cannot look at", path);
        }
        if (S_ISDIR(info.st_mode)) {
            names_set(names, name, NULL);
            read_folder(disk, folder, name, names);
        } else if (S_ISREG(info.st_mode)) {
            struct file *file = make_file(disk);
            file->lasting = bytes_read(path);
            names_set(names, name, file);
        }
    }
    closedir(dir);
}

mx_disk *mx_disk_create(const char *folder) {
    size_t room = 0;
    mx_disk *disk = grow(NULL, &room, 1, sizeof(*disk));
    *disk = (struct mx_disk){0};
    if (folder) {
        read_folder(disk, folder, "", &disk->lasting);
        names_copy(&disk->lasting, &disk->now);
    }
    return disk;
}

void mx_disk_destroy(mx_disk *disk) {
    if (!disk) {
        return;
    }
    while (disk->files) {
        struct file *next = disk->files->next;
        free(disk->files->lasting.ptr);
        free(disk->files->changes);
        free(disk->files);
        disk->files = next;
    }
    for (size_t i = 0; i < disk->name_change_count; i++) {
        free(disk->name_changes[i].path);
        free(disk->name_changes[i].to);
    }
    for (size_t i = 0; i < disk->folder_count; i++) {
        free(disk->folders[i].path);
    }
    free(disk->name_changes);
    free(disk->folders);
    names_deinit(&disk->now);
    names_deinit(&disk->lasting);
    free(disk);
}

// A journalling file system keeps the first few changes of names, never a later one without an
// earlier.
static struct names names_after(const mx_disk *disk, enum mx_cut cut, uint64_t seed) {
    struct names names = {0};
    size_t kept = cut == MX_CUT_KEEP ? disk->name_change_count : 0;
    if (cut == MX_CUT_TEAR) {
        kept = (size_t)(draw(&seed) % (disk->name_change_count + 1));
    }
    names_copy(&disk->lasting, &names);
    for (size_t i = 0; i < kept; i++) {
        apply_name(&names, &disk->name_changes[i]);
    }
    return names;
}

static void make_folders(const struct names *names, const char *folder) {
    char path[PATH_MAX];
    bool made = true;
    if (mkdir(folder, 0700) < 0) {
        die("cannot make", folder);
    }
    while (made) { // parents may be listed behind their children
        made = false;
        for (size_t i = 0; i < names->count; i++) {
            path_join(folder, names->list[i].path, path);
            if (!names->list[i].file && names_reach(names, names->list[i].path)) {
                made |= mkdir(path, 0700) == 0;
            }
        }
    }
}

static struct bytes noise(uint64_t seed) {
    struct bytes bytes = {0};
    bytes_resize(&bytes, 32768);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.ptr[i] = (uint8_t)draw(&seed);
    }
    return bytes;
}

void mx_disk_write(const mx_disk *disk, enum mx_cut cut, uint64_t seed, const char *folder) {
    struct names names = names_after(disk, cut, draw(&seed));
    make_folders(&names, folder);
    for (size_t i = 0; i < names.count; i++) {
        const struct entry *entry = &names.list[i];
        char path[PATH_MAX];
        if (!entry->file || !names_reach(&names, entry->path)) {
            continue;
        }
        uint64_t own = draw(&seed);
        struct bytes bytes =
            is_memory(entry->path) ? noise(own) : file_after(entry->file, cut, own);
        path_join(folder, entry->path, path);
        bytes_write(&bytes, path);
        free(bytes.ptr);
    }
    names_deinit(&names);
}

static bool matches(const struct entry *entry, const struct names *real) {
    const struct entry *other = names_find(real, entry->path);
    if (!other || !other->file != !entry->file) {
        printf("%s is in the model and not in the folder\n", entry->path);
        return false;
    }
    if (!entry->file || is_memory(entry->path)) {
        return true;
    }
    struct bytes bytes = file_after(entry->file, MX_CUT_KEEP, 0);
    bool is_same = bytes.len == other->file->lasting.len &&
                   (bytes.len == 0 || memcmp(bytes.ptr, other->file->lasting.ptr, bytes.len) == 0);
    if (!is_same) {
        printf("%s has %zu bytes in the model and %zu others in the folder\n", entry->path,
            bytes.len, other->file->lasting.len);
    }
    free(bytes.ptr);
    return is_same;
}

bool mx_disk_matches(const mx_disk *disk, const char *folder) {
    mx_disk *real = mx_disk_create(folder);
    bool is_same = true;
    for (size_t i = 0; i < disk->now.count && is_same; i++) {
        is_same = matches(&disk->now.list[i], &real->now);
    }
    for (size_t i = 0; i < real->now.count && is_same; i++) {
        is_same = names_find(&disk->now, real->now.list[i].path) != NULL;
        if (!is_same) {
            printf("%s is in the folder and not in the model\n", real->now.list[i].path);
        }
    }
    mx_disk_destroy(real);
    return is_same;
}

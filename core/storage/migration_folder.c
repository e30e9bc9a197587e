#include "storage/migration_folder.h"

#include <stdio.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "storage/sha256.h"

enum { FILE_MAX = 16 * 1024 * 1024, DIGITS = 4, PATH_SIZE = 4096 };

static int read_file(const char *dir, const char *name, mx_buf *out, struct mx_error *err) {
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return mx_fail(err, MX_E_INVALID, "the path of migration %s is too long", name);
    }
    return mx_file_read(path, FILE_MAX, out, err);
}

static bool ends_with_sql(struct mx_slice name) {
    return name.len > 4 && memcmp(name.ptr + name.len - 4, ".sql", 4) == 0;
}

// "0007_add_notes.sql" into 7 and "add_notes".
static bool parse_name(struct mx_slice text, struct mx_migration *out) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    uint64_t number = 0;
    size_t rest = DIGITS + 1;
    if (text.len <= rest + 4 || text.ptr[DIGITS] != '_' ||
        !mx_slice_to_u64((struct mx_slice){text.ptr, DIGITS}, 9999, &number) || number == 0) {
        return false;
    }
    size_t len = text.len - rest - 4;
    if (len >= sizeof(out->name) || strspn(text.ptr + rest, letters) < len) {
        return false;
    }
    out->number = (int)number;
    memcpy(out->name, text.ptr + rest, len);
    out->name[len] = '\0';
    return true;
}

struct folder {
    const char *dir;
    struct mx_migrate_report *report;
};

// Names come sorted, so numbers do, too.
static int add_file(void *ctx, const char *name, struct mx_error *err) {
    struct folder *folder = ctx;
    struct mx_migrate_report *report = folder->report;
    struct mx_migration file = {0};
    if (!ends_with_sql(mx_slice_of(name))) {
        return MX_OK;
    }
    if (!parse_name(mx_slice_of(name), &file)) {
        return mx_fail(err, MX_E_INVALID,
            "%s is no name for a migration: it is four digits, \"_\", small letters, \".sql\", as "
            "0007_add_notes.sql",
            name);
    }
    if (report->count > 0 && report->list[report->count - 1].number == file.number) {
        return mx_fail(err, MX_E_CONFLICT,
            "two migrations have the number %04d (%s and %s): give one of them the next number",
            file.number, report->list[report->count - 1].name, file.name);
    }
    mx_buf text = {0};
    int rc = read_file(folder->dir, name, &text, err);
    if (rc == MX_OK) {
        mx_checksum_hex(mx_buf_slice(&text), file.checksum);
        size_t count = (size_t)report->count + 1;
        report->list = mx_realloc(report->list, count * sizeof(file));
        report->list[report->count++] = file;
    }
    mx_buf_deinit(&text);
    return rc;
}

int mx_migration_folder_read(const char *dir, struct mx_migrate_report *out, struct mx_error *err) {
    struct folder folder = {dir, out};
    return mx_dir_list(dir, add_file, &folder, err);
}

int mx_migration_read(
    const char *dir, const struct mx_migration *file, mx_buf *out, struct mx_error *err) {
    char name[128], checksum[2 * MX_CHECKSUM_SIZE + 1];
    snprintf(name, sizeof(name), "%04d_%s.sql", file->number, file->name);
    int rc = read_file(dir, name, out, err);
    if (rc < 0) {
        return rc;
    }
    mx_checksum_hex(mx_buf_slice(out), checksum);
    if (strcmp(checksum, file->checksum) != 0) {
        return mx_fail(err, MX_E_CONFLICT, "%s changed while it was being applied", name);
    }
    return MX_OK;
}

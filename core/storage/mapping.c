// A reader's mapping of the database stays where it is over the commits of others.
//
// After each of them SQLite gives the whole mapping up (xUnfetch of no page), because POSIX does
// not say what a mapping shows once its file was cut and has grown again. Linux does: a shared
// mapping and write() are one memory, for as long as the file is that long. So it is given up here
// only when the file has another length than before; ADR 0007 says why nothing else is lost.
#include <assert.h>
#include <stddef.h>

#include "storage/internal.h"

static_assert(offsetof(struct mx_mapping, methods) == 0, "a file's methods lead to its mapping");

static struct mx_mapping *mapping_of(sqlite3_file *file) {
    return (struct mx_mapping *)file->pMethods;
}

// How much of the file can be mapped; negative when that cannot be told.
static sqlite3_int64 bytes_within(const struct mx_mapping *mapping, sqlite3_file *file) {
    sqlite3_int64 bytes = 0;
    if (mapping->below->xFileSize(file, &bytes) != SQLITE_OK) {
        return -1;
    }
    return bytes < mapping->most ? bytes : mapping->most;
}

// `page` came from xFetch and is no longer used. Without one none is in use, and the mapping may be
// wrong: SQLite maps the file again, as long as it then is, when it wants the next page.
static int on_page_returned(sqlite3_file *file, sqlite3_int64 offset, void *page) {
    struct mx_mapping *mapping = mapping_of(file);
    if (!page) {
        sqlite3_int64 bytes = bytes_within(mapping, file);
        if (bytes >= 0 && bytes == mapping->bytes) {
            return SQLITE_OK;
        }
        mapping->bytes = bytes;
    }
    return mapping->below->xUnfetch(file, offset, page);
}

void mx_mapping_keep(mx_db *db, int64_t most) {
    struct mx_mapping *mapping = &db->mapping;
    sqlite3_file *file = NULL;
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    assert(file && file->pMethods && "a connection that reads has its file open");
    *mapping =
        (struct mx_mapping){.methods = *file->pMethods, .below = file->pMethods, .most = most};
    mapping->methods.xUnfetch = on_page_returned;
    mapping->bytes = bytes_within(mapping, file);
    file->pMethods = &mapping->methods;
}

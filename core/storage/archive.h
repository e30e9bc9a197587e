// One file that holds many: plain ustar, the same bytes for the same content.
//
// The reader takes nothing on trust: no absolute names, no "..", no links, no devices, no two
// entries of one name, checksums right, sizes within limits. An exact reader takes nothing but what
// the writer would write, byte for byte, so that with the digests of all members no byte of an
// archive can change unseen.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/buf.h"
#include "platform/error.h"
#include "storage/sha256.h"

typedef struct mx_archive_writer mx_archive_writer;
typedef struct mx_archive_reader mx_archive_reader;

enum { MX_ARCHIVE_NAME_MAX = 255 };

// Begins an archive that appears at `path` (mode 0600) only when finished.
// `*out` is owned: give it to mx_archive_writer_close().
int mx_archive_writer_open(const char *path, mx_archive_writer **out, struct mx_error *err);

// Frees `writer`, which may be NULL. What was not finished is gone.
void mx_archive_writer_close(mx_archive_writer *writer);

// Names are relative, "/" between parts, at most MX_ARCHIVE_NAME_MAX bytes.
int mx_archive_add_bytes(
    mx_archive_writer *writer, const char *name, struct mx_slice bytes, struct mx_error *err);
int mx_archive_add_file(
    mx_archive_writer *writer, const char *name, const char *path, struct mx_error *err);
// Every regular file below `dir`, sorted, as `name`/...; a missing `dir` adds nothing. Other kinds
// of files are refused.
int mx_archive_add_tree(
    mx_archive_writer *writer, const char *name, const char *dir, struct mx_error *err);

// What an archive holds.
struct mx_archive_member {
    char name[MX_ARCHIVE_NAME_MAX + 1];
    uint64_t size;
    char digest[2 * MX_CHECKSUM_SIZE + 1]; // SHA-256 of the content, hex
};

// What was added so far, in order; borrowed until more is added.
const struct mx_archive_member *mx_archive_members(const mx_archive_writer *writer, size_t *count);

// Writes the end, syncs, puts the archive in place.
int mx_archive_writer_finish(mx_archive_writer *writer, struct mx_error *err);

struct mx_archive_limits {
    uint64_t file_bytes;  // of one entry
    uint64_t total_bytes; // of all together
    uint64_t files;
    bool exact; // headers, padding and end as the writer makes them, and nothing behind the end
};

struct mx_archive_entry {
    char name[MX_ARCHIVE_NAME_MAX + 1];
    uint64_t size;
};

// `*out` is owned: give it to mx_archive_reader_close().
int mx_archive_reader_open(const char *path, const struct mx_archive_limits *limits,
    mx_archive_reader **out, struct mx_error *err);
void mx_archive_reader_close(mx_archive_reader *reader);

// The next file: 1 and `*out`, or 0 at the end. What was not read of the one before is skipped.
int mx_archive_next(mx_archive_reader *reader, struct mx_archive_entry *out, struct mx_error *err);

// The current file: up to `size` bytes of it (0 at its end), all of it, or all of it to disk.
int64_t mx_archive_read(mx_archive_reader *reader, char *out, size_t size, struct mx_error *err);
int mx_archive_read_all(mx_archive_reader *reader, uint64_t max, mx_buf *out, struct mx_error *err);
int mx_archive_read_to(mx_archive_reader *reader, const char *path, struct mx_error *err);

// Called for each member when all of it was read. A negative result ends it all, and is returned.
typedef int (*mx_archive_fn)(
    void *ctx, const struct mx_archive_member *member, struct mx_error *err);

// Reads everything and changes nothing. The failure names the member at which it went wrong.
int mx_archive_list(const char *path, const struct mx_archive_limits *limits, mx_archive_fn fn,
    void *ctx, struct mx_error *err);

// The content of one member, at most `max` bytes. MX_E_MISSING when there is none of this name.
int mx_archive_read_one(const char *path, const char *name, const struct mx_archive_limits *limits,
    uint64_t max, mx_buf *out, struct mx_error *err);

// Unpacks everything below the folder `dir`, which must be empty or missing. `fn`, which may be
// NULL, hears of each member as it was unpacked. On failure what was unpacked stays for the caller
// to remove.
int mx_archive_extract(const char *path, const char *dir, const struct mx_archive_limits *limits,
    mx_archive_fn fn, void *ctx, struct mx_error *err);

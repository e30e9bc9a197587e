// What the recorder writes and the replayer reads: everything that a folder's disk was asked to do,
// and every answer that somebody was given, in the order in which it happened.
//
// The log is a file that all take part in with O_APPEND and one write for each record, so its order
// holds across threads and processes: whoever was answered appends after the sync that the answer
// waited for. A record is a head, then `path_len` bytes of path, then `length` bytes of data.
// Numbers are those of the machine (the drivers that write acknowledgements assume little endian).
#pragma once

#include <stdint.h>

enum { MX_RECORD_MAGIC = 0x54554350 }; // "PCUT"

enum mx_record_kind {
    MX_RECORD_OPEN = 1,       // path -> file; flag 1: a folder
    MX_RECORD_WRITE = 2,      // file, offset, data
    MX_RECORD_TRUNCATE = 3,   // file, offset: the new size
    MX_RECORD_SYNC_BEGIN = 4, // file, offset: a number that its end repeats
    MX_RECORD_SYNC_END = 5,   // what was written before its begin is on disk
    MX_RECORD_UNLINK = 6,     // path, of a file or an empty folder
    MX_RECORD_RENAME = 7,     // path, data: the new path
    MX_RECORD_MKDIR = 8,      // path
    MX_RECORD_ACK = 9,        // data: one line that says what was promised to whom
};

enum { MX_RECORD_FLAG_FOLDER = 1 };

struct mx_record_head {
    uint32_t magic;
    uint16_t kind;
    uint16_t flags;
    uint32_t path_len; // relative to the recorded folder, without a NUL
    uint32_t unused;
    uint64_t file; // inode
    uint64_t offset;
    uint64_t length;
};

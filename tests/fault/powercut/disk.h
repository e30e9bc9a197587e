// A model of one folder on a disk: what is there for everyone to read, and what of it would be
// there after the power failed. A file's bytes last from a sync of that file, its name from a sync
// of its folder.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

typedef struct mx_disk mx_disk;

// Which of the changes that were not synced the disk has kept.
enum mx_cut {
    MX_CUT_DROP, // none
    MX_CUT_TEAR, // a random part: of each write any 512-byte sectors, of name changes the first few
    MX_CUT_KEEP, // all
};

// The disk as it is before the recording begins: everything in `folder` lasts. NULL: an empty
// folder. Owned: give it to mx_disk_destroy(). Ends the program when the folder cannot be read.
mx_disk *mx_disk_create(const char *folder);

// `disk` may be NULL.
void mx_disk_destroy(mx_disk *disk);

// Does what a record says. `data` is borrowed for as long as the disk lives: nothing is copied.
void mx_disk_apply(
    mx_disk *disk, const struct mx_record_head *head, const char *path, const uint8_t *data);

// Writes the folder as it would be found after a cut now; `seed` decides about MX_CUT_TEAR.
// `folder` is made and must not exist. Shared-memory files get noise: what they held is lost with
// the power.
void mx_disk_write(const mx_disk *disk, enum mx_cut cut, uint64_t seed, const char *folder);

// How many bytes of databases and their logs are not yet on disk.
uint64_t mx_disk_unsynced(const mx_disk *disk);

// Whether `folder` holds just what the model says is there (sockets, locks and shared memory
// aside); prints the first difference. That it does proves that the recorder has missed nothing.
bool mx_disk_matches(const mx_disk *disk, const char *folder);

// The 512-byte header of one file in a ustar archive.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/error.h"
#include "storage/archive.h"

enum { MX_USTAR_BLOCK = 512 };

// A name that may be in an archive: relative, parts of ordinary bytes, none "." or "..".
bool mx_ustar_name_is_safe(const char *name);

// Everything but name and size is fixed, so that equal content gives equal bytes.
// MX_E_INVALID for a name that is not safe or does not fit.
int mx_ustar_write(
    const char *name, uint64_t size, unsigned char block[MX_USTAR_BLOCK], struct mx_error *err);

// In what a header differs from the one that mx_ustar_write() makes of its name and size, in words.
const char *mx_ustar_difference(
    const unsigned char found[MX_USTAR_BLOCK], const unsigned char ours[MX_USTAR_BLOCK]);

enum mx_ustar_kind { MX_USTAR_FILE, MX_USTAR_FOLDER, MX_USTAR_END };

// Reads a header. MX_E_INVALID for anything but files, folders and the end mark (a zero block).
int mx_ustar_read(const unsigned char block[MX_USTAR_BLOCK], enum mx_ustar_kind *kind,
    struct mx_archive_entry *out, struct mx_error *err);

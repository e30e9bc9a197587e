// Fields are where POSIX.1-1988 puts them. Sizes above 8 GiB use the binary form (first bit set)
// that tar programs agree on.
#include "storage/ustar.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_AT = 0,
    NAME_SIZE = 100,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    SIZE_SIZE = 12,
    MTIME_AT = 136,
    SUM_AT = 148,
    SUM_SIZE = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_SIZE = 155,
};

static const uint64_t OCTAL_MAX = 077777777777;

bool mx_ustar_name_is_safe(const char *name) {
    size_t len = strlen(name);
    if (len == 0 || len > MX_ARCHIVE_NAME_MAX || name[0] == '/' || name[len - 1] == '/') {
        return false;
    }
    for (const char *part = name; part;) {
        const char *slash = strchr(part, '/');
        size_t size = slash ? (size_t)(slash - part) : strlen(part);
        if (size == 0 || (size == 1 && part[0] == '.') ||
            (size == 2 && part[0] == '.' && part[1] == '.')) {
            return false;
        }
        part = slash ? slash + 1 : NULL;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f || c == '\\') {
            return false;
        }
    }
    return true;
}

// Where a long name is cut in two: the first "/" that leaves at most 100 bytes behind it. 0: none.
static size_t find_cut(const char *name, size_t len) {
    for (size_t at = len - NAME_SIZE - 1; at < len - 1 && at <= PREFIX_SIZE; at++) {
        if (name[at] == '/') {
            return at;
        }
    }
    return 0;
}

static int write_name(const char *name, unsigned char *block, struct mx_error *err) {
    size_t len = strlen(name);
    if (!mx_ustar_name_is_safe(name)) {
        return mx_fail(err, MX_E_INVALID, "%.180s cannot be a name in an archive", name);
    }
    if (len <= NAME_SIZE) {
        memcpy(block + NAME_AT, name, len);
        return MX_OK;
    }
    size_t cut = find_cut(name, len);
    if (cut == 0) {
        return mx_fail(err, MX_E_INVALID, "the name %.120s... is too long for an archive", name);
    }
    memcpy(block + PREFIX_AT, name, cut);
    memcpy(block + NAME_AT, name + cut + 1, len - cut - 1);
    return MX_OK;
}

static void write_size(uint64_t size, unsigned char *field) {
    if (size <= OCTAL_MAX) {
        snprintf((char *)field, SIZE_SIZE, "%011llo", (unsigned long long)size);
        return;
    }
    memset(field, 0, SIZE_SIZE);
    field[0] = 0x80;
    for (int i = 0; i < 8; i++) {
        field[SIZE_SIZE - 1 - i] = (unsigned char)(size >> 8 * i);
    }
}

static unsigned sum_of(const unsigned char *block) {
    unsigned sum = 0;
    for (int i = 0; i < MX_USTAR_BLOCK; i++) {
        bool is_sum = i >= SUM_AT && i < SUM_AT + SUM_SIZE;
        sum += is_sum ? ' ' : block[i];
    }
    return sum;
}

int mx_ustar_write(
    const char *name, uint64_t size, unsigned char block[MX_USTAR_BLOCK], struct mx_error *err) {
    memset(block, 0, MX_USTAR_BLOCK);
    int rc = write_name(name, block, err);
    if (rc < 0) {
        return rc;
    }
    memcpy(block + MODE_AT, "0000644", 8);
    memcpy(block + UID_AT, "0000000", 8);
    memcpy(block + GID_AT, "0000000", 8);
    write_size(size, block + SIZE_AT);
    memcpy(block + MTIME_AT, "00000000000", 12);
    block[TYPE_AT] = '0';
    memcpy(block + MAGIC_AT, "ustar\00000", 8);
    snprintf((char *)block + SUM_AT, SUM_SIZE, "%06o", sum_of(block));
    block[SUM_AT + 7] = ' ';
    return MX_OK;
}

const char *mx_ustar_difference(
    const unsigned char found[MX_USTAR_BLOCK], const unsigned char ours[MX_USTAR_BLOCK]) {
    static const struct {
        int at;
        int size;
        const char *text;
    } fields[] = {
        {TYPE_AT, 1, "it is a folder of its own, and not a file"},
        {MODE_AT, UID_AT - MODE_AT, "its mode is not 0644"},
        {UID_AT, SIZE_AT - UID_AT, "it has an owner"},
        {MTIME_AT, SUM_AT - MTIME_AT, "it has a time"},
        {SIZE_AT, SIZE_SIZE, "its size is not written as it should be"},
        {NAME_AT, NAME_SIZE, "its name is not written as it should be"},
        {PREFIX_AT, PREFIX_SIZE, "its name is not written as it should be"},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (memcmp(found + fields[i].at, ours + fields[i].at, (size_t)fields[i].size) != 0) {
            return fields[i].text;
        }
    }
    return "there is something in it that no header has";
}

// Octal digits, then a space or NUL or the end of the field.
static bool read_octal(const unsigned char *field, size_t size, uint64_t *out) {
    uint64_t value = 0;
    size_t i = 0;
    while (i < size && field[i] == ' ') {
        i++;
    }
    size_t start = i;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++) {
        value = value << 3 | (uint64_t)(field[i] - '0');
    }
    *out = value;
    return i > start && (i == size || field[i] == ' ' || field[i] == '\0');
}

static bool read_size(const unsigned char *field, uint64_t *out) {
    if (!(field[0] & 0x80)) {
        return read_octal(field, SIZE_SIZE, out);
    }
    uint64_t value = 0;
    for (int i = 0; i < SIZE_SIZE; i++) {
        unsigned byte = i == 0 ? field[i] & 0x7f : field[i];
        if (value >> 55) {
            return false; // would pass 2^63
        }
        value = value << 8 | byte;
    }
    *out = value;
    return true;
}

static size_t field_len(const unsigned char *field, size_t size) {
    const unsigned char *end = memchr(field, '\0', size);
    return end ? (size_t)(end - field) : size;
}

static void read_name(const unsigned char *block, char out[MX_ARCHIVE_NAME_MAX + 2]) {
    size_t prefix = field_len(block + PREFIX_AT, PREFIX_SIZE);
    size_t name = field_len(block + NAME_AT, NAME_SIZE);
    size_t at = 0;
    if (prefix > 0) {
        memcpy(out, block + PREFIX_AT, prefix);
        at = prefix;
        out[at++] = '/';
    }
    memcpy(out + at, block + NAME_AT, name);
    out[at + name] = '\0';
}

static bool is_zero(const unsigned char *block) {
    for (int i = 0; i < MX_USTAR_BLOCK; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

static int read_kind(unsigned char type, enum mx_ustar_kind *out, struct mx_error *err) {
    switch (type) {
    case '\0':
    case '0': *out = MX_USTAR_FILE; return MX_OK;
    case '5': *out = MX_USTAR_FOLDER; return MX_OK;
    case '1':
    case '2': return mx_fail(err, MX_E_INVALID, "the archive holds a link, which is refused");
    case '3':
    case '4':
    case '6': return mx_fail(err, MX_E_INVALID, "the archive holds a device, which is refused");
    case 'g':
    case 'x':
    case 'K':
    case 'L':
    case 'S':
        return mx_fail(err, MX_E_INVALID,
            "the archive uses an extension of tar (type %c), which is refused", type);
    default:
        return mx_fail(err, MX_E_INVALID,
            "the archive holds something that is neither file nor folder (type %d)", type);
    }
}

int mx_ustar_read(const unsigned char block[MX_USTAR_BLOCK], enum mx_ustar_kind *kind,
    struct mx_archive_entry *out, struct mx_error *err) {
    uint64_t sum = 0;
    char name[MX_ARCHIVE_NAME_MAX + 2];
    if (is_zero(block)) {
        *kind = MX_USTAR_END;
        return MX_OK;
    }
    if (memcmp(block + MAGIC_AT, "ustar", 5) != 0 || !read_octal(block + SUM_AT, SUM_SIZE, &sum) ||
        sum != sum_of(block) || !read_size(block + SIZE_AT, &out->size)) {
        return mx_fail(err, MX_E_INVALID, "this is no ustar archive, or it is damaged");
    }
    int rc = read_kind(block[TYPE_AT], kind, err);
    if (rc < 0) {
        return rc;
    }
    read_name(block, name);
    size_t len = strlen(name);
    if (*kind == MX_USTAR_FOLDER && len > 1 && name[len - 1] == '/') {
        name[--len] = '\0';
    }
    if (!mx_ustar_name_is_safe(name)) {
        return mx_fail(err, MX_E_INVALID, "the archive holds an unsafe name, which is refused");
    }
    memcpy(out->name, name, len + 1);
    return MX_OK;
}

// The archive: what goes in comes out, the same bytes each time; what a stranger made is
// distrusted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell.h"
#include "storage/archive.h"
#include "storage/ustar.h"
#include "temp_folder.h"

static struct temp_folder folder;
static const struct mx_archive_limits roomy = {1 << 20, 1 << 22, 100, false};
static const struct mx_archive_limits exact = {1 << 20, 1 << 22, 100, true};

static int make_folder(void **state) {
    (void)state;
    temp_folder_make(&folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    temp_folder_remove(&folder);
    return 0;
}

static void put(const char *name, struct mx_slice bytes) {
    struct mx_error err;
    if (mx_file_write(temp_path(&folder, name), bytes, 0600, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static mx_buf get(const char *name) {
    struct mx_error err;
    mx_buf bytes = {0};
    if (mx_file_read(temp_path(&folder, name), 1 << 24, &bytes, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return bytes;
}

static const char long_name[] =
    "media/0123456789012345678901234567890123456789012345678901234567890123456789/"
    "0123456789012345678901234567890123456789012345678901234567890123456789/picture.webp";

static void write_sample(const char *name) {
    struct mx_error err;
    mx_archive_writer *writer = NULL;
    assert_int_equal(mx_archive_writer_open(temp_path(&folder, name), &writer, &err), MX_OK);
    assert_int_equal(
        mx_archive_add_bytes(writer, "manifest.json", MX_SLICE("{\"form\":1}"), &err), MX_OK);
    assert_int_equal(
        mx_archive_add_file(writer, "shop.db", temp_path(&folder, "file"), &err), MX_OK);
    assert_int_equal(mx_archive_add_tree(writer, "tree", temp_path(&folder, "tree"), &err), MX_OK);
    assert_int_equal(mx_archive_add_tree(writer, "none", temp_path(&folder, "none"), &err), MX_OK);
    assert_int_equal(mx_archive_add_bytes(writer, long_name, MX_SLICE(""), &err), MX_OK);
    assert_int_equal(access(temp_path(&folder, name), F_OK), -1); // not before it is whole
    assert_int_equal(mx_archive_writer_finish(writer, &err), MX_OK);
    mx_archive_writer_close(writer);
}

static void make_sample_files(void) {
    struct mx_error err;
    mx_buf bytes = {0};
    for (int i = 0; i < 100000; i++) {
        mx_buf_append_int(&bytes, i);
    }
    put("file", mx_buf_slice(&bytes));
    mx_buf_deinit(&bytes);
    assert_int_equal(mx_dir_make(temp_path(&folder, "tree/b"), 0700, &err), MX_OK);
    put("tree/z.txt", MX_SLICE("last"));
    put("tree/a.txt", MX_SLICE("first"));
    put("tree/b/c.txt", MX_SLICE("between"));
}

static void what_goes_in_comes_out(void **state) {
    (void)state;
    struct mx_error err;
    make_sample_files();
    write_sample("a.merx");
    const char *archive = temp_path(&folder, "a.merx");
    if (mx_archive_extract(archive, temp_path(&folder, "out"), &roomy, NULL, NULL, &err) < 0) {
        fail_msg("%s", err.text);
    }
    mx_buf before = get("file"), after = get("out/shop.db"), text = get("out/tree/b/c.txt");
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.ptr, after.ptr, before.len);
    assert_string_equal(mx_buf_text(&text), "between");
    char path[512];
    snprintf(path, sizeof(path), "%s/out/%s", folder.path, long_name);
    assert_int_equal(access(path, F_OK), 0);
    mx_buf_deinit(&before);
    mx_buf_deinit(&after);
    mx_buf_deinit(&text);
}

static void the_same_content_gives_the_same_bytes(void **state) {
    (void)state;
    make_sample_files();
    write_sample("a.merx");
    assert_int_equal(chmod(temp_path(&folder, "tree/a.txt"), 0644), 0);
    write_sample("b.merx");
    mx_buf a = get("a.merx"), b = get("b.merx");
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
    mx_buf_deinit(&a);
    mx_buf_deinit(&b);
}

// The system's tar is an independent reader.
static void another_tar_reads_it(void **state) {
    (void)state;
    make_sample_files();
    write_sample("a.merx");
    char command[512];
    snprintf(command, sizeof(command),
        "cd %s && mkdir other && tar -xf a.merx -C other && cmp file other/shop.db && "
        "test \"$(tar -tf a.merx | head -5 | tr '\\n' ' ')\" = "
        "'manifest.json shop.db tree/a.txt tree/b/c.txt tree/z.txt '",
        folder.path);
    assert_int_equal(run_shell(command), 0);
}

static void files_are_read_one_by_one(void **state) {
    (void)state;
    struct mx_error err;
    struct mx_archive_entry entry;
    mx_archive_reader *reader = NULL;
    char piece[4];
    mx_buf rest = {0};
    make_sample_files();
    write_sample("a.merx");
    assert_int_equal(
        mx_archive_reader_open(temp_path(&folder, "a.merx"), &roomy, &reader, &err), MX_OK);
    assert_int_equal(mx_archive_next(reader, &entry, &err), 1);
    assert_string_equal(entry.name, "manifest.json");
    assert_int_equal(entry.size, 10);
    assert_int_equal(mx_archive_read(reader, piece, sizeof(piece), &err), 4);
    assert_memory_equal(piece, "{\"fo", 4);
    assert_int_equal(mx_archive_read_all(reader, 5, &rest, &err), MX_E_LIMIT);
    assert_int_equal(mx_archive_read_all(reader, 6, &rest, &err), MX_OK);
    assert_string_equal(mx_buf_text(&rest), "rm\":1}");
    assert_int_equal(mx_archive_read(reader, piece, sizeof(piece), &err), 0);
    assert_int_equal(mx_archive_next(reader, &entry, &err), 1); // its content is skipped
    assert_int_equal(mx_archive_next(reader, &entry, &err), 1);
    assert_string_equal(entry.name, "tree/a.txt");
    while (mx_archive_next(reader, &entry, &err) == 1) {
    }
    assert_int_equal(mx_archive_next(reader, &entry, &err), 0);
    mx_buf_deinit(&rest);
    mx_archive_reader_close(reader);
    mx_archive_reader_close(NULL);
}

static void an_unfinished_archive_leaves_nothing(void **state) {
    (void)state;
    struct mx_error err;
    mx_archive_writer *writer = NULL;
    assert_int_equal(mx_archive_writer_open(temp_path(&folder, "a.merx"), &writer, &err), MX_OK);
    assert_int_equal(mx_archive_add_bytes(writer, "a", MX_SLICE("b"), &err), MX_OK);
    mx_archive_writer_close(writer);
    assert_int_equal(access(temp_path(&folder, "a.merx"), F_OK), -1);
    assert_int_equal(access(temp_path(&folder, "a.merx.part"), F_OK), -1);
}

static void links_are_not_archived(void **state) {
    (void)state;
    struct mx_error err;
    mx_archive_writer *writer = NULL;
    make_sample_files();
    assert_int_equal(symlink("/etc/passwd", temp_path(&folder, "tree/link")), 0);
    assert_int_equal(mx_archive_writer_open(temp_path(&folder, "a.merx"), &writer, &err), MX_OK);
    assert_int_not_equal(
        mx_archive_add_tree(writer, "tree", temp_path(&folder, "tree"), &err), MX_OK);
    mx_archive_writer_close(writer);
}

// ---- archives of strangers ---------------------------------------------------------------------

// A header that our writer would not write, with its checksum made right.
static void seal_header(unsigned char *block) {
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (int i = 0; i < MX_USTAR_BLOCK; i++) {
        sum += block[i];
    }
    snprintf((char *)block + 148, 8, "%06o", sum);
}

static void make_header(unsigned char *block, const char *name, char type) {
    struct mx_error err;
    assert_int_equal(mx_ustar_write("x", 0, block, &err), MX_OK);
    memset(block, 0, 100);
    memcpy(block, name, strlen(name));
    block[156] = (unsigned char)type;
    seal_header(block);
}

static int unpack(const unsigned char *bytes, size_t len, const struct mx_archive_limits *limits,
    struct mx_error *err) {
    put("evil.merx", (struct mx_slice){(const char *)bytes, len});
    int rc = mx_archive_extract(
        temp_path(&folder, "evil.merx"), temp_path(&folder, "out"), limits, NULL, NULL, err);
    struct mx_error ignored;
    mx_file_remove(temp_path(&folder, "out"), &ignored);
    return rc;
}

static void names_that_leave_the_folder_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {"/etc/passwd", "../x", "a/../../x", "a/..", "..", ".",
        "./a", "a//b", "a/./b", "a\\b", "a\nb", "\x01", "a/"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsigned char bytes[3 * MX_USTAR_BLOCK] = {0};
        struct mx_error err;
        make_header(bytes, names[i], '0');
        if (unpack(bytes, sizeof(bytes), &roomy, &err) != MX_E_INVALID) {
            fail_msg("%s was not refused", names[i]);
        }
        assert_false(mx_ustar_name_is_safe(names[i]));
    }
}

static void the_prefix_cannot_smuggle_either(void **state) {
    (void)state;
    unsigned char bytes[3 * MX_USTAR_BLOCK] = {0};
    struct mx_error err;
    make_header(bytes, "x", '0');
    memcpy(bytes + 345, "../..", 5);
    seal_header(bytes);
    assert_int_equal(unpack(bytes, sizeof(bytes), &roomy, &err), MX_E_INVALID);
}

static void links_and_devices_are_refused(void **state) {
    (void)state;
    static const char types[] = "1234567xgLKSVZ";
    for (size_t i = 0; i < sizeof(types) - 1; i++) {
        unsigned char bytes[3 * MX_USTAR_BLOCK] = {0};
        struct mx_error err;
        if (types[i] == '5') {
            continue; // a folder
        }
        make_header(bytes, "a", types[i]);
        assert_int_equal(unpack(bytes, sizeof(bytes), &roomy, &err), MX_E_INVALID);
    }
}

static void a_folder_is_harmless(void **state) {
    (void)state;
    unsigned char bytes[3 * MX_USTAR_BLOCK] = {0};
    struct mx_error err;
    make_header(bytes, "a/", '5');
    assert_int_equal(unpack(bytes, sizeof(bytes), &roomy, &err), MX_OK);
    make_header(bytes, "../", '5');
    assert_int_equal(unpack(bytes, sizeof(bytes), &roomy, &err), MX_E_INVALID);
}

static void one_name_twice_is_refused(void **state) {
    (void)state;
    unsigned char bytes[4 * MX_USTAR_BLOCK] = {0};
    struct mx_error err;
    make_header(bytes, "readme", '0');
    make_header(bytes + MX_USTAR_BLOCK, "README", '0');
    assert_int_equal(unpack(bytes, sizeof(bytes), &roomy, &err), MX_E_INVALID);
    assert_non_null(strstr(err.text, "twice"));
}

static void what_is_damaged_or_cut_off_is_refused(void **state) {
    (void)state;
    make_sample_files();
    write_sample("a.merx");
    mx_buf whole = get("a.merx");
    struct mx_error err;
    for (size_t len = 0; len + MX_USTAR_BLOCK < whole.len; len += 7 * 511) {
        assert_int_equal(unpack((unsigned char *)whole.ptr, len, &roomy, &err), MX_E_INVALID);
    }
    for (int i = 0; i < MX_USTAR_BLOCK; i += 3) {
        whole.ptr[i] = (char)(whole.ptr[i] ^ 0x10);
        if (unpack((unsigned char *)whole.ptr, whole.len, &roomy, &err) != MX_E_INVALID) {
            fail_msg("a change of byte %d was not noticed", i);
        }
        whole.ptr[i] = (char)(whole.ptr[i] ^ 0x10);
    }
    mx_buf_deinit(&whole);
}

// --- digests ----------------------------------------------------------------------------------

struct heard {
    struct mx_archive_member members[16];
    size_t count;
};

static int on_member_heard(
    void *ctx, const struct mx_archive_member *member, struct mx_error *err) {
    (void)err;
    struct heard *heard = ctx;
    assert_true(heard->count < 16);
    heard->members[heard->count++] = *member;
    return MX_OK;
}

static void every_member_has_its_digest(void **state) {
    (void)state;
    struct mx_error err;
    struct heard listed = {.count = 0}, unpacked = {.count = 0};
    mx_archive_writer *writer = NULL;
    size_t count = 0;
    make_sample_files();
    write_sample("a.merx");
    const char *path = temp_path(&folder, "a.merx");
    assert_int_equal(mx_archive_list(path, &exact, on_member_heard, &listed, &err), MX_OK);
    assert_int_equal(mx_archive_extract(temp_path(&folder, "a.merx"), temp_path(&folder, "out"),
                         &roomy, on_member_heard, &unpacked, &err),
        MX_OK);
    assert_int_equal(listed.count, 6);
    assert_memory_equal(&listed, &unpacked, sizeof(listed));
    assert_string_equal(listed.members[0].digest, // of {"form":1}
        "fd38380720bcaff6c087579c860d2096fdc083e3642b9c84c715880cecb6fec9");
    assert_string_equal(listed.members[5].digest, // of nothing
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(mx_archive_writer_open(temp_path(&folder, "b.merx"), &writer, &err), MX_OK);
    assert_int_equal(
        mx_archive_add_file(writer, "shop.db", temp_path(&folder, "file"), &err), MX_OK);
    const struct mx_archive_member *members = mx_archive_members(writer, &count);
    assert_int_equal(count, 1);
    assert_string_equal(members[0].name, "shop.db");
    assert_string_equal(members[0].digest, listed.members[1].digest);
    mx_archive_writer_close(writer);
}

// Whether an exact reader refuses what stands in "b.merx", or some digest is another one.
static bool is_noticed(const struct heard *right) {
    struct mx_error err;
    struct heard now = {.count = 0};
    int rc = mx_archive_list(temp_path(&folder, "b.merx"), &exact, on_member_heard, &now, &err);
    return rc < 0 || memcmp(&now, right, sizeof(now)) != 0;
}

static void no_byte_changes_unseen(void **state) {
    (void)state;
    struct mx_error err;
    struct heard right = {.count = 0};
    mx_archive_writer *writer = NULL;
    assert_int_equal(mx_archive_writer_open(temp_path(&folder, "a.merx"), &writer, &err), MX_OK);
    assert_int_equal(
        mx_archive_add_bytes(writer, "manifest", MX_SLICE("{\"form\":1}"), &err), MX_OK);
    assert_int_equal(mx_archive_add_bytes(writer, long_name, MX_SLICE("picture"), &err), MX_OK);
    assert_int_equal(mx_archive_writer_finish(writer, &err), MX_OK);
    mx_archive_writer_close(writer);
    mx_buf whole = get("a.merx");
    put("b.merx", mx_buf_slice(&whole));
    assert_int_equal(
        mx_archive_list(temp_path(&folder, "b.merx"), &exact, on_member_heard, &right, &err),
        MX_OK);
    assert_int_equal(whole.len, 6 * MX_USTAR_BLOCK);
    assert_false(is_noticed(&right));
    for (size_t at = 0; at < whole.len; at++) {
        char before = whole.ptr[at];
        whole.ptr[at] = (char)(before ^ 1 << at % 8);
        put("b.merx", mx_buf_slice(&whole));
        if (!is_noticed(&right)) {
            fail_msg("a change of byte %zu was not noticed", at);
        }
        whole.ptr[at] = before;
    }
    mx_buf_append_char(&whole, '\0');
    put("b.merx", mx_buf_slice(&whole));
    assert_true(is_noticed(&right));
    for (size_t cut = 1; cut <= whole.len; cut += 61) {
        put("b.merx", (struct mx_slice){whole.ptr, whole.len - cut});
        assert_true(cut == 1 || is_noticed(&right));
    }
    mx_buf_deinit(&whole);
}

static void one_member_is_read_by_name(void **state) {
    (void)state;
    struct mx_error err;
    mx_buf bytes = {0};
    make_sample_files();
    write_sample("a.merx");
    const char *path = temp_path(&folder, "a.merx");
    assert_int_equal(mx_archive_read_one(path, "tree/z.txt", &exact, 100, &bytes, &err), MX_OK);
    assert_string_equal(mx_buf_text(&bytes), "last");
    assert_int_equal(
        mx_archive_read_one(path, "tree/y.txt", &exact, 100, &bytes, &err), MX_E_MISSING);
    assert_int_equal(mx_archive_read_one(path, "shop.db", &exact, 100, &bytes, &err), MX_E_LIMIT);
    mx_buf_deinit(&bytes);
}

static void limits_hold(void **state) {
    (void)state;
    make_sample_files();
    write_sample("a.merx");
    mx_buf whole = get("a.merx");
    static const struct mx_archive_limits tight[] = {
        {1000, 1 << 22, 100, false}, {1 << 20, 1000, 100, false}, {1 << 20, 1 << 22, 3, false}};
    for (size_t i = 0; i < sizeof(tight) / sizeof(tight[0]); i++) {
        struct mx_error err;
        assert_int_equal(
            unpack((unsigned char *)whole.ptr, whole.len, &tight[i], &err), MX_E_LIMIT);
    }
    mx_buf_deinit(&whole);
}

static void huge_sizes_do_not_wrap(void **state) {
    (void)state;
    struct mx_error err;
    unsigned char block[MX_USTAR_BLOCK];
    struct mx_archive_entry entry;
    enum mx_ustar_kind kind;
    uint64_t size = 20ULL << 30; // above what octal can say
    assert_int_equal(mx_ustar_write("big", size, block, &err), MX_OK);
    assert_int_equal(mx_ustar_read(block, &kind, &entry, &err), MX_OK);
    assert_true(entry.size == size);
    memset(block + 124, 0xff, 12);
    seal_header(block);
    assert_int_equal(mx_ustar_read(block, &kind, &entry, &err), MX_E_INVALID);
}

static void a_folder_with_something_in_it_is_not_unpacked_into(void **state) {
    (void)state;
    struct mx_error err;
    make_sample_files();
    write_sample("a.merx");
    assert_int_equal(mx_archive_extract(temp_path(&folder, "a.merx"), temp_path(&folder, "tree"),
                         &roomy, NULL, NULL, &err),
        MX_E_CONFLICT);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(what_goes_in_comes_out),
        CASE(the_same_content_gives_the_same_bytes),
        CASE(another_tar_reads_it),
        CASE(files_are_read_one_by_one),
        CASE(an_unfinished_archive_leaves_nothing),
        CASE(links_are_not_archived),
        CASE(names_that_leave_the_folder_are_refused),
        CASE(the_prefix_cannot_smuggle_either),
        CASE(links_and_devices_are_refused),
        CASE(a_folder_is_harmless),
        CASE(one_name_twice_is_refused),
        CASE(what_is_damaged_or_cut_off_is_refused),
        CASE(every_member_has_its_digest),
        CASE(no_byte_changes_unseen),
        CASE(one_member_is_read_by_name),
        CASE(limits_hold),
        CASE(huge_sizes_do_not_wrap),
        CASE(a_folder_with_something_in_it_is_not_unpacked_into),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

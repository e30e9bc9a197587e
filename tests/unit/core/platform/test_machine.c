// What stands below the program is seen as it is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/machine.h"
#include "temp_folder.h"

static struct temp_folder folder;

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

static void a_machine_has_a_kernel_a_disk_and_limits(void **state) {
    (void)state;
    struct mx_machine machine;
    struct mx_error err;
    assert_int_equal(mx_machine_look(folder.path, &machine, &err), MX_OK);
    assert_true(machine.kernel[0] >= '2' && machine.kernel[0] <= '9');
    assert_true(machine.cpus >= 1);
    assert_true(machine.memory_bytes > 1024 * 1024);
    assert_true(machine.files_hard >= machine.files_soft);
    assert_true(machine.disk_bytes > machine.disk_free_bytes);
    assert_true(machine.disk_free_bytes > 0);
    assert_true(machine.file_system[0] != '\0' && machine.encoding[0] != '\0');
    assert_false(machine.is_read_only);
    assert_int_equal(mx_machine_look(temp_path(&folder, "none"), &machine, &err), MX_E_MISSING);
}

static void permissions_are_those_of_the_file_itself(void **state) {
    (void)state;
    struct mx_access access;
    struct mx_error err;
    const char *path = temp_path(&folder, "key");
    assert_int_equal(mx_file_write(path, MX_SLICE("secret"), 0600, &err), MX_OK);
    assert_int_equal(mx_machine_access(path, &access, &err), MX_OK);
    assert_int_equal(access.mode, 0600);
    assert_true(access.is_own);
    assert_int_equal(access.owner, geteuid());
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(mx_machine_access(path, &access, &err), MX_OK);
    assert_int_equal(access.mode, 0644);
    const char *link = temp_path(&folder, "link");
    assert_int_equal(symlink("/nowhere/at/all", link), 0);
    assert_int_equal(mx_machine_access(link, &access, &err), MX_OK);
    assert_int_equal(mx_machine_access(temp_path(&folder, "none"), &access, &err), MX_E_MISSING);
}

static void writes_are_timed_and_leave_nothing(void **state) {
    (void)state;
    int64_t median = -1, longest = -1;
    struct mx_error err;
    char before[32];
    assert_int_equal(mx_machine_time_sync(folder.path, 8, &median, &longest, &err), MX_OK);
    assert_true(median >= 0 && longest >= median);
    snprintf(before, sizeof(before), "sync.%ld.tmp", (long)getpid());
    assert_int_equal(access(temp_path(&folder, before), F_OK), -1);
    assert_true(mx_machine_time_sync(temp_path(&folder, "none"), 8, &median, &longest, &err) < 0);
    assert_non_null(strstr(err.text, "none"));
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(a_machine_has_a_kernel_a_disk_and_limits),
        CASE(permissions_are_those_of_the_file_itself),
        CASE(writes_are_timed_and_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

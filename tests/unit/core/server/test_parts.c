// The small parts of the server: frames, suggestions, options, clock, metrics, and the datagrams
// for systemd.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/exit.h"
#include "server/frame.h"
#include "server/metrics.h"
#include "server/moment.h"
#include "server/options.h"
#include "server/sd_notify.h"
#include "server/sockets.h"
#include "server/suggest.h"
#include "temp_folder.h"

// --- frames -----------------------------------------------------------------------------------

static void a_message_is_read_only_when_all_of_it_is_there(void **state) {
    (void)state;
    struct mx_slice words[3] = {MX_SLICE("command"), MX_SLICE(""), {"a\0b", 3}};
    struct mx_frame frame;
    struct mx_error err;
    mx_buf bytes = {0};
    size_t used = 0;
    mx_frame_write(&bytes, words, 3);
    for (size_t len = 0; len < bytes.len; len++) {
        struct mx_slice part = {bytes.ptr, len};
        assert_int_equal(mx_frame_read(part, &frame, &used, &err), 0);
    }
    size_t len = bytes.len;
    mx_buf_append_text(&bytes, "next");
    assert_int_equal(mx_frame_read(mx_buf_slice(&bytes), &frame, &used, &err), 1);
    assert_int_equal(used, len);
    assert_int_equal(frame.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(mx_slice_equal(frame.words[i], words[i]));
    }
    mx_buf_deinit(&bytes);
}

static void lengths_that_lie_are_refused(void **state) {
    (void)state;
    static const struct mx_slice bad[] = {
        {"\xff\xff\xff\x7f", 4},             // more than a message may have
        {"\x03\0\0\0abc", 7},                // no room for a length
        {"\x05\0\0\0\x02\0\0\0a", 9},        // a word that ends behind the message
        {"\x05\0\0\0\xff\xff\xff\xffx", 9},  // ... far behind
        {"\x08\0\0\0\x01\0\0\0a\0\0\0", 12}, // a second word without its length
    };
    struct mx_frame frame;
    struct mx_error err;
    size_t used = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mx_frame_read(bad[i], &frame, &used, &err), MX_E_INVALID);
    }
    mx_buf many = {0};
    struct mx_slice words[MX_LIMIT_CONTROL_WORDS] = {{0}};
    mx_frame_write(&many, words, MX_LIMIT_CONTROL_WORDS);
    mx_buf_append(&many, "\0\0\0\0", 4); // one more
    many.ptr[0] = (char)(many.ptr[0] + 4);
    assert_int_equal(mx_frame_read(mx_buf_slice(&many), &frame, &used, &err), MX_E_INVALID);
    mx_buf_deinit(&many);
}

// --- suggestions ------------------------------------------------------------------------------

static void a_slip_of_the_finger_finds_its_word(void **state) {
    (void)state;
    static const char *const names[] = {"serve", "status", "stop", "version"};
    assert_string_equal(mx_suggest("srve", names, 4), "serve");
    assert_string_equal(mx_suggest("sevre", names, 4), "serve");
    assert_string_equal(mx_suggest("versoin", names, 4), "version");
    assert_string_equal(mx_suggest("stauts", names, 4), "status");
    assert_null(mx_suggest("backup", names, 4));
    assert_null(mx_suggest("", names, 4));
    char longer[100];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[99] = '\0';
    assert_null(mx_suggest(longer, names, 4));
}

// --- moments ----------------------------------------------------------------------------------

static void moments_are_read_as_people_type_them(void **state) {
    (void)state;
    enum { NOW = 1767225600 }; // 2026-01-01
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"+1h30m", NOW + 5400},
        {"-2d", NOW - 2 * 86400},
        {"+1d1h1m1s", NOW + 90061},
        {"+0s", NOW},
        {"2026-01-01", NOW},
        {"2026-01-01T00:00", NOW},
        {"2026-01-01T18:30Z", NOW + 66600},
        {"2026-01-01T18:30:05", NOW + 66605},
        {"2028-02-29", NOW + (365 + 365 + 31 + 28) * 86400},
        {"1767225600000", NOW},
        {"0", 0},
    };
    int64_t got;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!mx_moment_parse(mx_slice_of(cases[i].text), NOW * INT64_C(1000), &got)) {
            fail_msg("\"%s\" was taken for no moment", cases[i].text);
        }
        assert_true(got == cases[i].seconds * 1000);
    }
    static const char *const bad[] = {"", "+", "-", "now", "+1", "+h", "+1w", "+1h 2m", "1h",
        "-99999999d", "+999999999999d", "+99999d99999d99999d", "2026-1-1", "2026-13-01",
        "2026-00-10", "2026-02-30", "2027-02-29", "2026-01-01T24:00", "2026-01-01T00:60",
        "2026-01-01 00:00", "2026-01-01T00:00+01:00", "2026-01-01T", "2026-01-01Z0", "-1",
        "1969-12-31", "253402300800000", "99999999999999999999", "1767225600000.5"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (mx_moment_parse(mx_slice_of(bad[i]), NOW * INT64_C(1000), &got)) {
            fail_msg("\"%s\" was taken for a moment", bad[i]);
        }
    }
}

// --- options ----------------------------------------------------------------------------------

static void flags_are_taken_out_of_the_arguments(void **state) {
    (void)state;
    mx_options *options = mx_options_create();
    struct mx_error err;
    const char *given[] = {
        "backup", "--data", "/d", "--unknown", "--safe", "file", "--", "--workers=9"};
    char **argv = (char **)(uintptr_t)given; // only the pointers are moved about
    int argc = 8;
    assert_int_equal(mx_options_read_flags(options, &argc, argv, true, &err), MX_OK);
    assert_int_equal(argc, 4);
    assert_string_equal(argv[0], "backup");
    assert_string_equal(argv[1], "--unknown");
    assert_string_equal(argv[2], "file");
    assert_string_equal(argv[3], "--workers=9");
    assert_string_equal(mx_options_text(options, MX_OPT_DATA), "/d");
    assert_true(mx_options_flag(options, MX_OPT_SAFE));
    assert_string_not_equal(mx_options_source(options, MX_OPT_SAFE), "default");
    assert_string_equal(mx_options_source(options, MX_OPT_WORKERS), "default");
    mx_options_destroy(options);
}

static void sizes_and_flags_have_several_spellings(void **state) {
    (void)state;
    mx_options *options = mx_options_create();
    struct mx_error err;
    static const struct {
        const char *text;
        int64_t value;
    } sizes[] = {{"0", 0}, {"100", 100}, {"2k", 2048}, {"3M", 3 << 20}, {"1G", 1 << 30}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(
            mx_options_set(options, MX_OPT_CACHE_BYTES, sizes[i].text, "test", &err), MX_OK);
        assert_int_equal(mx_options_int(options, MX_OPT_CACHE_BYTES), sizes[i].value);
    }
    static const char *const bad[] = {"", "k", "-1", "1.5M", "1MB", "99999999999999G", "0x10"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            mx_options_set(options, MX_OPT_CACHE_BYTES, bad[i], "test", &err), MX_E_INVALID);
    }
    assert_int_equal(mx_options_int(options, MX_OPT_CACHE_BYTES), 1 << 30);
    const char *given[] = {"--no-compress", "--access-log=Yes"};
    char **argv = (char **)(uintptr_t)given;
    int argc = 2;
    assert_int_equal(mx_options_read_flags(options, &argc, argv, false, &err), MX_OK);
    assert_false(mx_options_flag(options, MX_OPT_COMPRESS));
    assert_true(mx_options_flag(options, MX_OPT_ACCESS_LOG));
    mx_options_destroy(options);
}

static void options_are_read_again_and_flags_stay(void **state) {
    (void)state;
    mx_options *options = mx_options_create();
    mx_options *fresh = NULL;
    mx_buf taken = {0};
    mx_buf waiting = {0};
    struct mx_error err;
    const char *given[] = {"--idle-ms", "5000"};
    char **argv = (char **)(uintptr_t)given;
    int argc = 2;
    assert_int_equal(mx_options_read_flags(options, &argc, argv, false, &err), MX_OK);
    assert_int_equal(
        mx_options_set(options, MX_OPT_SHARE, "/s", "the program's own place", &err), MX_OK);
    assert_int_equal(mx_options_resolve(options, &err), MX_OK);
    setenv("MERX_IDLE_MS", "6000", 1);
    setenv("MERX_HEAD_MS", "7000", 1);
    setenv("MERX_WORKERS", "3", 1);
    assert_int_equal(mx_options_refresh(options, &fresh, &taken, &waiting, &err), MX_OK);
    assert_string_equal(mx_buf_text(&taken), "head_ms");
    assert_string_equal(mx_buf_text(&waiting), "workers");
    assert_int_equal(mx_options_int(fresh, MX_OPT_IDLE_MS), 5000);
    assert_int_equal(mx_options_int(fresh, MX_OPT_HEAD_MS), 7000);
    assert_int_equal(mx_options_int(fresh, MX_OPT_WORKERS), 0);
    assert_string_equal(mx_options_text(fresh, MX_OPT_SHARE), "/s");
    unsetenv("MERX_HEAD_MS");
    mx_options *last = NULL;
    mx_buf_clear(&taken);
    mx_buf_clear(&waiting);
    assert_int_equal(mx_options_refresh(fresh, &last, &taken, &waiting, &err), MX_OK);
    assert_string_equal(mx_buf_text(&taken), "head_ms");
    assert_int_equal(mx_options_int(last, MX_OPT_HEAD_MS), 10000);
    assert_int_equal(mx_options_int(last, MX_OPT_IDLE_MS), 5000);
    setenv("MERX_HEAD_MS", "soon", 1);
    mx_options *none = NULL;
    assert_int_equal(mx_options_refresh(last, &none, &taken, &waiting, &err), MX_E_INVALID);
    assert_null(none);
    unsetenv("MERX_IDLE_MS");
    unsetenv("MERX_HEAD_MS");
    unsetenv("MERX_WORKERS");
    mx_buf_deinit(&taken);
    mx_buf_deinit(&waiting);
    mx_options_destroy(last);
    mx_options_destroy(fresh);
    mx_options_destroy(options);
}

static void lua_gets_every_option_as_text(void **state) {
    (void)state;
    mx_options *options = mx_options_create();
    size_t count = 0;
    bool found = false;
    const struct mx_pair *pairs = mx_options_pairs(options, &count);
    assert_int_equal(count, MX_OPT_COUNT);
    for (size_t i = 0; i < count; i++) {
        assert_true(pairs[i].name.len > 0);
        found = found || (mx_slice_equal(pairs[i].name, MX_SLICE("safe")) &&
                             mx_slice_equal(pairs[i].value, MX_SLICE("false")));
    }
    assert_true(found);
    mx_options_destroy(options);
}

// --- clock and exit codes ---------------------------------------------------------------------

static void a_clock_can_be_moved_unless_it_is_the_real_one(void **state) {
    (void)state;
    enum { TOLERANCE_MS = 60000 }; // a machine may be slow
    struct mx_error err;
    mx_clock *real = mx_clock_create(MX_CLOCK_REAL, 0);
    mx_clock *fake = mx_clock_create(MX_CLOCK_STANDING, 5);
    mx_clock *ahead = mx_clock_create(MX_CLOCK_MOVABLE, 0);
    int64_t now = mx_now_ms(mx_clock_world(real));
    assert_true(mx_now_ms(mx_clock_world(ahead)) - now < TOLERANCE_MS);
    assert_int_equal(mx_clock_set(ahead, now + INT64_C(1000000000), &err), MX_OK);
    int64_t moved = mx_now_ms(mx_clock_world(ahead)) - now;
    assert_true(moved >= INT64_C(1000000000) - 1000 && moved < INT64_C(1000000000) + TOLERANCE_MS);
    struct timespec rest = {.tv_nsec = 5000000};
    nanosleep(&rest, NULL);
    assert_true(mx_now_ms(mx_clock_world(ahead)) - now > moved); // it goes on
    mx_clock_destroy(ahead);
    assert_int_equal(mx_clock_set(real, 1, &err), MX_E_INVALID);
    assert_true(mx_now_ms(mx_clock_world(real)) > INT64_C(1600000000000));
    assert_int_equal(mx_now_ms(mx_clock_world(fake)), 5);
    assert_int_equal(mx_clock_set(fake, 7, &err), MX_OK);
    assert_int_equal(mx_now_ms(mx_clock_world(fake)), 7);
    assert_true(mx_mono_ns(mx_clock_world(fake)) > 7); // durations stay real
    mx_clock_destroy(real);
    mx_clock_destroy(fake);
}

static void failures_have_the_documented_exit_codes(void **state) {
    (void)state;
    assert_int_equal(mx_exit_code(MX_OK), 0);
    assert_int_equal(mx_exit_code(MX_E_BUSY), 1);
    assert_int_equal(mx_exit_code(MX_E_MISSING), 3);
    assert_int_equal(mx_exit_code(MX_E_CONFLICT), 4);
    assert_int_equal(mx_exit_code(MX_E_INVALID), 5);
    assert_int_equal(mx_exit_code(MX_E_SYSTEM), 71);
}

// --- metrics ----------------------------------------------------------------------------------

static void numbers_of_threads_are_added_up(void **state) {
    (void)state;
    mx_metrics *metrics = mx_metrics_create(2);
    mx_tally *a = mx_metrics_tally(metrics, 0, "worker-0");
    mx_tally *b = mx_metrics_tally(metrics, 1, "worker-1");
    mx_tally_request(a, MX_SLICE("/p/:handle"), 200, 90);
    mx_tally_request(b, MX_SLICE("/p/:handle"), 404, 600);
    mx_tally_request(b, MX_SLICE("/\"odd\"\\\n"), 200, 20000000);
    mx_tally_add(a, MX_COUNT_BYTES_SENT, 10);
    mx_tally_add(b, MX_COUNT_BYTES_SENT, 5);
    mx_tally_set(a, MX_COUNT_LUA_BYTES, 77);
    mx_buf out = {0};
    mx_metrics_write(metrics, &out);
    const char *text = mx_buf_text(&out);
    static const char *const lines[] = {
        "http_server_request_duration_seconds_bucket{route=\"/p/:handle\",le=\"0.0001\"} 1\n",
        "http_server_request_duration_seconds_bucket{route=\"/p/:handle\",le=\"0.001\"} 2\n",
        "http_server_request_duration_seconds_count{route=\"/p/:handle\"} 2\n",
        "_bucket{route=\"/\\\"odd\\\"\\\\ \",le=\"10\"} 0\n",
        "_bucket{route=\"/\\\"odd\\\"\\\\ \",le=\"+Inf\"} 1\n",
        "merx_http_requests_total{route=\"/p/:handle\",status=\"2xx\"} 1\n",
        "merx_http_requests_total{route=\"/p/:handle\",status=\"4xx\"} 1\n",
        "merx_http_sent_bytes_total 15\n",
        "merx_lua_memory_bytes{thread=\"worker-0\"} 77\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_non_null(strstr(text, lines[i]));
    }
    mx_buf_deinit(&out);
    mx_metrics_destroy(metrics);
}

static void labels_are_bounded(void **state) {
    (void)state;
    mx_metrics *metrics = mx_metrics_create(1);
    mx_tally *tally = mx_metrics_tally(metrics, 0, "worker-0");
    char route[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(route, sizeof(route), "/r%d", i);
        mx_tally_request(tally, mx_slice_of(route), 200, 1);
    }
    mx_buf out = {0};
    mx_metrics_write(metrics, &out);
    const char *text = mx_buf_text(&out);
    int labels = 0;
    for (const char *at = text; (at = strstr(at, "_count{route=")) != NULL; at++) {
        labels++;
    }
    assert_int_equal(labels, 512);
    assert_non_null(strstr(text, "_count{route=\"other\"} 4489\n"));
    mx_buf_deinit(&out);
    mx_metrics_destroy(metrics);
}

// --- systemd ----------------------------------------------------------------------------------

static void systemd_hears_what_it_is_told(void **state) {
    (void)state;
    struct temp_folder folder;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[128] = "";
    temp_folder_make(&folder);
    unsetenv("NOTIFY_SOCKET");
    assert_false(mx_sd_is_there());
    mx_sd_notify("READY=1"); // nobody listens: nothing happens
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", temp_path(&folder, "notify"));
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    assert_true(mx_sd_is_there());
    mx_sd_notify("READY=1\nSTATUS=serving");
    assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 22);
    assert_string_equal(text, "READY=1\nSTATUS=serving");
    memset(text, 0, sizeof(text));
    mx_sd_notify_reloading();
    assert_true(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 30);
    assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
    unsetenv("NOTIFY_SOCKET");
    close(fd);
    temp_folder_remove(&folder);
}

static void the_watchdog_is_fed_three_times_as_often_as_needed(void **state) {
    (void)state;
    char pid[24];
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    assert_int_equal(mx_sd_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(mx_sd_watchdog_ms(), 10000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(mx_sd_watchdog_ms(), 0); // meant for somebody else
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(mx_sd_watchdog_ms(), 10000);
    setenv("WATCHDOG_USEC", "nonsense", 1);
    assert_int_equal(mx_sd_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void passed_sockets_are_for_their_process_and_taken_once(void **state) {
    (void)state;
    char name[16];
    char pid[24];
    int count = 7;
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_PID", "1", 1);
    assert_int_equal(mx_sd_listen_fds(&count), -1);
    assert_int_equal(count, 0);
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDNAMES", "web:admin", 1);
    mx_sd_listen_name(0, name, sizeof(name));
    assert_string_equal(name, "web");
    mx_sd_listen_name(1, name, sizeof(name));
    assert_string_equal(name, "admin");
    mx_sd_listen_name(2, name, sizeof(name));
    assert_string_equal(name, "");
    assert_int_equal(mx_sd_listen_fds(&count), 3);
    assert_int_equal(count, 2);
    assert_null(getenv("LISTEN_FDS")); // no child takes them for its own
    assert_int_equal(mx_sd_listen_fds(&count), -1);
}

// --- sockets ----------------------------------------------------------------------------------

static void a_server_knows_whether_others_can_come_in(void **state) {
    (void)state;
    static const struct {
        const char *listen;
        bool is_local;
    } cases[] = {
        {"127.0.0.1:0", true},
        {"127.0.0.1:0, unix:%s/web.sock", true},
        {"0.0.0.0:0", false},
        {"127.0.0.1:0, 0.0.0.0:0", false},
        {"*:0", false},
    };
    struct temp_folder folder;
    temp_folder_make(&folder);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_options *options = mx_options_create();
        struct mx_sockets *sockets = NULL;
        struct mx_error err;
        const char *unix_part = strstr(cases[i].listen, "%s");
        char listen[128];
        snprintf(listen, sizeof(listen), "%.*s%s%s",
            (int)(unix_part ? unix_part - cases[i].listen : 127), cases[i].listen,
            unix_part ? folder.path : "", unix_part ? unix_part + 2 : "");
        assert_int_equal(mx_options_set(options, MX_OPT_WORKERS, "2", "test", &err), MX_OK);
        assert_int_equal(mx_options_set(options, MX_OPT_LISTEN, listen, "test", &err), MX_OK);
        if (mx_sockets_open(options, &sockets, &err) < 0) {
            fail_msg("%s: %s", listen, err.text);
        }
        assert_int_equal(mx_sockets_are_local(sockets), cases[i].is_local);
        mx_sockets_close(sockets);
        mx_options_destroy(options);
    }
    temp_folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_only_when_all_of_it_is_there),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(a_slip_of_the_finger_finds_its_word),
        cmocka_unit_test(moments_are_read_as_people_type_them),
        cmocka_unit_test(flags_are_taken_out_of_the_arguments),
        cmocka_unit_test(sizes_and_flags_have_several_spellings),
        cmocka_unit_test(options_are_read_again_and_flags_stay),
        cmocka_unit_test(lua_gets_every_option_as_text),
        cmocka_unit_test(a_clock_can_be_moved_unless_it_is_the_real_one),
        cmocka_unit_test(failures_have_the_documented_exit_codes),
        cmocka_unit_test(numbers_of_threads_are_added_up),
        cmocka_unit_test(labels_are_bounded),
        cmocka_unit_test(systemd_hears_what_it_is_told),
        cmocka_unit_test(the_watchdog_is_fed_three_times_as_often_as_needed),
        cmocka_unit_test(passed_sockets_are_for_their_process_and_taken_once),
        cmocka_unit_test(a_server_knows_whether_others_can_come_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// Streams and listeners over real sockets: order, back-pressure, half-closed ends, and goodbyes
// that destroy nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "loop/listener.h"
#include "loop/stream.h"
#include "loop/timer.h"
#include "platform/buf.h"
#include "temp_folder.h"

struct side {
    mx_loop *loop;
    mx_stream *stream;
    int peer;
    mx_buf got;
    int ended; // 1: finished, 2: broken
    int drained;
    int closed;
    int released;
};

static void on_data(void *ctx, struct mx_slice bytes) {
    struct side *side = ctx;
    mx_buf_append_slice(&side->got, bytes);
}

static void on_ended(void *ctx, bool broken) {
    struct side *side = ctx;
    side->ended = broken ? 2 : 1;
}

static void on_drained(void *ctx) {
    struct side *side = ctx;
    side->drained++;
}

static void on_closed(void *ctx) {
    struct side *side = ctx;
    side->closed++;
}

static void on_released(void *ctx) {
    struct side *side = ctx;
    side->released++;
}

static const struct mx_stream_events events = {on_data, on_ended, on_drained, on_closed};

static int make_side(void **state) {
    struct side *side = calloc(1, sizeof(*side));
    struct mx_error err;
    int ends[2];
    assert_int_equal(mx_loop_create(&side->loop, &err), MX_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    side->peer = ends[1];
    assert_int_equal(
        mx_stream_open(side->loop, ends[0], &events, side, &side->stream, &err), MX_OK);
    *state = side;
    return 0;
}

static int destroy_side(void **state) {
    struct side *side = *state;
    if (!side->closed) {
        mx_stream_close(side->stream);
    }
    mx_loop_destroy(side->loop);
    assert_int_equal(side->closed, 1); // once, whatever happened
    close(side->peer);
    mx_buf_deinit(&side->got);
    free(side);
    return 0;
}

static void turn(struct side *side, int times) {
    for (int i = 0; i < times; i++) {
        mx_loop_turn(side->loop, false);
    }
}

static void wait_until(struct side *side, const int *flag) {
    static const struct timespec moment = {0, 1000000};
    for (int i = 0; i < 4000 && !*flag; i++) {
        mx_loop_turn(side->loop, false);
        nanosleep(&moment, NULL);
    }
    assert_true(*flag);
}

static void bytes_arrive_and_reading_can_pause(void **state) {
    struct side *side = *state;
    assert_int_equal(write(side->peer, "abc", 3), 3);
    turn(side, 8);
    assert_string_equal(mx_buf_text(&side->got), "abc");
    mx_stream_pause(side->stream);
    assert_int_equal(write(side->peer, "def", 3), 3);
    turn(side, 8);
    assert_string_equal(mx_buf_text(&side->got), "abc");
    mx_stream_resume(side->stream);
    turn(side, 8);
    assert_string_equal(mx_buf_text(&side->got), "abcdef");
}

static void short_pieces_go_out_at_once_and_are_let_go(void **state) {
    struct side *side = *state;
    struct mx_slice pieces[3] = {MX_SLICE("a"), MX_SLICE(""), MX_SLICE("bc")};
    struct mx_stream_hold hold = {.release = on_released, .ctx = side};
    assert_true(mx_stream_write(side->stream, pieces, 3, &hold));
    assert_int_equal(side->released, 1);
    assert_int_equal(mx_stream_queued(side->stream), 0);
    char text[8] = "";
    assert_int_equal(read(side->peer, text, sizeof(text)), 3);
    assert_string_equal(text, "abc");
}

static size_t read_all(struct side *side, mx_buf *out, size_t wanted) {
    for (int i = 0; i < 100000 && out->len < wanted; i++) {
        ssize_t got = read(side->peer, mx_buf_reserve(out, 65536), 65536);
        out->len += got > 0 ? (size_t)got : 0;
        mx_loop_turn(side->loop, false);
    }
    return out->len;
}

// More than a socket takes: what stood before the last piece may go, that one stays until released.
static void a_long_write_waits_in_order(void **state) {
    struct side *side = *state;
    enum { LEN = 3 * 1024 * 1024 };
    char *body = malloc(LEN);
    for (int i = 0; i < LEN; i++) {
        body[i] = (char)('a' + i % 23);
    }
    char head[] = "head:";
    struct mx_slice pieces[2] = {{head, 5}, {body, LEN}};
    struct mx_stream_hold hold = {.release = on_released, .ctx = side};
    assert_false(mx_stream_write(side->stream, pieces, 2, &hold));
    memset(head, 'X', 5);
    char tail[] = ":tail";
    struct mx_slice last = {tail, 5};
    assert_false(mx_stream_write(side->stream, &last, 1, NULL));
    memset(tail, 'X', 5); // it was copied
    assert_int_equal(side->released, 0);
    mx_buf out = {0};
    assert_int_equal(read_all(side, &out, LEN + 10), LEN + 10);
    assert_memory_equal(out.ptr, "head:", 5);
    assert_memory_equal(out.ptr + 5, body, LEN);
    assert_memory_equal(out.ptr + 5 + LEN, ":tail", 5);
    turn(side, 4);
    assert_int_equal(side->released, 1);
    assert_int_equal(side->drained, 1);
    assert_int_equal(mx_stream_queued(side->stream), 0);
    mx_buf_deinit(&out);
    free(body);
}

// The kernel is given the file's bytes; what it does not take at once comes from memory.
static void a_body_that_lies_in_a_file_goes_out_in_order(void **state) {
    struct side *side = *state;
    static const size_t lens[] = {1, 50000, 3 * 1024 * 1024};
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        size_t len = lens[i];
        struct temp_folder folder;
        temp_folder_make(&folder);
        int fd = open(temp_path(&folder, "body"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char *body = malloc(len);
        for (size_t at = 0; at < len; at++) {
            body[at] = (char)('a' + at % 23);
        }
        assert_int_equal(pwrite(fd, body, len, 7), len);
        struct mx_stream_file file = {fd, 7};
        struct mx_stream_hold hold = {.release = on_released, .ctx = side, .file = &file};
        struct mx_slice pieces[3] = {MX_SLICE("he"), MX_SLICE("ad:"), {body, len}};
        side->released = 0;
        mx_stream_write(side->stream, pieces, 3, &hold);
        close(fd);
        struct mx_slice tail = MX_SLICE(":tail");
        mx_stream_write(side->stream, &tail, 1, NULL);
        mx_buf out = {0};
        assert_int_equal(read_all(side, &out, len + 10), len + 10);
        assert_memory_equal(out.ptr, "head:", 5);
        assert_memory_equal(out.ptr + 5, body, len);
        assert_memory_equal(out.ptr + 5 + len, ":tail", 5);
        turn(side, 4);
        assert_int_equal(side->released, 1);
        mx_buf_deinit(&out);
        free(body);
        temp_folder_remove(&folder);
    }
}

static void a_file_that_cannot_be_sent_is_no_loss(void **state) {
    struct side *side = *state;
    struct mx_stream_file file = {-1, 0};
    struct mx_stream_hold hold = {.release = on_released, .ctx = side, .file = &file};
    struct mx_slice pieces[2] = {MX_SLICE("head:"), MX_SLICE("body")};
    mx_stream_write(side->stream, pieces, 2, &hold);
    mx_buf out = {0};
    assert_int_equal(read_all(side, &out, 9), 9);
    assert_memory_equal(out.ptr, "head:body", 9);
    wait_until(side, &side->released);
    mx_buf_deinit(&out);
}

static void closing_lets_go_of_what_waits(void **state) {
    struct side *side = *state;
    enum { LEN = 3 * 1024 * 1024 };
    char *body = calloc(1, LEN);
    struct mx_slice piece = {body, LEN};
    struct mx_stream_hold hold = {.release = on_released, .ctx = side};
    assert_false(mx_stream_write(side->stream, &piece, 1, &hold));
    mx_stream_close(side->stream);
    assert_true(mx_stream_write(side->stream, &piece, 1, &hold)); // dropped, and let go at once
    wait_until(side, &side->closed);
    assert_int_equal(side->released, 2);
    free(body);
}

static void an_end_of_input_is_no_break(void **state) {
    struct side *side = *state;
    shutdown(side->peer, SHUT_WR);
    wait_until(side, &side->ended);
    assert_int_equal(side->ended, 1);
    struct mx_slice piece = MX_SLICE("still");
    mx_stream_write(side->stream, &piece, 1, NULL);
    char text[8] = "";
    assert_int_equal(read(side->peer, text, sizeof(text)), 5);
}

static void finish_sends_everything_before_it_closes(void **state) {
    struct side *side = *state;
    enum { LEN = 2 * 1024 * 1024 };
    char *body = calloc(1, LEN);
    struct mx_slice piece = {body, LEN};
    shutdown(side->peer, SHUT_WR); // the peer has nothing more to say
    wait_until(side, &side->ended);
    mx_stream_write(side->stream, &piece, 1, NULL);
    mx_stream_finish(side->stream);
    mx_buf out = {0};
    assert_int_equal(read_all(side, &out, LEN), LEN);
    wait_until(side, &side->closed);
    assert_int_equal(read(side->peer, out.ptr, 1), 0);
    mx_buf_deinit(&out);
    free(body);
}

static void finish_swallows_what_the_peer_still_says(void **state) {
    struct side *side = *state;
    struct mx_slice piece = MX_SLICE("bye");
    mx_stream_write(side->stream, &piece, 1, NULL);
    mx_stream_finish(side->stream);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(write(side->peer, "but wait", 8), 8);
        turn(side, 10);
    }
    assert_int_equal(side->got.len, 0);
    assert_int_equal(side->closed, 0);
    char text[8] = "";
    assert_int_equal(read(side->peer, text, sizeof(text)), 3);
    assert_int_equal(read(side->peer, text, sizeof(text)), 0);
    shutdown(side->peer, SHUT_WR);
    wait_until(side, &side->closed);
}

static void finish_does_not_wait_for_ever(void **state) {
    struct side *side = *state;
    mx_stream_finish(side->stream);
    wait_until(side, &side->closed); // the peer never closes
}

// --- listeners --------------------------------------------------------------------------------

struct door {
    mx_loop *loop;
    int accepted;
    struct mx_peer last;
};

static void on_accepted(void *ctx, int fd, const struct mx_peer *peer) {
    struct door *door = ctx;
    door->accepted++;
    door->last = *peer;
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

static int connect_to(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void a_stopping_listener_takes_in_who_is_waiting(void **state) {
    (void)state;
    struct door door = {0};
    struct mx_error err;
    mx_listener *listener = NULL;
    int fd = -1;
    int clients[10];
    assert_int_equal(mx_loop_create(&door.loop, &err), MX_OK);
    assert_int_equal(mx_socket_listen(MX_SLICE("127.0.0.1:0"), false, 0, &fd, &err), MX_OK);
    unsigned port = mx_socket_port(fd);
    assert_int_equal(mx_listener_start(door.loop, fd, on_accepted, &door, &listener, &err), MX_OK);
    for (int i = 0; i < 10; i++) {
        clients[i] = connect_to(port);
    }
    assert_int_equal(door.accepted, 0);
    mx_listener_stop(listener);
    assert_int_equal(door.accepted, 10);
    assert_false(door.last.is_local);
    assert_memory_equal(door.last.address + 10, "\xff\xff\x7f\0\0\1", 6);
    for (int i = 0; i < 10; i++) {
        close(clients[i]);
    }
    mx_loop_destroy(door.loop);
}

static void a_paused_listener_leaves_them_in_the_queue(void **state) {
    (void)state;
    struct door door = {0};
    struct mx_error err;
    mx_listener *listener = NULL;
    int fd = -1;
    assert_int_equal(mx_loop_create(&door.loop, &err), MX_OK);
    assert_int_equal(mx_socket_listen(MX_SLICE("127.0.0.1:0"), false, 0, &fd, &err), MX_OK);
    unsigned port = mx_socket_port(fd);
    assert_int_equal(mx_listener_start(door.loop, fd, on_accepted, &door, &listener, &err), MX_OK);
    mx_listener_pause(listener);
    int client = connect_to(port);
    for (int i = 0; i < 10; i++) {
        mx_loop_turn(door.loop, false);
    }
    assert_int_equal(door.accepted, 0);
    mx_listener_resume(listener);
    for (int i = 0; i < 100 && door.accepted == 0; i++) {
        mx_loop_turn(door.loop, false);
    }
    assert_int_equal(door.accepted, 1);
    close(client);
    mx_listener_stop(listener);
    mx_loop_destroy(door.loop);
}

static void several_sockets_share_a_port_only_when_told(void **state) {
    (void)state;
    struct mx_error err;
    int first = -1;
    int second = -1;
    char address[32];
    assert_int_equal(mx_socket_listen(MX_SLICE("127.0.0.1:0"), true, 0, &first, &err), MX_OK);
    snprintf(address, sizeof(address), "127.0.0.1:%u", mx_socket_port(first));
    assert_int_equal(
        mx_socket_listen(mx_slice_of(address), false, 0, &second, &err), MX_E_CONFLICT);
    assert_int_equal(mx_socket_listen(mx_slice_of(address), true, 0, &second, &err), MX_OK);
    close(first);
    close(second);
}

static void addresses_are_read_strictly(void **state) {
    (void)state;
    static const char *const bad[] = {"", "8080", "localhost:80", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:65536", "1.2.3:80", "::1:80", "[::1]", "[::1:80", "[127.0.0.1]:80",
        "unix:", " *:0"};
    struct mx_error err;
    int fd = -1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mx_socket_listen(mx_slice_of(bad[i]), false, 0, &fd, &err), MX_E_INVALID);
    }
    static const char *const good[] = {"127.0.0.1:0", "*:0", "[::1]:0", "[::]:0"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int rc = mx_socket_listen(mx_slice_of(good[i]), false, 0, &fd, &err);
        assert_true(rc == MX_OK || rc == MX_E_SYSTEM); // a machine without IPv6
        if (rc == MX_OK) {
            close(fd);
        }
    }
}

static void a_unix_socket_has_its_mode_and_replaces_a_dead_one(void **state) {
    (void)state;
    struct temp_folder folder;
    struct mx_error err;
    struct stat info;
    int fd = -1;
    char address[128];
    temp_folder_make(&folder);
    snprintf(address, sizeof(address), "unix:%s", temp_path(&folder, "s"));
    for (int i = 0; i < 2; i++) { // the second time the file is there, and nobody behind it
        int other = -1;
        assert_int_equal(mx_socket_listen(mx_slice_of(address), false, 0600, &fd, &err), MX_OK);
        assert_int_equal(
            mx_socket_listen(mx_slice_of(address), false, 0600, &other, &err), MX_E_CONFLICT);
        assert_int_equal(stat(temp_path(&folder, "s"), &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        assert_int_equal(mx_socket_port(fd), 0);
        close(fd);
    }
    temp_folder_remove(&folder);
}

int main(void) {
#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, make_side, destroy_side)
    const struct CMUnitTest tests[] = {
        STREAM_TEST(bytes_arrive_and_reading_can_pause),
        STREAM_TEST(short_pieces_go_out_at_once_and_are_let_go),
        STREAM_TEST(a_long_write_waits_in_order),
        STREAM_TEST(a_body_that_lies_in_a_file_goes_out_in_order),
        STREAM_TEST(a_file_that_cannot_be_sent_is_no_loss),
        STREAM_TEST(closing_lets_go_of_what_waits),
        STREAM_TEST(an_end_of_input_is_no_break),
        STREAM_TEST(finish_sends_everything_before_it_closes),
        STREAM_TEST(finish_swallows_what_the_peer_still_says),
        STREAM_TEST(finish_does_not_wait_for_ever),
        cmocka_unit_test(a_stopping_listener_takes_in_who_is_waiting),
        cmocka_unit_test(a_paused_listener_leaves_them_in_the_queue),
        cmocka_unit_test(several_sockets_share_a_port_only_when_told),
        cmocka_unit_test(addresses_are_read_strictly),
        cmocka_unit_test(a_unix_socket_has_its_mode_and_replaces_a_dead_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

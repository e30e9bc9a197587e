// Runs tests/scenario/http_vectors through the parser: whole, byte by byte, and cut once at every
// place. However the bytes are cut, the verdict must be the same. The format is told in README.md
// there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/parser.h"
#include "platform/alloc.h"
#include "platform/buf.h"
#include "platform/files.h"

enum { VECTORS_AT_LEAST = 200, LINE_MAX_COUNT = 64, MESSAGE_MAX = 16, CUT_MAX = 1200 };

static const char folder[] = "tests/scenario/http_vectors";

struct vector {
    char file[100];
    int line;
    mx_buf name;
    mx_buf sent;
    uint64_t body_max;
    mx_buf lines[LINE_MAX_COUNT]; // what is expected, unescaped
    size_t line_count;
};

// What became of one request.
struct message {
    mx_arena *arena;
    enum mx_parser_state state;
    struct mx_request request;
    int status; // of a refusal
    mx_buf body;
};

struct run {
    const struct vector *vector;
    struct message messages[MESSAGE_MAX];
    size_t count;
    char how[60];
};

static size_t vectors_run;
static size_t faults;

// Tells what went wrong and goes on, so that one run shows all faults.
static void fail_at(const struct run *run, const char *what, struct mx_slice line) {
    struct mx_slice name = mx_buf_slice(&run->vector->name);
    fprintf(stderr, "%s:%d: \"%.*s\" read %s: %s: %.*s\n", run->vector->file, run->vector->line,
        (int)name.len, name.ptr, run->how, what, (int)line.len, line.ptr);
    faults++;
}

// ---- reading the files

static int hex_digit(char c) {
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c | 0x20) : NULL;
    assert_non_null(found);
    return (int)(found - digits);
}

static void append_unescaped(mx_buf *buf, struct mx_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\') {
            assert_true(i + 1 < text.len);
            c = text.ptr[++i];
            switch (c) {
            case 'r': c = '\r'; break;
            case 'n': c = '\n'; break;
            case 't': c = '\t'; break;
            case '0': c = '\0'; break;
            case '\\': break;
            case 'x':
                assert_true(i + 2 < text.len);
                c = (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
                i += 2;
                break;
            default: fail_msg("unknown escape \\%c", c);
            }
        }
        mx_buf_append_char(buf, c);
    }
}

static void clear_vector(struct vector *vector) {
    mx_buf_deinit(&vector->name);
    mx_buf_deinit(&vector->sent);
    for (size_t i = 0; i < vector->line_count; i++) {
        mx_buf_deinit(&vector->lines[i]);
    }
    *vector = (struct vector){.body_max = 1000};
}

// "> text" or ">*N text"
static void append_sent(mx_buf *sent, struct mx_slice text) {
    uint64_t times = 1;
    if (text.len > 0 && text.ptr[0] == '*') {
        struct mx_slice count = mx_slice_cut(&text, ' ');
        count = (struct mx_slice){count.ptr + 1, count.len - 1};
        assert_true(mx_slice_to_u64(count, 100000, &times));
    } else if (text.len > 0) {
        assert_int_equal(text.ptr[0], ' ');
        text = (struct mx_slice){text.ptr + 1, text.len - 1};
    }
    for (uint64_t i = 0; i < times; i++) {
        append_unescaped(sent, text);
    }
}

// ---- running

static int on_head(void *ctx, const struct mx_request *request, uint64_t *body_max) {
    struct run *run = ctx;
    run->messages[run->count - 1].request = *request;
    *body_max = run->vector->body_max;
    return 0;
}

static int on_body(void *ctx, struct mx_slice piece) {
    struct run *run = ctx;
    mx_buf_append_slice(&run->messages[run->count - 1].body, piece);
    return 0;
}

static struct message *begin_message(struct run *run, mx_parser *parser) {
    assert_true(run->count < MESSAGE_MAX);
    struct message *message = &run->messages[run->count++];
    message->arena = mx_arena_create();
    mx_parser_begin(parser, message->arena);
    return message;
}

// Gives one piece, which may end one request and begin others. It lies in a block of its own, so
// that the address sanitizer sees whoever keeps a pointer into it.
static void feed_piece(struct run *run, mx_parser *parser, const char *ptr, size_t len) {
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, ptr, len);
    size_t at = 0;
    while (at < len && run->messages[run->count - 1].state != MX_PARSER_REFUSED) {
        struct message *message = &run->messages[run->count - 1];
        if (message->state == MX_PARSER_DONE) {
            message = begin_message(run, parser);
        }
        size_t used;
        message->state = mx_parser_feed(parser, (struct mx_slice){copy + at, len - at}, &used);
        assert_true(used <= len - at);
        at += used;
        if (message->state == MX_PARSER_REFUSED) {
            message->status = mx_parser_refusal(parser).status;
            assert_true(strlen(mx_parser_refusal(parser).reason) > 10);
        }
    }
    free(copy);
}

static void check_message(const struct run *run, size_t index, struct mx_slice line) {
    const struct message *message = &run->messages[index];
    const struct mx_request *request = &message->request;
    struct mx_slice text = line;
    struct mx_slice key = mx_slice_cut(&text, ' ');
    struct mx_slice got = {0};
    char number[24];
    if (mx_slice_equal(key, MX_SLICE("host"))) {
        got = request->host;
    } else if (mx_slice_equal(key, MX_SLICE("scheme"))) {
        got = request->scheme;
    } else if (mx_slice_equal(key, MX_SLICE("query"))) {
        got = request->query;
        if (!got.ptr) {
            fail_at(run, "there is no query", line);
        }
    } else if (mx_slice_equal(key, MX_SLICE("body"))) {
        got = mx_buf_slice(&message->body);
    } else if (mx_slice_equal(key, MX_SLICE("fields"))) {
        snprintf(number, sizeof(number), "%zu", request->field_count);
        got = mx_slice_of(number);
    } else if (mx_slice_equal(key, MX_SLICE("keep-alive"))) {
        got = request->keep_alive ? MX_SLICE("yes") : MX_SLICE("no");
    } else if (mx_slice_equal(key, MX_SLICE("expects-continue"))) {
        got = request->expects_continue ? MX_SLICE("yes") : MX_SLICE("no");
    } else if (mx_slice_equal(key, MX_SLICE("wire"))) {
        got = request->is_chunked ? MX_SLICE("chunked") : MX_SLICE("length");
    } else if (mx_slice_equal(key, MX_SLICE("header"))) {
        struct mx_slice name = mx_slice_cut(&text, ':');
        text = (struct mx_slice){text.ptr + 1, text.len - 1}; // one space
        got = mx_request_header(request, name);
        if (!got.ptr) {
            fail_at(run, "there is no such field", line);
        }
    } else {
        fail_at(run, "what does this line mean?", line);
    }
    if (!mx_slice_equal(got, text)) {
        fail_at(run, "expected otherwise", line);
    }
}

static void check_accepted(const struct run *run, size_t index, struct mx_slice line) {
    const struct message *message = &run->messages[index];
    struct mx_slice path = line;
    mx_slice_cut(&path, ' '); // "="
    struct mx_slice method = mx_slice_cut(&path, ' ');
    if (message->state != MX_PARSER_DONE) {
        fprintf(stderr, "state %d, status %d\n", (int)message->state, message->status);
        fail_at(run, "not accepted", line);
    } else if (!mx_slice_equal(method, mx_method_name(message->request.method)) ||
               (path.ptr && !mx_slice_equal(path, message->request.path))) {
        fail_at(run, "another method or path", line);
    }
}

static void check_refused(const struct run *run, size_t index, struct mx_slice line) {
    const struct message *message = &run->messages[index];
    char want[24];
    snprintf(want, sizeof(want), "! %d", message->status);
    if (message->state != MX_PARSER_REFUSED || !mx_slice_equal(line, mx_slice_of(want))) {
        fprintf(stderr, "state %d, status %d\n", (int)message->state, message->status);
        fail_at(run, "not refused so", line);
    }
}

static void check_run(const struct run *run) {
    const struct vector *vector = run->vector;
    size_t seen = 0;
    for (size_t i = 0; i < vector->line_count; i++) {
        struct mx_slice line = mx_buf_slice(&vector->lines[i]);
        bool begins = line.ptr[0] == '=' || line.ptr[0] == '!' || line.ptr[0] == '.';
        seen += begins;
        if (seen == 0 || seen > run->count) {
            fail_at(run, "there is no such message", line);
            return;
        }
        if (line.ptr[0] == '=') {
            check_accepted(run, seen - 1, line);
        } else if (line.ptr[0] == '!') {
            check_refused(run, seen - 1, line);
        } else if (line.ptr[0] == '.') {
            if (run->messages[seen - 1].state > MX_PARSER_BODY) {
                fail_at(run, "decided too early", line);
            }
        } else {
            check_message(run, seen - 1, line);
        }
    }
    if (seen != run->count) {
        fail_at(run, "there are more messages than expected", MX_SLICE(""));
    }
}

// Gives the bytes cut at `cut` (0: not), or byte by byte, and checks what becomes of them.
static void run_cut(const struct vector *vector, size_t cut, bool single_bytes) {
    static struct run run;
    static const struct mx_http_limits limits = {
        .head_max = 16384, .target_max = 8192, .field_max = 100};
    struct mx_parser_handler handler = {.on_head = on_head, .on_body = on_body, .ctx = &run};
    run = (struct run){.vector = vector};
    snprintf(run.how, sizeof(run.how), single_bytes ? "byte by byte" : "cut at %zu", cut);
    mx_parser *parser = mx_parser_create(&limits, &handler);
    begin_message(&run, parser);
    assert_true(mx_parser_is_idle(parser));

    const mx_buf *sent = &vector->sent;
    if (single_bytes) {
        for (size_t i = 0; i < sent->len; i++) {
            feed_piece(&run, parser, sent->ptr + i, 1);
        }
    } else {
        feed_piece(&run, parser, sent->ptr, cut);
        feed_piece(&run, parser, sent->ptr + cut, sent->len - cut);
    }
    check_run(&run);

    mx_parser_destroy(parser);
    for (size_t i = 0; i < run.count; i++) {
        mx_arena_destroy(run.messages[i].arena);
        mx_buf_deinit(&run.messages[i].body);
    }
}

static void run_vector(const struct vector *vector) {
    if (vector->name.len == 0) {
        return;
    }
    assert_true(vector->sent.len > 0 && vector->line_count > 0);
    vectors_run++;
    run_cut(vector, 0, false);
    run_cut(vector, 0, true);
    for (size_t cut = 1; cut < vector->sent.len && vector->sent.len <= CUT_MAX; cut++) {
        if (faults > 0) {
            return; // told already
        }
        run_cut(vector, cut, false);
    }
}

static void read_line(struct vector *vector, struct mx_slice line) {
    if (line.len == 0 || line.ptr[0] == '#') {
        return;
    }
    if (line.ptr[0] == '>') {
        append_sent(&vector->sent, (struct mx_slice){line.ptr + 1, line.len - 1});
        return;
    }
    if (mx_slice_starts_with(line, MX_SLICE("body-max "))) {
        struct mx_slice number = {line.ptr + 9, line.len - 9};
        assert_true(mx_slice_to_u64(number, 1000000, &vector->body_max));
        return;
    }
    assert_true(vector->line_count < LINE_MAX_COUNT);
    append_unescaped(&vector->lines[vector->line_count++], line);
}

static void run_file(const char *name) {
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    mx_buf text = {0};
    struct mx_error err;
    if (mx_file_read(path, 1 << 20, &text, &err) < 0) {
        fail_msg("%s", err.text);
    }
    struct vector *vector = mx_alloc(sizeof(*vector));
    struct mx_slice rest = mx_buf_slice(&text);
    for (int number = 1; rest.ptr; number++) {
        struct mx_slice line = mx_slice_cut(&rest, '\n');
        if (mx_slice_starts_with(line, MX_SLICE("test "))) {
            run_vector(vector);
            clear_vector(vector);
            snprintf(vector->file, sizeof(vector->file), "%s", name);
            vector->line = number;
            mx_buf_append(&vector->name, line.ptr + 5, line.len - 5);
        } else {
            read_line(vector, line);
        }
    }
    run_vector(vector);
    clear_vector(vector);
    mx_free(vector);
    mx_buf_deinit(&text);
}

static int on_file_found(void *ctx, const char *name, struct mx_error *err) {
    (void)ctx;
    (void)err;
    size_t len = strlen(name);
    if (len > 4 && strcmp(name + len - 4, ".txt") == 0) {
        run_file(name);
    }
    return 0;
}

static void every_vector_has_its_verdict_however_it_is_cut(void **state) {
    (void)state;
    struct mx_error err;
    if (mx_dir_list(folder, on_file_found, NULL, &err) < 0) {
        fail_msg("%s", err.text);
    }
    printf("%zu vectors\n", vectors_run);
    assert_int_equal(faults, 0);
    assert_true(vectors_run >= VECTORS_AT_LEAST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_has_its_verdict_however_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// The program's entry: options, then a subcommand. What C does itself stands in a table; everything
// else is a tool in Lua.
#define _GNU_SOURCE // realpath()
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/date.h"
#include "platform/log.h"
#include "server/call.h"
#include "server/exit.h"
#include "server/moment.h"
#include "server/settings.h"
#include "server/suggest.h"
#include "server/supervisor.h"
#include "server/tool.h"
#include "storage/db.h"

enum { PATH_SIZE = 1024, NAMES_MAX = 128 };

static int fail(const struct mx_error *err) {
    fprintf(stderr, "merx: %s\n", err->text);
    return mx_exit_code(err->code);
}

static int fail_usage(const struct mx_error *err) {
    fprintf(stderr, "merx: %s\n", err->text);
    return MX_EXIT_USAGE;
}

// --- where the share folder is ----------------------------------------------------------------

// Beside an installed program (PREFIX/bin/merx, PREFIX/share/merx); in a build folder the source
// tree.
static int find_share(mx_options *options, struct mx_error *err) {
    char path[PATH_SIZE];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (*mx_options_text(options, MX_OPT_SHARE)) {
        return MX_OK;
    }
    path[len > 0 ? len : 0] = '\0';
    if (strncmp(path, MX_BUILD_DIR "/", strlen(MX_BUILD_DIR "/")) == 0) {
        return mx_options_set(options, MX_OPT_SHARE, MX_SOURCE_DIR, "the build folder", err);
    }
    char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) + sizeof("/../share/merx") > sizeof(path)) {
        return mx_fail(err, MX_E_MISSING, "cannot tell where share/merx is: use --share");
    }
    memcpy(slash, "/../share/merx", sizeof("/../share/merx"));
    char *real = realpath(path, NULL);
    int rc =
        mx_options_set(options, MX_OPT_SHARE, real ? real : path, "the program's own place", err);
    free(real);
    return rc;
}

// --- subcommands of C -------------------------------------------------------------------------

static int do_serve(mx_options *options, int argc, char **argv) {
    (void)argc;
    (void)argv;
    umask(0077);
    return mx_supervise(options);
}

// What a desk is for and a shop is not. What was chosen by flag stays chosen.
static int do_dev(mx_options *options, int argc, char **argv) {
    static const enum mx_option on[] = {MX_OPT_DEV, MX_OPT_CLIENT_PRIVATE, MX_OPT_ALLOW_FAKE_CLOCK};
    struct mx_error err;
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        if (mx_options_set(options, on[i], "true", "merx dev", &err) < 0) {
            return fail(&err);
        }
    }
    return do_serve(options, argc, argv);
}

static int do_version(mx_options *options, int argc, char **argv) {
    (void)options;
    (void)argc;
    (void)argv;
    printf("merx %s (SQLite %s)\n", MX_VERSION, mx_db_version());
    return MX_EXIT_OK;
}

static int do_config(mx_options *options, int argc, char **argv) {
    bool explain = argc > 0 && strcmp(argv[0], "--explain") == 0;
    if (argc > (explain ? 1 : 0)) {
        fprintf(stderr, "usage: merx config [--explain]\n");
        return MX_EXIT_USAGE;
    }
    mx_buf out = {0};
    mx_options_print(options, explain, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    mx_buf_deinit(&out);
    return MX_EXIT_OK;
}

// Asks the running server and prints what it says, one word a line.
static int ask(mx_options *options, const char *verb, int argc, char **argv) {
    struct mx_slice words[MX_LIMIT_CONTROL_WORDS] = {mx_slice_of(verb)};
    size_t count = 1;
    struct mx_frame frame;
    struct mx_error err;
    mx_buf answer = {0};
    for (int i = 0; i < argc && count < MX_LIMIT_CONTROL_WORDS; i++) {
        words[count++] = mx_slice_of(argv[i]);
    }
    int rc =
        mx_call_server(mx_options_text(options, MX_OPT_DATA), words, count, &answer, &frame, &err);
    for (size_t i = 0; rc == MX_OK && i < frame.count; i++) {
        struct mx_slice word = frame.words[i];
        bool has_end = word.len > 0 && word.ptr[word.len - 1] == '\n';
        printf("%.*s%s", (int)word.len, word.ptr, has_end ? "" : "\n");
    }
    mx_buf_deinit(&answer);
    return rc < 0 ? fail(&err) : MX_EXIT_OK;
}

static int do_status(mx_options *options, int argc, char **argv) {
    return ask(options, "status", argc, argv);
}

static int do_metrics(mx_options *options, int argc, char **argv) {
    return ask(options, "metrics", argc, argv);
}

static int do_reload(mx_options *options, int argc, char **argv) {
    return ask(options, "reload", argc, argv);
}

static int do_stop(mx_options *options, int argc, char **argv) {
    return ask(options, "stop", argc, argv);
}

// Asks the server for its clock, or with `to` sets it. Negative after `err` was filled.
static int ask_clock(mx_options *options, const char *to, int64_t *ms, struct mx_error *err) {
    struct mx_slice words[2] = {MX_SLICE("clock"), mx_slice_of(to ? to : "")};
    struct mx_frame frame;
    mx_buf answer = {0};
    uint64_t found = 0;
    int rc = mx_call_server(
        mx_options_text(options, MX_OPT_DATA), words, to ? 2 : 1, &answer, &frame, err);
    if (rc == MX_OK && (frame.count == 0 || !mx_slice_to_u64(frame.words[0], INT64_MAX, &found))) {
        rc = mx_fail(err, MX_E_INVALID, "the server is of another version: it tells no time");
    }
    mx_buf_deinit(&answer);
    *ms = (int64_t)found;
    return rc;
}

static int do_clock(mx_options *options, int argc, char **argv) {
    struct mx_error err;
    int64_t now;
    if (ask_clock(options, NULL, &now, &err) < 0) {
        return fail(&err);
    }
    if (argc > 0) {
        char to[24];
        int64_t wanted;
        if (!mx_moment_parse(mx_slice_of(argv[0]), now, &wanted)) {
            fprintf(stderr,
                "merx clock: \"%s\" is no moment: say +1h30m, -2d, 2026-12-24, 2026-12-24T18:00 "
                "(UTC), or milliseconds since 1970\n",
                argv[0]);
            return MX_EXIT_USAGE;
        }
        snprintf(to, sizeof(to), "%lld", (long long)wanted);
        if (ask_clock(options, to, &now, &err) < 0) {
            return fail(&err);
        }
    }
    char date[MX_DATE_LEN];
    mx_date_format(now / 1000, date);
    printf("%lld  %.*s\n", (long long)now, MX_DATE_LEN, date);
    return MX_EXIT_OK;
}

static const struct {
    const char *name;
    int (*fn)(mx_options *options, int argc, char **argv);
    int args; // how many it may have
    const char *about;
    const char *usage; // what stands behind its name, then examples
} commands[] = {
    {"clock", do_clock, 1,
        "Shows or moves the clock of a server that permits it, as merx dev does.",
        "[MOMENT]\n\nMOMENT is a step, a day, a moment in UTC, or milliseconds since 1970.\n\n"
        "examples:\n  merx clock\n  merx clock +1h30m\n  merx clock 2026-12-24T18:00\n"},
    {"config", do_config, 1, "Shows every option; --explain says where each value comes from.",
        "[--explain]\n\nexamples:\n  merx config --explain\n"},
    {"dev", do_dev, 0, "Serves the shop to whoever works on it: changes show at once.",
        "[--data=FOLDER] [--listen=127.0.0.1:PORT] [OPTIONS]\n\n"
        "Watches plugins and themes, keeps mail instead of sending it, notes what plugins send, "
        "shows\n"
        "where errors are. All of it is at /__dev/. Listens on this machine only. merx clock moves "
        "the\n"
        "clock.\n\n"
        "examples:\n"
        "  merx dev --data=/tmp/shop\n"
        "  merx dev --data=/tmp/shop --listen=127.0.0.1:9000\n"},
    {"metrics", do_metrics, 0, "Shows the numbers of the running server.",
        "\n\nexamples:\n  merx metrics | grep http_requests\n"},
    {"reload", do_reload, 0,
        "Has the running server take up changed options, settings and plugins.",
        "\n\nexamples:\n  merx reload --data=/srv/shop\n"},
    {"serve", do_serve, 0, "Serves the shop.",
        "[--data=FOLDER] [--listen=ADDRESS,...] [--workers=N] [--safe] [OPTIONS]\n\n"
        "examples:\n"
        "  merx serve --data=/srv/shop\n"
        "  merx serve --data=/srv/shop --listen=127.0.0.1:8080,unix:/run/merx/http --workers=4\n"
        "  merx serve --data=/srv/shop --safe      without any plugin, to find the one that harms\n"
        "  MERX_DATA=/srv/shop merx serve\n\n"
        "Ends on SIGTERM when its requests are answered; takes up changed options on SIGHUP.\n"},
    {"status", do_status, 0, "Shows how the running server is, as JSON.",
        "\n\nexamples:\n  merx status --data=/srv/shop\n"},
    {"stop", do_stop, 0, "Lets the running server finish its requests and end.",
        "\n\nexamples:\n  merx stop --data=/srv/shop\n"},
    {"version", do_version, 0, "Shows the versions.", "\n"},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

// --- help -------------------------------------------------------------------------------------

static void print_tool(void *ctx, const char *name, const char *about) {
    (void)ctx;
    printf("  %-12s %s\n", name, about);
}

static int do_help(mx_options *options) {
    struct mx_error err;
    mx_buf flags = {0};
    printf("usage: merx [OPTIONS] COMMAND [ARGUMENTS]\n\n");
    for (int i = 0; i < COMMANDS; i++) {
        print_tool(NULL, commands[i].name, commands[i].about);
    }
    if (mx_tool_list(options, print_tool, NULL, &err) < 0) {
        printf("  (more commands: %s)\n", err.text);
    }
    printf(
        "\nmerx help COMMAND tells how one is used, with examples.\n"
        "\nOptions may stand anywhere before \"--\"; each is also MERX_NAME, MERX_NAME_FILE and a "
        "line\n\"name = value\" of the configuration file.\n\n");
    mx_options_print_help(&flags);
    fwrite(flags.ptr, 1, flags.len, stdout);
    mx_buf_deinit(&flags);
    printf("\nExit status: 0 done, 1 failed, 2 usage, 3 missing, 4 conflict or locked, 5 refused "
           "input,\n71 out of memory or the system refused.\n");
    return MX_EXIT_OK;
}

struct names {
    char text[NAMES_MAX][64];
    const char *list[NAMES_MAX];
    size_t count;
};

static void add_name(void *ctx, const char *name, const char *about) {
    (void)about;
    struct names *names = ctx;
    if (names->count < NAMES_MAX) {
        snprintf(names->text[names->count], sizeof(names->text[0]), "%s", name);
        names->list[names->count] = names->text[names->count];
        names->count++;
    }
}

static int fail_unknown(mx_options *options, const char *typed) {
    static struct names names;
    struct mx_error err;
    add_name(&names, "help", "");
    for (int i = 0; i < COMMANDS; i++) {
        add_name(&names, commands[i].name, "");
    }
    int rc = mx_tool_list(options, add_name, &names, &err);
    (void)rc; // without tools the suggestion is poorer
    const char *similar = mx_suggest(typed, names.list, names.count);
    fprintf(stderr, "merx: there is no command \"%s\"", typed);
    if (similar) {
        fprintf(stderr, ": did you mean \"%s\"?\n", similar);
    } else {
        fprintf(stderr, ": see merx help\n");
    }
    return MX_EXIT_USAGE;
}

static int do_help_of(int index) {
    const char *usage = commands[index].usage;
    printf("usage: merx %s%s%s\n%s\nmerx help lists the options and the exit codes.\n",
        commands[index].name, *usage == '\n' ? "" : " ", usage, commands[index].about);
    return MX_EXIT_OK;
}

// --- choosing ---------------------------------------------------------------------------------

static bool is_help(const char *word) {
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_own(mx_options *options, int index, int argc, char **argv) {
    struct mx_error err;
    for (int i = 0; i < argc; i++) {
        if (is_help(argv[i])) {
            return do_help_of(index);
        }
    }
    bool is_config = commands[index].fn == do_config; // --explain is its own
    if (!is_config && mx_options_read_flags(options, &argc, argv, false, &err) < 0) {
        return fail_usage(&err);
    }
    if (argc > commands[index].args) {
        fprintf(stderr, "merx %s: what is \"%s\"? See merx help\n", commands[index].name,
            argv[commands[index].args]);
        return MX_EXIT_USAGE;
    }
    return commands[index].fn(options, argc, argv);
}

static int run(mx_options *options, int argc, char **argv) {
    static char ask_help[] = "--help";
    const char *name = argc > 0 ? argv[0] : "help";
    struct mx_error err;
    if (argc > 1 && is_help(name) && !is_help(argv[1])) { // "help serve" is "serve --help"
        name = argv[1];
        argv[1] = ask_help;
        argc = 2;
    }
    if (strcmp(name, "--version") == 0) {
        name = "version";
    }
    if (is_help(name)) {
        return do_help(options);
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return run_own(options, i, argc - 1, argv + 1);
        }
    }
    if (name[0] == '-') { // an option that nobody knows: says so, and a similar one
        mx_options_read_flags(options, &argc, argv, false, &err);
        return fail_usage(&err);
    }
    if (!mx_tool_exists(options, name)) {
        return fail_unknown(options, name);
    }
    int exit_code = 0;
    int rc = mx_tool_run(options, name, argc - 1, argv + 1, &exit_code, &err);
    return rc < 0 ? fail(&err) : exit_code;
}

int main(int argc, char **argv) {
    struct mx_error err;
    mx_options *options = mx_options_create();
    int count = argc - 1;
    int code = MX_EXIT_OK;
    if (mx_options_read_flags(options, &count, argv + 1, true, &err) < 0 ||
        mx_options_resolve(options, &err) < 0 || find_share(options, &err) < 0) {
        code = fail_usage(&err);
    } else {
        mx_settings_configure_log(options);
        code = run(options, count, argv + 1);
    }
    mx_options_destroy(options);
    return code;
}

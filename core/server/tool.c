// A tool never opens the database for writing while a server has it: then it asks the server.
#include "server/tool.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform/files.h"
#include "script/host.h"
#include "server/call.h"
#include "server/clock.h"
#include "server/fault.h"
#include "server/folder.h"

enum { PATH_SIZE = 1024, ABOUT_MAX = 160, SOURCE_MAX = 1024 * 1024, BESIDE_PRIORITY = 10 };

// --- commands through the server --------------------------------------------------------------

static int run_command(
    void *ctx, const struct mx_command *command, mx_buf *out, struct mx_error *err) {
    const mx_options *options = ctx;
    struct mx_slice words[] = {
        MX_SLICE("command"), command->name, command->args, command->key, command->actor};
    struct mx_frame frame;
    mx_buf answer = {0};
    int rc = mx_call_server(mx_options_text(options, MX_OPT_DATA), words, 5, &answer, &frame, err);
    if (rc == MX_OK && frame.count == 1) {
        mx_buf_append_slice(out, frame.words[0]);
    } else if (rc == MX_OK) {
        rc = mx_fail(err, MX_E_SYSTEM, "the server's answer is malformed");
    }
    mx_buf_deinit(&answer);
    return rc;
}

static int ask_server(void *ctx, struct mx_slice verb, mx_buf *out, struct mx_error *err) {
    struct mx_frame frame;
    mx_buf answer = {0};
    const char *data = mx_options_text(ctx, MX_OPT_DATA);
    int rc = mx_call_server(data, &verb, 1, &answer, &frame, err);
    if (rc == MX_OK && frame.count > 0) {
        mx_buf_append_slice(out, frame.words[0]);
    }
    mx_buf_deinit(&answer);
    return rc;
}

// --- the shop's data --------------------------------------------------------------------------

// What a tool works on: nothing, the folder, or a view of what a server holds.
struct ground {
    struct mx_folder folder;
    bool is_remote;
    struct mx_error problem;                  // why there is nothing, for the doctor
    struct mx_pair options[MX_OPT_COUNT + 1]; // and "problem" behind them
};

static bool is_there(const mx_options *options, const char *name) {
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof(path), "%s/%s", mx_options_text(options, MX_OPT_DATA), name);
    return len > 0 && len < (int)sizeof(path) && access(path, R_OK | W_OK) == 0;
}

// A tool beside a shop that serves: requests go first. Where that is not allowed, it works as it
// is.
static void step_back(void) {
    (void)setpriority(PRIO_PROCESS, 0, BESIDE_PRIORITY);
}

static int open_view(const mx_options *options, struct ground *ground, struct mx_error *err) {
    char path[PATH_SIZE];
    const char *data = mx_options_text(options, MX_OPT_DATA);
    struct mx_db_options db = {
        .path = path,
        .mode = MX_DB_READ,
        .allow_old_deps = mx_options_flag(options, MX_OPT_ALLOW_OLD_DEPS),
    };
    ground->is_remote = true;
    step_back();
    snprintf(path, sizeof(path), "%s/merx.key", data);
    int rc = mx_keyring_open(path, &ground->folder.keyring, err);
    snprintf(path, sizeof(path), "%s/shop.db", data);
    return rc < 0 ? rc : mx_db_open(&db, &ground->folder.db, err);
}

// Who only asks what a tool does has no shop to open yet, or to make.
static bool asks_for_help(int argc, char *const *argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

// Some tools begin a shop; others take the folder as they find it, and `test` never looks at it.
static int open_ground(const mx_options *options, const char *name, int argc, struct ground *ground,
    struct mx_error *err) {
    bool makes_it = strcmp(name, "import") == 0 && argc > 1; // else it only says what is missing
    if (strcmp(name, "test") == 0 || (!makes_it && !is_there(options, "shop.db"))) {
        return MX_OK;
    }
    int rc = mx_folder_open(options, &ground->folder, err);
    if (rc == MX_E_CONFLICT && is_there(options, "merx.sock")) {
        rc = open_view(options, ground, err);
    }
    if (rc < 0 && strcmp(name, "doctor") == 0) { // comes to the sick
        ground->problem = *err;
        return MX_OK;
    }
    return rc;
}

// The options, and what is wrong with the folder.
static size_t fill_options(const mx_options *options, struct ground *ground) {
    size_t count = 0;
    const struct mx_pair *pairs = mx_options_pairs(options, &count);
    memcpy(ground->options, pairs, count * sizeof(*pairs));
    if (ground->problem.code != MX_OK) {
        ground->options[count++] =
            (struct mx_pair){MX_SLICE("problem"), mx_slice_of(ground->problem.text)};
    }
    return count;
}

bool mx_tool_exists(const mx_options *options, const char *name) {
    char path[PATH_SIZE];
    int len = snprintf(
        path, sizeof(path), "%s/lua/cli/%s.lua", mx_options_text(options, MX_OPT_SHARE), name);
    return len < (int)sizeof(path) && !strpbrk(name, "./") && access(path, R_OK) == 0;
}

int mx_tool_run(mx_options *options, const char *name, int argc, char *const *argv, int *exit_code,
    struct mx_error *err) {
    struct ground ground = {.is_remote = false};
    mx_script *script = NULL;
    mx_clock *clock = mx_clock_of_options(options);
    mx_fault_tell();
    int rc = asks_for_help(argc, argv) ? MX_OK : open_ground(options, name, argc, &ground, err);
    if (rc < 0) {
        goto out;
    }
    struct mx_services services = {
        .ctx = options,
        .run_command = ground.is_remote ? run_command : NULL,
        .ask_server = ask_server,
    };
    struct mx_script_options wanted = {
        .role = MX_ROLE_TOOL,
        .share = mx_options_text(options, MX_OPT_SHARE),
        .data = mx_options_text(options, MX_OPT_DATA),
        .version = MX_VERSION,
        .world = mx_clock_world(clock),
        .db = ground.folder.db,
        .keyring = ground.folder.keyring,
        .services = &services,
    };
    wanted.options = ground.options;
    wanted.option_count = fill_options(options, &ground);
    rc = mx_script_create(&wanted, &script, err);
    if (rc == MX_OK) {
        rc = mx_script_tool(script, name, argc, argv, exit_code, err);
    }
out:
    mx_script_destroy(script);
    mx_folder_close(&ground.folder);
    mx_clock_destroy(clock);
    return rc;
}

// --- the list ---------------------------------------------------------------------------------

struct listing {
    const char *folder;
    void (*fn)(void *ctx, const char *name, const char *about);
    void *ctx;
};

// The first sentence of the file's first comment, as "--- Runs the tests.".
static void read_about(const char *path, char out[ABOUT_MAX]) {
    mx_buf source = {0};
    struct mx_error err;
    out[0] = '\0';
    if (mx_file_read(path, SOURCE_MAX, &source, &err) == MX_OK) {
        struct mx_slice rest = mx_buf_slice(&source);
        struct mx_slice line = mx_slice_cut(&rest, '\n');
        size_t skip = 0;
        while (skip < line.len && line.ptr[skip] == '-') {
            skip++;
        }
        struct mx_slice text = mx_slice_trim((struct mx_slice){line.ptr + skip, line.len - skip});
        snprintf(out, ABOUT_MAX, "%.*s", skip > 1 ? (int)text.len : 0, text.ptr);
    }
    mx_buf_deinit(&source);
}

static int on_tool_found(void *ctx, const char *name, struct mx_error *err) {
    (void)err;
    struct listing *listing = ctx;
    char path[PATH_SIZE];
    char about[ABOUT_MAX];
    size_t len = strlen(name);
    if (len > 4 && len < 64 && strcmp(name + len - 4, ".lua") == 0) {
        char short_name[64];
        snprintf(short_name, sizeof(short_name), "%.*s", (int)(len - 4), name);
        snprintf(path, sizeof(path), "%s/%s", listing->folder, name);
        read_about(path, about);
        listing->fn(listing->ctx, short_name, about);
    }
    return MX_OK;
}

int mx_tool_list(const mx_options *options,
    void (*fn)(void *ctx, const char *name, const char *about), void *ctx, struct mx_error *err) {
    char folder[PATH_SIZE];
    snprintf(folder, sizeof(folder), "%s/lua/cli", mx_options_text(options, MX_OPT_SHARE));
    struct listing listing = {folder, fn, ctx};
    return mx_dir_list(folder, on_tool_found, &listing, err);
}

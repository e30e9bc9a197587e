// One table says everything about an option; flags, environment, file and help are readings of it.
#include "server/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "platform/log.h"
#include "server/limits.h"
#include "server/suggest.h"

enum { CONFIG_MAX = 256 * 1024, VALUE_MAX = 4096, NAME_MAX_LEN = 48 };

static const char default_config[] = "/etc/merx/merx.conf";

enum kind { KIND_TEXT, KIND_INT, KIND_SIZE, KIND_FLAG, KIND_CHOICE };

struct spec {
    const char *name; // as in the file and, in capitals, in the environment; "_" is "-" in flags
    enum kind kind;
    const char *fallback;
    int64_t min; // of integers and sizes
    int64_t max;
    const char *choices; // separated by "|"
    const char *help;
    bool is_live; // may change while the server runs
};

#define STRINGIFY(x) #x
#define NUMBER(x) STRINGIFY(x)

static const struct spec specs[MX_OPT_COUNT] = {
    [MX_OPT_DATA] = {"data", KIND_TEXT, "/var/lib/merx", 0, 0, NULL,
        "folder of the database, media, plugins and keys; also --db", false},
    [MX_OPT_SHARE] = {"share", KIND_TEXT, "", 0, 0, NULL,
        "folder of lua/, sql/, themes/ and plugins/; else found beside the program", false},
    [MX_OPT_CONFIG] = {"config", KIND_TEXT, "", 0, 0, NULL,
        "configuration file instead of /etc/merx/merx.conf", false},
    [MX_OPT_LISTEN] = {"listen", KIND_TEXT, "127.0.0.1:8080", 0, 0, NULL,
        "addresses of the shop, separated by commas; also unix:/path", false},
    [MX_OPT_ADMIN_LISTEN] = {"admin_listen", KIND_TEXT, "", 0, 0, NULL,
        "one more address, where /healthz, /readyz and /metrics are open to anyone", false},
    [MX_OPT_SOCKET_MODE] = {"socket_mode", KIND_CHOICE, "0660", 0, 0, "0600|0660|0666",
        "permissions of a listening Unix socket", false},
    [MX_OPT_WORKERS] = {"workers", KIND_INT, "0", 0, MX_LIMIT_WORKERS, NULL,
        "threads that serve requests; 0: one for each core", false},
    [MX_OPT_BASE_URL] = {"base_url", KIND_TEXT, "", 0, 0, NULL,
        "absolute address of the shop, for links in mail and feeds", false},
    [MX_OPT_TRUSTED_PROXIES] = {"trusted_proxies", KIND_TEXT, "", 0, 0, NULL,
        "who may say for whom they ask: networks, loopback, private, unix", true},
    [MX_OPT_FORWARDED] = {"forwarded", KIND_CHOICE, "x-forwarded", 0, 0, "x-forwarded|forwarded",
        "which header those proxies set", true},
    [MX_OPT_METRICS_ALLOW] = {"metrics_allow", KIND_TEXT, "loopback unix", 0, 0, NULL,
        "who may read /healthz, /readyz and /metrics: networks, loopback, private, unix", true},
    [MX_OPT_LOG_LEVEL] = {"log_level", KIND_CHOICE, "info", 0, 0, "error|warn|info|debug",
        "how much is logged", true},
    [MX_OPT_LOG_FORMAT] = {"log_format", KIND_CHOICE, "auto", 0, 0, "auto|json|human",
        "one JSON object a line, or for people", true},
    [MX_OPT_ACCESS_LOG] = {"access_log", KIND_FLAG, "false", 0, 0, NULL, "log every request", true},
    [MX_OPT_COMPRESS] = {"compress", KIND_FLAG, "true", 0, 0, NULL, "use gzip and brotli", true},
    [MX_OPT_CACHE_BYTES] = {"cache_bytes", KIND_SIZE, "64M", 0, INT64_C(1) << 40, NULL,
        "memory for rendered pages and sections", true},
    [MX_OPT_CONNECTIONS] = {"connections", KIND_INT, NUMBER(8192), 16, 1000000, NULL,
        "connections at once, of all workers", true},
    [MX_OPT_BODY_BYTES] = {"body_bytes", KIND_SIZE, "1M", 1, 1 << 30, NULL,
        "largest body of a request", true},
    [MX_OPT_UPLOAD_BYTES] = {"upload_bytes", KIND_SIZE, "64M", 1, INT64_C(1) << 40, NULL,
        "largest multipart body on the upload paths", true},
    [MX_OPT_UPLOAD_PATHS] = {"upload_paths", KIND_TEXT, "/admin/,/api/", 0, 0, NULL,
        "beginnings of paths that take uploads, separated by commas", true},
    [MX_OPT_HEAD_MS] = {"head_ms", KIND_INT, "10000", 100, 600000, NULL,
        "how long the head of a request may take", true},
    [MX_OPT_IDLE_MS] = {"idle_ms", KIND_INT, "30000", 100, 3600000, NULL,
        "how long a connection may wait for its next request", true},
    [MX_OPT_HANDLER_MS] = {"handler_ms", KIND_INT, "60000", 100, 3600000, NULL,
        "how long an answer may take", true},
    [MX_OPT_DRAIN_MS] = {"drain_ms", KIND_INT, "25000", 0, 3600000, NULL,
        "how long requests may take to end at a stop", true},
    [MX_OPT_SUPERVISE] = {"supervise", KIND_CHOICE, "auto", 0, 0, "auto|true|false",
        "restart the server when it crashes; auto: unless systemd does", false},
    [MX_OPT_MIGRATE] = {"migrate", KIND_FLAG, "true", 0, 0, NULL,
        "bring the database up to date at the start", false},
    [MX_OPT_SAFE] = {"safe", KIND_FLAG, "false", 0, 0, NULL, "start without any plugin", false},
    [MX_OPT_ALLOW_OLD_DEPS] = {"allow_old_deps", KIND_FLAG, "false", 0, 0, NULL,
        "start with an SQLite or Lua that has known faults", false},
    [MX_OPT_ALLOW_FAKE_CLOCK] = {"allow_fake_clock", KIND_FLAG, "false", 0, 0, NULL,
        "let merx clock move the time, for development", false},
    [MX_OPT_WORLD_NOW] = {"world_now", KIND_INT, "-1", -1, INT64_MAX, NULL,
        "let the clock stand at these milliseconds since 1970", false},
    [MX_OPT_CLIENT_PRIVATE] = {"client_private", KIND_FLAG, "false", 0, 0, NULL,
        "let plugins reach addresses of this machine and network, for development", false},
    [MX_OPT_DEV] = {"dev", KIND_FLAG, "false", 0, 0, NULL, "what merx dev does", false},
};

struct value {
    char *text;     // owned
    char *source;   // owned; NULL: the default
    int64_t number; // of integers, sizes and flags
    bool is_given;  // by a flag, or by the program
};

struct mx_options {
    struct value values[MX_OPT_COUNT];
    struct mx_pair pairs[MX_OPT_COUNT];
};

// --- values -----------------------------------------------------------------------------------

// "64M", "512k", "100".
static bool parse_size(struct mx_slice text, int64_t *out) {
    int shift = 0;
    if (text.len > 1) {
        switch (text.ptr[text.len - 1] | 0x20) {
        case 'k': shift = 10; break;
        case 'm': shift = 20; break;
        case 'g': shift = 30; break;
        default: break;
        }
    }
    uint64_t number = 0;
    text.len -= shift ? 1 : 0;
    if (!mx_slice_to_u64(text, (uint64_t)INT64_MAX >> shift, &number)) {
        return false;
    }
    *out = (int64_t)(number << shift);
    return true;
}

static bool parse_int(struct mx_slice text, int64_t *out) {
    bool negative = text.len > 1 && text.ptr[0] == '-';
    struct mx_slice digits = {text.ptr + negative, text.len - negative};
    uint64_t number = 0;
    if (!mx_slice_to_u64(digits, INT64_MAX, &number)) {
        return false;
    }
    *out = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool parse_flag(struct mx_slice text, int64_t *out) {
    static const char *const words[2][4] = {
        {"false", "no", "off", "0"}, {"true", "yes", "on", "1"}};
    for (int value = 0; value < 2; value++) {
        for (int i = 0; i < 4; i++) {
            if (mx_slice_equal_nocase(text, mx_slice_of(words[value][i]))) {
                *out = value;
                return true;
            }
        }
    }
    return false;
}

static bool is_choice(struct mx_slice text, const char *choices) {
    struct mx_slice rest = mx_slice_of(choices);
    while (rest.ptr) {
        if (mx_slice_equal(mx_slice_cut(&rest, '|'), text)) {
            return true;
        }
    }
    return false;
}

static int check_value(
    const struct spec *spec, struct mx_slice text, int64_t *number, struct mx_error *err) {
    switch (spec->kind) {
    case KIND_TEXT: return MX_OK;
    case KIND_FLAG:
        if (parse_flag(text, number)) {
            return MX_OK;
        }
        return mx_fail(err, MX_E_INVALID, "%s must be true or false", spec->name);
    case KIND_CHOICE:
        if (is_choice(text, spec->choices)) {
            return MX_OK;
        }
        return mx_fail(err, MX_E_INVALID, "%s must be one of %s", spec->name, spec->choices);
    case KIND_INT:
    case KIND_SIZE:
        if ((spec->kind == KIND_INT ? parse_int : parse_size)(text, number) &&
            *number >= spec->min && *number <= spec->max) {
            return MX_OK;
        }
        return mx_fail(err, MX_E_INVALID, "%s must be a number from %lld to %lld%s", spec->name,
            (long long)spec->min, (long long)spec->max,
            spec->kind == KIND_SIZE ? ", perhaps with k, M or G" : "");
    }
    assert(!"no such kind of option");
    return MX_E_INVALID;
}

static int set_value(mx_options *options, enum mx_option option, struct mx_slice text,
    const char *source, struct mx_error *err) {
    struct mx_slice trimmed = mx_slice_trim(text);
    int64_t number = 0;
    if (trimmed.len > VALUE_MAX || memchr(trimmed.ptr ? trimmed.ptr : "", 0, trimmed.len)) {
        return mx_fail(err, MX_E_INVALID, "%s: the value is no line of text (from %s)",
            specs[option].name, source);
    }
    if (check_value(&specs[option], trimmed, &number, err) < 0) {
        struct mx_error why = *err;
        return mx_fail(err, MX_E_INVALID, "%s, not \"%.*s\" (from %s)", why.text,
            (int)(trimmed.len < 60 ? trimmed.len : 60), trimmed.ptr, source);
    }
    struct value *value = &options->values[option];
    value->is_given = false;
    mx_free(value->text);
    mx_free(value->source);
    value->text = mx_alloc(trimmed.len + 1);
    memcpy(value->text, trimmed.ptr ? trimmed.ptr : "", trimmed.len);
    value->source = mx_strdup(source);
    value->number = number;
    options->pairs[option] = (struct mx_pair){
        mx_slice_of(specs[option].name), mx_slice_of(specs[option].kind != KIND_FLAG ? value->text
                                                     : number                        ? "true"
                                                                                     : "false")};
    return MX_OK;
}

mx_options *mx_options_create(void) {
    mx_options *options = mx_alloc(sizeof(*options));
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        struct mx_error err;
        int rc = set_value(options, (enum mx_option)i, mx_slice_of(specs[i].fallback), "", &err);
        assert(rc == MX_OK && "every default is valid");
        (void)rc;
        mx_free(options->values[i].source);
        options->values[i].source = NULL;
    }
    return options;
}

void mx_options_destroy(mx_options *options) {
    if (!options) {
        return;
    }
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        mx_free(options->values[i].text);
        mx_free(options->values[i].source);
    }
    mx_free(options);
}

int mx_options_set(mx_options *options, enum mx_option option, const char *value,
    const char *source, struct mx_error *err) {
    int rc = set_value(options, option, mx_slice_of(value), source, err);
    options->values[option].is_given = rc == MX_OK;
    return rc;
}

// --- names ------------------------------------------------------------------------------------

// "-" and "_" are the same; -1 when there is no such option.
static int find_option(struct mx_slice name) {
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        const char *own = specs[i].name;
        if (strlen(own) != name.len) {
            continue;
        }
        size_t at = 0;
        while (at < name.len && own[at] == (name.ptr[at] == '-' ? '_' : name.ptr[at])) {
            at++;
        }
        if (at == name.len) {
            return i;
        }
    }
    return -1;
}

static const char *similar_option(struct mx_slice name) {
    const char *names[MX_OPT_COUNT];
    char typed[NAME_MAX_LEN + 1] = "";
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        names[i] = specs[i].name;
    }
    for (size_t i = 0; i < name.len && i < NAME_MAX_LEN; i++) {
        typed[i] = name.ptr[i] == '-' ? '_' : name.ptr[i];
    }
    return mx_suggest(typed, names, MX_OPT_COUNT);
}

static void write_flag_name(const char *name, char out[NAME_MAX_LEN]) {
    snprintf(out, NAME_MAX_LEN, "--%s", name);
    for (char *at = out; *at; at++) {
        *at = *at == '_' ? '-' : *at;
    }
}

static void write_env_name(const char *name, const char *suffix, char out[NAME_MAX_LEN]) {
    snprintf(out, NAME_MAX_LEN, "MERX_%s%s", name, suffix);
    for (char *at = out; *at; at++) {
        *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
    }
}

// --- flags ------------------------------------------------------------------------------------

static int fail_unknown_flag(const char *flag, struct mx_slice name, struct mx_error *err) {
    const char *similar = similar_option(name);
    char suggestion[NAME_MAX_LEN];
    if (!similar) {
        return mx_fail(err, MX_E_INVALID, "there is no option %.60s: see merx help", flag);
    }
    write_flag_name(similar, suggestion);
    return mx_fail(
        err, MX_E_INVALID, "there is no option %.60s: did you mean %s?", flag, suggestion);
}

// --db is --data for those who think of the database: its folder, or the file itself.
static int read_database(struct mx_slice *value, struct mx_error *err) {
    struct mx_slice file = MX_SLICE("shop.db");
    if (mx_slice_equal(*value, file)) {
        *value = MX_SLICE(".");
    } else if (mx_slice_ends_with(*value, MX_SLICE("/shop.db"))) {
        value->len -= file.len;
    } else if (mx_slice_ends_with(*value, MX_SLICE(".db"))) {
        return mx_fail(err, MX_E_INVALID,
            "--db: the database of a shop is called shop.db and lies in its folder: give the "
            "folder, which may be a new one");
    }
    return MX_OK;
}

// Reads argv[*at]; moves `*at` when the value is the next argument. 1: it was an option, 0: not.
static int read_flag(
    mx_options *options, int argc, char **argv, int *at, bool lenient, struct mx_error *err) {
    const char *flag = argv[*at];
    struct mx_slice rest = mx_slice_of(flag + 2);
    struct mx_slice name = mx_slice_cut(&rest, '=');
    bool negated = false;
    bool is_database = mx_slice_equal(name, MX_SLICE("db"));
    int option = is_database ? MX_OPT_DATA : find_option(name);
    if (option < 0 && mx_slice_starts_with(name, MX_SLICE("no-"))) {
        struct mx_slice positive = {name.ptr + 3, name.len - 3};
        option = find_option(positive);
        negated = option >= 0 && specs[option].kind == KIND_FLAG && !rest.ptr;
        option = negated ? option : -1;
    }
    if (option < 0) {
        return lenient ? 0 : fail_unknown_flag(flag, name, err);
    }
    struct mx_slice value = rest;
    if (specs[option].kind == KIND_FLAG && !rest.ptr) {
        value = negated ? MX_SLICE("false") : MX_SLICE("true");
    } else if (!rest.ptr) {
        if (*at + 1 >= argc) {
            return mx_fail(err, MX_E_INVALID, "%s needs a value: %s", flag, specs[option].help);
        }
        *at += 1;
        value = mx_slice_of(argv[*at]);
    }
    char source[NAME_MAX_LEN];
    write_flag_name(specs[option].name, source);
    int rc = is_database ? read_database(&value, err) : MX_OK;
    if (rc == MX_OK) {
        rc = set_value(options, (enum mx_option)option, value, source, err);
    }
    options->values[option].is_given = rc == MX_OK;
    return rc < 0 ? rc : 1;
}

int mx_options_read_flags(
    mx_options *options, int *argc, char **argv, bool lenient, struct mx_error *err) {
    int kept = 0;
    int at = 0;
    for (; at < *argc; at++) {
        if (strcmp(argv[at], "--") == 0) {
            break;
        }
        int rc = 0;
        if (strncmp(argv[at], "--", 2) == 0) {
            rc = read_flag(options, *argc, argv, &at, lenient, err);
        }
        if (rc < 0) {
            return rc;
        }
        if (rc == 0) {
            argv[kept++] = argv[at];
        }
    }
    for (at++; at < *argc; at++) { // behind "--"
        argv[kept++] = argv[at];
    }
    *argc = kept;
    return MX_OK;
}

// --- environment and file ---------------------------------------------------------------------

static int set_from_file(mx_options *options, enum mx_option option, const char *path,
    const char *source, struct mx_error *err) {
    mx_buf content = {0};
    int rc = mx_file_read(path, VALUE_MAX, &content, err);
    if (rc == MX_OK) {
        struct mx_slice text = mx_buf_slice(&content);
        while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
            text.len--;
        }
        rc = set_value(options, option, text, source, err);
    }
    mx_buf_deinit(&content);
    return rc;
}

static int read_environment(mx_options *options, enum mx_option option, struct mx_error *err) {
    char name[NAME_MAX_LEN];
    write_env_name(specs[option].name, "", name);
    const char *value = getenv(name);
    if (value) {
        return set_value(options, option, mx_slice_of(value), name, err);
    }
    write_env_name(specs[option].name, "_FILE", name);
    value = getenv(name);
    if (value) {
        return set_from_file(options, option, value, name, err);
    }
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[VALUE_MAX];
    if (!folder || snprintf(path, sizeof(path), "%s/merx.%s", folder, specs[option].name) >=
                       (int)sizeof(path)) {
        return MX_OK;
    }
    struct mx_file_info info;
    if (mx_file_stat(path, &info, err) < 0) {
        return err->code == MX_E_MISSING ? MX_OK : err->code;
    }
    return set_from_file(options, option, path, path, err);
}

static int read_config_line(mx_options *options, struct mx_slice line, const char *path,
    unsigned number, struct mx_error *err) {
    struct mx_slice value = line;
    struct mx_slice name = mx_slice_trim(mx_slice_cut(&value, '='));
    char source[VALUE_MAX];
    snprintf(source, sizeof(source), "%s:%u", path, number);
    if (!value.ptr || name.len == 0) {
        return mx_fail(err, MX_E_INVALID, "%s: write name = value", source);
    }
    int option = find_option(name);
    if (option < 0) {
        const char *similar = similar_option(name);
        return mx_fail(err, MX_E_INVALID, "%s: there is no option \"%.*s\"%s%s%s", source,
            (int)(name.len < 60 ? name.len : 60), name.ptr, similar ? ": did you mean " : "",
            similar ? similar : ": see merx help", similar ? "?" : "");
    }
    const char *earlier = options->values[option].source;
    if (earlier && strncmp(earlier, path, strlen(path)) == 0) {
        return mx_fail(
            err, MX_E_INVALID, "%s: %s is set already, in %s", source, specs[option].name, earlier);
    }
    if (earlier) {
        return MX_OK; // a flag or the environment has said something
    }
    value = mx_slice_trim(value);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        value = (struct mx_slice){value.ptr + 1, value.len - 2};
    }
    return set_value(options, (enum mx_option)option, value, source, err);
}

static int read_config(mx_options *options, const char *path, struct mx_error *err) {
    mx_buf content = {0};
    int rc = mx_file_read(path, CONFIG_MAX, &content, err);
    struct mx_slice rest = mx_buf_slice(&content);
    for (unsigned number = 1; rc == MX_OK && rest.ptr; number++) {
        struct mx_slice line = mx_slice_cut(&rest, '\n');
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        line = mx_slice_trim(line);
        if (line.len > 0 && line.ptr[0] != '#' && line.ptr[0] != ';') {
            rc = read_config_line(options, line, path, number, err);
        }
    }
    mx_buf_deinit(&content);
    return rc;
}

int mx_options_resolve(mx_options *options, struct mx_error *err) {
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        if (!options->values[i].source && read_environment(options, (enum mx_option)i, err) < 0) {
            return err->code;
        }
    }
    const char *path = mx_options_text(options, MX_OPT_CONFIG);
    struct mx_file_info info;
    if (!*path) {
        path = mx_file_stat(default_config, &info, err) == MX_OK ? default_config : NULL;
    }
    if (path && read_config(options, path, err) < 0) {
        return err->code;
    }
    if (mx_options_int(options, MX_OPT_WORLD_NOW) >= 0 &&
        !mx_options_flag(options, MX_OPT_ALLOW_FAKE_CLOCK)) {
        return mx_fail(err, MX_E_INVALID, "world_now needs allow_fake_clock: it is not for a shop");
    }
    return MX_OK;
}

// --- once more --------------------------------------------------------------------------------

static void copy_value(mx_options *to, const mx_options *from, enum mx_option option) {
    const struct value *value = &from->values[option];
    struct mx_error err;
    int rc =
        set_value(to, option, mx_slice_of(value->text), value->source ? value->source : "", &err);
    assert(rc == MX_OK && "it was valid before");
    (void)rc;
    to->values[option].is_given = value->is_given;
    if (!value->source) {
        mx_free(to->values[option].source);
        to->values[option].source = NULL;
    }
}

static void append_name(mx_buf *list, enum mx_option option) {
    mx_buf_append_text(list, list->len > 0 ? ", " : "");
    mx_buf_append_text(list, specs[option].name);
}

int mx_options_refresh(const mx_options *options, mx_options **out, mx_buf *taken, mx_buf *waiting,
    struct mx_error *err) {
    mx_options *fresh = mx_options_create();
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        if (options->values[i].is_given) {
            copy_value(fresh, options, (enum mx_option)i);
        }
    }
    int rc = mx_options_resolve(fresh, err);
    if (rc < 0) {
        mx_options_destroy(fresh);
        return rc;
    }
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        if (strcmp(fresh->values[i].text, options->values[i].text) != 0) {
            append_name(specs[i].is_live ? taken : waiting, (enum mx_option)i);
        }
        if (!specs[i].is_live) {
            copy_value(fresh, options, (enum mx_option)i);
        }
    }
    *out = fresh;
    return MX_OK;
}

// --- reading ----------------------------------------------------------------------------------

const char *mx_options_text(const mx_options *options, enum mx_option option) {
    return options->values[option].text;
}

int64_t mx_options_int(const mx_options *options, enum mx_option option) {
    assert(specs[option].kind == KIND_INT || specs[option].kind == KIND_SIZE);
    return options->values[option].number;
}

bool mx_options_flag(const mx_options *options, enum mx_option option) {
    assert(specs[option].kind == KIND_FLAG);
    return options->values[option].number != 0;
}

const char *mx_options_source(const mx_options *options, enum mx_option option) {
    const char *source = options->values[option].source;
    return source ? source : "default";
}

const struct mx_pair *mx_options_pairs(const mx_options *options, size_t *count) {
    *count = MX_OPT_COUNT;
    return options->pairs;
}

void mx_options_print(const mx_options *options, bool explain, mx_buf *out) {
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        const struct value *value = &options->values[i];
        mx_buf_append_format(out, "%-17s = %-24s", specs[i].name, value->text);
        if (explain) {
            mx_buf_append_format(out, " # from %s: %s",
                mx_options_source(options, (enum mx_option)i), specs[i].help);
        }
        mx_buf_append_char(out, '\n');
    }
}

void mx_options_print_help(mx_buf *out) {
    for (int i = 0; i < MX_OPT_COUNT; i++) {
        char flag[NAME_MAX_LEN];
        write_flag_name(specs[i].name, flag);
        mx_buf_append_format(out, "  %-20s %s", flag, specs[i].help);
        if (specs[i].choices) {
            mx_buf_append_format(out, " (%s)", specs[i].choices);
        }
        if (*specs[i].fallback && specs[i].kind != KIND_FLAG) {
            mx_buf_append_format(out, " [%s]", specs[i].fallback);
        }
        mx_buf_append_char(out, '\n');
    }
}

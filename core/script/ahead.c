#include "script/ahead.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "script/state.h"

enum { SOURCE_MAX = 8 * 1024 * 1024, DEPTH_MAX = 8 };

struct mx_ahead {
    pthread_t thread;
    atomic_bool is_stopping;
    mx_chunks *chunks; // borrowed
    mx_buf root;       // "SHARE/lua/"
    mx_buf path;       // that is looked at
};

static const struct mx_slice ending = MX_SLICE(".lua");
static const struct mx_slice init = MX_SLICE("/init");

// The name by which others require the file; "" for one that comes second to another.
static struct mx_slice module_of(mx_ahead *ahead, mx_buf *out) {
    struct mx_slice name = {
        ahead->path.ptr + ahead->root.len, ahead->path.len - ahead->root.len - ending.len};
    if (mx_slice_ends_with(name, init)) {
        struct mx_file_info info;
        struct mx_error err;
        mx_buf other = {0};
        name.len -= init.len;
        mx_buf_append_slice(&other, mx_buf_slice(&ahead->root));
        mx_buf_append_slice(&other, name);
        mx_buf_append_slice(&other, ending);
        name.len = mx_file_stat(mx_buf_text(&other), &info, &err) == MX_OK ? 0 : name.len;
        mx_buf_deinit(&other);
    }
    mx_buf_clear(out);
    for (size_t i = 0; i < name.len; i++) {
        mx_buf_append_char(out, name.ptr[i] == '/' ? '.' : name.ptr[i]);
    }
    return mx_buf_slice(out);
}

static void compile(mx_ahead *ahead, lua_State *L) {
    struct mx_error err;
    mx_buf name = {0};
    mx_buf source = {0};
    struct mx_slice module = module_of(ahead, &name);
    const char *path = mx_buf_text(&ahead->path);
    bool is_wanted = module.len > 0 && !mx_chunks_has(ahead->chunks, module) &&
                     mx_file_read(path, SOURCE_MAX, &source, &err) == MX_OK;
    if (is_wanted) {
        mx_buf shown = {0}; // not Lua's: nothing here may raise, there is no call around it
        mx_buf_append_char(&shown, '@');
        mx_buf_append_text(&shown, path + ahead->root.len - strlen("lua/"));
        if (mx_state_load(L, mx_buf_slice(&source), mx_buf_text(&shown)) == LUA_OK) { // fn
            mx_chunks_keep(ahead->chunks, L, module);
        }
        lua_settop(L, 0);
        mx_buf_deinit(&shown);
    }
    mx_buf_deinit(&source);
    mx_buf_deinit(&name);
}

static int on_name_found(void *ctx, const char *name, struct mx_error *err) {
    (void)err;
    mx_buf_append(ctx, name, strlen(name) + 1);
    return MX_OK;
}

// Where the last of the names before `end` begins.
static size_t last_name(const mx_buf *names, size_t end) {
    size_t at = end - 1;
    while (at > 0 && names->ptr[at - 1]) {
        at--;
    }
    return at;
}

// Tools are loaded by themselves, and what describes types never.
static bool is_passed_over(const mx_ahead *ahead, const char *name) {
    bool is_top = ahead->path.len == ahead->root.len;
    return is_top && (strcmp(name, "cli") == 0 || strcmp(name, "types") == 0);
}

// Compiles what is below ahead->path, which ends in a slash.
static void walk(mx_ahead *ahead, lua_State *L, int depth) {
    struct mx_error err;
    mx_buf names = {0};
    size_t len = ahead->path.len;
    if (depth == DEPTH_MAX ||
        mx_dir_list(mx_buf_text(&ahead->path), on_name_found, &names, &err) < 0) {
        mx_buf_deinit(&names);
        return;
    }
    for (size_t end = names.len; end > 0 && !atomic_load(&ahead->is_stopping);) {
        size_t at = last_name(&names, end);
        const char *name = names.ptr + at;
        end = at;
        if (is_passed_over(ahead, name)) {
            continue;
        }
        mx_buf_append_text(&ahead->path, name);
        if (mx_slice_ends_with(mx_slice_of(name), ending)) {
            compile(ahead, L);
        } else if (!strchr(name, '.')) { // a folder; whatever else it is cannot be listed
            mx_buf_append_char(&ahead->path, '/');
            walk(ahead, L, depth + 1);
        }
        ahead->path.len = len;
    }
    mx_buf_deinit(&names);
}

static void *run(void *ctx) {
    mx_ahead *ahead = ctx;
    lua_State *L = luaL_newstate(); // without libraries: nothing is run
    if (L) {
        walk(ahead, L, 0);
        lua_close(L);
    }
    return NULL;
}

static void ahead_destroy(mx_ahead *ahead) {
    mx_buf_deinit(&ahead->root);
    mx_buf_deinit(&ahead->path);
    mx_free(ahead);
}

mx_ahead *mx_ahead_start(const char *share, mx_chunks *chunks) {
    mx_ahead *ahead = mx_alloc(sizeof(*ahead));
    ahead->chunks = chunks;
    mx_buf_append_text(&ahead->root, share);
    mx_buf_append_text(&ahead->root, "/lua/");
    mx_buf_append_slice(&ahead->path, mx_buf_slice(&ahead->root));
    if (pthread_create(&ahead->thread, NULL, run, ahead) != 0) {
        ahead_destroy(ahead);
        return NULL;
    }
    return ahead;
}

void mx_ahead_stop(mx_ahead *ahead) {
    if (ahead) {
        atomic_store(&ahead->is_stopping, true);
        pthread_join(ahead->thread, NULL);
        ahead_destroy(ahead);
    }
}

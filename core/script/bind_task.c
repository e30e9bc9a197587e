// What waits: the module `native.task`. Lua reads as if it blocked; the task yields, and the answer
// of the service resumes it.
#include "script/bindings.h"

#include <lauxlib.h>

#include "platform/alloc.h"
#include "platform/files.h"
#include "script/state.h"
#include "script/value.h"

enum { OFFLOAD_READ_MAX = 256 * 1024 * 1024 };

// --- commands -----------------------------------------------------------------------------------

// [-1, +1 or 2] Turns { ok = … } or { err = … } into result | nil, err.
static int unwrap(lua_State *L) {
    if (lua_getfield(L, -1, "ok") != LUA_TNIL) {
        return 1;
    }
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_getfield(L, -2, "err");
    return 2;
}

static int after_command(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    const struct mx_arg *answer = mx_task_answer(L);
    int count = mx_arg_push(L, answer);
    return answer->kind == MX_ARG_VALUE && count == 1 ? unwrap(L) : count;
}

// The arguments of l_command as a command; its args are encoded in the scratch buffer.
static int read_command(lua_State *L, struct mx_command *command, struct mx_error *err) {
    static const struct mx_slice none = {"", 0};
    mx_buf *args = mx_scratch_take(L);
    mx_task *task = mx_script_of(L)->task;
    command->name = mx_slice_check(L, 1);
    command->generation = task ? task->generation : 0;
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        command->key = mx_field_slice(L, 3, "key", none);
        command->actor = mx_field_slice(L, 3, "actor", none);
        command->generation =
            (uint64_t)mx_field_int(L, 3, "generation", (int64_t)command->generation);
    }
    int rc = mx_value_encode(L, 2, args, NULL, err);
    command->args = mx_buf_slice(args);
    return rc;
}

// command(name, args [, {key=, actor=, generation=}]) -> result | nil, err
static int l_command(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_command command = {.generation = 0};
    struct mx_error err;
    lua_settop(L, 3);
    if (!services->submit_command && !services->run_command) {
        return luaL_error(L, "no writer can be reached from here");
    }
    mx_task *task = services->submit_command ? mx_task_check(L) : NULL;
    if (read_command(L, &command, &err) < 0) {
        return luaL_error(L, "arguments of %s: %s", command.name.ptr, err.text);
    }
    if (task) {
        if (services->submit_command(services->ctx, task, &command, &err) < 0) {
            return mx_failure_push(L, &err);
        }
        return mx_task_wait(L, 0, after_command);
    }
    mx_buf *out = mx_buf_push(L); // the scratch buffer holds the arguments
    if (services->run_command(services->ctx, &command, out, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    if (mx_value_decode(L, mx_buf_slice(out), &err) < 0) {
        return mx_failure_push(L, &err);
    }
    return unwrap(L);
}

// --- time ---------------------------------------------------------------------------------------

static int after_timer(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    mx_task_answer(L);
    return 0;
}

// sleep(ms)
static int l_sleep(lua_State *L) {
    lua_Integer ms = luaL_checkinteger(L, 1);
    luaL_argcheck(L, ms >= 0, 1, "must not be negative");
    mx_task *task = mx_task_check(L);
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_error err;
    if (!services->start_timer) {
        return luaL_error(L, "there are no timers here");
    }
    if (services->start_timer(services->ctx, task, (uint64_t)ms, &err) < 0) {
        return luaL_error(L, "%s", err.text);
    }
    return mx_task_wait(L, 0, after_timer);
}

// --- the pool -----------------------------------------------------------------------------------

static int after_work(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    return mx_arg_push(L, mx_task_answer(L));
}

int mx_work_run(lua_State *L, struct mx_work *work, lua_KContext ctx, lua_KFunction then) {
    mx_script *script = mx_script_of(L);
    const struct mx_services *services = &script->services;
    struct mx_error err;
    mx_task *task = services->offload ? mx_task_find(L) : NULL;
    if (task) {
        if (services->offload(services->ctx, task, work, &err) < 0) {
            work->destroy(work);
            return mx_failure_push(L, &err);
        }
        return mx_task_wait(L, ctx, then ? then : after_work);
    }
    mx_buf *out = mx_scratch_take(L); // no task, or no pool: tools and tests wait
    int rc = work->run(work, out, &err);
    work->destroy(work);
    struct mx_arg answer = {
        .kind = rc < 0 ? MX_ARG_FAILURE : MX_ARG_BYTES, .bytes = mx_buf_slice(out), .error = &err};
    if (!then) {
        return mx_arg_push(L, &answer);
    }
    lua_pushlightuserdata(L, &answer);
    return then(L, LUA_OK, ctx);
}

struct read_work {
    struct mx_work work;
    char path[]; // NUL-terminated
};

static int run_read(struct mx_work *work, mx_buf *out, struct mx_error *err) {
    return mx_file_read(((struct read_work *)work)->path, OFFLOAD_READ_MAX, out, err);
}

static void destroy_read(struct mx_work *work) {
    mx_free(work);
}

// offload("read_file", path) -> bytes | nil, err
static int l_offload(lua_State *L) {
    static const char *const kinds[] = {"read_file", NULL};
    luaL_checkoption(L, 1, NULL, kinds);
    struct mx_slice path = mx_slice_check(L, 2);
    struct read_work *read = mx_alloc(sizeof(*read) + path.len + 1); // raises nothing until given
    read->work = (struct mx_work){run_read, destroy_read};
    memcpy(read->path, path.ptr, path.len);
    return mx_work_run(L, &read->work, 0, NULL);
}

// --- tasks --------------------------------------------------------------------------------------

// spawn(fn, …) -> id: runs as a task of its own when the running slice ends
static int l_spawn(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    const mx_task *task = mx_task_spawn(L, lua_gettop(L) - 1);
    lua_pushinteger(L, (lua_Integer)task->id);
    return 1;
}

// current() -> id of the running task | nil
static int l_current(lua_State *L) {
    const mx_task *task = mx_script_of(L)->task;
    if (task) {
        lua_pushinteger(L, (lua_Integer)task->id);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

// pin(generation): the plugin generation of the running task, which its commands carry
static int l_pin(lua_State *L) {
    lua_Integer generation = luaL_checkinteger(L, 1);
    mx_task *task = mx_script_of(L)->task;
    if (task) {
        task->generation = (uint64_t)generation;
    }
    return 0;
}

// pinned() -> the plugin generation of the running task, 0 when there is none
static int l_pinned(lua_State *L) {
    const mx_task *task = mx_script_of(L)->task;
    lua_pushinteger(L, task ? (lua_Integer)task->generation : 0);
    return 1;
}

// note_failure(id, generation): of a plugin, counted with those in all threads. Nothing without a
// server.
static int l_note_failure(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_slice id = mx_slice_check(L, 1);
    uint64_t generation = (uint64_t)luaL_checkinteger(L, 2);
    if (services->note_failure) {
        services->note_failure(services->ctx, id, generation);
    }
    return 0;
}

// plugin_counts(generation) -> { [id] = { calls =, errors = }, … } of all threads, since the server
// began
static int l_plugin_counts(lua_State *L) {
    const struct mx_services *services = mx_script_of(L)->options.services;
    uint64_t generation = (uint64_t)luaL_checkinteger(L, 1);
    size_t count = 0;
    struct mx_plugin_count *list =
        lua_newuserdatauv(L, MX_PLUGIN_COUNTS_MAX * sizeof(*list), 0); // list
    if (services && services->plugin_counts) {
        count = services->plugin_counts(services->ctx, list, MX_PLUGIN_COUNTS_MAX);
    }
    lua_createtable(L, 0, (int)count); // list counts
    for (size_t i = 0; i < count; i++) {
        if (list[i].generation != generation) {
            continue;
        }
        lua_createtable(L, 0, 2); // list counts entry
        lua_pushinteger(L, (lua_Integer)list[i].calls);
        lua_setfield(L, -2, "calls");
        lua_pushinteger(L, (lua_Integer)list[i].errors);
        lua_setfield(L, -2, "errors");
        lua_setfield(L, -2, list[i].id); // list counts
    }
    return 1;
}

// ask_server(verb) -> text | nil, err: tools only
static int l_ask_server(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    struct mx_slice verb = mx_slice_check(L, 1);
    struct mx_error err;
    if (!services->ask_server) {
        mx_fail(&err, MX_E_MISSING, "there is no server to ask here");
        return mx_failure_push(L, &err);
    }
    mx_buf *answer = mx_scratch_take(L);
    if (services->ask_server(services->ctx, verb, answer, &err) < 0) {
        return mx_failure_push(L, &err);
    }
    mx_scratch_push(L);
    return 1;
}

// reload(): every thread takes up changed files, after the running command is on disk. Nothing
// without a server.
static int l_reload(lua_State *L) {
    const struct mx_services *services = mx_script_of(L)->options.services;
    if (services && services->reload) {
        services->reload(services->ctx);
    }
    return 0;
}

// renew(): every thread takes up the generation of plugins that is in force then. As reload()
static int l_renew(lua_State *L) {
    const struct mx_services *services = mx_script_of(L)->options.services;
    if (services && services->renew) {
        services->renew(services->ctx);
    }
    return 0;
}

// wake_jobs(): `tick` runs soon in the jobs thread
static int l_wake_jobs(lua_State *L) {
    const struct mx_services *services = &mx_script_of(L)->services;
    if (services->wake_jobs) {
        services->wake_jobs(services->ctx);
    }
    return 0;
}

static const luaL_Reg task_module[] = {
    {"ask_server", l_ask_server},
    {"command", l_command},
    {"current", l_current},
    {"offload", l_offload},
    {"pin", l_pin},
    {"pinned", l_pinned},
    {"sleep", l_sleep},
    {"spawn", l_spawn},
    {"note_failure", l_note_failure},
    {"plugin_counts", l_plugin_counts},
    {"reload", l_reload},
    {"renew", l_renew},
    {"wake_jobs", l_wake_jobs},
    {NULL, NULL},
};

int mx_luaopen_task(lua_State *L) {
    luaL_newlib(L, task_module);
    return 1;
}
